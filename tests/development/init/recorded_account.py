"""An AWS account of a test: real clients of boto3, which check each request, and answers by operation."""

from dataclasses import dataclass, field
from typing import Any

import boto3

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
_TYPES = ("m7i.large", "m7i.xlarge", "m6i.large", "m6i.xlarge", "t4g.medium", "t4g.large")


def _quota(value: float) -> dict[str, Any]:
    return {"Quota": {"Value": value}}


def everything() -> dict[str, Any]:
    """The answers of an account in which nothing is short."""
    return {
        "GetCallerIdentity": {"Account": "444455556666"},
        "DescribeAvailabilityZones": {"AvailabilityZones": [{"ZoneName": zone} for zone in reversed(ZONES)]},
        "GetParameter": {"Parameter": {"Value": "ami-0aaaaaaaaaaaaaaaa"}},
        "DescribeInstanceTypeOfferings": {
            "InstanceTypeOfferings": [
                {"InstanceType": type_, "Location": zone} for type_ in _TYPES for zone in ZONES
            ]
        },
        "DescribeInstanceTypes": {
            "InstanceTypes": [
                {"InstanceType": "m7i.large", "VCpuInfo": {"DefaultVCpus": 2}},
                {"InstanceType": "m7i.xlarge", "VCpuInfo": {"DefaultVCpus": 4}},
            ]
        },
        "ListHostedZonesByName": {"HostedZones": []},
        "DescribeVpcs": {"Vpcs": [{"CidrBlock": "172.31.0.0/16"}]},
        "DescribeAddresses": {"Addresses": []},
        "GetServiceQuota": _quota(100),
        "GetAWSDefaultServiceQuota": _quota(100),
    }


@dataclass
class RecordedSession:
    """Gives clients that connect with nobody."""

    answers: dict[str, Any] = field(default_factory=everything)
    """Operation to its answer, to a function of the request's parameters, or to the code of a refusal."""
    asked: list[str] = field(default_factory=list)

    def client(self, service: str, **arguments: Any) -> Any:
        """A client of boto3."""
        made = boto3.client(  # type: ignore[call-overload]
            service,
            region_name="eu-central-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            **arguments,
        )
        made.meta.events.register_first("before-call.*", self._answer)
        return made

    def _answer(self, model: Any, params: Any, **_: Any) -> tuple[Any, Any]:
        self.asked.append(model.name)
        answer = self.answers.get(model.name, "UnknownOperation")
        if callable(answer):
            answer = answer(params)
        if isinstance(answer, str):
            return _Http(400), {"Error": {"Code": answer, "Message": f"{model.name} is refused"}}
        return _Http(200), answer


@dataclass
class _Http:
    status_code: int
