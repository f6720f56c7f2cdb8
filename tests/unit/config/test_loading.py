"""How cluster files load: valid ones, files that are not a cluster file, and every key of the model."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from kubequorum.config import Cluster, ClusterFileError, load_cluster
from tests.synthesis import CLUSTERS, REPOSITORY
from tests.unit.config.cluster_files import KeyPath, changed, errors

MOMENT = datetime(2026, 11, 24, 12, 0, 0)


@pytest.mark.parametrize("name", CLUSTERS)
def test_the_clusters_of_this_repository_are_valid(name: str) -> None:
    """Every example loads."""
    assert load_cluster(REPOSITORY / "clusters" / f"{name}.yaml").name == name


def _keys(section: type[BaseModel], place: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every key of the model with its description; of a list the first item stands for all."""
    for name, field in section.model_fields.items():
        path = (*place, name)
        yield path, field.description or ""
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _keys(part, path if part is field.annotation else (*path, 0))


EVERY_KEY = list(_keys(Cluster))


@pytest.mark.parametrize(
    ("path", "description"), EVERY_KEY, ids=[".".join(map(str, k)) for k, _ in EVERY_KEY]
)
def test_every_key_refuses_a_timestamp(tmp_path: Path, path: KeyPath, description: str) -> None:
    """No key accepts one: the message has key and value, and says what the key means."""
    document = changed(("worker_groups", 0, "taints"), [{"key": "a", "effect": "NoSchedule"}])
    document["oidc_issuers"] = [{"url": "https://login.example.com", "audiences": ["kubernetes"]}]
    allow = {"actions": ["s3:GetObject"], "resources": ["*"]}
    role = {"namespace": "shop", "name": "orders", "statements": [allow]}
    document["service_accounts"] = {"roles": [role]}
    document["addons"] = {"manifests": [{"name": "own", "file": "own.yaml"}]}
    document["registries"] = {"ecr": [{"repositories": ["shop"]}]}
    place: Any = document
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    place[path[-1]] = MOMENT
    message = errors(tmp_path, document)
    assert f"{'.'.join(map(str, path))} = {MOMENT}: " in message
    assert description in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [unclosed", "file: while parsing"),
        ("name: a\nname: b\n", "duplicate key 'name'"),
        ("- a list", "is not a mapping"),
        ("", "is not a mapping"),
        ("name: \udce4\n", "is not UTF-8 at byte 6. Remedy: save it as UTF-8"),
        ("? [a]\n: b\n", "a key is not a string"),
        ("name: *nothing\n", "undefined alias"),
        ("tags: {expires: 2027-02-30}\n", "day is out of range for month.*in quotes"),
        ("name: 0x_\n", "not a valid value"),
        ("name: !!timestamp x\n", "not a valid value"),
        ("? !!map x\n: b\n", "a key is not a string"),
        ("[" * 2000, "nested too deeply .over 50 levels.*line 1, column 51"),
        ("name: &a [*a]\n", "name = .*is not a string"),
    ],
)
def test_file_that_is_not_a_cluster_file(tmp_path: Path, text: str, said: str) -> None:
    """Not YAML, not a mapping, or with a duplicate key: the message says which."""
    file = tmp_path / "cluster.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ClusterFileError, match=said):
        load_cluster(file)


def test_a_mapping_may_be_merged_into_another(tmp_path: Path) -> None:
    """YAML's `<<` gives defaults; an explicit key overrides them and is not a duplicate."""
    text = (REPOSITORY / "clusters" / "ha.yaml").read_text(encoding="utf-8")
    file = tmp_path / "cluster.yaml"
    file.write_text(f"{text}<<: {{region: us-east-1, kubernetes: {{version: 1.30.0}}}}\n", encoding="utf-8")
    cluster = load_cluster(file)
    assert (cluster.region, cluster.kubernetes.version) == ("eu-central-1", "1.36.3")


def test_missing_file(tmp_path: Path) -> None:
    """The message has an example of a right name."""
    with pytest.raises(ClusterFileError, match=r"No such file.*clusters/ha\.yaml"):
        load_cluster(tmp_path / "missing.yaml")
