"""Masters that look after addons of a simulated cluster, and addons for them."""

from collections.abc import Iterable, Sequence
from typing import Any

from kubequorum_node.addon_set import Addon, AddonSet, AddonSetLocation, KubernetesObject
from kubequorum_node.addons.install import Workshop
from kubequorum_node.addons.inventory import Inventories, Inventory
from kubequorum_node.addons.reconcile import Reconciler, Result
from kubequorum_node.addons.wanted import Wanted
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.object_client import ObjectClient
from kubequorum_node.kubernetes.objects import Ref
from tests.unit.node.fakes import FakeClock
from tests.unit.node.simulation.kubernetes import Cluster

LOCATION = AddonSetLocation(
    bucket="assets", key="ha-Addons/1.json", sha256="0" * 64, stack="ha-Addons", signal="AddonsReady1"
)


def wanted(*addons: Addon, written: float = 1.0) -> Wanted:
    """A set that is in force since `written`."""
    return Wanted(location=LOCATION, written=written, addons=AddonSet(addons=addons))


def deployment(name: str, *, replicas: int = 1, image: str = "app:1", app: str = "") -> dict[str, Any]:
    """A Deployment in namespace apps."""
    spec = {"replicas": replicas, "selector": {"app": app or name}, "template": {"image": image}}
    return _object("apps/v1", "Deployment", name, "apps", spec=spec)


def service(name: str) -> dict[str, Any]:
    """A Service in namespace apps."""
    return _object("v1", "Service", name, "apps", spec={"port": 80})


def namespace(name: str) -> dict[str, Any]:
    """A Namespace."""
    return _object("v1", "Namespace", name, "")


def definition(kind: str) -> dict[str, Any]:
    """A CustomResourceDefinition."""
    names = {"kind": kind, "plural": f"{kind.lower()}s"}
    spec = {"group": "example.com", "names": names}
    return _object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{kind.lower()}s.example.com",
        "",
        spec=spec,
    )


def custom(kind: str, name: str) -> dict[str, Any]:
    """An object of a kind that a CustomResourceDefinition defines."""
    return _object("example.com/v1", kind, name, "apps", spec={"size": 1})


def addon(name: str, *objects: dict[str, Any], needs: tuple[str, ...] = (), version: str = "1") -> Addon:
    """An addon."""
    return Addon(name=name, version=version, objects=objects, needs=needs, ready_seconds=300)


class Master:
    """A master with a memory and a clock of its own."""

    def __init__(self, cluster: Cluster, name: str = "i-0000000000000000a") -> None:
        self.clock = FakeClock()
        self.said: list[str] = []
        """What people are told."""
        self.packages: dict[str, tuple[KubernetesObject, ...]] = {}
        """By their checksums; any other one cannot be had."""
        api = ObjectClient(cluster)
        self.inventories = Inventories(api)
        self.shop = Workshop(
            api=api,
            inventories=self.inventories,
            objects_of=self.objects_of,
            clock=self.clock,
            me=name,
            tell=self.said.append,
        )
        self.reconciler = Reconciler(self.shop, warn=self.said.append)

    def objects_of(self, addon: Addon) -> Sequence[KubernetesObject]:
        """An addon's objects, with those of its packages."""
        if lacking := {package.sha256 for package in addon.packages} - self.packages.keys():
            raise NodeError(f"no package {lacking}")
        found = [each for package in addon.packages for each in self.packages[package.sha256]]
        return (*found, *addon.objects)

    def turn(self, wanted: Wanted, *, after: float = 10.0) -> Result:
        """Look once, some seconds after the last time."""
        self.clock.seconds += after
        return self.reconciler.turn(wanted)

    def until_ready(self, wanted: Wanted, *, turns: int = 20) -> int:
        """Look until all is ready; how often that was."""
        for number in range(1, turns + 1):
            if self.turn(wanted).ready:
                return number
        raise AssertionError(f"not ready after {turns} turns: {self.inventories.read()}")


def inventory(cluster: Cluster, name: str) -> Inventory:
    """The inventory of an addon."""
    return Inventories(ObjectClient(cluster)).read()[name]


def unlisted(cluster: Cluster) -> set[str]:
    """Objects of addons that no inventory names: nothing would ever remove them."""
    listed = {
        ref.identity
        for found in Inventories(ObjectClient(_Quiet(cluster))).read().values()
        for ref in found.objects
    }
    return {str(ref) for ref in _of_addons(cluster.objects.values()) if ref.identity not in listed}


def _of_addons(objects: Iterable[dict[str, Any]]) -> Iterable[Ref]:
    for found in objects:
        labels = found["metadata"].get("labels") or {}
        if "kubequorum/addon" in labels and not found["metadata"]["name"].startswith("kubequorum-addon-"):
            yield Ref.of(found)


class _Quiet:
    """Reads a cluster without its hooks, and without leaving a trace."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def exchange(self, request: Any) -> Any:
        before, requests = self._cluster.before, list(self._cluster.requests)
        self._cluster.before = lambda _: None
        try:
            return self._cluster.exchange(request)
        finally:
            self._cluster.before, self._cluster.requests = before, requests


def _object(api_version: str, kind: str, name: str, namespace: str, **content: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
