"""Where everything is, and every number that the tools go by."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CHECKOUT = Path(__file__).resolve().parents[1]

OLDEST_NODE = 22
"""The CDK command line and jsii want this major version of Node at least."""

FIRST_PORT = 4566
"""Where the embedded AWS listens if nothing else does."""

PORTS_TO_TRY = 50

START_SECONDS = 90
"""How long the embedded AWS may take until it answers."""

STOP_SECONDS = 15
"""How long it may take to end its machines before it is killed."""

SETTLE_SECONDS = 300
"""How long instances may take until they are in service, once the stacks are complete."""

AUTOMATIC = "auto"
"""Real machines where they can run, else plain processes."""

REAL = "nspawn"
"""The kind of machines that boot and run Kubernetes."""

CDK_STOP_SECONDS = 10
"""How long the CDK command line may take to end when it is told to."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The folders of one embedded AWS and of the app that is deployed into it."""

    app: Path = CHECKOUT
    """The folder with the cdk.json."""
    work: Path = CHECKOUT / "build" / "local"
    """Everything that `up` makes; `down` removes it."""
    first_port: int = FIRST_PORT
    machines: str = "process"
    """What runs behind the instances: `nspawn`, `process` or `none`; `auto` before `up` has chosen."""
    time_scale: float = 1.0
    """By what the embedded AWS shortens its waits: 0.05 makes three seconds of a minute."""
    new_groups: str = "in-service"
    """When a new Auto Scaling group is complete: see `--new-groups` of `python -m emulator`."""

    @classmethod
    def from_environment(cls) -> Self:
        """The defaults, or what KUBEQUORUM_APP, KUBEQUORUM_WORK and KUBEQUORUM_MACHINES say."""
        machines = os.environ.get("KUBEQUORUM_MACHINES") or AUTOMATIC
        return cls(
            app=Path(os.environ.get("KUBEQUORUM_APP", CHECKOUT)).absolute(),
            work=Path(os.environ.get("KUBEQUORUM_WORK", CHECKOUT / "build" / "local")).absolute(),
            machines=machines,
            # With nothing behind the instances nobody completes their launch hooks.
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
        """Its address, and what was deployed into it."""
        return self.work / "embedded-aws.json"

    @property
    def emulator_log(self) -> Path:
        """What it prints."""
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
        """What leads kubectl to the cluster, as its administrator."""
        return self.work / "kubeconfig"

    @property
    def cdk_process(self) -> Path:
        """The record of a running CDK command."""
        return self.work / "cdk.process.json"

    @property
    def cdk_log(self) -> Path:
        """Everything that the CDK commands printed."""
        return self.work / "cdk.log"

    @property
    def cdk_output(self) -> Path:
        """The cloud assembly."""
        return self.work / "cdk.out"
