"""Cluster files with one value changed, and the messages that they cause."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubequorum.config import ClusterFileError, load_cluster
from tests.synthesis import REPOSITORY

KeyPath = tuple[str | int, ...]
Mistake = tuple[str, KeyPath, object, tuple[str, ...]]
"""A name for the test, the key, the wrong value (`...` removes the key), and parts of the message."""


def document() -> dict[str, Any]:
    """The ha cluster as YAML reads it."""
    found: dict[str, Any] = yaml.safe_load((REPOSITORY / "clusters" / "ha.yaml").read_text("utf-8"))
    return found


def changed(path: KeyPath, value: object) -> dict[str, Any]:
    """The ha cluster with one value changed; a value of `...` removes the key."""
    result = copy.deepcopy(document())
    place: Any = result
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return result


def errors(tmp_path: Path, cluster_file: object) -> str:
    """The message of a file that must be refused: it names the file, and every mistake has a remedy."""
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(cluster_file), encoding="utf-8")
    with pytest.raises(ClusterFileError) as caught:
        load_cluster(file)
    message = str(caught.value)
    assert message.startswith(str(file))
    assert message.count("Remedy:") == len(caught.value.problems)
    return message


def assert_reported(tmp_path: Path, mistake: Mistake) -> None:
    """The message names key, value and remedy."""
    _, path, value, said = mistake
    message = errors(tmp_path, changed(path, value))
    for part in said:
        assert part in message


def accepted(tmp_path: Path, cluster_file: object) -> None:
    """The file loads."""
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(cluster_file), encoding="utf-8")
    load_cluster(file)
