"""An emulator with machines that boot, as its own process, with a VPC in it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import dns.message
import dns.rdatatype

from emulator.api import credentials
from emulator.faults import FaultClient
from emulator.machines.namespaces import SocketMaker, path_of
from emulator.machines.nspawn import MachineImage
from emulator.machines.nspawn.naming import Names

CHECKOUT = Path(__file__).parents[4]
REGION = "us-east-1"
ZONES = (f"{REGION}a", f"{REGION}b")
IMAGE_ID = "ami-0123456789abcdef0"
TIME_SCALE = 0.2
"""The shortest interval between health checks, 5 seconds, takes one."""
_TRUST: dict[str, object] = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


@dataclass
class Aws:
    """The running emulator."""

    url: str
    state_dir: Path
    process: subprocess.Popen[bytes]
    log: Path
    vpc_id: str = ""
    subnet_ids: dict[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> FaultClient:
        """Injects faults into it."""
        return FaultClient(self.state_dir)

    def sh(self, instance_id: str, script: str) -> str:
        """Run a shell script on a machine; its output, without the last line's end."""
        done = self.faults.run(instance_id, ["/bin/bash", "-c", script])
        return (done.stdout + done.stderr).decode().rstrip("\n")

    def client(self, service: str) -> Any:
        """A boto3 client of the administrator."""
        environment = credentials.administrator_environment(api_url=self.url, region=REGION)
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )

    def make_vpc(self) -> None:
        """Make a VPC with a subnet in each of two zones."""
        ec2 = self.client("ec2")
        self.vpc_id = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        for number, letter in enumerate("ab"):
            zone, cidr = f"{REGION}{letter}", f"10.20.{number}.0/24"
            subnet = ec2.create_subnet(VpcId=self.vpc_id, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]
            self.subnet_ids[zone] = subnet["SubnetId"]

    def make_profile(self, name: str, *statements: dict[str, object]) -> str:
        """Make a role with these permissions for instances; the name of its profile."""
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(_TRUST))
        iam.put_role_policy(RoleName=name, PolicyName="given", PolicyDocument=_policy(*statements))
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return name

    def launch(self, user_data: str, *, zone: str = f"{REGION}a", profile: str | None = None) -> str:
        """Launch an instance and return its id."""
        arguments: dict[str, Any] = {"IamInstanceProfile": {"Name": profile}} if profile else {}
        answer = self.client("ec2").run_instances(
            ImageId=IMAGE_ID,
            InstanceType="t3.small",
            SubnetId=self.subnet_ids[zone],
            MinCount=1,
            MaxCount=1,
            UserData=user_data,
            MetadataOptions={"HttpTokens": "required"},
            **arguments,
        )
        return str(answer["Instances"][0]["InstanceId"])

    def console(self, instance_id: str) -> str:
        """The console output."""
        output = self.client("ec2").get_console_output(InstanceId=instance_id, Latest=True).get("Output", "")
        return str(output)

    def connect(self, address: str, port: int) -> socket.socket:
        """A connection that comes from inside the VPC."""
        made = self._sockets().make()
        made.settimeout(5)
        made.connect((address, port))
        return made

    def datagrams(self) -> socket.socket:
        """A UDP socket inside the VPC."""
        made = self._sockets().make(socket.SOCK_DGRAM)
        made.settimeout(5)
        return made

    def is_on(self, instance_id: str) -> bool:
        """Whether the machine runs."""
        return any(machine.on for machine in self.faults.machines() if machine.instance_id == instance_id)

    def resolve(self, name: str) -> list[str]:
        """Ask the VPC's name server for addresses."""
        query = dns.message.make_query(name, "A")
        with self.datagrams() as made:
            made.sendto(query.to_wire(), ("10.20.0.2", 53))
            reply = dns.message.from_wire(made.recv(4096))
        return [item.to_text() for rrset in reply.answer if rrset.rdtype == dns.rdatatype.A for item in rrset]

    def until(self, holds: Callable[[], bool], what: Callable[[], str], *, seconds: float = 60) -> None:
        """Return when something holds; AssertionError that says what did not."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, what()
            time.sleep(0.1)

    def _sockets(self) -> SocketMaker:
        return SocketMaker(path_of(Names.of(self.state_dir).vpc(self.vpc_id)))


@contextmanager
def running(folder: Path, image: MachineImage, *, owner: int | None = None) -> Iterator[Aws]:
    """Run one with its state below a folder, until the end of the context, or of its owner: by default us."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    image.write(folder / "image.json")
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "emulator"),
                *("--port", str(port), "--state-dir", str(folder / "state")),
                *("--machines", "nspawn", "--machine-image", str(folder / "image.json")),
                *("--time-scale", str(TIME_SCALE), "--owner", str(owner or os.getpid())),
            ],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([".", os.environ.get("PYTHONPATH", "")])},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    aws = Aws(url=f"http://127.0.0.1:{port}", state_dir=folder / "state", process=process, log=log)
    try:
        aws.until(lambda: _answers(aws.url), log.read_text)
        aws.make_vpc()
        yield aws
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/_ministack/health", timeout=2) as response:  # noqa: S310 - our own loopback URL
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
