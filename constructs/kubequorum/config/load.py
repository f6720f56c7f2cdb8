"""Reads a cluster file and refuses a bad one with every mistake named at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from kubequorum.config.checks import problems_of
from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem


class ClusterFileError(Exception):
    """The cluster file cannot be used; the message names file, keys, values and remedies."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        super().__init__("\n".join([f"{path}: {count}", *(f"  - {problem}" for problem in problems)]))


_MERGE = "tag:yaml.org,2002:merge"
"""Of `<<`, whose keys may stand in the mapping itself, too: that is what it is for."""


class _NoDuplicateKeys(yaml.SafeLoader):
    """YAML takes the last of two equal keys in silence; here that is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, "a key is no text", key_node.start_mark
                )
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping",
                    node.start_mark,
                    f"the key {key!r} stands there twice",
                    key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def load_cluster(path: Path) -> Cluster:
    """Read and check a cluster file.

    Raises:
        ClusterFileError: the file is missing, no YAML, or has a value that
            cannot be right; all mistakes are in one message.

    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _NoDuplicateKeys)  # noqa: S506 - a SafeLoader
    except OSError as error:
        remedy = "name a file in clusters/, e.g. -c cluster=clusters/ha.yaml"
        raise ClusterFileError(path, [Problem("file", str(path), str(error.strerror), remedy)]) from error
    except UnicodeDecodeError as error:
        wrong = f"is no UTF-8 text at byte {error.start}"
        raise ClusterFileError(path, [Problem("file", None, wrong, "save it as UTF-8")]) from error
    except yaml.YAMLError as error:
        remedy = "mend the YAML at the line and column named"
        raise ClusterFileError(path, [Problem("file", None, " ".join(str(error).split()), remedy)]) from error
    if not isinstance(document, dict):
        remedy = "write keys at the top level, see clusters/ha.yaml"
        raise ClusterFileError(path, [Problem("file", document, "is no mapping", remedy)])
    try:
        cluster = Cluster.model_validate(document)
    except ValidationError as error:
        raise ClusterFileError(path, [_as_problem(details) for details in error.errors()]) from error
    if problems := list(problems_of(cluster)):
        raise ClusterFileError(path, problems)
    return cluster


def _as_problem(details: ErrorDetails) -> Problem:
    location = details["loc"]
    section, field = _resolve(location)
    # Behind a mapping's key that is no text pydantic adds a part of its own.
    key = ".".join(str(part) for part in location if part != "[key]")
    match details["type"]:
        case "extra_forbidden":
            known = ", ".join(section.model_fields) if section else ""
            return Problem(key, details["input"], "no such key", f"remove it, or use one of: {known}")
        case "missing":
            return Problem(key, None, "is missing", f"add it: {_describe(field)}")
        case "tuple_type":
            return Problem(key, details["input"], "is no list", f"give {_describe(field)}")
        case "int_type":
            wrong = "is no whole number (quotes make a text of it)"
            return Problem(key, details["input"], wrong, f"give {_describe(field)}")
        case "model_type" | "dict_type":
            return Problem(key, details["input"], "is no mapping", f"give {_describe(field)}")
        case _:
            wrong = details["msg"][0].lower() + details["msg"][1:]
            return Problem(key, details["input"], wrong, f"give {_describe(field)}")


def _resolve(location: Sequence[int | str]) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The section that an error's location lies in and the field it is about, as far as the model goes."""
    section: type[BaseModel] | None = Cluster
    field: FieldInfo | None = None
    for part in location:
        if isinstance(part, int) or section is None:
            continue
        field = section.model_fields.get(part)
        nested = _nested_section(field)
        if nested is None:
            break
        section = nested
    return section, field


def _nested_section(field: FieldInfo | None) -> type[BaseModel] | None:
    """The section that a field holds, alone or as the items of a tuple."""
    if field is None:
        return None
    candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _describe(field: FieldInfo | None) -> str:
    if field is None:
        return "a value as in clusters/ha.yaml"
    section = _nested_section(field)
    keys = f"with the keys {', '.join(section.model_fields)}, as in clusters/ha.yaml" if section else ""
    if not field.description:
        return f"a mapping {keys}"
    if field.examples:
        return f"{field.description} (for example {field.examples[0]})"
    return f"{field.description} {keys}".rstrip()
