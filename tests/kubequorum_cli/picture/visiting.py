"""A page that is open in a browser, of a server whose history the test fills."""

from dataclasses import dataclass, field
from datetime import timedelta

from playwright.sync_api import Page, expect

from kubequorum_cli.picture.model import Picture
from tests.kubequorum_cli.picture.serving import Serving
from tests.kubequorum_cli.picture.states import Clock


@dataclass
class Visit:
    """A page that is open, and what it did that it must not do."""

    page: Page
    server: Serving
    clock: Clock
    complaints: list[str] = field(default_factory=list)

    def open(self, *pictures: Picture, fragment: str = "") -> Page:
        """Let the server have seen these, a minute apart, and show the last."""
        for picture in pictures:
            self.server.history.add(picture)
            self.clock.now += timedelta(minutes=1)
        self.page.goto(f"{self.server.address}{fragment}")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Cluster ha")
        return self.page
