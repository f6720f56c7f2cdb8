"""Reads all parts of a cluster once, side by side. What cannot be read is unknown, with the reason."""

from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from kubequorum_cli import report, slot_records
from kubequorum_cli.backups import state as backup_state
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import (
    Access,
    Client,
    find_access,
    list_addons,
    list_nodes,
    list_system_pods,
    look_at_api,
    not_after,
)
from kubequorum_cli.parts import Part, Reading
from kubequorum_cli.report.model import Group
from kubequorum_cli.resources import IN_SERVICE, Resources
from kubequorum_cli.slot_records import SlotRecord
from kubequorum_cli.target import Target
from kubequorum_cli.validate.snapshot import Clocks, Snapshot


def collect(target: Target) -> Snapshot:
    """Ask AWS and Kubernetes for everything that checks need; nothing is changed."""
    with Reading() as reading:
        asked = _aws(target, reading)
        parts: dict[str, Any] = {name: part.result() for name, part in asked.items()}
    return Snapshot(cluster=target.cluster, **parts)


def _aws(target: Target, read: Reading) -> "dict[str, Future[Part[Any]]]":
    resources = Resources(target)
    inventory = read(lambda: resources.inventory)
    groups = read(lambda _: report.groups(resources), inventory)
    parts: dict[str, Future[Part[Any]]] = {
        "stacks": read(lambda: report.stacks(resources)),
        "resources": inventory,
        "groups": groups,
        "waiting_since": read(lambda found: _waiting_since(resources, found), groups),
        "clocks": read(lambda: _clocks(target)),
    }
    if target.no_kubernetes is not None:
        return parts
    return {
        **parts,
        # What masters do that really run.
        "volumes": read(lambda _: report.volumes(resources), inventory),
        "load_balancers": read(lambda _: report.load_balancers(resources), inventory),
        "names": read(lambda _: report.names(resources), inventory),
        "records": read(lambda found: _records(target, found), groups),
        "backups": read(lambda: backup_state.read(target)),
        **_kubernetes(target, read),
    }


def _kubernetes(target: Target, read: Reading) -> "dict[str, Future[Part[Any]]]":
    access = read(lambda: find_access(target))

    def client() -> Client:
        """That there are no credentials is why the API cannot be reached."""
        found = access.result()
        if found.value is None:
            raise CommandError(found.problem)
        return Client(found.value)

    api = read(lambda: look_at_api(client()))
    return {
        "api": api,
        "credentials_end": read(_ends, access),
        "nodes": read(lambda _: list_nodes(client()), api),
        "pods": read(lambda _: list_system_pods(client()), api),
        "addons": read(lambda _: list_addons(client()), api),
    }


def _waiting_since(resources: Resources, groups: list[Group]) -> Mapping[str, datetime]:
    """When those instances began to come or go that have not yet ended that."""
    found: dict[str, datetime] = {}
    for group in groups:
        waiting = [each.id for each in group.instances if each.lifecycle_state != IN_SERVICE]
        for activity in resources.activities(group.name) if waiting else []:
            if "EndTime" not in activity:
                found |= {id_: activity["StartTime"] for id_ in waiting if id_ in activity["Description"]}
    return found


def _records(target: Target, groups: list[Group]) -> Mapping[str, SlotRecord | None]:
    slots = [group.slot for group in groups if group.slot]
    if not slots:
        return {}
    s3, bucket = target.client("s3"), target.state_bucket()
    return {slot: slot_records.read(s3, bucket, slot) for slot in slots}


def _clocks(target: Target) -> Clocks:
    before = datetime.now(UTC)
    # Whoever has credentials may ask this.
    answer = target.client("sts").get_caller_identity()
    after = datetime.now(UTC)
    date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    return Clocks(own=before + (after - before) / 2, aws=date.astimezone(UTC))


def _ends(access: Access) -> Mapping[str, datetime]:
    return {
        "administrator": not_after(access.certificate()),
        "ca": not_after(access.certificate_authority()),
    }
