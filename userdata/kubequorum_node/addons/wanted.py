"""What the stack Addons wants: its parameter, and the file that it names."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from kubequorum_node.addon_set import AddonSet, AddonSetError, AddonSetLocation, parameter_name
from kubequorum_node.aws.clients import error_code
from kubequorum_node.aws.state_store import StateStore
from kubequorum_node.node import Node


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The set in force."""

    location: AddonSetLocation
    written: float
    """When the parameter got its value, in seconds since 1970 by AWS's clock: of two sets the one written
    later is in force, whatever they contain; a roll-back writes again."""
    addons: AddonSet


class DamagedSetError(AddonSetError):
    """The file that the parameter names is not there, or not what it should be."""

    def __init__(self, location: AddonSetLocation, written: float, reason: str) -> None:
        self.location, self.written = location, written
        super().__init__(reason)


class WantedState:
    """Reads it; the file only when the parameter names another."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._last: Wanted | None = None

    def read(self) -> Wanted | None:
        """The set in force; None if there is no stack Addons: what is in the cluster is left alone.

        Raises:
            AddonSetError: it cannot be used.
            ClientError, BotoCoreError: AWS does not answer.

        """
        node = self._node
        try:
            answer = node.aws.call(
                lambda: node.aws.ssm.get_parameter(Name=parameter_name(node.document.cluster))
            )
        except ClientError as error:
            if error_code(error) == "ParameterNotFound":
                self._last = None
                return None
            raise
        parameter = answer["Parameter"]
        location = AddonSetLocation.from_json(parameter["Value"])
        written = parameter["LastModifiedDate"].timestamp()
        if self._last is not None and self._last.location == location:
            addons = self._last.addons
        else:
            addons = self._fetch(location, written)
        self._last = Wanted(location=location, written=written, addons=addons)
        return self._last

    def _fetch(self, location: AddonSetLocation, written: float) -> AddonSet:
        stored = StateStore(self._node.aws, location.bucket, clock=self._node.clock).get(location.key)
        if stored is None:
            raise DamagedSetError(
                location, written, f"there is no s3://{location.bucket}/{location.key}: deploy Addons again"
            )
        try:
            return location.verified(stored.body)
        except AddonSetError as error:
            raise DamagedSetError(location, written, str(error)) from error
