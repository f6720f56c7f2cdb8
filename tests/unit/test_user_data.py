"""User-data: a pure function of its values, small, and without anything secret."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from kubequorum.user_data import FirstBoot, ProgramLocation, render
from kubequorum_node.config import NodeConfig
from tests.synthesis import CLUSTERS, REPOSITORY, synthesise, user_data

CONFIG = NodeConfig(
    role="master/a",
    signals=("MasterAGroup", "ControlPlaneReady"),
    bucket="it's a test",
    etcd_volume_id="vol-0123456789abcdef0",
    hosted_zone_id="Z0123456789ABCDEFGHIJ",
)
FIRST_BOOT = FirstBoot(
    program=ProgramLocation(region="eu-central-1", bucket="assets", key="a.zip", sha256="0" * 64),
    config=CONFIG,
)

LIMIT_BYTES = 1638
"""A tenth of EC2's limit: the work is in the node program, not here."""


def test_the_same_values_give_the_same_text() -> None:
    """Rendering depends on its argument and the script only."""
    assert render(FIRST_BOOT) == render(replace(FIRST_BOOT))


def test_any_value_reaches_the_script(tmp_path: Path) -> None:
    """A quote in a value is data for the shell, not code; the configuration arrives as it was."""
    script = render(FIRST_BOOT, script='#!/bin/bash\n# a comment\nprintf %s "$CONFIG"\n')
    assert "a comment" not in script
    printed = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout
    assert NodeConfig.from_json(printed) == CONFIG
    assert json.loads(printed)["bucket"] == "it's a test"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_user_data_is_small(cluster: str) -> None:
    """With generated names in it user-data stays within its limit."""
    for template in synthesise(cluster).resources("AWS::EC2::LaunchTemplate").values():
        assert len(user_data(template).encode()) <= LIMIT_BYTES


def test_secrets_reach_curl_on_standard_input() -> None:
    """No line of the script hands a credential or a token to a program as an argument."""
    script = (REPOSITORY / "userdata" / "first-boot.sh").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if "fetch " in line or "curl " in line]
    assert commands
    for command in commands:
        arguments = command.partition("<<")[0]
        assert not re.search(r"\$(token|creds)|field (SecretAccessKey|Token)", arguments), command
