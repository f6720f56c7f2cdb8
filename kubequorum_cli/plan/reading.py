"""What is known of the cluster beside its change sets: groups, fixed settings, backups, nodes, pods."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli import validate
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import Client, find_access
from kubequorum_cli.parts import Part, Reading
from kubequorum_cli.plan import kinds, pods
from kubequorum_cli.plan.bundles import CLUSTER_JSON, Bundle
from kubequorum_cli.target import Target
from kubequorum_cli.validate import Finding, Severity, Snapshot
from kubequorum_cli.validate import kinds as now

_FIXED = "pki/fixed-settings.json"
"""What a living cluster cannot change, as its first master has written it into the state bucket."""
_MODULE = "kubequorum_node.fixed_settings"
"""In a bundle: compares them, for masters and for plans."""
_OF_MASTERS = frozenset(
    kind.id
    for kind in (
        now.SLOT_WITHOUT_MASTER,
        now.SLOT_CROWDED,
        now.NO_QUORUM,
        now.RECORD_MISSING,
        now.RECORD_OF_ANOTHER,
        now.MASTER_BOOT_FAILED,
        now.MASTER_UNWELL,
        now.VOLUME_MISSING,
        now.VOLUME_FAILED,
        now.VOLUME_ELSEWHERE,
        now.VOLUME_DETACHED,
        now.CONTROL_PLANE_POD,
        now.TARGET_UNHEALTHY,
        now.API_UNREACHABLE,
        now.API_NOT_READY,
    )
)
"""What must not be while another master is replaced."""
_BACKUPS = frozenset(
    kind.id
    for kind in (
        now.BACKUP_MISSING,
        now.BACKUP_LATE,
        now.FULL_SNAPSHOT_LATE,
        now.DRILL_FAILED,
        now.DRILL_LATE,
    )
)
_LIMIT_SECONDS = 60.0


def fixed_settings(target: Target, bundle: Bundle) -> Iterator[Finding]:
    """Settings that the new bundle's masters would refuse, by the module that they use themselves.

    Raises:
        CommandError: what is stored cannot be compared.
    """
    stored = _stored(target)
    if stored is None:
        return
    for each in compare_fixed(bundle, stored):
        yield kinds.SETTING_FIXED.of("cluster", each["key"], f"{each['before']} → {each['now']}")


def _stored(target: Target) -> str | None:
    try:
        answer = target.client("s3").get_object(Bucket=target.state_bucket(), Key=_FIXED)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None
    return str(answer["Body"].read().decode())


def compare_fixed(bundle: Bundle, stored: str) -> list[dict[str, str]]:
    """What the bundle's own module says of stored settings: `key`, `now` and `before` of each that differs.

    Raises:
        CommandError: they cannot be compared.
    """
    if f"{_MODULE.replace('.', '/')}.py" not in bundle.files:
        raise CommandError("fixed settings cannot be compared", why=f"the new bundle has no {_MODULE}")
    with tempfile.TemporaryDirectory(prefix="kubequorum-plan-") as folder:
        archive = Path(folder) / "node-program.zip"
        archive.write_bytes(bundle.content)
        try:
            done = subprocess.run(
                [sys.executable, "-B", "-m", _MODULE],
                cwd=folder,
                env={"PATH": os.defpath, "PYTHONPATH": str(archive)},
                input=json.dumps({"stored": stored, "cluster": bundle.text(CLUSTER_JSON)}),
                capture_output=True,
                text=True,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandError(
                "fixed settings cannot be compared", why=f"no answer in {_LIMIT_SECONDS:g} s"
            ) from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CommandError(f"{_FIXED} in the state bucket cannot be compared", why=last)
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def health(snapshot: Snapshot, *, replaces_masters: bool) -> Iterator[Finding]:
    """What `validate` finds before anything changes, as far as it concerns this deployment."""
    errors: list[Finding] = []
    for found in validate.find(snapshot):
        if found.id in _BACKUPS:
            yield kinds.BACKUP_STALE.of("backup", found.subject.id, f"{found.id}: {found.seen}")
        elif found.severity is Severity.ERROR:
            errors.append(found)
    for found in errors:
        refused = replaces_masters and found.id in _OF_MASTERS
        kind = kinds.MASTERS_UNWELL if refused else kinds.NOT_WELL
        yield kind.of(found.subject.kind, found.subject.id, f"{found.id}: {found.seen}")


def kubernetes(target: Target, ending: Sequence[str], *, read: bool) -> tuple[list[Finding], list[str]]:
    """Findings about pods on machines that end and about deprecated APIs; problems of parts not read."""
    if not read:
        return [], []
    with Reading() as reading:
        client = reading(lambda: Client(find_access(target)))
        disturbed = reading(lambda c: list(pods.disturbed(c, ending)), client)
        deprecated = reading(pods.deprecated_apis, client)
        parts: list[Part[Any]] = [each.result() for each in (client, disturbed, deprecated)]
    findings: list[Finding] = list(disturbed.result().value or [])
    if (found := deprecated.result().value) is not None:
        seen = f"by {found.servers} API servers that answered, since they started"
        findings += [kinds.DEPRECATED_API.of("api", api, seen) for api in found.apis]
    return findings, [part.problem for part in parts if part.problem]
