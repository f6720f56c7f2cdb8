"""A cluster that stands while it is measured, and fresh embedded AWSes to let it stand in."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import boto3

from kubequorum_cli.console import Progress
from lab import cdk, environment
from lab import embedded_aws as emulator
from lab.embedded_aws import Emulator
from lab.settings import Settings


class Administrator(Protocol):
    """Whoever may ask the embedded AWS everything."""

    def client(self, service: str) -> Any:
        """A boto3 client."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A deployed cluster."""

    settings: Settings
    running: Emulator
    progress: Progress

    def client(self, service: str) -> Any:
        """A boto3 client of its administrator."""
        return boto3.client(service)  # type: ignore[call-overload]

    def instances(self, *, group: str | None = None) -> dict[str, dict[str, Any]]:
        """The instances of all groups, or of one, that run, as EC2 describes them, by id."""
        filters = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        if group is not None:
            filters.append({"Name": "tag:aws:autoscaling:groupName", "Values": [group]})
        pages = self.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
        return {
            instance["InstanceId"]: instance
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        }

    def console(self, instance_id: str) -> str:
        """The end of what an instance printed."""
        answer = self.client("ec2").get_console_output(InstanceId=instance_id, Latest=True)
        return str(answer.get("Output", ""))


@contextmanager
def clean(settings: Settings) -> Iterator[None]:
    """Begin with nothing and leave nothing, also of a run that was killed."""
    remove(settings)
    try:
        yield
    finally:
        remove(settings)


def remove(settings: Settings) -> None:
    """End everything of an embedded AWS and remove its folder; nothing to remove is no error."""
    cdk.stop(settings)
    emulator.stop(settings)
    shutil.rmtree(settings.work, ignore_errors=True)


def become_administrator(settings: Settings, progress: Progress) -> Standing:
    """Let this process speak to the embedded AWS that runs."""
    running = emulator.require(settings)
    environment.adopt(running.variables())
    return Standing(settings=settings, running=running, progress=progress)
