"""What the tools need of a cluster file: its name, account and region. The app itself checks all the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from kubequorum_cli.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where a cluster file wants to be deployed."""

    path: Path
    name: str
    account: str
    region: str


def read(path: Path) -> Cluster:
    """Read a cluster file; UsageError if it is not there or lacks one of the three."""
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
            remedy="mend it at the place named; clusters/local.yaml shows how one looks",
        ) from error
    values = document if isinstance(document, dict) else {}
    return Cluster(
        path=path.absolute(),
        name=_text(values, "name", path),
        account=_text(values, "account", path),
        region=_text(values, "region", path),
    )


def _text(values: Mapping[str, object], key: str, path: Path) -> str:
    value = values.get(key)
    if isinstance(value, str) and value:
        return value
    raise UsageError(
        f"the cluster file {path} has no usable {key}",
        why=f"{key} is {value!r}",
        remedy=f'give it a text, in quotes if it is made of digits: {key}: "…"',
    )
