"""What AWS says of the account and region that a cluster is to be in; a refusal is named and ends nothing."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2})
_VCPUS = ("ec2", "L-1216C47A")
"""Running On-Demand Standard instances, in vCPUs
(https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html)."""
_SPOT_VCPUS = ("ec2", "L-34B43A08")
"""The same of spot instances
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-limits.html)."""
_ADDRESSES = ("ec2", "L-0263D0A3")
"""EC2-VPC Elastic IPs (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html)."""
_VPCS = ("vpc", "L-F678F1CE")
"""VPCs per Region (https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html)."""

T = TypeVar("T")


def image_parameter(architecture: str) -> str:
    """The public parameter with Debian's current image, in each region; clusters/ha.yaml names it, too."""
    return f"/aws/service/debian/release/13/latest/{architecture}"


class Account:
    """Asks, with the credentials of the environment. None, or an empty answer, is what is not known."""

    def __init__(self, region: str, session: Any | None = None) -> None:
        self._region = region
        self._session: Any = session
        # Any: the names of services are variables.
        self._clients: dict[str, Any] = {}
        self.unknown: dict[str, str] = {}
        """What could not be looked up, with the reason."""

    def number(self) -> str | None:
        """The account's id."""
        return self._ask("the account", lambda: str(self._client("sts").get_caller_identity()["Account"]))

    def zones(self) -> list[str]:
        """The availability zones that the account may use; no local or wavelength zones."""
        wanted = [
            {"Name": "zone-type", "Values": ["availability-zone"]},
            {"Name": "state", "Values": ["available"]},
        ]

        def ask() -> list[str]:
            answer = self._client("ec2").describe_availability_zones(Filters=wanted)
            return sorted(zone["ZoneName"] for zone in answer["AvailabilityZones"])

        return self._ask("availability zones", ask) or []

    def image(self, architecture: str) -> str | None:
        """Debian's current image for `amd64` or `arm64`."""
        name = image_parameter(architecture)
        return self._ask(
            f"Debian's image for {architecture}",
            lambda: str(self._client("ssm").get_parameter(Name=name)["Parameter"]["Value"]),
        )

    def offers(self, types: Sequence[str]) -> dict[str, set[str]]:
        """Instance type to the zones that offer it; empty if that is not known."""

        def ask() -> dict[str, set[str]]:
            found: dict[str, set[str]] = {}
            pages = self._client("ec2").get_paginator("describe_instance_type_offerings")
            wanted = [{"Name": "instance-type", "Values": list(types)}]
            for page in pages.paginate(LocationType="availability-zone", Filters=wanted):
                for offer in page["InstanceTypeOfferings"]:
                    found.setdefault(offer["InstanceType"], set()).add(offer["Location"])
            return found

        return self._ask("which zones offer which instance types", ask) or {}

    def vcpus(self, types: Sequence[str]) -> dict[str, int]:
        """Instance type to the number of its vCPUs; empty if that is not known."""

        def ask() -> dict[str, int]:
            answer = self._client("ec2").describe_instance_types(InstanceTypes=sorted(set(types)))
            return {
                each["InstanceType"]: int(each["VCpuInfo"]["DefaultVCpus"])
                for each in answer["InstanceTypes"]
            }

        return self._ask("vCPUs of instance types", ask) or {}

    def hosted_zone(self, name: str) -> str | None:
        """The id of the account's public zone of this name; None if it has none."""

        def ask() -> str:
            answer = self._client("route53").list_hosted_zones_by_name(DNSName=name)
            return next(
                (
                    zone["Id"].rpartition("/")[2]
                    for zone in answer["HostedZones"]
                    if zone["Name"] == f"{name}." and not zone.get("Config", {}).get("PrivateZone")
                ),
                "",
            )

        return self._ask("hosted zones", ask) or None

    def vpcs(self) -> list[list[IPv4Network]] | None:
        """The region's VPCs: the ranges of each."""

        def ask() -> list[list[IPv4Network]]:
            pages = self._client("ec2").get_paginator("describe_vpcs").paginate()
            return [
                [IPv4Network(each["CidrBlock"]) for each in vpc.get("CidrBlockAssociationSet") or [vpc]]
                for page in pages
                for vpc in page["Vpcs"]
            ]

        return self._ask("VPCs", ask)

    def addresses(self) -> int | None:
        """How many Elastic IPs are in use."""
        return self._ask("Elastic IPs", lambda: len(self._client("ec2").describe_addresses()["Addresses"]))

    def vcpu_quota(self) -> float | None:
        """How many vCPUs of ordinary types may run on demand at once."""
        return self._quota("vCPUs on demand", *_VCPUS)

    def spot_vcpu_quota(self) -> float | None:
        """How many vCPUs of ordinary types may run as spot instances at once."""
        return self._quota("vCPUs of spot instances", *_SPOT_VCPUS)

    def address_quota(self) -> float | None:
        """How many Elastic IPs there may be."""
        return self._quota("Elastic IPs", *_ADDRESSES)

    def vpc_quota(self) -> float | None:
        """How many VPCs there may be."""
        return self._quota("VPCs", *_VPCS)

    def _quota(self, what: str, service: str, code: str) -> float | None:
        def ask() -> float:
            asked = {"ServiceCode": service, "QuotaCode": code}
            client = self._client("service-quotas")
            try:
                answer = client.get_service_quota(**asked)
            except client.exceptions.NoSuchResourceException:
                # One that nobody has ever changed may have a default only.
                answer = client.get_aws_default_service_quota(**asked)
            return float(answer["Quota"]["Value"])

        return self._ask(f"the quota of {what}", ask)

    def _client(self, service: str) -> Any:
        if self._session is None:
            # Not above: a profile that does not exist is a refusal like others.
            self._session = boto3.session.Session(region_name=self._region)
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=_CONFIG)
        return self._clients[service]

    def _ask(self, what: str, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except (BotoCoreError, ClientError) as error:
            self.unknown[what] = str(error)
        except (LookupError, TypeError, ValueError) as error:
            self.unknown[what] = f"not what was expected: {error!r}"
        return None
