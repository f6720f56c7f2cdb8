"""Documents without secrets: what a name or a place gives away as one is left out before they become text."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from kubequorum_cli.dump.redaction import LEFT_OUT, SECRET_NAME, Redaction

Content = str | Mapping[str, Any] | Sequence[Any]
"""A text, or a document that becomes JSON."""
_DROPPED = frozenset(
    {"managedFields", "kubectl.kubernetes.io/last-applied-configuration", "ResponseMetadata"}
)
"""The latter annotation repeats the whole object as one text
(https://kubernetes.io/docs/reference/labels-annotations-taints/)."""
_HARMLESS = frozenset({"ClientRequestToken", "HttpTokens", "secretName"})
"""Fields that only sound so: the id of a request to CloudFormation, whether EC2 wants tokens, a name."""
_NAMES = ("name", "Name", "Key", "ParameterKey", "OutputKey")
_VALUES = ("value", "Value", "ParameterValue", "OutputValue", "ResolvedValue")
_FLAG = re.compile(r"--?[\w-]+")


def to_text(content: Content, redaction: Redaction) -> tuple[str, int]:
    """A text without secrets, and the number of places where something was left out."""
    if isinstance(content, str):
        return redaction.text(content)
    cleaner = _Cleaner(redaction)
    document = cleaner.clean(content)
    return json.dumps(document, indent=2, default=_plain) + "\n", cleaner.count


class _Cleaner:
    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self.count = 0

    def clean(self, value: Any) -> Any:
        """A value of a document, with all that is in it."""
        if isinstance(value, str):
            text, found = self._redaction.text(value)
            self.count += found
            return text
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            return self._sequence(value)
        return value

    def _mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        if value.get("kind") in ("Secret", "SecretList"):
            return {"kind": value["kind"], "content": self._out()}
        about = next((str(value[key]) for key in _NAMES if isinstance(value.get(key), str)), "")
        found: dict[str, Any] = {}
        for name, inner in value.items():
            if name in _DROPPED:
                continue
            if name == "env" and isinstance(inner, list):
                found[name] = [self._variable(each) for each in inner]
            elif isinstance(inner, str) and inner and self._is_secret(str(name), about):
                found[name] = self._out()
            else:
                # A key of a mapping may be anything that a person has written.
                found[self.clean(str(name))] = self.clean(inner)
        return found

    def _is_secret(self, name: str, about: str) -> bool:
        if name in _VALUES and SECRET_NAME.search(about):
            return True
        return bool(SECRET_NAME.search(name)) and name not in _HARMLESS

    def _variable(self, variable: Any) -> Any:
        """A container's variable, of which people make many things: its value is never kept."""
        if isinstance(variable, Mapping) and variable.get("value"):
            return {**self.clean({"name": variable.get("name", "")}), "value": self._out()}
        return self.clean(variable)

    def _sequence(self, values: Sequence[Any]) -> list[Any]:
        found: list[Any] = []
        follows = False
        for value in values:
            found.append(self._out() if follows and isinstance(value, str) else self.clean(value))
            is_flag = isinstance(value, str) and _FLAG.fullmatch(value)
            follows = bool(is_flag and SECRET_NAME.search(str(value)))
        return found

    def _out(self) -> str:
        self.count += 1
        return LEFT_OUT


def _plain(value: Any) -> Any:
    """What JSON lacks."""
    if isinstance(value, date):
        return value.isoformat()
    return f"[{type(value).__name__}]" if isinstance(value, bytes) else str(value)
