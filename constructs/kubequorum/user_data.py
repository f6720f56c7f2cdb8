"""User-data: variables that locate the node program, and the script that downloads and starts it."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from kubequorum_node.config import NodeConfig

_SCRIPT = Path(__file__).resolve().parents[2] / "userdata" / "first-boot.sh"


@dataclass(frozen=True, kw_only=True)
class ProgramLocation:
    """Where the node program is, and its checksum."""

    region: str
    bucket: str
    key: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class FirstBoot:
    """All values in user-data."""

    program: ProgramLocation
    config: NodeConfig


def render(first_boot: FirstBoot, script: str | None = None) -> str:
    """Render user-data: the values as shell variables, then first-boot.sh without its comments.

    It contains no secret: whoever may describe a launch template can read it.
    """
    program = first_boot.program
    variables = {
        "REGION": program.region,
        "BUCKET": program.bucket,
        "KEY": program.key,
        "SHA256": program.sha256,
        "CONFIG": first_boot.config.to_json(),
    }
    body = script if script is not None else _SCRIPT.read_text(encoding="utf-8")
    lines = [line for line in body.splitlines() if line and not line.startswith("#")]
    assignments = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(["#!/bin/bash", *assignments, *lines, ""])
