"""What `up` needs of a cluster file: name, account, region, version, and which images its addons need.

The CDK app itself checks everything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from kubequorum_cli.errors import UsageError
from lab.artifacts.image_catalog import IMAGES, Image


@dataclass(frozen=True, kw_only=True)
class ClusterFile:
    """A cluster file, and where it is deployed."""

    path: Path
    name: str
    account: str
    region: str
    kubernetes: str
    """The version of Kubernetes; empty for the default one."""
    addon_images: tuple[str, ...]
    """Images that its machines need for its addons, by their names in lab/artifacts/image_catalog.py."""


def read(path: Path) -> ClusterFile:
    """Read a cluster file.

    Raises:
        UsageError: it cannot be read, or lacks one of the three.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"the cluster file {path} cannot be read",
            why=error.strerror or str(error),
            remedy="name one with --cluster, for example clusters/local.yaml",
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(
            f"the cluster file {path} is not YAML",
            why=str(error),
            remedy="fix the YAML at that place; clusters/local.yaml is an example",
        ) from error
    values = document if isinstance(document, dict) else {}
    return ClusterFile(
        path=path.absolute(),
        name=_text(values, "name", path),
        account=_text(values, "account", path),
        region=_text(values, "region", path),
        kubernetes=_kubernetes(values),
        addon_images=tuple(name for name, image in IMAGES.items() if _is_wanted(image, values)),
    )


def _kubernetes(values: Mapping[str, object]) -> str:
    section = values.get("kubernetes")
    version = section.get("version") if isinstance(section, dict) else None
    return version if isinstance(version, str) else ""


def _is_wanted(image: Image, values: Mapping[str, object]) -> bool:
    """Whether a cluster file has the addon of an image."""
    if not image.addon:
        return False
    addons, network = values.get("addons"), values.get("network")
    if image.addon_is_network:
        return isinstance(network, dict) and network.get("plugin") == image.addon
    section = addons.get(image.addon) if isinstance(addons, dict) else None
    enabled = section.get("enabled") if isinstance(section, dict) else None
    return enabled if isinstance(enabled, bool) else image.addon_is_default


def _text(values: Mapping[str, object], key: str, path: Path) -> str:
    value = values.get(key)
    if isinstance(value, str) and value:
        return value
    raise UsageError(
        f"the cluster file {path} has no usable {key}",
        why=f"{key} is {value!r}",
        remedy=f'set it to a string, in quotes if it consists of digits: {key}: "…"',
    )
