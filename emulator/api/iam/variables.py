"""Policy variables, such as ${aws:userid}, which ministack compares letter by letter.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html: they stand for the value
of a condition key of the request, in resources and in the values of conditions. A statement with a variable
that the request has no value for does not match, unless the variable has a default: ${key, 'default'}.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.api import patches

_EVALUATOR = "ministack.core.iam_evaluator"
_FIRST_MATCH = patches.declare(
    _EVALUATOR,
    "_first_match",
    parameters=("ctx", "stmts", "effect"),
    why="statements get the values of the request's keys before they are compared with it",
)
_RESOLVE_KEY = patches.declare(
    _EVALUATOR,
    "_resolve_condition_key",
    parameters=("key", "ctx"),
    why="a variable is the value of a condition key",
)
_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_DEFAULT = re.compile(r"^(?P<key>[^,]+?)\s*,\s*'(?P<default>[^']*)'$")
_WILDCARDS = "*?"


class _NoValueError(LookupError):
    """The request has no value, or no single one, for a variable."""


def install() -> None:
    """Patch ministack's evaluation of policies."""
    first_match = _FIRST_MATCH.get()
    _FIRST_MATCH.replace(
        lambda ctx, stmts, effect: first_match(ctx, [s for s in map(_filling(ctx), stmts) if s], effect)
    )


def _filling(ctx: Any) -> Callable[[Any], Any]:
    """A statement as it reads for this request; None if it does not apply."""

    def fill(statement: Any) -> Any:
        try:
            return replace(
                statement,
                resources=[_filled(text, ctx) for text in statement.resources],
                not_resources=[_filled(text, ctx) for text in statement.not_resources],
                conditions=_filled_conditions(statement.conditions, ctx),
            )
        except _NoValueError:
            return None

    return fill


def _filled_conditions(conditions: Any, ctx: Any) -> Any:
    if isinstance(conditions, dict):
        return {name: _filled_conditions(value, ctx) for name, value in conditions.items()}
    if isinstance(conditions, list):
        return [_filled_conditions(value, ctx) for value in conditions]
    return _filled(conditions, ctx) if isinstance(conditions, str) else conditions


def _filled(text: str, ctx: Any) -> str:
    return _VARIABLE.sub(lambda match: _value(match[1], ctx), text) if "${" in text else text


def _value(variable: str, ctx: Any) -> str:
    if variable in ("*", "?", "$"):
        # Literal characters. ministack's patterns have no way to write the wildcards so.
        if variable in _WILDCARDS:
            raise _NoValueError(variable)
        return variable
    found = _DEFAULT.match(variable.strip())
    key, default = (found["key"], found["default"]) if found else (variable.strip(), None)
    value = _RESOLVE_KEY.get()(key, ctx)
    if value is None and default is not None:
        return default
    # AWS takes wildcards in a value literally, and ministack would not: then nothing matches.
    if not isinstance(value, str) or not value or set(value) & set(_WILDCARDS):
        raise _NoValueError(variable)
    return value
