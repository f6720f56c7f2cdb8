"""`kubectl`: the cluster of real machines, reached from this machine with an administrator's credentials."""

import os
import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from local.cli import emulator, environment
from local.cli.emulator import Emulator
from local.cli.errors import CommandError
from local.cli.settings import Settings

_ADMIN_KEY = "admin/kubeconfig"
"""Where masters keep a kubeconfig for administrators in the state bucket; good for a day, renewed by them."""


def kubectl(settings: Settings, arguments: list[str]) -> None:
    """Become kubectl, inside the network namespace of the VPC, for nothing outside reaches the load balancer.

    Raises:
        CommandError: nothing runs, its machines are no real ones, or no master has published credentials yet.
    """
    running = emulator.require(settings)
    if settings.machines_kind() != "nspawn":
        raise CommandError(
            "there is no Kubernetes to speak to",
            why="the instances are plain processes",
            remedy="start real machines (Linux, root): make down, then KUBEQUORUM_MACHINES=nspawn make up",
        )
    from local.artifacts import Settings as ArtifactSettings
    from local.artifacts import ensure
    from local.machines.nspawn.naming import Names

    environment.adopt(running.variables())
    vpc_id = _output(running, "Network", "VpcId")
    kubeconfig = _kubeconfig(settings, running)
    program = ensure(["kubernetes-node"], settings=ArtifactSettings.from_environment()).programs["kubectl"]
    namespace = Names.of(settings.machines_state).vpc(vpc_id)
    server = f"https://{_balancer_address(running, vpc_id)}:6443"
    name = _output(running, "ControlPlane", "ApiEndpoint").removeprefix("https://").partition(":")[0]
    command = ["nsenter", f"--net=/run/netns/{namespace}", str(program), "--kubeconfig", str(kubeconfig)]
    command += ["--server", server, "--tls-server-name", name, *arguments]
    sys.stdout.flush()
    os.execvp(command[0], command)


def _kubeconfig(settings: Settings, running: Emulator) -> Path:
    bucket = _output(running, "State", "StateBucketArn").rpartition(":")[2]
    try:
        content = boto3.client("s3").get_object(Bucket=bucket, Key=_ADMIN_KEY)["Body"].read()
    except ClientError as error:
        raise CommandError(
            "there are no credentials for an administrator yet",
            why=f"s3://{bucket}/{_ADMIN_KEY}: {error.response['Error'].get('Message', error)}",
            remedy="wait until a master is ready (make status), then try again",
        ) from error
    path = settings.work / "admin.kubeconfig"
    # Never readable by others, not even for a moment.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    return path


def _output(running: Emulator, stack: str, key: str) -> str:
    name = f"{running.name}-{stack}"
    try:
        (found,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        return next(o["OutputValue"] for o in found.get("Outputs", []) if o["OutputKey"] == key)
    except (ClientError, StopIteration) as error:
        raise CommandError(
            f"stack {name} has no output {key}", remedy="deploy first: KUBEQUORUM_MACHINES=nspawn make up"
        ) from error


def _balancer_address(running: Emulator, vpc_id: str) -> str:
    """An address of the internal load balancer: it has an interface in each of its subnets."""
    pages = boto3.client("ec2").describe_network_interfaces(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc_id]},
            {"Name": "description", "Values": [f"ELB net/{running.name}-api/*"]},
        ]
    )
    return str(pages["NetworkInterfaces"][0]["PrivateIpAddress"])
