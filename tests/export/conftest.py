"""Fixtures of the tests of exported sites: a browser, and its pages at the width of a phone and of a desktop."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = {"phone": (360, 740), "desktop": (1280, 800)}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs Chromium: apt-get install --no-install-recommends chromium")
        pytest.skip("needs Chromium: apt-get install --no-install-recommends chromium")
    with sync_playwright() as playwright:
        # A sandbox within a container, which itself is one, is not to be had for root.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["phone", "desktop"])
def page(request, browser) -> Iterator[Page]:
    """A page of this width; at the end nothing must have gone wrong in it."""
    width, height = WIDTHS[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=request.param == "phone")
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    yield page
    context.close()
    assert not wrong
