"""A browser, and pages in it."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from kubequorum_cli.picture.history import History
from lab.artifacts import to_stderr
from lab.artifacts.errors import MissingToolError
from lab.artifacts.host_packages import require_commands
from tests.kubequorum_cli.picture.serving import serving
from tests.kubequorum_cli.picture.states import Clock
from tests.kubequorum_cli.picture.visiting import Visit

_CHROMIUM = "chromium"
_WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    try:
        require_commands({_CHROMIUM: ("chromium", "fonts-dejavu-core")}, progress=to_stderr)
    except MissingToolError as error:
        pytest.skip(f"no browser here: {error}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which(_CHROMIUM))
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A page of a server of its own; at the end nothing must have gone wrong in it."""
    options: dict[str, Any] = {"viewport": _WIDE, "timezone_id": "UTC", "locale": "en-GB"}
    context = browser.new_context(**{**options, **getattr(request, "param", {})})
    clock = Clock()
    with serving(History(clock)) as server:
        visit = Visit(page=context.new_page(), server=server, clock=clock)
        complain = visit.complaints.append
        visit.page.on("console", lambda message: complain(f"console: {message.text}"))
        visit.page.on("pageerror", lambda error: complain(f"error: {error}"))
        visit.page.on(
            "request",
            lambda sent: None if sent.url.startswith(server.address) else complain(f"request: {sent.url}"),
        )
        yield visit
        context.close()
    assert visit.complaints == []
