"""A roll for a person: what it will do, what it has done, and how it continues."""

from collections.abc import Iterator

from kubequorum_cli.errors import CommandError
from kubequorum_cli.plan.document import Duration
from kubequorum_cli.plan.figures import Figure
from kubequorum_cli.roll import gates
from kubequorum_cli.roll.document import Outcome, Roll, State, Step


def plan_lines(roll: Roll) -> Iterator[str]:
    """What it will do."""
    count = len(roll.steps)
    order = ", one after the other" if count > 1 else ""
    yield f"Roll of cluster {roll.cluster}: {count} master{'s'[: count != 1]}{order}"
    for number, step in enumerate(roll.steps, 1):
        yield f"  {number}. slot {step.slot}: {step.instance}, launched {step.launched}"
        if step.deploys:
            yield f"       from launch template {step.template}; its successor from {step.template_after}:"
            yield "       THIS DEPLOYS what has changed between them"
        else:
            yield f"       from launch template {step.template}, as its successor"
    for kept in roll.kept:
        yield f"  not replaced: slot {kept.slot}, {kept.instance}, launched {kept.launched}"
    if not roll.steps:
        return
    yield (
        "Each goes only while `validate` finds no error and nothing is under way, the next one after its "
        "successor has proved itself. The first that fails ends the roll."
    )
    yield f"How long: {_figure(roll.expected)}"
    limit = max(step.limit_seconds for step in roll.steps)
    yield f"  each may take {Figure(least=limit, most=limit, source='')} at most"
    yield f"Longest gap of a client of the API: {_figure(roll.client_gap)}"


def result_lines(roll: Roll) -> Iterator[str]:
    """How it ended, if it did not fail."""
    if roll.outcome is Outcome.NOTHING:
        yield "Nothing to replace"
    elif roll.outcome is Outcome.PLANNED:
        yield "Nothing speaks against it"
    else:
        yield from step_lines(roll)


def step_lines(roll: Roll) -> Iterator[str]:
    """What has become of each master."""
    for step in roll.steps:
        yield f"slot {step.slot}: {_state(step)}"


def refused(roll: Roll) -> CommandError:
    """Gates are closed before anything was done."""
    return CommandError(
        "no master is replaced: nothing was changed",
        why="\n".join(gates.line(each) for each in roll.findings),
        remedy=f"{roll.program} validate says what to do; --wait 25m waits until nothing is wrong",
    )


def stopped(roll: Roll, step: Step) -> CommandError:
    """It has ended at a step: what was done, what goes on, and how to continue."""
    interrupted = roll.outcome is Outcome.INTERRUPTED
    what = "was interrupted" if interrupted else "stopped"
    look = f"look: {roll.program} validate"
    if step.state is State.REPLACING:
        look = f"wait until slot {step.slot} is well: {roll.program} validate --wait 25m"
    return CommandError(
        f"the roll {what} at slot {step.slot}",
        why="\n".join(filter(None, [roll.reason, *step_lines(roll)])),
        remedy=f"{look}. Then replace what has not been replaced: {roll.continuation}",
    )


def _state(step: Step) -> str:
    if step.state is State.REPLACED:
        return f"{step.instance} → {step.successor} in {step.seconds:.0f} s"
    if step.state is State.GONE:
        return f"{step.instance} → {step.successor}, not by this roll"
    if step.state is State.UNTOUCHED:
        return f"{step.instance} is not replaced"
    if step.successor:
        return f"{step.instance} → {step.successor}, which is in service and has not proved itself"
    return f"{step.instance} terminates, and its group launches a successor, whatever happens here"


def _figure(duration: Duration) -> str:
    figure = Figure(least=duration.least, most=duration.most, source=duration.source)
    return f"{figure} ({figure.source})"
