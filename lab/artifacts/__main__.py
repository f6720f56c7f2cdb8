"""`python -m lab.artifacts`: list, fill, verify and prune the cache of programs and images."""

import dataclasses
import json
import sys
from typing import Annotated

import typer

from lab.artifacts.cache import Entry
from lab.artifacts.errors import ArtifactError
from lab.artifacts.plan import GROUPS, IMAGE_PREFIX, known_targets, make_plan
from lab.artifacts.progress import to_stderr
from lab.artifacts.settings import Settings, Source
from lab.artifacts.space import GIB
from lab.artifacts.store import Store

_HELP = f"""The programs, images and the root of local machines.

They come from a mirror that you name, else from upstream, else they are built from pinned Go modules; the
results are kept in a cache outside the checkout. Artifacts: {
    ", ".join(f"{name} ({meaning})" for name, meaning in GROUPS.items())
}, or one of {", ".join(known_targets()[len(GROUPS) :])}.
"""

app = typer.Typer(add_completion=False)


@app.command(help=_HELP)
def main(
    *,
    show: Annotated[
        bool, typer.Option("--list", help="Show each artifact, its size and its source.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
    build: Annotated[
        list[str] | None, typer.Option("--build", help="Provide an artifact in the cache.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare all content with its recorded checksum.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what this checkout does not use.")] = False,
    mirror: Annotated[
        str | None, typer.Option(help="Folder or http(s) address of a mirror of upstream's releases.")
    ] = None,
    source: Annotated[
        list[Source] | None, typer.Option(help="Use only this source; repeatable. Default: all.")
    ] = None,
) -> None:
    """Run the requested actions in the order build, verify, prune, list."""
    settings = Settings.from_environment()
    if mirror is not None:
        settings = dataclasses.replace(settings, mirror=mirror)
    if source:
        settings = dataclasses.replace(settings, sources=tuple(item for item in Source if item in source))
    store = Store(settings, to_stderr)
    if build:
        store.ensure(make_plan(build))
    damaged = store.cache.damaged() if verify else []
    if prune:
        removed = store.prune()
        typer.echo(f"removed {len(removed)} entries and Go's caches")
    if show or not (build or verify or prune):
        _show(store, as_json=as_json)
    if verify:
        for entry in damaged:
            typer.echo(f"damaged: {entry.path}; remove that folder, then --build it again", err=True)
        if damaged:
            raise typer.Exit(1)
        typer.echo(f"{len(store.cache.entries())} entries are unchanged")


def _show(store: Store, *, as_json: bool) -> None:
    plan = make_plan(["all"])
    found = store.find(plan)
    rows = [
        *((item.name, found.programs.get(item.name), item.build_seconds) for item in plan.program_sets),
        *((IMAGE_PREFIX + item.name, found.images.get(item.name), None) for item in plan.images),
        ("root", found.root, None),
    ]
    if as_json:
        document = [{"name": name, **_described(entry)} for name, entry, _ in rows]
        typer.echo(json.dumps(document, indent=2))
        return
    for name, entry, seconds in rows:
        if entry is None:
            state = "missing" + (f", about {seconds:.0f} s to build" if seconds else "")
        else:
            memory = f", {entry.peak_process_bytes / GIB:.1f} GiB" if entry.peak_process_bytes else ""
            state = f"{entry.bytes / (1 << 20):6.0f} MiB  {entry.source} ({entry.seconds} s{memory})"
        typer.echo(f"{name:32} {state}")
    missing = len(rows) - len(found.entries())
    typer.echo(f"{store.cache.root} holds {store.cache.total_bytes() / GIB:.2f} GiB; missing: {missing}")


def _described(entry: Entry | None) -> dict[str, object]:
    if entry is None:
        return {"path": None}
    return {
        "path": str(entry.content),
        "source": entry.source,
        "bytes": entry.bytes,
        "seconds": entry.seconds,
        "peak_process_bytes": entry.peak_process_bytes,
    }


if __name__ == "__main__":
    try:
        app(standalone_mode=True)
    except ArtifactError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; no incomplete entry is left, and the next run continues from here\n")
        sys.exit(130)
