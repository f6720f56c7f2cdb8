"""The files of the page: our own, and the view library that npm has installed."""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from kubequorum_cli.errors import CommandError

_PAGE = Path(__file__).with_name("page")
_CHECKOUT = Path(__file__).parents[2]
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_LIBRARY = {
    "library/preact.mjs": "preact/dist/preact.mjs",
    "library/hooks.mjs": "preact/hooks/dist/hooks.mjs",
    "library/htm.mjs": "htm/dist/htm.mjs",
}
"""Path on the page → path in node_modules."""
INDEX = "index.html"
_INLINE_SCRIPT = re.compile(r"<script type=\"importmap\">(.*?)</script>", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file as it is served."""

    content: bytes
    media_type: str


def load(packages: Path = _CHECKOUT / "node_modules") -> dict[str, Asset]:
    """All files of the page, by their path on it.

    Raises:
        CommandError: the view library is not installed.
    """
    files = {file.name: file for file in sorted(_PAGE.iterdir()) if file.suffix in _TYPES}
    files |= {name: packages / place for name, place in _LIBRARY.items()}
    return {
        name: Asset(content=_read(file, packages), media_type=_TYPES[file.suffix])
        for name, file in files.items()
    }


def security_policy(index: bytes) -> str:
    """The page's Content-Security-Policy: what its own server has, and nothing else.

    Scripts are files, but for the import map, which browsers take inline only; its hash allows it.
    """
    return (
        f"default-src 'none'; script-src 'self' {script_hash(import_map(index))}; style-src 'self'; "
        "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def import_map(index: bytes) -> str:
    """The text of the import map in the page."""
    found = _INLINE_SCRIPT.search(index.decode())
    if found is None:
        raise ValueError(f"{INDEX} has no import map")
    return found[1]


def script_hash(text: str) -> str:
    """A script's hash, as a Content-Security-Policy names it (https://www.w3.org/TR/CSP3/#external-hash)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(file: Path, packages: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise CommandError(
            "the picture cannot be shown",
            why=f"its view library is not installed: there is no {file.relative_to(packages)} in {packages}",
            remedy="make install, or npm ci --ignore-scripts in the checkout",
        ) from error
