"""`diagrams`: draw the pictures of the documents, from the example cluster, and the page that shows them."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

from development.diagrams import example
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from kubequorum_cli.picture.compose import compose
from kubequorum_cli.picture.places import Places
from lab import toolchain
from lab.settings import CHECKOUT

FOLDER = CHECKOUT / "docs" / "diagrams"
_SCRIPT = CHECKOUT / "development" / "diagrams" / "render.mjs"
_STYLE = CHECKOUT / "kubequorum_cli" / "picture" / "page" / "drawing.css"


def write_diagrams() -> None:
    """Write all files, name those that changed, and remove those of steps that are gone."""
    wanted = draw(toolchain.ensure(Progress()).node)
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.svg"):
        if path.name not in wanted:
            path.unlink()
            print(f"{path.name}: removed")
    for name, text in wanted.items():
        path = FOLDER / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(text, encoding="utf-8")
        print(f"{name}: {'unchanged' if before == text else 'written'}")


def draw(node: Path) -> dict[str, str]:
    """The text of each file, by its name.

    Raises:
        CommandError: the drawing fails; with what Node says.
    """
    document = {
        "picture": asdict(compose(example.well(), Places())),
        "style": _STYLE.read_text(encoding="utf-8"),
    }
    done = subprocess.run(
        [str(node), str(_SCRIPT)],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(
            "the diagrams cannot be drawn", why=done.stderr.strip()[-1000:], remedy="make install"
        )
    files: dict[str, str] = json.loads(done.stdout)
    return files
