"""Backups as an operator sees them, on real machines: commands, metrics, Events, and the audit log."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from kubequorum_cli.backups import BackupBucket, Point
from kubequorum_node.audit.shipping import PREFIX as AUDIT_PREFIX
from kubequorum_node.document import METRICS_NAMESPACE
from tests.deploy.deployment import Deployment
from tests.lab.program import Program

pytestmark = pytest.mark.deploy


def test_a_backup_is_taken_and_listed(program: Program) -> None:
    """What `backup` prints is a full snapshot that `backups` lists; `status` has lines about it."""
    taken = Point.parse(program("backup").stdout)
    assert taken is not None
    listed = json.loads(program("backups", "--json").stdout)
    newest = listed["generations"][0]
    assert str(taken) in [full["id"] for full in newest["full_snapshots"]]
    assert newest["newest"]["stopped"] == ""
    reached = Point.parse(newest["newest"]["id"])
    assert reached is not None
    assert reached >= taken
    state = json.loads(program("status", "--json").stdout)["backups"]
    assert (state["problem"], state["full_id"]) == ("", str(taken))
    assert state["newest_age_seconds"] < 60


def test_metrics_arrive_and_alarms_are_quiet(cluster: Deployment) -> None:
    """The writer's role may send them, and the alarms see them."""
    cloudwatch = cluster.client("cloudwatch")

    def has_data() -> bool:
        now = datetime.now(UTC)
        found = cloudwatch.get_metric_statistics(
            Namespace=METRICS_NAMESPACE,
            MetricName="BackupAge",
            Dimensions=[{"Name": "Cluster", "Value": "local"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )
        return any(point["Maximum"] < 60 for point in found["Datapoints"])

    cluster.wait_until(has_data, "BackupAge is in CloudWatch", seconds=150, pause_seconds=2.0)
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert {alarm["MetricName"] for alarm in alarms} == {"BackupAge", "DrillFailed", "DrillAge"}

    def is_quiet() -> bool:
        states = {a["StateValue"] for a in cloudwatch.describe_alarms()["MetricAlarms"]}
        return "ALARM" not in states and "OK" in states

    cluster.wait_until(is_quiet, "no alarm is raised", seconds=150, pause_seconds=2.0)


def test_that_there_is_no_backup_is_an_event(cluster: Deployment) -> None:
    """As the service reports it after five minutes, with its own credentials on a real machine."""
    program = (
        "from kubequorum_node.__main__ import _bundle, _node\n"
        "from kubequorum_node.backup.commands import _report\n"
        "from kubequorum_node.document import FILE_NAME\n"
        "from kubequorum_node.settings import home\n"
        "from pathlib import Path\n"
        "node = _node(Path(home()) / 'node.json', _bundle() / FILE_NAME)\n"
        "_report(node, 'no backup of etcd for 301 s')\n"
    )
    script = (
        "set -a; . /etc/default/kubequorum; set +a; cd /opt/kubequorum/current; "
        f"PYTHONPATH=. python3 - <<'END'\n{program}END"
    )
    cluster.sh(cluster.master("b"), script)
    events = cluster.get("events", "-A", "--field-selector", "reason=BackupMissing")
    assert [event["message"] for event in events] == ["no backup of etcd for 301 s"]
    assert events[0]["type"] == "Warning"


def test_the_audit_log_is_in_the_bucket(cluster: Deployment) -> None:
    """Of every master, within a minute."""
    bucket = BackupBucket(cluster.target).name
    s3 = cluster.client("s3")

    def users() -> set[str]:
        found = set()
        for slot in cluster.slots:
            listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{AUDIT_PREFIX}{slot}/").get("Contents", [])
            if not listed:
                return set()
            for entry in listed:
                body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                events = map(json.loads, gzip.decompress(body).splitlines())
                # Who is refused for want of credentials has no name.
                found |= {event["user"].get("username", "") for event in events}
        return found

    cluster.wait_until(
        lambda: "kubernetes-admin" in users(), "what an administrator did", seconds=90, pause_seconds=3.0
    )
