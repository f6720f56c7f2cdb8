"""What somebody has changed in an object, who it was, and what a person wants to be left alone. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubequorum_node.kubernetes.object_client import FIELD_MANAGER

IGNORE = "kubequorum/ignore"
"""Annotation of an object: fields, as paths with dots and between commas, that are left as they are."""
_SHOWN = 5
_MISSING = object()


def changes(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Paths of the fields of `wanted` that are others in `found`, a few at most."""
    paths = list(_differing("", wanted, found))
    return [*paths[:_SHOWN], f"and {len(paths) - _SHOWN} more"] if len(paths) > _SHOWN else paths


def authors(found: Mapping[str, Any]) -> list[str]:
    """Who else has written fields of an object, the last one first; controllers write its status only."""
    entries = [
        entry
        for entry in found["metadata"].get("managedFields") or []
        if entry.get("manager") != FIELD_MANAGER and not entry.get("subresource")
    ]
    newest_first = sorted(entries, key=lambda entry: str(entry.get("time", "")), reverse=True)
    return list(dict.fromkeys(str(entry.get("manager", "unknown")) for entry in newest_first))


def respecting(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> dict[str, Any]:
    """The object to apply: fields that the one in the cluster wants to be ignored keep their values.

    They are taken over, not left out: what a field manager no longer applies, the API server removes.
    """
    result: dict[str, Any] = _copied(wanted)
    if found is None:
        return result
    ignored = (found["metadata"].get("annotations") or {}).get(IGNORE, "")
    for path in filter(None, (part.strip() for part in ignored.split(","))):
        _take_over(result, found, path.split("."))
    return result


def _take_over(wanted: dict[str, Any], found: Mapping[str, Any], path: list[str]) -> None:
    *parents, last = path
    source: Any = found
    for part in parents:
        source = source.get(part) if isinstance(source, Mapping) else None
    target = wanted
    for part in parents:
        target = target.setdefault(part, {})
        if not isinstance(target, dict):
            return
    if isinstance(source, Mapping) and last in source:
        target[last] = source[last]
    else:
        target.pop(last, None)


def _differing(path: str, wanted: Any, found: Any) -> Iterator[str]:
    match wanted, found:
        case Mapping(), Mapping():
            for key, value in wanted.items():
                yield from _differing(f"{path}.{key}" if path else key, value, found.get(key, _MISSING))
        case list() | tuple(), list() if len(wanted) == len(found):
            for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
                yield from _differing(f"{path}[{_name(one, index)}]", one, other)
        case _ if wanted != found:
            yield path


def _name(item: Any, index: int) -> str:
    return str(item["name"]) if isinstance(item, Mapping) and "name" in item else str(index)


def _copied(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _copied(item) for key, item in value.items()}
        case list() | tuple():
            return [_copied(item) for item in value]
        case _:
            return value
