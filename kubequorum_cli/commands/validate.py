"""`validate`: whether a cluster is well, and what is wrong with it."""

import json
from collections.abc import Sequence

import typer

from kubequorum_cli import documents, durations
from kubequorum_cli.console import Progress, stdout
from kubequorum_cli.target import Target
from kubequorum_cli.validate import Finding, Severity, collect, find, has_errors, show
from kubequorum_cli.waiting import poll

_PAUSE_SECONDS = 5.0


def validate(target: Target, *, wait: str, as_json: bool) -> None:
    """Print the findings to stdout; ends with 1 if one of them is an error.

    Raises:
        UsageError: `wait` is no duration.
    """
    seconds = durations.of_option(wait, option="--wait").total_seconds()
    found = _look(target, seconds=seconds)
    if as_json:
        print(json.dumps(documents.of_findings(target, found), indent=2))
    else:
        show(found, stdout())
    if has_errors(found):
        raise typer.Exit(1)


def _look(target: Target, *, seconds: float) -> Sequence[Finding]:
    """What is found when nothing is wrong any more, or the time is over."""
    found: list[Finding] = []

    def errors() -> list[str]:
        found[:] = find(collect(target))
        return [f"{f.id} {f.subject.id}" for f in found if f.severity is Severity.ERROR]

    with Progress().stage(f"validate cluster {target.cluster}") as stage:
        wrong = poll(
            errors,
            seconds=seconds,
            pause_seconds=min(_PAUSE_SECONDS, seconds),
            show=lambda lines: stage.detail("; ".join(lines)),
        )
        if wrong:
            stage.fail()
    return found
