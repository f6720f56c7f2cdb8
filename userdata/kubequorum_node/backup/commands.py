"""Backups of the cluster that a master belongs to, as the node program's commands."""

import shutil
import signal
import sys
import threading
from datetime import UTC, datetime

from kubequorum_node import log
from kubequorum_node.backup import drill, full, generation, listing
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.chain import Chain
from kubequorum_node.backup.connection import client_tls, over_tcp
from kubequorum_node.backup.errors import BackupError
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.metrics import Reporter, to_cloudwatch
from kubequorum_node.backup.s3_bucket import S3Bucket
from kubequorum_node.backup.service import BackupService, Retention
from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.backup.writer import Writer
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import events
from kubequorum_node.node import Node

_WORK_FOLDER = "/var/lib/kubequorum/backup"
_PKI = "/etc/kubernetes/pki/etcd"
_CA, _CERTIFICATE, _KEY = f"{_PKI}/ca.crt", f"{_PKI}/healthcheck-client.crt", f"{_PKI}/healthcheck-client.key"
_ADDRESS, _PORT = "127.0.0.1", 2379
_LEFTOVER_SECONDS = 3 * 3600.0
"""More than a snapshot or a drill takes."""
_NEW_SECONDS = 60.0
"""A full snapshot so young is as good as another one: masters of an update go one after the other."""
_DRILL_HOURS = 20.0
"""A drill of another master in this time is enough: each has a daily timer."""


def write(node: Node) -> None:
    """Write backups, or stand by, until this process is asked to stop."""
    stop, kept = threading.Event(), node.etcd_spec.backups
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    bucket = _bucket(node)
    _remove_leftovers(node)

    def make_writer() -> Writer:
        return Writer(
            bucket,
            gateway=lambda: _gateway(node),
            tools=_tools(node),
            slot=node.slot,
            work_folder=_WORK_FOLDER,
        )

    BackupService(
        bucket,
        gateway=lambda: _gateway(node),
        slot=node.slot,
        slots=len(node.etcd_spec.slots),
        make_writer=make_writer,
        kept=Retention(all_hours=kept.everything_hours, daily_days=kept.daily_days),
        notify=lambda trouble: _report(node, trouble),
        reporter=Reporter(bucket, to_cloudwatch(node.aws, node.document.cluster)),
    ).run(stop)


def backup_now(node: Node) -> None:
    """Take a full snapshot now, and print its key."""
    gateway, bucket = _gateway(node), _bucket(node)
    taken = _take(node, gateway, bucket, _generation(bucket, gateway))
    sys.stdout.write(f"{taken.key}\n")


def back_up_before_termination(node: Node) -> None:
    """Take a full snapshot, unless there is one of the last minute.

    So each deployment that replaces masters has one of its begin, which needs no log. The others go on with
    the log meanwhile.
    """
    gateway, bucket = _gateway(node), _bucket(node)
    number = _generation(bucket, gateway)
    fulls = Chain(bucket, number).fulls()
    age = node.clock.wall_time() - fulls[-1].written.timestamp() if fulls else _NEW_SECONDS
    # A clock that is behind the bucket's says nothing.
    if 0 <= age < _NEW_SECONDS:
        log.info(f"backup: {fulls[-1].key} is {age:.0f} s old: no other one is needed")
        return
    taken = _take(node, gateway, bucket, number)
    log.info(f"backup: {taken.key}: {taken.status.bytes >> 10} KiB, verified and written")


def list_backups(node: Node) -> None:
    """Print what can be restored to."""
    for line in listing.lines(_bucket(node)):
        sys.stdout.write(f"{line}\n")


def run_drill(node: Node) -> None:
    """Rebuild the newest backup beside the living cluster, and compare them.

    Raises:
        BackupError: they differ, or it cannot be rebuilt.

    """
    gateway, bucket = _gateway(node), _bucket(node)
    status = gateway.status()
    result = drill.run(
        bucket,
        generation.of_cluster(bucket, status.cluster_id, now=datetime.now(UTC)),
        gateway=gateway,
        tools=_tools(node),
        slot=node.slot,
        work_folder=_WORK_FOLDER,
    )
    if not result.passed:
        _report_drill(node, str(result))
        raise BackupError(str(result))
    log.info(f"backup: {result}")


def run_daily_drill(node: Node) -> None:
    """Run a drill unless some master has run one today.

    Raises:
        BackupError: see `run_drill`.

    """
    if drill.is_due(_bucket(node), now=datetime.now(UTC), hours=_DRILL_HOURS):
        run_drill(node)
    else:
        log.info("backup: another master has run today's restore drill")


def _remove_leftovers(node: Node) -> None:
    """Remove files of commands that were killed; each is as large as the database."""
    for path in node.host.path(_WORK_FOLDER).glob("*"):
        if node.clock.wall_time() - path.stat().st_mtime > _LEFTOVER_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _report(node: Node, trouble: str) -> None:
    """Create an Event: that there is no backup, or with no trouble that there is one again."""
    events.create(
        node,
        component="kubequorum-backup",
        reason="BackupMissing" if trouble else "BackupMade",
        message=trouble or "etcd is backed up again",
        is_warning=bool(trouble),
    )


def _report_drill(node: Node, message: str) -> None:
    try:
        events.create(
            node,
            component="kubequorum-backup",
            reason="BackupDrillFailed",
            message=message,
            is_warning=True,
        )
    except NodeError as error:
        log.warning(f"backup: the drill's failure cannot be reported: {error}")


def _generation(bucket: Bucket, gateway: Gateway) -> int:
    return generation.of_cluster(bucket, gateway.status().cluster_id, now=datetime.now(UTC)).number


def _take(node: Node, gateway: Gateway, bucket: Bucket, number: int) -> full.FullBackup:
    return full.take(
        bucket,
        generation=number,
        gateway=gateway,
        tools=_tools(node),
        work_folder=_WORK_FOLDER,
        now=node.clock.wall_time(),
    )


def _bucket(node: Node) -> Bucket:
    return S3Bucket(node.store)


def _gateway(node: Node) -> Gateway:
    tls = client_tls(
        ca_file=str(node.host.path(_CA)),
        certificate_file=str(node.host.path(_CERTIFICATE)),
        key_file=str(node.host.path(_KEY)),
    )
    return Gateway(over_tcp(_ADDRESS, _PORT, tls=tls))


def _tools(node: Node) -> EtcdTools:
    flags = (f"--cacert={_CA}", f"--cert={_CERTIFICATE}", f"--key={_KEY}")
    return EtcdTools(host=node.host, member=(f"--endpoints=https://{_ADDRESS}:{_PORT}", *flags))
