"""Findings for a person."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from kubequorum_cli.validate.finding import Finding, Severity

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def show(found: Sequence[Finding], console: Console) -> None:
    """Print them with their remedies, and how many there are."""
    for finding in found:
        head = f"{finding.id}  {finding.subject.kind} {finding.subject.id}"
        console.print(Text.assemble((f"{finding.severity:<8}", _STYLES[finding.severity]), head))
        for title, text in (("seen", finding.seen), ("remedy", finding.remedy)):
            # On a line of its own, however long: people copy from here.
            console.print(Text(f"{'':<8}{title:<8}{text}"), soft_wrap=True)
    if found:
        console.print()
    console.print(summary(found), highlight=False)


def summary(found: Sequence[Finding]) -> Text:
    """In a line."""
    counts = {each: sum(finding.severity is each for finding in found) for each in Severity}
    words = ", ".join(f"{count} {name}{'s'[: count != 1]}" for name, count in counts.items() if count)
    if counts[Severity.ERROR]:
        return Text(f"The cluster is not well: {words}", style=_STYLES[Severity.ERROR])
    return Text(f"The cluster is well{f': {words}' if words else ''}", style="green")


def has_errors(found: Sequence[Finding]) -> bool:
    """Whether something is wrong; warnings alone are not."""
    return any(finding.severity is Severity.ERROR for finding in found)
