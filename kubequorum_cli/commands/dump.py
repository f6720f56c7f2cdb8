"""`dump`: everything that support wants, in one archive."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from kubequorum_cli.commands import ssh
from kubequorum_cli.console import Progress
from kubequorum_cli.dump import Manifest, collect
from kubequorum_cli.target import Target


def dump(target: Target, *, output: Path | None, lines: int, as_json: bool) -> None:
    """Write the archive, and print its path, or the manifest, to stdout.

    Raises:
        CommandError: it cannot be written.
    """
    path = output or Path(f"kubequorum-dump-{target.cluster}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz")
    progress = Progress()
    with progress.stage(f"dump of cluster {target.cluster}") as stage:
        manifest = collect(
            target, path, command=lambda *asked: _command(target, *asked), lines=lines, show=stage.detail
        )
    _show_missing(manifest, progress)
    if as_json:
        print(json.dumps(asdict(manifest), indent=2))
        return
    redacted = sum(file.redacted for file in manifest.files)
    progress.note(
        f"{len(manifest.files)} files, {len(manifest.missing)} could not be had, {redacted} places were "
        "redacted. Look through it before you send it: it names machines, addresses and accounts."
    )
    print(manifest.archive)


def _command(target: Target, instance: str, line: str) -> Sequence[str]:
    return ssh.command_line(target, instance, [line], has_terminal=False)


def _show_missing(manifest: Manifest, progress: Progress) -> None:
    """A line for each reason: one that refuses is asked for many files."""
    paths = defaultdict(list)
    for missing in manifest.missing:
        paths[missing.why].append(missing.path)
    for why, of in paths.items():
        more = f" and {len(of) - 1} more" if len(of) > 1 else ""
        progress.note(f"Not in it: {of[0]}{more}: {why}")
