"""Paths, ports and time limits of a cluster on one machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from kubequorum_cli.errors import UsageError

CHECKOUT = Path(__file__).resolve().parents[1]

OLDEST_NODE = 22
"""The CDK command line and jsii need this major version of Node, or a newer one."""

FIRST_PORT = 4566
"""Where the embedded AWS listens if the port is free."""

PORTS_TO_TRY = 50

START_SECONDS = 90
"""How long the embedded AWS may take to answer."""

STOP_SECONDS = 15
"""How long it may take to stop its machines before it is killed."""

AUTOMATIC = "auto"
"""Real machines where they can run, else plain processes."""

REAL = "nspawn"
"""The kind of machines that boot and run Kubernetes."""

OWNER_VARIABLE = "KUBEQUORUM_OWNER"
"""Names the process with which an embedded AWS ends: its id, or its `ProcessRecord`. Tests set it."""

CDK_STOP_SECONDS = 10
"""How long the CDK command line may take to stop."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The folders of one embedded AWS and of the app that is deployed into it."""

    app: Path = CHECKOUT
    """The folder with the cdk.json."""
    work: Path = CHECKOUT / "build" / "local"
    """Everything that `up` makes; `down` removes it."""
    first_port: int = FIRST_PORT
    machines: str = "process"
    """What runs behind the instances: `nspawn`, `process` or `none`; `auto` until `up` has chosen."""
    time_scale: float = 1.0
    """Factor of the waits of the embedded AWS: 0.05 makes three seconds of a minute."""
    times: str = "quick"
    """How long its load balancers, health checks and groups take: `quick` or `aws`, see emulator/times.py."""
    times_factor: str = "1"
    """Shortens or stretches the durations of `aws`; a number, which the embedded AWS checks."""
    further_images: Mapping[str, str] = field(default_factory=dict)
    """Image ids of a cluster file, each with the version of Kubernetes that real machines with it have; those
    with any other id have that of the cluster file with which the embedded AWS was started."""
    new_groups: str = "in-service"
    """When a new Auto Scaling group is complete: see `--new-groups` of `python -m emulator`."""
    owner: str | None = field(default_factory=lambda: os.environ.get(OWNER_VARIABLE) or None)
    """The process with which the embedded AWS ends; None: it goes on until `down`.

    From KUBEQUORUM_OWNER whoever makes the settings: no test can forget it."""

    @classmethod
    def from_environment(cls) -> Self:
        """The defaults, or KUBEQUORUM_APP, _WORK, _MACHINES, _IMAGES, _TIMES, _TIMES_FACTOR and _OWNER.

        Raises:
            UsageError: KUBEQUORUM_IMAGES is wrong.
        """
        machines = os.environ.get("KUBEQUORUM_MACHINES") or AUTOMATIC
        return cls(
            app=Path(os.environ.get("KUBEQUORUM_APP", CHECKOUT)).absolute(),
            work=Path(os.environ.get("KUBEQUORUM_WORK", CHECKOUT / "build" / "local")).absolute(),
            machines=machines,
            further_images=_images(os.environ.get("KUBEQUORUM_IMAGES", "")),
            times=os.environ.get("KUBEQUORUM_TIMES") or "quick",
            times_factor=os.environ.get("KUBEQUORUM_TIMES_FACTOR") or "1",
            # With nothing behind the instances, nothing completes their launch hooks.
            new_groups="launched" if machines == "none" else "in-service",
        )

    @property
    def bench_results(self) -> Path:
        """The figures of the last `bench`."""
        return self.work.with_name("bench.json")

    @property
    def default_cluster(self) -> Path:
        """The cluster file of `up` if none is named."""
        return self.app / "clusters" / "local.yaml"

    @property
    def lock(self) -> Path:
        """Held by `up` and `down`; beside the work folder, because `down` removes that."""
        return self.work.with_name(f"{self.work.name}.lock")

    @property
    def emulator_process(self) -> Path:
        """The record of the embedded AWS's process."""
        return self.work / "embedded-aws.process.json"

    @property
    def emulator_state(self) -> Path:
        """Its address, and the cluster for which it was started."""
        return self.work / "embedded-aws.json"

    @property
    def emulator_log(self) -> Path:
        """Its output."""
        return self.work / "embedded-aws.log"

    @property
    def machines_state(self) -> Path:
        """The state of the machines behind its instances."""
        return self.work / "machines"

    @property
    def machine_image(self) -> Path:
        """The description of what machines of kind `nspawn` boot."""
        return self.work / "machine-image.json"

    @property
    def kubeconfig(self) -> Path:
        """An administrator's kubeconfig of the cluster."""
        return self.work / "kubeconfig"

    @property
    def cdk_process(self) -> Path:
        """The record of a running CDK command."""
        return self.work / "cdk.process.json"

    @property
    def cdk_log(self) -> Path:
        """The output of the CDK commands."""
        return self.work / "cdk.log"

    @property
    def cdk_output(self) -> Path:
        """The cloud assembly."""
        return self.work / "cdk.out"


def _images(text: str) -> dict[str, str]:
    """Read e.g. `ami-00000000000001372=1.37.2 ami-…=…`."""
    entries = {entry: entry.partition("=") for entry in text.split()}
    if wrong := [entry for entry, (image_id, _, version) in entries.items() if not image_id or not version]:
        raise UsageError(
            f"KUBEQUORUM_IMAGES is {text!r}",
            why=f"{', '.join(map(repr, wrong))} is no image id with a version of Kubernetes",
            remedy="write each as ID=VERSION, separated by spaces",
        )
    return {image_id: version for image_id, _, version in entries.values()}
