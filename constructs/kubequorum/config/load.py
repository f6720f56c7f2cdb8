"""Loads a cluster file; an invalid one is refused with all its mistakes at once."""

from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from kubequorum.config.access import has_private_key
from kubequorum.config.addons import FOLDER
from kubequorum.config.checks import problems_of
from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum.config.section import Section, nested_section
from kubequorum.config.strict_yaml import StrictLoader


class ClusterFileError(Exception):
    """The cluster file cannot be used; the message names file, keys, values and remedies."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        super().__init__("\n".join([f"{path}: {count}", *(f"  - {problem}" for problem in problems)]))


def load_cluster(path: Path) -> Cluster:
    """Read and check a cluster file.

    Raises:
        ClusterFileError: the file is missing, is not YAML or has invalid values. The message has them all.

    """
    try:
        loader = StrictLoader(path.read_text(encoding="utf-8"))
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
        cluster = Cluster.model_validate(document, context={FOLDER: path.parent})
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
    # A secret that is in the wrong place is not repeated.
    shown = None if has_private_key(details["input"]) else details["input"]
    # After a mapping's key that is not a string pydantic adds a part of its own.
    key = ".".join(str(part) for part in location if part != "[key]")
    match details["type"]:
        case "extra_forbidden":
            known = ", ".join(section.model_fields) if section else ""
            return Problem(key, shown, "no such key", f"remove it, or use one of: {known}")
        case "missing":
            return Problem(key, None, "is missing", f"add it: {_describe(field)}")
        case kind:
            wrong = _WRONG.get(kind) or details["msg"][0].lower() + details["msg"][1:]
            return Problem(key, shown, wrong, f"give {_describe(field)}")


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
