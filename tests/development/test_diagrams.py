"""The diagrams of the documents."""

import xml.etree.ElementTree as ET

from development.commands import diagrams
from kubequorum_cli.console import Progress
from lab import toolchain
from lab.settings import CHECKOUT


def test_the_diagrams_are_what_the_page_draws_now() -> None:
    """After a change there: ./kubequorum diagrams."""
    drawn = diagrams.draw(toolchain.ensure(Progress()).node)
    kept = {path.name: path.read_text(encoding="utf-8") for path in diagrams.FOLDER.iterdir()}
    assert set(kept) == set(drawn)
    assert [name for name, text in drawn.items() if kept[name] != text] == []


def test_the_documents_show_them() -> None:
    """README the whole picture, a page of their own every step; each can be read on its own."""
    names = sorted(path.name for path in diagrams.FOLDER.glob("*.svg"))
    assert len(names) > 5
    assert f"(docs/diagrams/{names[-1]})" in (CHECKOUT / "README.md").read_text(encoding="utf-8")
    steps = (diagrams.FOLDER / "README.md").read_text(encoding="utf-8")
    for name in names:
        assert f"({name})" in steps
        root = ET.parse(diagrams.FOLDER / name).getroot()  # noqa: S314 - our own file
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.get("aria-label")
