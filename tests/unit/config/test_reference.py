"""What is generated from the model: the reference page and the JSON schema of the cluster file."""

import json
from pathlib import Path
from typing import Annotated, Any, cast

import jsonschema
import pytest
import yaml
from pydantic import Field, TypeAdapter, ValidationError

from development.commands.reference import FILES
from kubequorum.config.model import Cluster
from kubequorum.config.reference import SCHEMA_LINE
from kubequorum.config.section import Section, nested_section
from tests.synthesis import CLUSTERS, REPOSITORY
from tests.unit.config.cluster_files import KeyPath, changed


def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((REPOSITORY / "clusters" / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", FILES, ids=str)
def test_generated_files_are_up_to_date(name: Path) -> None:
    """A change of the model without `./kubequorum reference` is noticed here."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert text == FILES[name](), f"{name} is stale: run ./kubequorum reference"


@pytest.mark.parametrize("name", CLUSTERS)
def test_cluster_files_name_the_schema_and_fit_it(name: str) -> None:
    """The first line is what editors look for; and the schema accepts what the app accepts."""
    path = REPOSITORY / "clusters" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0] == SCHEMA_LINE
    assert (path.parent / SCHEMA_LINE.partition("$schema=")[2]).exists()
    _validator().validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("networking",), {}, []),
        (("name",), ..., []),
        (("network", "vpc"), "10.0.0.0/16", ["network"]),
        (("network", "vpc_cidr"), ..., ["network"]),
        (("network", "nat"), "two", ["network", "nat"]),
        (("network", "pods_per_node"), 1000, ["network", "pods_per_node"]),
        (("account",), 111122223333, ["account"]),
        (("name",), "Prod", ["name"]),
        (("image", "amd64"), "debian-13", ["image", "amd64"]),
        (("zones",), "eu-central-1a", ["zones"]),
        (("worker_groups", 0, "min"), 3, ["worker_groups", 0]),
        (("worker_groups", 0, "min_size"), "3", ["worker_groups", 0, "min_size"]),
        (("worker_groups", 0, "labels"), {"gpu": True}, ["worker_groups", 0, "labels", "gpu"]),
        (
            ("worker_groups", 0, "taints"),
            [{"key": "a", "effect": "Never"}],
            ["worker_groups", 0, "taints", 0],
        ),
        (("kubernetes", "api_server"), {"extra_arg": {}}, ["kubernetes", "api_server"]),
        (("kubernetes", "etcd"), {"extra_args": {"max-wals": [1]}}, ["kubernetes", "etcd", "extra_args"]),
    ],
)
def test_schema_refuses_a_mistake_at_its_place(path: KeyPath, value: object, place: list[Any]) -> None:
    """An editor underlines what the app would refuse."""
    errors = list(_validator().iter_errors(changed(path, value)))
    assert errors
    assert list(errors[0].absolute_path)[: len(place)] == place


def _fields(section: type[Section]) -> list[tuple[str, Any]]:
    found = []
    for name, field in section.model_fields.items():
        found.append((f"{section.__name__}.{name}", field))
        if (nested := nested_section(field)) is not None:
            found += _fields(nested)
    return found


def test_every_key_is_described() -> None:
    """By its own description or by the docstring of its section, and it is on the page."""
    page = (REPOSITORY / "docs" / "cluster-file.md").read_text(encoding="utf-8")
    for name, field in _fields(Cluster):
        nested = nested_section(field)
        text = field.description or (nested.__doc__ if nested is not None else "")
        assert text, name
        assert f"| `{name.partition('.')[2]}` |" in page, name


def test_every_key_without_default_has_an_example() -> None:
    """Or lists its values in its type: a person who must write one sees how it looks."""
    for name, field in _fields(Cluster):
        nested = nested_section(field)
        if field.is_required() and nested is None:
            assert field.examples or "Literal" in str(field.annotation), name


def test_examples_are_valid() -> None:
    """Each by itself."""
    for name, field in _fields(Cluster):
        for example in field.examples or []:
            try:
                TypeAdapter(
                    cast("Any", Annotated[field.annotation, Field(), *field.metadata])
                ).validate_python(example)
            except ValidationError as error:
                pytest.fail(f"{name}: {error}")
