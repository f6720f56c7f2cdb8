"""What a person needs to roll masters: as documented, and no more."""

import json
from dataclasses import replace as changed
from typing import Any

import boto3
import pytest

from emulator.tests.api.emulator import REGION
from kubequorum_cli.commands import roll as command
from kubequorum_cli.errors import CommandError
from tests.kubequorum_cli.roll.cluster import EmulatedCluster
from tests.kubequorum_cli.roll.conftest import Run
from tests.synthesis import REPOSITORY


def test_the_documented_permissions_suffice(cluster: EmulatedCluster, run: Run) -> None:
    """Beside reading; without them nothing happens. Those of one cluster do not let terminate another's."""
    page = (REPOSITORY / "docs/operations/deploy.md").read_text(encoding="utf-8")
    block = page.split("## Replace masters without a deploy")[1].partition("    {\n")[2].partition("\n\n")[0]
    documented = json.loads("{" + block)
    read = {
        "Effect": "Allow",
        "Resource": "*",
        "Action": [
            *(f"{service}:{verb}*" for service in _READ for verb in ("Describe", "Get", "List")),
            "autoscaling:DescribeLifecycleHooks",
        ],
    }
    before = cluster.masters
    for name, statements in (("none", [read]), ("another", [read, documented])):
        with pytest.raises(CommandError, match="stopped at slot b") as refused:
            _as(cluster, statements)
        assert "AccessDenied" in refused.value.why, name
        assert cluster.masters == before
    own = json.loads(json.dumps(documented).replace('"mine"', f'"{cluster.target.cluster}"'))
    _as(cluster, [read, own])
    assert [slot for slot, id_ in cluster.masters.items() if id_ != before[slot]] == ["b"]


_READ = ("cloudformation", "ec2", "autoscaling", "elasticloadbalancing", "route53", "s3")


def _as(cluster: EmulatedCluster, statements: list[dict[str, Any]]) -> None:
    """Roll slot b as somebody who may do this and no more."""
    keys = cluster.emulator.session_of(statements)
    session = boto3.session.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=REGION,
    )
    command.roll(
        changed(cluster.target, session=session),
        node="b",
        launched_before="",
        yes=True,
        dry_run=False,
        seconds=30.0,
        as_json=False,
    )
