"""What the sections of a cluster file are made of: their base class, and types of single values."""

import math
from enum import StrEnum
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints, WithJsonSchema
from pydantic.fields import FieldInfo


class Section(BaseModel):
    """Unknown keys are errors, and instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Architecture(StrEnum):
    """A processor architecture, as Kubernetes and Debian spell it."""

    AMD64 = "amd64"
    ARM64 = "arm64"


def _as_flag_value(value: object) -> object:
    """Flags are strings; YAML reads `true` and `5` as something else, and both are clear."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    return value


Choice = Annotated[bool, Strict()]
"""Yes or no: neither a number nor a text stands for it."""
DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]
DnsName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
FlagName = Annotated[str, StringConstraints(pattern=r"^[a-z][-a-z0-9]*$")]
FlagValue = Annotated[
    str, BeforeValidator(_as_flag_value), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
HostedZoneId = Annotated[str, StringConstraints(pattern=r"^Z[A-Z0-9]{8,31}$")]
ImageId = Annotated[str, StringConstraints(pattern=r"^ami-([0-9a-f]{8}|[0-9a-f]{17})$")]
ImageRepository = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9][-a-z0-9._]*)*$")
]
InstanceType = Annotated[str, StringConstraints(pattern=r"^[a-z][-a-z0-9]*\.[-a-z0-9]+$")]
Whole = Annotated[int, Strict()]
"""A whole number. YAML reads `yes` as true, which is not one."""


def is_list(field: FieldInfo) -> bool:
    """Whether a field holds a list."""
    return get_origin(field.annotation) is tuple


def nested_section(field: FieldInfo | None) -> type[Section] | None:
    """The section that a field holds, alone or as the items of a list."""
    if field is None:
        return None
    candidates = [field.annotation, *get_args(field.annotation)]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, Section)), None)
