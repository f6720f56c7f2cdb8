"""A dump that is collected, and its files."""

import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from kubequorum_cli.dump import Manifest
from kubequorum_cli.errors import CommandError
from tests.kubequorum_cli.dump import planted

Collected = Callable[..., tuple[Manifest, dict[str, str]]]


def no_way(instance: str, line: str) -> Sequence[str]:
    """Nobody can log in."""
    del line
    raise CommandError(f"nobody can log in to {instance}", why=f"there is no endpoint, {planted.BOOTSTRAP}")


def files_of(path: Path) -> dict[str, str]:
    """The files of an archive, by their paths in it."""
    with tarfile.open(path) as tar:
        return {
            member.name.removeprefix("kubequorum-dump-mine/"): file.read().decode()
            for member in tar
            if (file := tar.extractfile(member)) is not None
        }
