"""How a fault is declared: a method whose signature and docstring say everything about it.

`@fault(group)` enters a method into `FAULTS` and makes calling it send the fault to
the emulator. The rest follows from the entry: the checks of the arguments, the
handler that the server must have, and the commands of a command line.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, Concatenate, NewType, ParamSpec, Protocol, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from emulator.faults.errors import FaultError

FaultId = NewType("FaultId", str)
"""Names an active fault. A method that returns one injects a fault that stays until it is cleared."""

REQUIRED: Any = inspect.Parameter.empty
"""The default of an argument that has none."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Faults of one kind, shown together."""

    title: str
    needs_machines: bool
    """Whether they need machines that boot: `--machines nspawn`."""


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a fault."""

    name: str
    annotation: Any
    """Its type. In `Annotated`, with a pydantic `Field` that has its help text and limits."""
    default: Any
    positional: bool

    @property
    def type(self) -> Any:
        """Its type alone."""
        return get_args(self.annotation)[0]

    @property
    def help(self) -> str:
        """What it is, as a sentence."""
        return str(_field(self.annotation).description)

    def limit(self, name: str) -> Any:
        """The limit `ge` or `le`; None if it has none."""
        return next((getattr(m, name) for m in _field(self.annotation).metadata if hasattr(m, name)), None)

    def check(self, value: Any) -> None:
        """Check type and limits; FaultError names the argument and the value."""
        try:
            TypeAdapter(self.annotation).validate_python(value, strict=True)
        except ValidationError as error:
            why = "; ".join(detail["msg"] for detail in error.errors())
            raise FaultError(f"{self.name} is {value!r}: {why}") from None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An entry of the table."""

    name: str
    group: Group
    help: str
    arguments: tuple[Argument, ...]
    stays: bool
    """Whether it becomes an active fault with an id, which can be cleared."""

    def __str__(self) -> str:
        return self.name

    def complete(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Check the arguments of a request and add the defaults of those that were left out.

        Raises:
            FaultError: one is unknown, missing, of a wrong type or out of its limits.
        """
        known = {argument.name: argument for argument in self.arguments}
        if unknown := sorted(set(parameters) - set(known)):
            raise FaultError(f"{self.name} has no argument {', '.join(unknown)}; it has {', '.join(known)}")
        for name, argument in known.items():
            if name in parameters:
                argument.check(parameters[name])
            elif argument.default is REQUIRED:
                raise FaultError(f"{self.name} needs the argument {name}: {argument.help}")
        return {name: parameters.get(name, argument.default) for name, argument in known.items()}


class _Sender(Protocol):
    def _send(self, name: str, **parameters: Any) -> Any: ...


FAULTS: dict[str, Fault] = {}
"""Every fault by its name, in the order of the table."""

_S = TypeVar("_S", bound=_Sender)
_P = ParamSpec("_P")
_R = TypeVar("_R")
_Method = Callable[Concatenate[_S, _P], _R]


def fault(group: Group) -> Callable[[_Method[_S, _P, _R]], _Method[_S, _P, _R]]:
    """Enter a method into the table."""

    def declare(method: _Method[_S, _P, _R]) -> _Method[_S, _P, _R]:
        name = method.__name__
        FAULTS[name] = _entry(name, group, method)
        signature = inspect.signature(method)

        @functools.wraps(method)
        def inject(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            _, *values = bound.arguments.items()
            result: _R = self._send(name, **_as_parameters(values))
            return result

        return inject

    return declare


def _as_parameters(values: list[tuple[str, Any]]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for name, value in values:
        parameters |= asdict(value) if is_dataclass(value) and not isinstance(value, type) else {name: value}
    return parameters


def _entry(name: str, group: Group, method: Callable[..., Any]) -> Fault:
    hints = get_type_hints(method, include_extras=True)
    arguments: list[Argument] = []
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        annotation = hints[parameter.name]
        if is_dataclass(annotation):
            # Its fields are the arguments.
            types = get_type_hints(annotation, include_extras=True)
            arguments += [
                Argument(name=f.name, annotation=types[f.name], default=f.default, positional=False)
                for f in fields(annotation)
            ]
        else:
            arguments.append(
                Argument(
                    name=parameter.name,
                    annotation=annotation,
                    default=parameter.default,
                    positional=parameter.kind is not parameter.KEYWORD_ONLY,
                )
            )
    stays = FaultId in (hints["return"], *get_args(hints["return"]))
    return Fault(
        name=name,
        group=group,
        help=inspect.getdoc(method) or "",
        arguments=tuple(arguments),
        stays=stays,
    )


def _field(annotation: Any) -> FieldInfo:
    return next(item for item in annotation.__metadata__ if isinstance(item, FieldInfo))
