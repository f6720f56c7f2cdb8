"""Names of Kubernetes objects, and their paths in the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, order=True, kw_only=True)
class Ref:
    """Which object: what identifies it, whatever it contains."""

    api_version: str
    """As in a manifest: `v1`, or `apps/v1`."""
    kind: str
    namespace: str
    """Empty if the manifest names none: `default`, or the kind has no namespaces."""
    name: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """The name of an object."""
        metadata = found["metadata"]
        return cls(
            api_version=found["apiVersion"],
            kind=found["kind"],
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
        )

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """The same for the same object, whichever version of its API names it."""
        return self.api_version.rpartition("/")[0], self.kind, self.namespace or "default", self.name

    @property
    def group_path(self) -> str:
        """Path of its API group and version."""
        return f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"

    def __str__(self) -> str:
        """For people: `Deployment kube-system/metrics-server`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
