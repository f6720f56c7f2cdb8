"""Cluster files that nobody would think of: each loads or is refused, never with a traceback."""

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubequorum.cluster_documents import master_document, worker_document
from kubequorum.config import ClusterFileError, load_cluster, warnings_of
from kubequorum.config.reference import schema
from kubequorum_node.document import ClusterDocument
from tests.synthesis import REPOSITORY
from tests.unit.config.cluster_files import document

SCHEMA: dict[str, Any] = json.loads(schema())
TEXT = (REPOSITORY / "clusters" / "ha.yaml").read_text(encoding="utf-8")

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=300)
    | st.binary(max_size=3)
    | st.dates()
    | st.datetimes()
    | st.sampled_from(
        ["", "a", "10.0.0.0/8", "0.0.0.0/0", "aws:x", "kubernetes.io/x", "https://[", "s3://", "x:99999"]
    )
)
ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=8,
)


def _network(address: int, prefix: int) -> str:
    return str(ipaddress.ip_network((address, prefix), strict=False))


def _fitting(node: dict[str, Any]) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a case for each kind
    """Values that the schema accepts: they reach the checks that compare them with each other."""
    match node:
        case {"$ref": str(reference)}:
            return _fitting(SCHEMA["$defs"][reference.rpartition("/")[2]])
        case {"anyOf": list(choices)}:
            return st.one_of([_fitting(choice) for choice in choices])
        case {"enum": list(values)}:
            return st.sampled_from(values)
        case {"pattern": str(pattern)}:
            return st.from_regex(pattern, fullmatch=True).map(lambda text: text.rstrip("\n"))
        case {"format": "ipv4network"}:
            return st.builds(_network, st.integers(0, 2**32 - 1), st.integers(0, 32))
        case {"type": "integer"}:
            return st.integers(node.get("minimum", 0), node.get("maximum", 99999))
        case {"type": "array"}:
            return st.lists(
                _fitting(node["items"]),
                min_size=node.get("minItems", 0),
                max_size=min(node.get("maxItems", 3), 3),
            )
        case {"type": "object", "properties": dict(properties)}:
            required = set(node.get("required", []))
            fitting = {key: _fitting(value) for key, value in properties.items()}
            return st.fixed_dictionaries(
                {key: value for key, value in fitting.items() if key in required},
                optional={key: value for key, value in fitting.items() if key not in required},
            )
        case {"type": "object"}:
            return st.dictionaries(st.text(max_size=150), _SCALARS, max_size=60)
        case {"type": "string"}:
            return st.text(max_size=300)
        case _:
            return ANYTHING


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path] * bool(path) + [place for key, child in children for place in _places(child, (*path, key))]


PLACES = _places(document())
BOUNDED = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
"""A few seconds, and the same inputs each time."""


def _load(file: Path) -> None:
    """Load a file, and if it is valid go on as synthesis does; any other exception fails the test."""
    refused: ClusterFileError | None = None
    try:
        cluster = load_cluster(file)
    except ClusterFileError as error:
        refused = error
    if refused is not None:
        assert str(refused).count("Remedy: ") >= len(refused.problems) > 0
        return
    assert all("Remedy: " in warning for warning in warnings_of(cluster))
    documents = [master_document(cluster, stack="s")]
    documents += [worker_document(cluster, group, stack="s") for group in cluster.worker_groups]
    for made in documents:
        assert ClusterDocument.from_json(made.to_json()) == made


def _load_document(tmp_path: Path, value: Any) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(value, allow_unicode=False), encoding="utf-8")
    _load(file)


@BOUNDED
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3))
def test_any_value_at_any_place(tmp_path: Path, changes: list[tuple[tuple[str | int, ...], Any]]) -> None:
    """A valid file with up to three values replaced by anything that YAML can express."""
    changed = document()
    for path, value in changes:
        place: Any = changed
        for part in path[:-1]:
            place = place[part] if _has(place, part) else None
        if _has(place, path[-1]):
            place[path[-1]] = value
    _load_document(tmp_path, changed)


def _has(place: Any, part: str | int) -> bool:
    return part in place if isinstance(place, dict) else isinstance(place, list) and part in range(len(place))


@pytest.mark.parametrize("key", sorted(SCHEMA["properties"]))
def test_any_value_that_fits_the_model(tmp_path: Path, key: str) -> None:
    """A valid file with one top-level key replaced by whatever the schema allows."""

    @settings(BOUNDED, max_examples=20)
    @given(value=_fitting(SCHEMA["properties"][key]))
    def check(value: Any) -> None:
        _load_document(tmp_path, {**document(), key: value})

    check()


@BOUNDED
@given(
    position=st.integers(0, len(TEXT)),
    removed=st.integers(0, 20),
    inserted=st.text(alphabet="{}[]:,-#&*!|>'\"%@`?<~ \n\t0x9.e_aé\0", max_size=6),
)
def test_any_text(tmp_path: Path, position: int, removed: int, inserted: str) -> None:
    """A valid file with some characters replaced, as a slip of the keyboard does it."""
    file = tmp_path / "cluster.yaml"
    file.write_text(TEXT[:position] + inserted + TEXT[position + removed :], encoding="utf-8")
    _load(file)


def test_aliases_that_would_fill_the_memory_as_text(tmp_path: Path) -> None:
    """Nine levels of nine references: the message shortens them."""
    levels = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    file = tmp_path / "cluster.yaml"
    file.write_text("\n".join([*levels, "name: *a9", ""]), encoding="utf-8")
    with pytest.raises(ClusterFileError) as caught:
        load_cluster(file)
    assert len(str(caught.value)) < 20_000


def test_a_mapping_that_contains_itself(tmp_path: Path) -> None:
    """YAML can express it."""
    file = tmp_path / "cluster.yaml"
    file.write_text("name: &a {b: *a}\nkubernetes: {kubelet: {extra_config: &c {d: *c}}}\n", encoding="utf-8")
    _load(file)
