"""An instance of an emulator with process machines, and what a program on it sees of AWS."""

import json
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage
from typing import Any
from uuid import uuid4

from emulator.tests.api.emulator import Emulator, wait_until

_TRUST: dict[str, object] = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
_ANYTHING: dict[str, object] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Node:
    """An instance that runs."""

    emulator: Emulator
    instance_id: str
    imds_url: str
    role: str

    def client(self, service: str) -> Any:
        """A boto3 client with the credentials that the metadata service hands out now."""
        return self.emulator.client(service, session=self.credentials())

    def credentials(self) -> dict[str, str]:
        """What the metadata service hands out, spelled as STS does."""
        found = json.loads(self.get(f"meta-data/iam/security-credentials/{self.role}"))
        return {
            "AccessKeyId": found["AccessKeyId"],
            "SecretAccessKey": found["SecretAccessKey"],
            "SessionToken": found["Token"],
        }

    def get(self, path: str) -> str:
        """Something of the metadata service, with a session token."""
        token, _ = _open("PUT", f"{self.imds_url}/latest/api/token", {"ttl-seconds": "60"})
        return _open("GET", f"{self.imds_url}/latest/{path}", {"": token.decode()})[0].decode()


def launch(emulator: Emulator, *, spot: bool = False) -> Node:
    """Launch one whose role may do anything, and wait until it runs."""
    iam, name = emulator.client("iam"), f"node-{uuid4().hex[:8]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(_TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="given", PolicyDocument=_policy(_ANYTHING))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    ec2 = emulator.client("ec2")
    launched = ec2.run_instances(
        ImageId="ami-0123456789abcdef0",
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        SubnetId=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        IamInstanceProfile={"Name": name},
        **({"InstanceMarketOptions": {"MarketType": "spot"}} if spot else {}),
        UserData='#!/bin/sh\necho "imds=$AWS_EC2_METADATA_SERVICE_ENDPOINT="\n',
    )
    instance_id = launched["Instances"][0]["InstanceId"]

    def console() -> str:
        return str(ec2.get_console_output(InstanceId=instance_id, Latest=True).get("Output", ""))

    wait_until(lambda: console().count("=") == 2, what="the address of the metadata service")
    return Node(emulator, instance_id, console().split("=")[1], name)


def date_of(response: dict[str, Any]) -> float:
    """By how many seconds the Date of an answer is ahead of now."""
    moment = parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])
    return (moment - datetime.now(UTC)).total_seconds()


def _open(method: str, url: str, token: dict[str, str]) -> tuple[bytes, HTTPMessage]:
    headers = {f"X-aws-ec2-metadata-token{'-' * bool(key)}{key}": value for key, value in token.items()}
    if method == "PUT":
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": token["ttl-seconds"]}
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return response.read(), response.headers


def _policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
