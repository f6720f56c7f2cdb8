"""Collects a dump: first what says what else there is, then that."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli import documents, events, report, validate
from kubequorum_cli.dump import aws, machines, objects
from kubequorum_cli.dump.archive import writing
from kubequorum_cli.dump.gathering import Gathering, Source
from kubequorum_cli.dump.machines import MachineCommand
from kubequorum_cli.dump.manifest import Manifest
from kubequorum_cli.dump.redaction import Redaction
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import Access, Client, find_access
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target

_EVENTS_SINCE = timedelta(days=1)


def collect(
    target: Target, path: Path, *, command: MachineCommand, lines: int, show: Callable[[str], None]
) -> Manifest:
    """Write the archive.

    Args:
        target: the cluster.
        path: the file to write; one that exists is replaced.
        command: the way to the machines.
        lines: of each log and journal, the last ones.
        show: gets the name of each file that is asked for.

    Raises:
        CommandError: the archive cannot be written. Nothing else is an error.
    """
    begun = datetime.now(UTC)
    access, no_access = _access(target)
    redaction = Redaction(_own_secrets(target, access))
    with writing(path, folder=f"kubequorum-dump-{target.cluster}") as archive:
        gathering = Gathering(archive, redaction, show)
        resources = Resources(target)
        answers = gathering.run([*_own_documents(target, begun), *aws.sources(resources)])
        instances = answers.get(aws.INSTANCES)
        gathering.run(
            [*aws.of_stacks(resources, answers.get(aws.STACKS_FILE)), *aws.consoles(resources, instances)]
        )
        _kubernetes(gathering, access, no_access, lines=lines)
        gathering.run(machines.sources(aws.instance_ids(instances, "running"), command, lines=lines))
        manifest = Manifest(
            cluster=target.cluster,
            region=str(target.session.region_name),
            begun=begun.isoformat(timespec="seconds"),
            archive=str(path.absolute()),
            files=sorted(gathering.files, key=lambda file: file.path),
            missing=sorted(gathering.missing, key=lambda missing: missing.path),
        )
        archive.add("manifest.json", (json.dumps(asdict(manifest), indent=2) + "\n").encode())
    return manifest


def _own_documents(target: Target, now: datetime) -> Iterator[Source]:
    yield Source(
        path="status.json",
        about="as `status --json` prints it",
        ask=lambda: documents.of_status(target, report.collect(target), documents.look_at_kubernetes(target)),
    )
    yield Source(
        path="validate.json",
        about="as `validate --json` prints it",
        ask=lambda: documents.of_findings(target, validate.find(validate.collect(target))),
    )
    yield Source(
        path="events.json",
        about="as `events --since 1d --json` prints it",
        ask=lambda: documents.of_events(target, events.collect(target, since=now - _EVENTS_SINCE)),
    )


def _access(target: Target) -> tuple[Access | None, Exception]:
    """The way to the Kubernetes API, or why there is none."""
    try:
        return find_access(target), Exception()
    # As of a source: the rest of the cluster is wanted all the same.
    except Exception as error:
        return None, error


def _kubernetes(gathering: Gathering, access: Access | None, no_access: Exception, *, lines: int) -> None:
    about = "all that the Kubernetes API has"
    if access is None:
        gathering.miss("kubernetes", about, no_access)
        return
    try:
        client = Client(access)
    except Exception as error:
        gathering.miss("kubernetes", about, error)
        return
    if not gathering.run([objects.first(client)]):
        gathering.miss(
            "kubernetes", about, CommandError("it was not asked for more", why="no answer: see above")
        )
        return
    answers = gathering.run(objects.sources(client))
    gathering.run(objects.logs(client, answers.get(objects.PODS), lines=lines))


def _own_secrets(target: Target, access: Access | None) -> list[str]:
    """Those with which this process itself asks: no answer should have them, and none may."""
    found = []
    # Credentials that cannot be had are a finding of every source that needs them.
    with suppress(BotoCoreError, ClientError):
        if (credentials := target.session.get_credentials()) is not None:
            frozen = credentials.get_frozen_credentials()
            found += [frozen.secret_key or "", frozen.token or ""]
    for user in access.kubeconfig.get("users", []) if access is not None else []:
        found += [str(user["user"].get(name, "")) for name in ("client-key-data", "token", "password")]
    return found


__all__ = ["MachineCommand", "collect"]
