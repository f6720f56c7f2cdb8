"""The page's modules, in Node: their own tests, and what they name."""

import json
import os
import re
import subprocess
from dataclasses import asdict
from pathlib import Path

from kubequorum_cli.console import Progress
from lab import toolchain
from lab.settings import CHECKOUT
from tests.kubequorum_cli.picture.states import MASTER_DEAD, WELL, WITHOUT_KUBERNETES

_TESTS = Path(__file__).with_name("page")
_STEPS = CHECKOUT / "kubequorum_cli" / "picture" / "page" / "steps.mjs"


def test_layout_and_drawing(tmp_path: Path) -> None:
    """All of `page/*.test.mjs`, with the example's documents as Python makes them."""
    pictures = tmp_path / "pictures.json"
    documents = {"well": WELL, "dead": MASTER_DEAD, "without": WITHOUT_KUBERNETES}
    pictures.write_text(json.dumps({name: asdict(picture) for name, picture in documents.items()}))
    files = sorted(map(str, _TESTS.glob("*.test.mjs")))
    assert files
    done = subprocess.run(
        [str(toolchain.ensure(Progress()).node), "--test", *files],
        env={**os.environ, "KUBEQUORUM_PICTURES": str(pictures)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"^\S+ pass [1-9]", done.stdout, re.MULTILINE), done.stdout


def test_the_files_that_the_steps_name_exist() -> None:
    """A reader looks there for what makes the layer."""
    named = re.findall(r'^ {4}file: "(.+)",$', _STEPS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(named) == len(re.findall(r"^ {4}id: ", _STEPS.read_text(encoding="utf-8"), re.MULTILINE))
    assert all((CHECKOUT / name).is_file() for name in named), named
