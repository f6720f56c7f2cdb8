"""What each EBS volume type allows: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.api.wire import ApiError

GIB_LIMIT = 65_536


@dataclass(frozen=True, kw_only=True)
class VolumeType:
    """Limits and defaults of one type."""

    size_gib: tuple[int, int]
    iops: tuple[int, int] | None = None
    """Provisioned IOPS; None: they cannot be chosen."""
    default_iops: int | None = None
    iops_per_gib: int | None = None
    """At most so many for each GiB, above the default."""
    throughput_mib: tuple[int, int] | None = None
    default_throughput_mib: int | None = None


VOLUME_TYPES = {
    "gp2": VolumeType(size_gib=(1, 16_384)),
    "gp3": VolumeType(
        size_gib=(1, GIB_LIMIT),
        iops=(3_000, 80_000),
        default_iops=3_000,
        iops_per_gib=500,
        throughput_mib=(125, 2_000),
        default_throughput_mib=125,
    ),
    "io1": VolumeType(size_gib=(4, 16_384), iops=(100, 64_000), iops_per_gib=50),
    "io2": VolumeType(size_gib=(4, GIB_LIMIT), iops=(100, 256_000), iops_per_gib=1_000),
    "st1": VolumeType(size_gib=(125, 16_384)),
    "sc1": VolumeType(size_gib=(125, 16_384)),
    "standard": VolumeType(size_gib=(1, 1_024)),
}


def performance(
    *, volume_type: str, size_gib: int, iops: int | None, throughput_mib: int | None
) -> Mapping[str, Any]:
    """Check a volume's numbers and fill in the defaults; returns Iops and Throughput where the type has them.

    Raises:
        ApiError: the type does not exist or does not allow them.
    """
    limits = VOLUME_TYPES.get(volume_type)
    if limits is None:
        raise ApiError("InvalidParameterValue", f"Invalid value '{volume_type}' for VolumeType.")
    _within(size_gib, limits.size_gib, f"Volume of {size_gib}GiB", volume_type)
    chosen: dict[str, Any] = {}
    if limits.iops is None:
        if iops is not None:
            raise ApiError(
                "InvalidParameterCombination",
                f"The parameter iops is not supported for {volume_type} volumes.",
            )
        if volume_type == "gp2":
            chosen["Iops"] = min(max(100, 3 * size_gib), 16_000)
    else:
        value = iops or limits.default_iops
        if value is None:
            raise ApiError(
                "MissingParameter", f"The parameter iops must be specified for {volume_type} volumes."
            )
        _within(value, limits.iops, f"Volume iops of {value}", volume_type)
        ratio = value / size_gib
        if limits.iops_per_gib and value != limits.default_iops and ratio > limits.iops_per_gib:
            raise ApiError(
                "InvalidParameterCombination",
                f"Iops to volume size ratio of {ratio:g} is too high; maximum is {limits.iops_per_gib}",
            )
        chosen["Iops"] = value
    if throughput_mib is not None and limits.throughput_mib is None:
        raise ApiError(
            "InvalidParameterCombination",
            f"The parameter Throughput is not supported for {volume_type} volumes.",
        )
    if limits.throughput_mib is not None:
        value = throughput_mib or limits.default_throughput_mib or 0
        _within(value, limits.throughput_mib, f"Throughput of {value}", volume_type)
        if value > chosen["Iops"] / 4:
            raise ApiError(
                "InvalidParameterCombination",
                f"Throughput (MiBps) to iops ratio of {value / chosen['Iops']:f} is too high; "
                "maximum is 0.250000",
            )
        chosen["Throughput"] = value
    return chosen


def _within(value: int, bounds: tuple[int, int], what: str, volume_type: str) -> None:
    low, high = bounds
    if not low <= value <= high:
        word = "small" if value < low else "large"
        limit = f"minimum is {low}" if value < low else f"maximum is {high}"
        raise ApiError(
            "InvalidParameterValue", f"{what} is too {word} for volume type {volume_type}; {limit}"
        )
