"""The page as one file."""

import json
import re

from kubequorum_cli.picture import assets, saved
from kubequorum_cli.picture.history import History
from tests.kubequorum_cli.picture.states import WELL


def _moment() -> dict[str, object]:
    history = History()
    history.add(WELL)
    return history.moments()[0].document()


def test_it_needs_nothing_beside_it() -> None:
    """No address in it leads anywhere: not to a file, not to a server."""
    page = saved.page(assets.load(), _moment())
    for address in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert address.startswith("data:"), address
    imports = json.loads(re.findall(r'<script type="importmap">(.*?)</script>', page, re.DOTALL)[0])[
        "imports"
    ]
    assert {"preact", "preact/hooks", "htm", "page/app.mjs", "page/layout.mjs"} <= set(imports)
    assert all(place.startswith("data:text/javascript;") for place in imports.values())
    assert "default-src 'none'" in page


def test_what_it_says_cannot_end_its_script() -> None:
    """Names come from AWS and Kubernetes: one of them may be an attack."""
    attack = "</script><script>alert(1)</script>"
    page = saved.page(assets.load(), {**_moment(), "changes": [attack]})
    assert attack not in page
    document = re.findall(r'id="saved">(.*?)</script>', page, re.DOTALL)[0]
    assert json.loads(document)["changes"] == [attack]
