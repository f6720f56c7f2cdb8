"""Loads a cluster file; an invalid one is refused with all its mistakes at once."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from kubequorum.config.checks import problems_of
from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum.config.section import Section, nested_section


class ClusterFileError(Exception):
    """The cluster file cannot be used; the message names file, keys, values and remedies."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        super().__init__("\n".join([f"{path}: {count}", *(f"  - {problem}" for problem in problems)]))


_MERGE = "tag:yaml.org,2002:merge"
"""Tag of `<<`. Keys of a merged mapping may be repeated: the explicit one overrides."""


_DEEPEST = 50
"""Levels of nesting, far more than the model has. Without a limit of our own it would be Python's, which
other code in the process may have changed."""


class _StrictLoader(yaml.SafeLoader):
    """YAML silently uses the last of duplicate keys; here they are an error, and so is deep nesting."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, not deeper than the limit."""
        if self._depth == _DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # it has no types
            raise yaml.composer.ComposerError(None, None, f"nested too deeply (over {_DEEPEST} levels)", mark)
        self._depth += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, "a key is not a string", key_node.start_mark
                )
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, "a key is not a string", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping",
                    node.start_mark,
                    f"duplicate key {key!r}",
                    key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Report a value that only looks like a number or a date, such as 2027-02-30, with its place."""
        try:
            return super().construct_object(node, deep=deep)
        except yaml.YAMLError:
            raise
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"not a valid value ({error}); put it in quotes if it is a string",
                node.start_mark,
            ) from error


def load_cluster(path: Path) -> Cluster:
    """Read and check a cluster file.

    Raises:
        ClusterFileError: the file is missing, is not YAML or has invalid values. The message has them all.

    """
    try:
        loader = _StrictLoader(path.read_text(encoding="utf-8"))
        loader.name = path.name
        document = loader.get_single_data()
    except OSError as error:
        remedy = "name a file in clusters/, e.g. -c cluster=clusters/ha.yaml"
        raise ClusterFileError(path, [Problem("file", str(path), str(error.strerror), remedy)]) from error
    except UnicodeDecodeError as error:
        wrong = f"is not UTF-8 at byte {error.start}"
        raise ClusterFileError(path, [Problem("file", None, wrong, "save it as UTF-8")]) from error
    except yaml.YAMLError as error:
        remedy = "fix the YAML at this line and column"
        raise ClusterFileError(path, [Problem("file", None, " ".join(str(error).split()), remedy)]) from error
    except RecursionError as error:
        # Nesting is limited, so only a node that contains itself could lead here.
        wrong = "contains itself"
        raise ClusterFileError(path, [Problem("file", None, wrong, "see clusters/ha.yaml")]) from error
    if not isinstance(document, dict):
        remedy = "write keys at the top level, see clusters/ha.yaml"
        raise ClusterFileError(path, [Problem("file", document, "is not a mapping", remedy)])
    try:
        cluster = Cluster.model_validate(document)
    except ValidationError as error:
        raise ClusterFileError(path, [_as_problem(details) for details in error.errors()]) from error
    if problems := list(problems_of(cluster)):
        raise ClusterFileError(path, problems)
    return cluster


_WRONG = {
    "dict_type": "is not a mapping",
    "int_type": "is not a whole number (in quotes it is a string)",
    "model_type": "is not a mapping",
    "string_pattern_mismatch": "is not valid",
    "string_type": "is not a string",
    "tuple_type": "is not a list",
}
"""Plainer than pydantic's own words."""


def _as_problem(details: ErrorDetails) -> Problem:
    location = details["loc"]
    section, field = _resolve(location)
    # After a mapping's key that is not a string pydantic adds a part of its own.
    key = ".".join(str(part) for part in location if part != "[key]")
    match details["type"]:
        case "extra_forbidden":
            known = ", ".join(section.model_fields) if section else ""
            return Problem(key, details["input"], "no such key", f"remove it, or use one of: {known}")
        case "missing":
            return Problem(key, None, "is missing", f"add it: {_describe(field)}")
        case kind:
            wrong = _WRONG.get(kind) or details["msg"][0].lower() + details["msg"][1:]
            return Problem(key, details["input"], wrong, f"give {_describe(field)}")


def _resolve(location: Sequence[int | str]) -> tuple[type[Section] | None, FieldInfo | None]:
    """The section that contains an error's location, and its field, as far as the model knows them."""
    section: type[Section] | None = Cluster
    field: FieldInfo | None = None
    for part in location:
        if isinstance(part, int) or section is None:
            continue
        field = section.model_fields.get(part)
        nested = nested_section(field)
        if nested is None:
            break
        section = nested
    return section, field


def _describe(field: FieldInfo | None) -> str:
    if field is None:
        return "a value as in clusters/ha.yaml"
    section = nested_section(field)
    keys = f"with the keys {', '.join(section.model_fields)}, as in clusters/ha.yaml" if section else ""
    if not field.description:
        return f"a mapping {keys}"
    if field.examples:
        return f"{field.description} (for example {field.examples[0]})"
    return f"{field.description} {keys}".rstrip()
