"""AWS's Query and EC2 protocols, spoken from botocore's own service models.

A handler gets a request as a dictionary spelled as in boto3 and returns a
response spelled the same way; the models know every name, list form and type
on the wire. So a handler is about behaviour only, and what a client of AWS may
send or expect to get back is never written down a second time.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

Request = dict[str, Any]
Response = Mapping[str, Any] | None
Reply = tuple[int, dict[str, str], bytes]
"""Status, headers and body, as ministack's handlers return them."""

_SCALARS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda text: text.lower() == "true",
    "blob": base64.b64decode,
}


class ApiError(Exception):
    """An error as an AWS client sees it."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Protocol:
    """One service's wire protocol."""

    def __init__(self, service: str) -> None:
        """`service` is botocore's name of it, e.g. `elbv2`."""
        self._model = _service_model(service)
        self._is_ec2 = self._model.protocol == "ec2"

    def handler(self, operation: str, function: Callable[[Request], Response]) -> Callable[[Any], Reply]:
        """Wrap `function` as what ministack's action tables hold."""
        model = self._model.operation_model(operation)

        def handle(p: Any) -> Reply:
            try:
                return self.render(model, function(self.parse(model, p)))
            except ApiError as error:
                return self.render_error(error)

        handle.__name__ = function.__name__
        return handle

    def operation(self, name: str) -> OperationModel:
        """The model of an operation."""
        return self._model.operation_model(name)

    def parse(self, model: OperationModel, parameters: Mapping[str, Any]) -> Request:
        """Turn form parameters (`Filter.1.Name=…`) into boto3's spelling.

        Raises:
            ApiError: a required parameter is missing, or a value is not of its type.
        """
        shape = model.input_shape
        request: Request = self._parse_structure(shape, _tree(parameters)) if shape else {}
        for name in shape.required_members if shape else ():
            if name not in request:
                raise ApiError(
                    "MissingParameter" if self._is_ec2 else "ValidationError",
                    f"The request must contain the parameter {name}",
                )
        if self._is_ec2 and request.get("DryRun"):
            raise ApiError(
                "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412
            )
        return request

    def render(self, model: OperationModel, response: Response) -> Reply:
        """Turn a response in boto3's spelling into XML; members that the model lacks are left out."""
        shape = model.output_shape
        inner = self._render_members(shape, response or {}) if shape else ""
        if shape is not None and (wrapper := shape.serialization.get("resultWrapper")):
            inner = f"<{wrapper}>{inner}</{wrapper}>"
        inner += (
            f"<requestId>{uuid4()}</requestId>"
            if self._is_ec2
            else f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
        )
        namespace = self._model.metadata.get("xmlNamespace", "http://ec2.amazonaws.com/doc/2016-11-15")
        root = f"{model.name}Response"
        return _xml(200, f'<{root} xmlns="{namespace}">{inner}</{root}>')

    def render_success(self, operation: str) -> Reply:
        """An answer of an operation with nothing in it."""
        return self.render(self._model.operation_model(operation), None)

    def render_error(self, error: ApiError) -> Reply:
        """Wrap an error in the protocol's envelope."""
        detail = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        if self._is_ec2:
            body = (
                f"<Response><Errors><Error>{detail}</Error></Errors>"
                f"<RequestID>{uuid4()}</RequestID></Response>"
            )
        else:
            kind = "Sender" if error.status < 500 else "Receiver"
            body = (
                f"<ErrorResponse><Error><Type>{kind}</Type>{detail}</Error>"
                f"<RequestId>{uuid4()}</RequestId></ErrorResponse>"
            )
        return _xml(error.status, body)

    def _parse(self, shape: Shape, node: Any) -> Any:
        if isinstance(shape, StructureShape):
            return self._parse_structure(shape, node if isinstance(node, dict) else {})
        if isinstance(shape, ListShape):
            if isinstance(node, dict) and not (self._is_ec2 or shape.serialization.get("flattened")):
                node = node.get(shape.member.serialization.get("name", "member"), {})
            entries = node.items() if isinstance(node, dict) else ()
            numbered = sorted((int(number), entry) for number, entry in entries if number.isdigit())
            return [self._parse(shape.member, entry) for _, entry in numbered]
        try:
            return _SCALARS.get(shape.type_name, str)(str(node))
        except ValueError:
            raise ApiError(
                "InvalidParameterValue" if self._is_ec2 else "ValidationError",
                f"Value ({node}) is not a valid {shape.type_name}",
            ) from None

    def _parse_structure(self, shape: StructureShape, tree: Mapping[str, Any]) -> Request:
        request: Request = {}
        for name, member in shape.members.items():
            node = tree.get(self._request_name(name, member))
            if node is not None:
                request[name] = self._parse(member, node)
        return request

    def _request_name(self, name: str, member: Shape) -> str:
        wire: str = member.serialization.get("name", name)
        if not self._is_ec2:
            return wire
        query: str | None = member.serialization.get("queryName")
        return query or wire[:1].upper() + wire[1:]

    def _render(self, shape: Shape, value: Any) -> str:
        if isinstance(shape, StructureShape):
            return self._render_members(shape, value)
        if isinstance(shape, ListShape):
            tag = shape.member.serialization.get("name", "item" if self._is_ec2 else "member")
            return "".join(f"<{tag}>{self._render(shape.member, entry)}</{tag}>" for entry in value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        if isinstance(value, datetime):
            return timestamp(value)
        return escape(str(value))

    def _render_members(self, shape: StructureShape, values: Mapping[str, Any]) -> str:
        parts = []
        for name, member in shape.members.items():
            value = values.get(name)
            if value is not None:
                tag = member.serialization.get("name", name)
                parts.append(f"<{tag}>{self._render(member, value)}</{tag}>")
        return "".join(parts)


def timestamp(moment: datetime) -> str:
    """A moment in the form of AWS's XML, in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _xml(status: int, body: str) -> Reply:
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
    return status, {"Content-Type": "text/xml;charset=UTF-8"}, document.encode()


def _tree(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Nest `A.1.B=x` as {"A": {"1": {"B": "x"}}}."""
    root: dict[str, Any] = {}
    for key, value in parameters.items():
        *path, last = key.split(".")
        node = root
        for step in path:
            child = node.get(step)
            if not isinstance(child, dict):
                child = node[step] = {}
            node = child
        if not isinstance(node.get(last), dict):
            node[last] = value[0] if isinstance(value, list) else value
    return root


@cache
def _service_model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)
