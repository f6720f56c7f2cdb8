"""A plan for a person."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from kubequorum_cli.plan.document import Duration, MachineStep, Plan
from kubequorum_cli.plan.figures import Figure
from kubequorum_cli.validate import Severity

_ACTIONS = {
    "roll": "replaced one after the other",
    "launch": "launched",
    "end": "ended, all at once",
    "recreate": "ended with their group; another group launches others",
}
_RESOURCES = 16
_MARKS = {"add": "+", "modify": "~", "replace": "±", "remove": "-"}


def show(plan: Plan, console: Console) -> None:
    """Print it."""
    for line in _lines(plan):
        console.print(Text(line), soft_wrap=True)
    for finding in plan.findings:
        refused = finding in plan.refusals
        word = "REFUSED" if refused else "allowed" if finding.severity is Severity.ERROR else "warning"
        style = "bold red" if refused else "yellow"
        head = f"{finding.id}  {finding.subject.kind} {finding.subject.id}"
        console.print(Text.assemble((f"{word:<8}", style), head), soft_wrap=True)
        for title, text in (("seen", finding.seen), ("remedy", finding.remedy)):
            console.print(Text(f"{'':<8}{title:<8}{text}"), soft_wrap=True)
    console.print(summary(plan))


def summary(plan: Plan) -> Text:
    """In a line."""
    if plan.refusals:
        ids = ", ".join(sorted({finding.id for finding in plan.refusals}))
        return Text(f"Do not deploy this: {ids}", style="bold red")
    allowed = f"; allowed: {', '.join(plan.allowed)}" if plan.allowed else ""
    if not plan.stacks:
        return Text(f"Nothing changes{allowed}", style="green")
    return Text(f"Nothing speaks against it{allowed}. Costs are not looked at", style="green")


def _lines(plan: Plan) -> Iterator[str]:
    if plan.stacks:
        yield "Stacks, in this order"
    for stack in plan.stacks:
        yield f"  {stack.name}: {stack.action}"
        if stack.action == "create":
            yield f"    {len(stack.resources)} resources"
            continue
        for each in stack.resources[:_RESOURCES]:
            kept = ", what AWS has of it stays" if each.kept else ""
            properties = f": {', '.join(each.properties)}" if each.properties else ""
            yield f"    {_MARKS[each.action]} {each.logical_id} ({each.type}){properties}{kept}"
        if (more := len(stack.resources) - _RESOURCES) > 0:
            yield f"    and {more} more: --json lists them"
    if plan.machines:
        yield "Machines, in this order"
    for step in plan.machines:
        yield from _machine(step)
    yield from _about(plan)
    yield ""


def _machine(step: MachineStep) -> Iterator[str]:
    name = f"master {step.slot}" if step.slot else f"workers {step.worker_group}"
    what = ", ".join(step.instances) if step.instances else f"{step.launches} of them"
    alone = step.action == "roll" and len(step.instances) == 1
    yield f"  {step.order}. {name} ({what}): {'replaced' if alone else _ACTIONS[step.action]}"
    if step.gated:
        yield "       the next one goes only after it has proved that it works; else all goes back"
    for reason in step.why:
        yield f"       because of {reason}"
    if step.seconds is not None:
        figure = Figure(least=step.seconds[0], most=step.seconds[1], source=step.seconds_from)
        yield f"       takes {figure}"
    elif step.seconds_from:
        yield f"       how long: {step.seconds_from}"


def _about(plan: Plan) -> Iterator[str]:
    if plan.masters_seconds is not None:
        yield f"All masters: {_figure(plan.masters_seconds)}; other resources and workers come on top"
    if plan.client_gap_seconds is not None:
        yield f"Longest gap of a client of the API: {_figure(plan.client_gap_seconds)}"
    if plan.volumes:
        yield "Data"
    for line in plan.volumes:
        yield f"  {line}"
    versions = plan.versions
    if plan.machines and versions.kubernetes_after:
        for title, before, after in (
            ("Kubernetes", versions.kubernetes_before, versions.kubernetes_after),
            ("etcd", versions.etcd_before, versions.etcd_after),
        ):
            yield f"{title} {after}" if before in ("", after) else f"{title} {before} → {after}"
    if versions.kubelets:
        counts = ", ".join(f"{count} of {version}" for version, count in sorted(versions.kubelets.items()))
        yield f"Kubelets now: {counts}; one may be up to three minor versions older than the API servers"
    if plan.changed_keys is None and plan.stacks:
        yield "The last deployment recorded no cluster file: causes are fields of cluster.json and templates"
    elif plan.changed_keys:
        yield "Keys of the cluster file that differ from the last complete deployment"
        yield from (f"  {key}" for key in plan.changed_keys)


def _figure(duration: Duration) -> str:
    figure = Figure(least=duration.least, most=duration.most, source=duration.source)
    return f"{figure} ({figure.source})"
