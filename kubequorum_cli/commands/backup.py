"""`backup`: a full snapshot of etcd now, before something dangerous."""

import secrets
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli.backups import BackupBucket, Full, report
from kubequorum_cli.console import Progress, Stage
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import ApiError, Client, find_access
from kubequorum_cli.target import Target
from kubequorum_cli.waiting import poll

_NAME = "kubequorum-backup"
_PATH = f"/api/v1/namespaces/kube-system/configmaps/{_NAME}"
_PAUSE_SECONDS = 1.0
_RUNBOOK = "see docs/operations/backups.md; ./kubequorum backups lists what there is"


def backup(target: Target, *, seconds: float) -> None:
    """Take one, wait until it is in the bucket, and print its id to stdout.

    Masters verify a full snapshot before they write it, so what is in the bucket counts.

    Args:
        target: the cluster.
        seconds: how long to wait for it.

    Raises:
        CommandError: it cannot be asked for, or it is not there in time.
    """
    with Progress().stage("taking a full snapshot of etcd") as stage:
        taken = take(target, stage, seconds=seconds)
        stage.line(f"s3://{BackupBucket(target).name}/{taken.key}, {report.size(taken.size_bytes)}")
    print(taken.point)


def take(target: Target, stage: Stage, *, seconds: float) -> Full:
    """The same within a stage of another command; returns what is in the bucket."""
    bucket = BackupBucket(target)
    revision = _request(Client(find_access(target)))
    stage.detail(f"asked for at revision {revision}")
    found: list[Full] = []

    def missing() -> str:
        try:
            found.extend(_since(bucket, revision)[:1])
        except (BotoCoreError, ClientError) as error:
            return f"the bucket cannot be read: {error}"
        return "" if found else f"no snapshot with revision {revision} or a later one is in the bucket yet"

    if why := poll(missing, seconds=seconds, pause_seconds=_PAUSE_SECONDS, show=stage.detail):
        raise CommandError(
            f"there is no backup after {seconds:.0f} s",
            why=why,
            remedy=f"it was asked for and will be taken as soon as a master can: {_RUNBOOK}",
        )
    return found[0]


def _request(client: Client) -> int:
    """Ask for one; returns the revision that it must have at least."""
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _NAME},
        # What changes nothing gets no revision.
        "data": {
            "requested": datetime.now(UTC).isoformat(timespec="seconds"),
            "nonce": secrets.token_hex(8),
            "about": "A change of this ConfigMap makes a master back up etcd.",
        },
    }
    try:
        return int(client.apply(_PATH, document)["metadata"]["resourceVersion"])
    except ApiError as error:
        raise CommandError(
            "a backup cannot be asked for: the cluster takes no request",
            why=str(error),
            remedy=f"masters back up every change as long as etcd works: {_RUNBOOK}",
        ) from error


def _since(bucket: BackupBucket, revision: int) -> list[Full]:
    generation = bucket.newest_generation()
    return [] if generation is None else bucket.fulls(generation, since=revision)
