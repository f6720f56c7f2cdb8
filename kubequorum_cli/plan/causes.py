"""Why something changes: keys of the cluster file, files of the node program, or the app itself.

A change is explained by the keys whose values before and after are those that it shows: nothing here knows
which key leads where.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubequorum_cli.plan.changes import leaves

_LONGEST = 60
_SHORTEST = 4
"""Characters of a value that is looked for within another one: `1` or `on` is in too many."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason."""

    kind: str
    """`key` of the cluster file, `field` of cluster.json, `file` of the node program, or `property` of the
    template."""
    name: str
    before: str = ""
    after: str = ""
    """Both empty for a file."""
    certain: bool = True
    """False for a key that changed as well, where nothing shows that it is the reason."""

    def __str__(self) -> str:
        values = f": {self.before} → {self.after}" if self.before or self.after else ""
        titles = {"key": "", "field": "cluster.json ", "file": "", "property": "template "}
        return f"{titles[self.kind]}{self.name}{values}{'' if self.certain else ' (perhaps)'}"


Leaf = tuple[str, Any, Any]
"""Path, value before and after."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is seen to differ."""

    fields: Sequence[Leaf] = ()
    """Of cluster.json."""
    properties: Sequence[Leaf] = ()
    """Of the template."""
    files: Sequence[str] = ()


class Keys:
    """The keys of the cluster file that differ from the last complete deployment's.

    Args:
        old: the cluster file then; None if nobody has recorded it.
        new: the cluster file now.
    """

    def __init__(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> None:
        self.are_known = old is not None and new is not None
        self.changed: list[Leaf] = list(leaves(old, new)) if self.are_known else []

    def all(self) -> list[Cause]:
        """All keys that differ."""
        return _listed("key", self.changed)

    def of_new_or_gone(self, *, slot: str, worker_group: str) -> list[Cause]:
        """Why a group comes or goes: of workers the section of the group; of masters what concerns them."""
        section = f"worker_groups[{worker_group}]"
        of_section = [each for each in self.changed if each[0] == section]
        if of_section:
            return _listed("key", of_section)
        return _listed("key", [e for e in self.changed if _concerns(e[0], slot, worker_group)], certain=False)

    def causes(self, evidence: Evidence, *, slot: str = "", worker_group: str = "") -> list[Cause]:
        """What explains the evidence.

        Args:
            evidence: what differs.
            slot: of a master, for which keys of worker groups are no reason.
            worker_group: of workers, for which keys of masters and of other groups are none.
        """
        candidates = [each for each in self.changed if _concerns(each[0], slot, worker_group)]
        files = [Cause(kind="file", name=name) for name in evidence.files]
        seen = [*evidence.fields, *evidence.properties]
        found = [key for key in candidates if any(_same(key, each) for each in seen)]
        if found:
            return [*_listed("key", found), *files]
        others = [*_listed("field", evidence.fields), *_listed("property", evidence.properties)]
        # A file may write a value another way than the cluster file does.
        doubtful = _listed("key", candidates, certain=False) if seen else []
        return [*doubtful, *files, *others]


def _concerns(key: str, slot: str, worker_group: str) -> bool:
    if slot and key.startswith("worker_groups"):
        return False
    if worker_group and key.startswith("masters"):
        return False
    return not (
        worker_group
        and key.startswith("worker_groups[")
        and not key.startswith(f"worker_groups[{worker_group}]")
    )


def _same(key: Leaf, seen: Leaf) -> bool:
    """Whether a key has changed as a value has that is seen, or as a part of it has."""
    old, new, before, after = (_whole(each) for each in (key[1], key[2], seen[1], seen[2]))
    if (old, new) == (before, after):
        return True
    if min(len(old), len(new)) >= _SHORTEST:
        return before != after and before.replace(old, new) == after
    # An item that comes or goes, within one that does.
    if new and not old:
        return not before and len(new) >= _SHORTEST and json.dumps(new) in after
    return not new and not after and len(old) >= _SHORTEST and json.dumps(old) in before


def _listed(kind: str, found: Iterable[Leaf], *, certain: bool = True) -> list[Cause]:
    return [
        Cause(kind=kind, name=path, before=_text(old) or "—", after=_text(new) or "—", certain=certain)
        for path, old, new in found
    ]


def _text(value: Any) -> str:
    text = _whole(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _whole(value: Any) -> str:
    if value is None or value in ({}, []):
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
