"""A template's properties as an API's parameters.

CloudFormation's properties mostly carry the API's names, but a template may
write a number or a boolean as text. botocore's models know what each is.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

_SCALARS: dict[str, Callable[[Any], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda value: str(value).lower() == "true",
    "string": lambda value: str(value).lower() if isinstance(value, bool) else str(value),
}


def for_operation(service: str, operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the properties that the operation takes, each as the type that it takes.

    `operation` is the API's name, e.g. CreateAutoScalingGroup. Properties that
    are CloudFormation's own are left out.
    """
    shape = _model(service).operation_model(operation).input_shape
    return _structure(shape, properties) if shape is not None else {}


def _convert(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, value)
    if isinstance(shape, ListShape):
        return [_convert(shape.member, item) for item in (value if isinstance(value, list) else [value])]
    if isinstance(shape, MapShape):
        return {key: _convert(shape.value, item) for key, item in value.items()}
    convert = _SCALARS.get(shape.type_name)
    return convert(value) if convert is not None else value


def _structure(shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _convert(shape.members[name], member)
        for name, member in value.items()
        if name in shape.members and member is not None
    }


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)
