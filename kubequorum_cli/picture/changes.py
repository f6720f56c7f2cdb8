"""What happened between two pictures, in sentences for the time line."""

from collections.abc import Iterator, Mapping

from kubequorum_cli.picture.model import Condition, Fact, Instance, Picture


def between(before: Picture | None, after: Picture) -> list[str]:
    """The sentences; none before the first picture."""
    if before is None:
        return []
    return [
        *_instances(_all_instances(before), _all_instances(after)),
        *_volumes(before, after),
        *_conditions(_facts(before), _facts(after)),
    ]


def _all_instances(picture: Picture) -> dict[str, tuple[str, Instance]]:
    """Each instance by its id, with a name of its kind."""
    masters = {i.id: (f"Master {slot.slot} ({i.id})", i) for slot in picture.slots for i in slot.instances}
    workers = {i.id: (f"Worker {i.id}", i) for group in picture.worker_groups for i in group.instances}
    return {**masters, **workers}


def _instances(
    before: Mapping[str, tuple[str, Instance]], after: Mapping[str, tuple[str, Instance]]
) -> Iterator[str]:
    for id_, (name, instance) in after.items():
        if id_ not in before:
            yield f"{name} has come: {instance.text}"
        elif before[id_][1].text != instance.text:
            yield f"{name}: {instance.text}"
    for id_, (name, _) in before.items():
        if id_ not in after:
            yield f"{name} is gone"


def _volumes(before: Picture, after: Picture) -> Iterator[str]:
    earlier = {slot.slot: slot.volume for slot in before.slots}
    for slot in after.slots:
        old, new = earlier.get(slot.slot), slot.volume
        if new is None or old is None or (old.id, old.attached_to) == (new.id, new.attached_to):
            continue
        where = f"is attached to {new.attached_to}" if new.attached_to else "is detached"
        yield f"The volume of slot {slot.slot} ({new.id}) {where}"


def _facts(picture: Picture) -> dict[str, Fact]:
    facts = {
        f"{target.instance} behind {balancer.name}": Fact(condition=target.condition, text=target.text)
        for balancer in picture.balancers
        for target in balancer.targets
    }
    facts |= {
        f"Addon {addon.name}": Fact(condition=addon.condition, text=addon.text) for addon in picture.addons
    }
    leaders = _leaders(picture)
    facts |= {f"Leader of {part}": Fact(condition=Condition.WELL, text=id_) for part, id_ in leaders.items()}
    return {**facts, "Kubernetes": picture.kubernetes, "Backups": picture.backups}


def _leaders(picture: Picture) -> dict[str, str]:
    return {
        part.name: instance.id
        for slot in picture.slots
        for instance in slot.instances
        for part in instance.parts
        if part.leads
    }


def _conditions(before: Mapping[str, Fact], after: Mapping[str, Fact]) -> Iterator[str]:
    for name, fact in after.items():
        if name in before and before[name].text != fact.text:
            yield f"{name}: {fact.text}"
