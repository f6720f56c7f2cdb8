"""Credentials of the role in the metadata service."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from emulator.machines.imds import InstanceMetadata
from emulator.tests.machines.imds.client import Client
from emulator.tests.machines.stand_ins import INSTANCE, Facts


def test_credentials_stay_the_same_until_shortly_before_their_end() -> None:
    """Two readers get the same credentials; they are renewed early enough for clients to change over."""
    facts = Facts()
    now = [datetime.now(UTC)]
    metadata = InstanceMetadata(INSTANCE, facts, now=lambda: now[0])
    path = "latest/meta-data/iam/security-credentials/node-role"
    first = metadata.get(path)
    assert metadata.get(path) == first
    now[0] += timedelta(hours=5, minutes=50)
    assert metadata.get(path) != first
    assert len(facts.made) == 2


def test_a_change_of_role_changes_the_credentials() -> None:
    """Credentials of the old role are not handed out under the new one's name."""
    facts = Facts()
    metadata = InstanceMetadata(INSTANCE, facts)
    metadata.get("latest/meta-data/iam/security-credentials/node-role")
    facts.role = "other"
    body = json.loads(metadata.get("latest/meta-data/iam/security-credentials/other") or b"{}")
    assert body["AccessKeyId"] == facts.made[1].access_key_id


def test_boto3_finds_credentials_and_region_here(imds: Client) -> None:
    """boto3's own providers ask it and are served, in a process that knows its address alone."""
    program = (
        "import boto3, botocore.utils as u\n"
        "c = boto3.Session().get_credentials()\n"
        "f = c.get_frozen_credentials()\n"
        "print(c.method, f.access_key, f.secret_key, f.token, u.IMDSRegionProvider("
        "boto3.Session()._session).provide())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    method, key, secret, token, region = done.stdout.split()
    assert (method, region) == ("iam-role", "us-east-1")
    assert key.startswith("ASIA")
    assert (secret, token) == (f"secret-{int(key[4:])}", f"token-{int(key[4:])}")
