"""Kubernetes objects in a YAML file of the user's, checked as far as that is possible without a cluster."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kubequorum.config.strict_yaml import StrictLoader

MOST_OBJECTS = 1000
"""They are named in a ConfigMap, which holds 1 MiB, and applied one after the other."""


class ManifestError(Exception):
    """A file that cannot be used: what is wrong, and the remedy."""

    def __init__(self, wrong: str, remedy: str) -> None:
        self.wrong, self.remedy = wrong, remedy
        super().__init__(f"{wrong}. Remedy: {remedy}")


def read_objects(path: Path) -> tuple[dict[str, Any], ...]:
    """All objects in a file, those in lists included.

    Raises:
        ManifestError: the file cannot be read, or has something that is no object.

    """
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), StrictLoader))
    except yaml.YAMLError as error:
        raise ManifestError(f"is not YAML: {' '.join(str(error).split())}", "fix the YAML there") from error
    except RecursionError as error:
        raise ManifestError("contains itself", "write each object out") from error
    except OSError as error:
        raise ManifestError(
            f"cannot be read: {error.strerror}", "name a YAML file beside the cluster file"
        ) from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from error
    except ValueError as error:
        raise ManifestError(
            f"is no file name: {error}", "name a YAML file beside the cluster file"
        ) from error
    found = tuple(item for document in documents if document is not None for item in _objects(document))
    if not found:
        raise ManifestError("has no objects", "write Kubernetes objects into it, or remove the addon")
    if len(found) > MOST_OBJECTS:
        raise ManifestError(f"has {len(found)} objects", f"split it: an addon has {MOST_OBJECTS} at most")
    return found


def _objects(document: object) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict):
        raise ManifestError(
            f"has a document that is no mapping: {document!r:.80}", "write Kubernetes objects"
        )
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        for item in items:
            yield from _objects(item)
        return
    _check(document)
    yield document


def _check(found: dict[str, Any]) -> None:
    metadata = found.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    for key, value in (
        ("apiVersion", found.get("apiVersion")),
        ("kind", found.get("kind")),
        ("metadata.name", name),
    ):
        if not isinstance(value, str) or not value:
            raise ManifestError(
                f"has an object without {key}: {found.get('kind')} {name}",
                "give each object apiVersion, kind and metadata.name; generateName would make many",
            )
    what = f"{found['kind']} {name}"
    if found["kind"] == "Secret" and (found.get("data") or found.get("stringData")):
        raise ManifestError(
            f"has {what} with data",
            "create it with kubectl: what is in the file is readable in the assets' bucket",
        )
    assert isinstance(metadata, dict)  # noqa: S101 - it has a name
    for key in ("labels", "annotations"):
        if not isinstance(metadata.get(key) or {}, dict):
            raise ManifestError(f"has {what} whose {key} are no mapping", f"write {key} as a mapping")
    try:
        json.dumps(found, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ManifestError(
            f"has {what} with a value that JSON does not know: {error}", "put it in quotes"
        ) from error
