"""Whether the compiled kernel is loaded: to import it takes a third of a second, more than one question needs in all."""

from __future__ import annotations

import sys

__all__ = ["kernel_is_loaded", "takes_kernel"]

FEW = 500
"""Number of rows up to which numpy compares all of them before the kernel is loaded, let alone compiled for the first time."""


def kernel_is_loaded() -> bool:
    """Return whether this process has imported the compiled kernel.

    Code that has little to compare uses the kernel only where it is loaded, and numpy otherwise; the results are the same.
    """
    return "relatedstories.topk._kernel" in sys.modules


def takes_kernel(n_rows: int) -> bool:
    """Return whether the rows of an archive are compared by the compiled kernel: if they are many, or if it is loaded anyway."""
    return n_rows > FEW or kernel_is_loaded()
