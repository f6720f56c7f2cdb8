"""What npm installs, as package-lock.json pins it, and a Node that is new enough for it.

That is the CDK command line, and the view library of `picture`.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from lab.settings import CHECKOUT, OLDEST_NODE

_NODE22 = CHECKOUT / "lab" / "node22"
_MODULES = "node_modules/"


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """The programs to run, by absolute path."""

    node: Path
    cdk: Path

    def folders(self) -> tuple[Path, Path, Path]:
        """The first folders of PATH: this Node, this CDK, and the Python of the virtual environment."""
        return self.node.parent, self.cdk.parent, Path(sys.executable).parent

    def search_path(self) -> str:
        """PATH for the CDK command line and the programs that it starts."""
        return os.pathsep.join([*map(str, self.folders()), os.environ.get("PATH", os.defpath)])


def find() -> Toolchain | None:
    """What is installed; None if something is missing or not of the pinned version."""
    node = _machine_node() or _own_node()
    cdk = CHECKOUT / "node_modules" / ".bin" / "cdk"
    if node is None or not _is_complete(CHECKOUT) or not cdk.exists():
        return None
    return Toolchain(node=node, cdk=cdk)


def ensure(progress: Progress) -> Toolchain:
    """Install what is missing.

    Raises:
        CommandError: the installation fails; with the end of its output.
    """
    if (found := find()) is not None:
        return found
    with progress.stage("Install the CDK command line and the picture's view library") as stage:
        if _machine_node() is None and _own_node() is None:
            stage.line(
                f"this machine's Node is older than {OLDEST_NODE} or missing: adding {_node_package()}"
            )
            _npm_ci(_NODE22)
        if not _is_complete(CHECKOUT):
            _npm_ci(CHECKOUT)
    if (found := find()) is None:
        raise CommandError(
            "the CDK command line cannot be used after its installation",
            why=f"there is no {_node_package()} in {_NODE22}, or {CHECKOUT}/node_modules is incomplete",
            remedy=f"install Node {OLDEST_NODE} or newer yourself, then try again",
        )
    return found


def _npm_ci(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise CommandError(
            "the CDK command line cannot be installed",
            why="there is no npm on this machine",
            remedy=f"install Node.js with npm (on Debian and Ubuntu: apt-get install nodejs npm); "
            f"any version of Node will do, {OLDEST_NODE} is installed beside it",
        )
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--loglevel=error"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(
            f"`npm ci` failed in {folder}",
            why="\n".join((done.stdout + done.stderr).strip().splitlines()[-15:]),
            remedy="check that the package registry in this computer's npm settings can be reached",
        )


def _machine_node() -> Path | None:
    node = shutil.which("node")
    if node is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", said)
    return Path(node) if version and int(version[1]) >= OLDEST_NODE else None


def _own_node() -> Path | None:
    node = _NODE22 / "node_modules" / _node_package() / "bin" / "node"
    return node if _is_current(_NODE22, _node_package()) and node.exists() else None


def _node_package() -> str:
    arch = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"node-{sys.platform}-{arch}"


def _is_complete(folder: Path) -> bool:
    """Whether every package of the folder's lock file is installed in the version that it pins."""
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    return all(_is_current(folder, place.removeprefix(_MODULES)) for place in locked if place)


def _is_current(folder: Path, package: str) -> bool:
    """Whether the package is installed in the version that the lock file pins."""
    place = f"{_MODULES}{package}"
    locked = json.loads((folder / "package-lock.json").read_text())["packages"].get(place)
    try:
        installed = json.loads((folder / place / "package.json").read_text())
    except (OSError, ValueError):
        return False
    return locked is not None and installed.get("version") == locked["version"]
