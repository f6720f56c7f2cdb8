"""EC2's records. They are ministack's own, so its other actions see what ours do.

A record is spelled as in a boto3 response, so that it can be answered as it is.
Keys that begin with an underscore are ours. Whoever changes records holds LOCK.
"""

import secrets
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, cast

from ministack.core.responses import get_account_id, get_region

from emulator.api import patches
from emulator.api.wire import ApiError

Record = dict[str, Any]
Table = MutableMapping[str, Record]

LOCK = threading.RLock()
"""Never held while a machine is called."""

_MODULE = "ministack.services.ec2"
_INSTANCES = patches.declare(_MODULE, "_instances", why="instances launched by RunInstances and by groups")
_VOLUMES = patches.declare(_MODULE, "_volumes", why="volumes and their attachments")
_SUBNETS = patches.declare(_MODULE, "_subnets", why="zone, VPC and addresses of an instance")
_VPCS = patches.declare(_MODULE, "_vpcs", why="the CIDR block that a machine routes to")
_SECURITY_GROUPS = patches.declare(_MODULE, "_security_groups", why="a launch names existing groups only")
_INTERFACES = patches.declare(_MODULE, "_network_interfaces", why="the primary interface of an instance")
_SNAPSHOTS = patches.declare(_MODULE, "_snapshots", why="a volume may be created from one")
_TEMPLATES = patches.declare(_MODULE, "_launch_templates", why="groups launch from a version of one")
_IMAGES = patches.declare(_MODULE, "_images", why="the root device of a registered image")
_TAGS = patches.declare(_MODULE, "_tags", why="tags of every EC2 resource")

_scopes: dict[str, tuple[str, str]] = {}


def instances() -> Table:
    """Instances by id, of the account and region of the request."""
    return cast("Table", _INSTANCES.get())


def volumes() -> Table:
    """Volumes by id."""
    return cast("Table", _VOLUMES.get())


def subnets() -> Table:
    """Subnets by id."""
    return cast("Table", _SUBNETS.get())


def vpcs() -> Table:
    """VPCs by id."""
    return cast("Table", _VPCS.get())


def security_groups() -> Table:
    """Security groups by id."""
    return cast("Table", _SECURITY_GROUPS.get())


def interfaces() -> Table:
    """Network interfaces by id."""
    return cast("Table", _INTERFACES.get())


def snapshots() -> Table:
    """Snapshots by id."""
    return cast("Table", _SNAPSHOTS.get())


def launch_templates() -> Table:
    """Launch templates by id."""
    return cast("Table", _TEMPLATES.get())


def images() -> Table:
    """Registered images by id; an image that is only named in a template is not among them."""
    return cast("Table", _IMAGES.get())


def instance(instance_id: str) -> Record:
    """Return one instance.

    Raises:
        ApiError: there is none of this id.
    """
    record = instances().get(instance_id)
    if record is None:
        raise no_such_instance(instance_id)
    return record


def no_such_instance(instance_id: str) -> ApiError:
    """What EC2 answers about an instance that it does not know."""
    return ApiError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")


def volume(volume_id: str) -> Record:
    """Return one volume.

    Raises:
        ApiError: there is none of this id.
    """
    record = volumes().get(volume_id)
    if record is None:
        raise ApiError("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.")
    return record


def tags(resource_id: str) -> dict[str, str]:
    """The tags of any EC2 resource."""
    entries: Iterable[Mapping[str, str]] = _TAGS.get().get(resource_id) or ()
    return {entry["Key"]: entry.get("Value", "") for entry in entries}


def set_tags(resource_id: str, values: Mapping[str, str]) -> None:
    """Replace the tags of a resource."""
    if values:
        _TAGS.get()[resource_id] = [{"Key": key, "Value": value} for key, value in values.items()]
    else:
        _TAGS.get().pop(resource_id, None)


def tag_list(resource_id: str) -> list[dict[str, str]]:
    """The tags as a response lists them."""
    return [{"Key": key, "Value": value} for key, value in tags(resource_id).items()]


def new_id(prefix: str) -> str:
    """An id of AWS's long form, e.g. i-0123456789abcdef0."""
    return f"{prefix}-0{secrets.token_hex(8)}"


def now() -> datetime:
    """The present, in UTC, to the second as EC2 keeps it."""
    return datetime.now(UTC).replace(microsecond=0)


def remember_scope(instance_id: str) -> None:
    """Note whose an instance is, for machines that ask about it outside any request."""
    _scopes[instance_id] = (get_account_id(), get_region())


def scope(instance_id: str) -> tuple[str, str] | None:
    """Account and region of an instance that was ever launched."""
    return _scopes.get(instance_id)


def forget_scopes() -> None:
    """Start over, for tests."""
    _scopes.clear()
