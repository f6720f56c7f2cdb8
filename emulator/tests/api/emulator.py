"""A running emulator for tests, and what they often do with it."""

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config

from emulator.api import credentials
from emulator.faults import FaultClient

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
TIME_SCALE = 0.02
"""One emulated minute takes 1.2 seconds."""
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Emulator:
    """The emulator under test."""

    url: str
    state_dir: Path

    @property
    def faults(self) -> FaultClient:
        """Injects faults into it."""
        return FaultClient(self.state_dir)

    def client(self, service: str, *, session: Mapping[str, str] | None = None) -> Any:
        """A boto3 client: the administrator's, or that of an STS session (`Credentials` of AssumeRole)."""
        environment = credentials.administrator_environment(api_url=self.url, region=REGION)
        keys = session or {
            "AccessKeyId": environment["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": environment["AWS_SECRET_ACCESS_KEY"],
        }
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def stack(self) -> "Stack":
        """A stack with a fresh name, not yet created."""
        return Stack(self, f"test-{uuid4().hex[:12]}")

    def session_of(self, statements: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
        """An STS session of a fresh role that has these permissions and no others."""
        iam, name = self.client("iam"), f"role-{uuid4().hex[:12]}"
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy([trust]))["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=_policy(statements))
        session = self.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")
        found: Mapping[str, str] = session["Credentials"]
        return found


class Stack:
    """A CloudFormation stack."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.name = name
        self._client = emulator.client("cloudformation")

    def create(self, template: str, /, **parameters: str) -> None:
        """Create it from a template's text and wait until that has ended, well or not."""
        self.begin_create(template, **parameters)
        self.wait()

    def begin_create(self, template: str, /, **parameters: str) -> None:
        """Begin to create it."""
        self._client.create_stack(**self._operation(template, parameters))

    def update(self, template: str, /, **parameters: str) -> None:
        """Update it and wait until that has ended, well or not."""
        self._client.update_stack(**self._operation(template, parameters))
        self.wait()

    def delete(self) -> None:
        """Delete it and wait until that has ended, well or not."""
        stack_id = self.describe()["StackId"]
        self.begin_delete()
        wait_until(
            lambda: not self._status(stack_id).endswith("_IN_PROGRESS"), what=f"the end of {self.name}"
        )

    def begin_delete(self) -> None:
        """Begin to delete it."""
        self._client.delete_stack(StackName=self.name)

    def signal(self, logical_id: str, unique_id: str, status: str = "SUCCESS") -> None:
        """Signal a resource."""
        self._client.signal_resource(
            StackName=self.name, LogicalResourceId=logical_id, UniqueId=unique_id, Status=status
        )

    def wait(self) -> str:
        """Wait for the end of the running operation; returns the status."""
        wait_until(
            lambda: not self.status.endswith("_IN_PROGRESS"), what=f"the end of an operation on {self.name}"
        )
        return self.status

    def describe(self) -> dict[str, Any]:
        """The stack as DescribeStacks shows it."""
        found: dict[str, Any] = self._client.describe_stacks(StackName=self.name)["Stacks"][0]
        return found

    @property
    def status(self) -> str:
        """Its status."""
        return str(self.describe()["StackStatus"])

    @property
    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        return {item["OutputKey"]: item["OutputValue"] for item in self.describe().get("Outputs", [])}

    def physical_id(self, logical_id: str) -> str:
        """The physical id of one of its resources."""
        detail = self._client.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def events(self, logical_id: str | None = None) -> list[tuple[str, str]]:
        """Status and reason of each event, oldest first; of one resource, or of all."""
        stack_id = self._client.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        events = [event for page in pages for event in page["StackEvents"]]
        return [
            (event["ResourceStatus"], event.get("ResourceStatusReason", ""))
            for event in reversed(events)
            if logical_id in (None, event["LogicalResourceId"])
        ]

    def _operation(self, template: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        return {
            "StackName": self.name,
            "TemplateBody": template,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }

    def _status(self, stack_id: str) -> str:
        return str(self._client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])


def wait_until(condition: Callable[[], bool], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Poll until a condition holds; an AssertionError names what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.05)


@contextlib.contextmanager
def running_emulator(
    state_dir: Path,
    *,
    machines: str = "none",
    new_groups: str = "launched",
    times_factor: float | None = None,
    owner: int | None = None,
) -> Iterator[Emulator]:
    """Run an emulator on a free port, by default without machines; it never outlives this process.

    Nothing completes a launch hook there, so by default new groups do not wait for that. With a factor its
    times are those of AWS, multiplied by that and by the time scale. With an owner it ends with that, too.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (state_dir / "emulator.log").open("wb")
    command = [sys.executable, "-m", "emulator", "--port", str(port), "--state-dir", str(state_dir)]
    command += ["--machines", machines, "--time-scale", str(TIME_SCALE), "--until-eof"]
    command += ["--new-groups", new_groups]
    command += ["--times", "aws", "--times-factor", str(times_factor)] if times_factor else []
    command += ["--owner", str(owner)] if owner is not None else []
    with log, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: _healthy(url, process, state_dir), what="the emulator's health address")
            yield Emulator(url, state_dir)
        finally:
            process.terminate()
            assert process.wait(timeout=PATIENCE_SECONDS) == 0, (state_dir / "emulator.log").read_text()[
                -4000:
            ]


def _healthy(url: str, process: subprocess.Popen[bytes], state_dir: Path) -> bool:
    assert process.poll() is None, (state_dir / "emulator.log").read_text()[-4000:]
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        return bool(urllib.request.urlopen(f"{url}/_ministack/health", timeout=5).status == 200)  # noqa: S310
    return False


def _policy(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
