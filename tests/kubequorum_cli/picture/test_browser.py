"""The page in a real browser: what a screen reader reads, keyboard, dark mode, telephone, no strangers."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from kubequorum_cli.picture import assets, saved
from kubequorum_cli.picture.history import History
from tests.kubequorum_cli.picture.states import MASTER_DEAD, WELL, WITHOUT_KUBERNETES, Clock
from tests.kubequorum_cli.picture.visiting import Visit

_TELEPHONE = {"width": 390, "height": 844}


class _Tree(SingleFileSnapshotExtension):
    file_extension = "yaml"
    _write_mode = WriteMode.TEXT


_STATES = {"well": WELL, "master-dead": MASTER_DEAD, "without-kubernetes": WITHOUT_KUBERNETES}


@pytest.mark.parametrize("state", _STATES)
def test_what_a_screen_reader_reads(visit: Visit, snapshot: SnapshotAssertion, state: str) -> None:
    """The accessibility tree of the whole page."""
    page = visit.open(_STATES[state])
    assert page.locator("body").aria_snapshot() + "\n" == snapshot(extension_class=_Tree)


def test_the_keyboard_steps_through_it(visit: Visit) -> None:
    """Arrows, Home and End; the step is in the address, so that a reload keeps it."""
    page = visit.open(WELL)
    title = page.locator(".explanation h2")
    expect(title).to_have_text("Who talks to whom")
    page.keyboard.press("Home")
    expect(title).to_have_text("A cloud")
    assert page.locator("svg.drawing .layer").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(title).to_have_text("Subnets and security groups")
    assert page.locator("svg.drawing .layer").count() == 3
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text("A network, and zones")
    expect(page).to_have_url(re.compile("#zones$"))
    page.reload()
    expect(title).to_have_text("A network, and zones")
    page.keyboard.press("End")
    expect(title).to_have_text("Who talks to whom")


def test_buttons_step_through_it(visit: Visit) -> None:
    """They are reached with the Tab key, each with a name; Back and Next end where the steps end."""
    page = visit.open(WELL, fragment="#cloud")
    expect(page.get_by_role("button", name="Back")).to_be_disabled()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="1. A cloud")).to_be_focused()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="2. A network, and zones")).to_have_attribute(
        "aria-current", "step"
    )
    page.get_by_role("button", name="All").click()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()


def test_a_master_that_dies_turns_red_where_it_stands(visit: Visit) -> None:
    """While somebody looks: nothing else moves, the problem is announced, the time line has a sentence."""
    page = visit.open(WELL)
    before = _positions(page)
    visit.server.history.add(MASTER_DEAD)
    dead = page.get_by_role("img", name=re.compile("Master b, .*unhealthy"))
    expect(dead).to_have_class(re.compile("bad"))
    after = _positions(page)
    assert {id_: place for id_, place in after.items() if id_ in before} == before
    assert len(after) == len(before) + 1
    expect(page.get_by_role("banner").get_by_role("status")).to_have_text("1 problem")
    expect(page.get_by_text("docs/operations/master-down.md")).to_be_visible()
    expect(page.locator(".changes li")).to_contain_text("Master b")


def _positions(page: Page) -> dict[str, tuple[str | None, str | None]]:
    boxes = page.locator(".instance")
    found = {}
    for index in range(boxes.count()):
        rect = boxes.nth(index).locator("rect.box")
        name = boxes.nth(index).locator(".id").text_content() or ""
        found[name.strip()] = (rect.get_attribute("x"), rect.get_attribute("y"))
    return found


def test_the_time_line_winds_back(visit: Visit) -> None:
    """To a moment when all was well; what happens meanwhile does not take the reader away from it."""
    page = visit.open(WELL, MASTER_DEAD)
    status = page.get_by_role("banner").get_by_role("status")
    expect(status).to_have_text("1 problem")
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(status).to_have_text("no problem found")
    expect(page.locator(".as-of")).to_have_text("Wound back to 12:00:00")
    visit.server.history.add(WITHOUT_KUBERNETES)
    expect(page.locator(".changes li")).to_have_count(2)
    expect(page.locator(".as-of")).to_have_text("Wound back to 12:00:00")
    page.get_by_role("button", name="Now").click()
    expect(page.locator(".as-of")).to_contain_text("as of")
    expect(page.get_by_text("no Kubernetes").first).to_be_attached()


def test_a_look_that_fails_is_said(visit: Visit) -> None:
    """The picture stays, and it is called what it is: not current."""
    page = visit.open(WELL)
    visit.server.history.fail("nobody answers")
    expect(page.get_by_role("banner").get_by_role("status")).to_have_text("Not current: nobody answers")
    expect(page.locator("svg.drawing .instance")).to_have_count(6)


_SCHEMES = pytest.mark.parametrize(
    "visit", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)


@_SCHEMES
def test_text_can_be_read_in_light_and_dark(visit: Visit) -> None:
    """At least 4.5 to 1 between text and what is behind it (WCAG 2.2, success criterion 1.4.3)."""
    page = visit.open(MASTER_DEAD)
    assert page.evaluate(_CONTRASTS.read_text(encoding="utf-8")) == []


_CONTRASTS = Path(__file__).with_name("page") / "contrasts.js"


@pytest.mark.parametrize("visit", [{"viewport": _TELEPHONE}], indirect=True, ids=["telephone"])
def test_it_fits_a_telephone(visit: Visit) -> None:
    """Zones below each other, nothing to the side, buttons that a finger hits, letters that an eye reads."""
    page = visit.open(MASTER_DEAD)
    assert page.evaluate("document.documentElement.scrollWidth") <= _TELEPHONE["width"]
    zones = page.locator("svg.drawing .zone > rect.box")
    assert len({zones.nth(index).get_attribute("x") for index in range(zones.count())}) == 1
    drawn = page.locator("svg.drawing").bounding_box()
    assert drawn is not None
    scale = drawn["width"] / 390
    assert 10 * scale >= 9
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        # WCAG 2.2, success criterion 2.5.8.
        assert min(box["width"], box["height"]) >= 24


def test_letters_stay_in_their_boxes(visit: Visit) -> None:
    """With the fonts of this computer: what does not fit is shortened, not drawn over its neighbour."""
    page = visit.open(MASTER_DEAD)
    outside = page.evaluate(
        """() => [...document.querySelectorAll("svg.drawing .thing, svg.drawing .part")].flatMap((thing) => {
          const box = thing.querySelector(":scope > rect").getBoundingClientRect();
          return [...thing.querySelectorAll(":scope > text")]
            .filter((text) => text.getBoundingClientRect().right > box.right + 1)
            .map((text) => text.textContent.trim());
        })"""
    )
    assert outside == []


def test_a_saved_page_works_without_a_server(browser: Browser, tmp_path: Path) -> None:
    """From a file, with steps, and with no request of any kind."""
    history = History(Clock())
    history.add(WELL)
    file = tmp_path / "picture.html"
    file.write_text(saved.page(assets.load(), history.moments()[0].document()), encoding="utf-8")
    page = browser.new_context(timezone_id="UTC").new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith("data:") else complaints.append(sent.url))
    page.goto(file.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text("Cluster ha")
    expect(page.locator("svg.drawing .instance")).to_have_count(6)
    page.keyboard.press("Home")
    expect(page.locator(".explanation h2")).to_have_text("A cloud")
    assert complaints == [file.as_uri()]


def test_the_document_has_no_markup_of_its_own(visit: Visit) -> None:
    """A name in AWS or Kubernetes that is an attack is shown as the text that it is."""
    attack = '<img src="x" onerror="alert(1)">'
    page = visit.open(replace(WELL, names=[replace(WELL.names[0], name=attack)]))
    expect(page.locator("svg.drawing .names")).to_contain_text("<img src=")
    assert page.locator("img").count() == 0
