"""Private addresses and names of instances."""

import ipaddress
from collections.abc import Callable
from itertools import chain

from ministack.core.responses import get_account_id, get_region

from emulator.api.ec2 import store
from emulator.api.wire import ApiError

RESERVED_AT_START = 4
"""Network, router, DNS and "future use" (VPC user guide, subnet sizing); the last one is broadcast."""

_soon: list[Callable[[], bool]] = [lambda: False]
_last_given: dict[tuple[str, str, str], int] = {}
"""By account, region and subnet."""


def come_back(*, soon: Callable[[], bool]) -> None:
    """Set whether an address that became free is given again as soon as possible, or as late.

    AWS documents no order. Late is easier to follow; early finds what still connects to a dead instance.
    """
    _soon[:] = [soon]


def choose(subnet_id: str, requested: str | None) -> str:
    """Take a free address of the subnet: the requested one, or the next after the last given.

    If they come back soon, the lowest free one instead.

    Raises:
        ApiError: the requested address is not of the subnet or in use, or none is free.
    """
    network = ipaddress.ip_network(store.subnets()[subnet_id]["CidrBlock"])
    used = _used(subnet_id)
    first, last = int(network[RESERVED_AT_START]), int(network[-2])
    if requested:
        number = int(ipaddress.ip_address(requested))
        if not first <= number <= last:
            raise ApiError(
                "InvalidParameterValue",
                f"Address {requested} does not fall within the subnet's address range",
            )
        if number in used:
            raise ApiError("InvalidIPAddress.InUse", f"Address {requested} is in use.")
        return requested
    key = (get_account_id(), get_region(), subnet_id)
    start = first if _soon[0]() else max(first, _last_given.get(key, first - 1) + 1)
    for number in chain(range(start, last + 1), range(first, min(start, last + 1))):
        if number not in used:
            _last_given[key] = number
            return str(ipaddress.ip_address(number))
    raise ApiError(
        "InsufficientFreeAddressesInSubnet",
        f"The specified subnet '{subnet_id}' does not have enough free addresses to satisfy the request.",
    )


def private_dns_name(address: str) -> str:
    """The name by address, e.g. ip-10-0-1-5.ec2.internal in us-east-1 (VPC user guide, DNS)."""
    region = get_region()
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def mac_address(interface_id: str) -> str:
    """A locally administered address, the same for the life of the interface."""
    digits = interface_id.removeprefix("eni-").rjust(10, "0")[-10:]
    return ":".join(["02", *(digits[index : index + 2] for index in range(0, 10, 2))])


def forget() -> None:
    """Start over, for tests."""
    _last_given.clear()


def _used(subnet_id: str) -> set[int]:
    return {
        int(ipaddress.ip_address(interface["PrivateIpAddress"]))
        for interface in store.interfaces().values()
        if interface.get("SubnetId") == subnet_id
    }
