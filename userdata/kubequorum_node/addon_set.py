"""The addons that a cluster should have, and where masters find that: the contract with the stack Addons.

The set is a JSON file among the stack's assets. An SSM parameter, which belongs to the stack, says which file
is in force: it changes, and is rolled back, with the stack. See docs/decisions/addons.md.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from kubequorum_node.errors import NodeError

_VERSION, _VERSION_WITH_PACKAGES = 1, 2
"""Masters that do not know of packages read a set that has none, and refuse any other one."""
_GENERATION_LENGTH = 16

KubernetesObject = Mapping[str, Any]
"""An object as a manifest writes it."""


class AddonSetError(NodeError):
    """The set of addons cannot be read, or is not the one that the stack names."""


def sha256_of(content: bytes) -> str:
    """Checksum of a set's file."""
    return hashlib.sha256(content).hexdigest()


def placeholder(value: str) -> str:
    """What stands in objects for a value that only the deployment knows, such as a role's ARN."""
    return f"${{kubequorum:{value}}}"


def parameter_name(cluster: str) -> str:
    """Name of the SSM parameter that says which set is in force."""
    return f"/kubequorum/{cluster}/addons"


@dataclass(frozen=True, kw_only=True)
class Package:
    """A published file of Kubernetes objects, YAML, which masters fetch: synthesis has no network."""

    name: str
    version: str
    """Both for people."""
    url: str
    sha256: str
    """Of the file: no other one is applied, wherever it comes from."""


@dataclass(frozen=True, kw_only=True)
class Addon:
    """An addon: objects that belong together."""

    name: str
    version: str
    """For people; what distinguishes two versions for masters is `generation`."""
    objects: tuple[KubernetesObject, ...]
    packages: tuple[Package, ...] = ()
    """Files whose objects belong to it, too."""
    needs: tuple[str, ...] = ()
    """Addons that must be ready before this one is applied."""
    ready_seconds: int = 600
    """How long it may take until it is ready."""

    @property
    def generation(self) -> str:
        """Identifies the content."""
        return hashlib.sha256(_text(self.to_document()).encode()).hexdigest()[:_GENERATION_LENGTH]

    def to_document(self) -> dict[str, Any]:
        """Its part of the set's file."""
        members = asdict(self)
        if not self.packages:
            del members["packages"]
        return members

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` made."""
        packages = tuple(Package(**package) for package in document.get("packages", ()))
        members = {key: tuple(document[key]) for key in ("objects", "needs")}
        return cls(**{**document, **members, "packages": packages})


@dataclass(frozen=True, kw_only=True)
class AddonSet:
    """All addons of a cluster, each after those that it needs."""

    addons: tuple[Addon, ...]

    def to_json(self) -> str:
        """JSON, the same text for the same values."""
        has_packages = any(addon.packages for addon in self.addons)
        version = _VERSION_WITH_PACKAGES if has_packages else _VERSION
        return _text({"version": version, "addons": [addon.to_document() for addon in self.addons]}) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            AddonSetError: it is of another version, or not such a text.

        """
        try:
            document = json.loads(text)
            if document["version"] not in (_VERSION, _VERSION_WITH_PACKAGES):
                raise AddonSetError(
                    f"the set of addons has version {document['version']!r}, and this master reads "
                    f"{_VERSION} and {_VERSION_WITH_PACKAGES}: deploy ControlPlane before Addons"
                )
            return cls(addons=tuple(map(Addon.from_document, document["addons"])))
        except (ValueError, TypeError, KeyError) as error:
            raise AddonSetError(
                f"the set of addons cannot be read ({error!r}): deploy Addons again"
            ) from error

    def filled(self, values: Mapping[str, str]) -> Self:
        """The set with these values in place of their placeholders; any other text stays as it is."""
        if not values:
            return self
        texts = {placeholder(name): value for name, value in values.items()}
        return replace(
            self,
            addons=tuple(
                replace(addon, objects=tuple(_filled(each, texts) for each in addon.objects))
                for addon in self.addons
            ),
        )


@dataclass(frozen=True, kw_only=True)
class AddonSetLocation:
    """The parameter's value: where the set in force is, and who waits for it."""

    bucket: str
    key: str
    sha256: str
    """Checksum of the file."""
    stack: str
    """The stack that may wait for it."""
    signal: str = ""
    """Logical id of the resource that waits; empty if nothing does."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What only the deployment knows, by the names of its placeholders in the file."""

    def to_json(self) -> str:
        """Compact JSON, the same text for the same values."""
        members = asdict(self)
        if not self.values:
            # Masters that do not know of values read a set that has none.
            del members["values"]
        return json.dumps(members, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            AddonSetError: it is not such a text.

        """
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise AddonSetError(
                f"the parameter of the addons cannot be read ({error!r}): deploy ControlPlane, then Addons"
            ) from error

    def verified(self, body: bytes) -> AddonSet:
        """The set in a file, with the values of this deployment.

        Raises:
            AddonSetError: it has another checksum, or cannot be read.

        """
        found = sha256_of(body)
        if found != self.sha256:
            raise AddonSetError(
                f"s3://{self.bucket}/{self.key} is damaged: its sha256 is {found} instead of {self.sha256}. "
                "Delete the object and deploy Addons again"
            )
        return AddonSet.from_json(body.decode("utf-8", "replace")).filled(self.values)


def _filled(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for text, replacement in texts.items():
            value = value.replace(text, replacement)
        return value
    if isinstance(value, Mapping):
        return {key: _filled(each, texts) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(each, texts) for each in value]
    return value


def _text(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True)
