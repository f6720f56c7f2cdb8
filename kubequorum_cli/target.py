"""Which cluster is meant, and how its APIs are reached."""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from kubequorum_cli import cdk
from kubequorum_cli.errors import CommandError, Obstacle, UsageError

STACKS = ("Network", "State", "ControlPlane", "Workers", "ServiceAccounts", "Addons")
"""The stacks of a cluster, in the order of their deployment."""
_CLUSTER_VARIABLE = "KUBEQUORUM_CLUSTER"


@dataclass(frozen=True, kw_only=True)
class ApiEndpoint:
    """The Kubernetes API as the control plane's stack publishes it."""

    host: str
    """The API's DNS name, which its certificate has."""
    port: int
    load_balancer: str
    """The DNS name of the load balancer."""


Address = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """How another program starts this one, for the same cluster."""

    command: tuple[str, ...]
    """The program, by its absolute path, and its first arguments."""
    variables: Mapping[str, str]
    """Of its environment, beside those that the other program has; no secret."""


def connect_directly(endpoint: ApiEndpoint) -> Address:
    """For a computer that resolves and reaches the API's name: in the VPC, or connected to it."""
    return endpoint.host, endpoint.port


def find_kubectl() -> Path:
    """The kubectl of this computer.

    Raises:
        CommandError: there is none in PATH.
    """
    if (found := shutil.which("kubectl")) is None:
        raise CommandError(
            "kubectl cannot be run",
            why="there is no kubectl in PATH",
            remedy="install it: https://kubernetes.io/docs/tasks/tools/",
        )
    return Path(found)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A cluster and the ways to it."""

    cluster: str
    """Its name, with which its stacks' names begin."""
    session: boto3.session.Session
    """An administrator of the account and region that it is in."""
    endpoint_url: str | None = None
    """Of the AWS API; None: what boto3 finds by itself."""
    kubeconfig: Path
    """Where an administrator's kubeconfig is written to."""
    connect: Callable[[ApiEndpoint], Address] = connect_directly
    """Where this computer reaches the Kubernetes API; CommandError if it does not."""
    kubectl: Callable[[], Path] = find_kubectl
    """Finds the kubectl to run; CommandError if there is none."""
    synthesize: Callable[[Path, Path], None] = cdk.synthesize
    """Synthesises the CDK app for a cluster file into a folder; CommandError if it cannot be."""
    enter: Callable[[str, str], list[str]] | None = None
    """The command line that runs a line of shell on an instance as root, or a shell if the line is empty;
    CommandError if there is none. None: SSH through the cluster's EC2 Instance Connect Endpoint."""
    no_kubernetes: Obstacle | None = None
    """Why the cluster's instances run no Kubernetes; None if they do."""
    invocation: Invocation | None = None
    """How a client that wants credentials starts this program; None: it cannot."""
    summary: str = ""
    """A line for `status`: where the cluster is."""
    details: Mapping[str, object] = field(default_factory=dict)
    """The same for `status --json`: keys beside those of the report."""
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """The boto3 client of a service: one for all threads."""
        # Clients may be shared by threads, a session may not
        # (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html).
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self.session.client(  # type: ignore[call-overload]
                    service, endpoint_url=self.endpoint_url
                )
            return self._clients[service]

    def stack_name(self, stack: str) -> str:
        """The name in CloudFormation of the cluster's stack: Network, State, ControlPlane or Workers."""
        return f"{self.cluster}-{stack}"

    def stack(self, stack: str) -> dict[str, Any] | None:
        """A stack of the cluster as CloudFormation describes it; None if there is no such stack."""
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self.stack_name(stack))
        except ClientError as error:
            # CloudFormation's answer for a stack that does not exist.
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return None
        return dict(answer["Stacks"][0])

    def outputs(self, stack: str) -> dict[str, str] | None:
        """The outputs of a stack of the cluster; None if there is no such stack."""
        if (found := self.stack(stack)) is None:
            return None
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def output(self, stack: str, key: str) -> str:
        """One output of a stack of the cluster.

        Raises:
            CommandError: there is no such stack, or it has no such output.
        """
        outputs = self.outputs(stack)
        if outputs is None or key not in outputs:
            missing = "does not exist" if outputs is None else f"has no output {key}"
            raise CommandError(
                f"stack {self.stack_name(stack)} {missing}", remedy=f"deploy cluster {self.cluster} first"
            )
        return outputs[key]

    def state_bucket(self) -> str:
        """The name of the cluster's state bucket.

        Raises:
            CommandError: the cluster has no State stack.
        """
        return self.output("State", "StateBucketArn").rpartition(":")[2]


def from_environment() -> Target:
    """The cluster that KUBEQUORUM_CLUSTER names, in the account and region of the AWS settings.

    Raises:
        UsageError: there is no cluster's name, or no region.
    """
    name = os.environ.get(_CLUSTER_VARIABLE)
    if not name:
        raise UsageError(
            "no cluster is named",
            why=f"{_CLUSTER_VARIABLE} is not set",
            remedy=f"export {_CLUSTER_VARIABLE}=NAME, with the `name` in the cluster file",
        )
    # boto3 itself reads AWS_DEFAULT_REGION only.
    session = boto3.session.Session(region_name=os.environ.get("AWS_REGION"))
    if session.region_name is None:
        raise UsageError(
            f"the region of cluster {name} is not known",
            why="neither AWS_REGION nor AWS_DEFAULT_REGION nor the profile names one",
            remedy="export AWS_REGION=REGION, with the `region` in the cluster file",
        )
    return Target(
        cluster=name,
        session=session,
        kubeconfig=Path.home() / ".kube" / f"kubequorum-{name}",
        invocation=_invocation(name, session.region_name),
        summary=f"Cluster {name}, region {session.region_name}",
        details={"cluster": name, "region": session.region_name},
    )


def _invocation(cluster: str, region: str) -> Invocation:
    # Keys of AWS stay in the environment, or wherever the profile has them.
    profile = {"AWS_PROFILE": os.environ["AWS_PROFILE"]} if os.environ.get("AWS_PROFILE") else {}
    return Invocation(
        command=(sys.executable, "-m", "kubequorum_cli"),
        variables={
            _CLUSTER_VARIABLE: cluster,
            "AWS_REGION": region,
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **profile,
        },
    )
