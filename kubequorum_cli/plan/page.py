"""The page about plans and their findings: docs/operations/plan.md."""

from kubequorum_cli.plan.kinds import KINDS
from kubequorum_cli.validate import Kind, Severity

_INTRODUCTION = """\
# Plan a deployment

Generated from `kubequorum_cli/plan/kinds.py` by `./kubequorum reference`; change it there.

    export KUBEQUORUM_CLUSTER=mine AWS_REGION=…
    python -m kubequorum_cli plan --cluster clusters/mine.yaml

says what `npx cdk deploy --all -c cluster=clusters/mine.yaml` would do. In the embedded AWS it is
`./kubequorum plan --cluster clusters/local.yaml`. It ends with 0 if nothing speaks against it, with 1 if
it is refused, with 2 if it was called in a wrong way. `--json` prints all of it for programs.

It says

- which stacks change, and of each resource whether it is added, changed in place, replaced or removed;
- which machines are replaced, in which order, and which new one must have proved itself before the next
  one goes;
- why: the keys of the cluster file whose values differ from those of the last complete deployment, and
  the files of the node program. *Perhaps* is a key that differs where nothing shows that it is the
  reason; what is seen is named beside it;
- how long masters take, and the longest gap of a client of the API, each with the source of its figure.
  On AWS none of them has been measured;
- what happens to volumes, and to versions of Kubernetes and etcd;
- what speaks against it: the tables below.

**What it does to the account.** The app is synthesised here. For each stack that exists a change set
named `kubequorum-plan-…` is made, read and deleted ([why](../decisions/change-sets.md)); none is
executed, no stack is made, and nothing is published but a template of more than 51,200 bytes, to the
place where a deployment writes it. It needs `cloudformation:CreateChangeSet`, `DescribeChangeSet`,
`DeleteChangeSet`, `GetTemplate`, and to read what `validate` reads, launch templates, and the bucket of
`cdk bootstrap`.

**What it cannot see.** What a stack gets from one that is deployed before it: if that is replaced, the
plan refuses it and does not follow it further. What somebody changed outside CloudFormation. How long a
drain takes. Costs. Deprecated APIs are those that the API servers have counted since they started, of
those servers that the load balancer chose.
"""
_REFUSED = """\
## Refused

`--allow ID` allows one of them; the plan then says that it was allowed. A deployment itself asks for no
plan: CloudFormation or the first new master refuses some of these as well, others it does not.
"""


def page() -> str:
    """The text of the page."""
    lines = [_INTRODUCTION, _REFUSED, *_table(Severity.ERROR), "## Warnings", "", *_table(Severity.WARNING)]
    return "\n".join(lines)


def _table(severity: Severity) -> list[str]:
    rows = [_row(kind) for kind in KINDS if kind.severity is severity]
    return ["| id | what it says | what to do |", "|---|---|---|", *rows, ""]


def _row(kind: Kind) -> str:
    remedy = kind.remedy.partition("; if it is meant")[0]
    for name in ("deploy", "backups", "looking"):
        remedy = remedy.replace(f"docs/operations/{name}.md", f"[{name}]({name}.md)")
    return f"| `{kind.id}` | {kind.meaning} | {remedy.replace('{id}', '…')} |"
