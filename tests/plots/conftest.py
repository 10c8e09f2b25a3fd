"""Fixtures of the tests of plots."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _drawn_and_closed():
    """Every figure can be drawn, without a warning of a sign that is missing or a layout that does not fit."""
    yield
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for number in plt.get_fignums():
                plt.figure(number).canvas.draw()
    finally:
        plt.close("all")
