"""The page that explains all findings: docs/operations/findings.md."""

import re

from kubequorum_cli.validate.finding import Kind, Severity
from kubequorum_cli.validate.kinds import KINDS

_INTRODUCTION = """\
# What `validate` finds

Generated from `kubequorum_cli/validate/kinds.py` by `./kubequorum reference`; change it there.

`kubequorum validate` looks at everything once and changes nothing. It ends with 0 if nothing is wrong, with 1
if a finding is an error. A warning alone is no failure: something is in progress, or wants a look before it
becomes an error.

- `--wait 10m` repeats until there is no error, at most for so long.
- `--json` prints for each finding `id`, `severity`, `subject` (`kind` and `id`), `seen` and `remedy`.

While a stack is being deployed, what the deployment does (a master that is replaced, a target that comes) is
a warning. A master that is away for another reason is an error until its successor is in service. What is in
progress ends by itself; `kubequorum events` says how far it is.

What cannot be read is a finding itself, and the rest is checked without it. Of the API servers it sees the
one that the load balancer chooses; the others by their targets and pods. Members of etcd are seen by slot
records, by pods and by the API server's own check of etcd: for more, [ask etcd](looking.md).
"""
_PAGE = re.compile(r"docs/operations/(([\w-]+)\.md(?:#[\w-]+)?)")


def page() -> str:
    """It, as Markdown."""
    lines = [_INTRODUCTION]
    for severity, title in ((Severity.ERROR, "Errors"), (Severity.WARNING, "Warnings")):
        lines += [f"## {title}", "", "| id | what it says | what to do |", "|---|---|---|"]
        lines += [_row(kind) for kind in KINDS if kind.severity is severity]
        lines.append("")
    return "\n".join(lines)


def _row(kind: Kind) -> str:
    linked = _PAGE.sub(r"[\2](\1)", kind.remedy)
    remedy = linked if linked != kind.remedy else f"`{kind.remedy.replace('{id}', '…')}`"
    return f"| `{kind.id}` | {kind.meaning} | {remedy} |"
