"""Synthesis of the CDK app, by the real CDK command line: nothing is asked of AWS."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from kubequorum_cli.errors import CommandError, UsageError

_LINES = 20
_LIMIT_SECONDS = 300.0


def synthesize(
    cluster_file: Path,
    output: Path,
    *,
    app: Path | None = None,
    program: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> None:
    """Synthesise the app for a cluster file.

    Args:
        cluster_file: the cluster file.
        output: the folder for the cloud assembly.
        app: the folder with the cdk.json; None: the current one.
        program: the CDK command line; empty: that of the app's node_modules, or of PATH.
        environment: its variables; None: those of this process, with its Python first in PATH.

    Raises:
        UsageError: there is no cluster file, or no app.
        CommandError: the CDK cannot be run, or refuses the file; with the reason.
    """
    folder = (app or Path()).absolute()
    if not cluster_file.is_file():
        raise UsageError(
            f"the cluster file {cluster_file} cannot be read",
            why="there is no such file",
            remedy="name one with --cluster, for example clusters/ha.yaml",
        )
    if not (folder / "cdk.json").is_file():
        raise UsageError(
            f"there is no CDK app in {folder}",
            why="it has no cdk.json",
            remedy="run this command in the checkout with the app that you deploy",
        )
    command = [
        *(program or _find(folder)),
        *("synth", "--quiet", "--ci", "--no-color"),
        *("--context", f"cluster={cluster_file.absolute()}"),
        *("--output", str(output)),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=dict(_own_environment() if environment is None else environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(
            f"the synthesis of {cluster_file} does not end",
            why=f"it took longer than {_LIMIT_SECONDS:g} s",
            remedy=f"see what it waits for: npx cdk synth --quiet -c cluster={cluster_file}",
        ) from error
    except OSError as error:
        raise CommandError(
            "the CDK command line cannot be run", why=str(error), remedy="install it: make install"
        ) from error
    if done.returncode != 0:
        last = "\n".join(done.stdout.strip().splitlines()[-_LINES:])
        raise CommandError(
            f"{cluster_file} cannot be synthesised", why=last, remedy="fix what it names, then run this again"
        )


def _own_environment() -> dict[str, str]:
    """With the Python that runs this: cdk.json says `python3`, and the app needs the same packages."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path}


def _find(app: Path) -> list[str]:
    path = os.pathsep.join([str(app / "node_modules" / ".bin"), os.environ.get("PATH", os.defpath)])
    found = shutil.which("cdk", path=path)
    if found is None:
        raise CommandError(
            "the CDK command line cannot be run",
            why=f"there is no cdk in {app}/node_modules/.bin or PATH",
            remedy="install it: make install",
        )
    return [found]
