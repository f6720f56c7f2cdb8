"""Addons with packages: their objects are applied like all others, and a missing package harms nothing."""

from dataclasses import replace

from kubequorum_node.addon_set import Addon, AddonSet, Package
from kubequorum_node.addons.inventory import State
from tests.unit.node.addons.masters import (
    Master,
    addon,
    custom,
    definition,
    deployment,
    inventory,
    namespace,
    wanted,
)
from tests.unit.node.simulation.kubernetes import Cluster

KINDS = Package(name="kinds", version="1", url="https://example.com/crds.yaml", sha256="1" * 64)
WEB: Addon = replace(addon("web", custom("Thing", "t"), namespace("apps")), packages=(KINDS,))


def _master(cluster: Cluster) -> Master:
    master = Master(cluster)
    master.packages[KINDS.sha256] = (definition("Thing"), definition("Other"))
    return master


def test_kinds_of_a_package_come_first() -> None:
    """The addon's own objects may be of them; the inventory names all."""
    cluster = Cluster()
    assert _master(cluster).until_ready(wanted(WEB)) == 1
    applied = [r.path.rpartition("/")[2] for r in cluster.requests if r.method == "PATCH"]
    assert applied[-1] == "t"
    assert set(applied[:-1]) == {"apps", "things.example.com", "others.example.com"}
    assert len(inventory(cluster, "web").objects) == 4


def test_kinds_are_awaited_before_objects_of_them() -> None:
    """All at once: each needs a moment, and a package may have dozens."""
    cluster = Cluster()
    _master(cluster).until_ready(wanted(WEB))
    asked = [(request.method, request.path.rpartition("/")[2]) for request in cluster.requests]
    kinds = ["things.example.com", "others.example.com"]
    applied = [asked.index(("PATCH", kind)) for kind in kinds]
    first_object = asked.index(("PATCH", "t"))
    between = asked[max(applied) + 1 : first_object]
    assert [kind for kind in kinds if ("GET", kind) in between] == kinds


def test_a_package_that_cannot_be_had_fails_the_addon_in_time() -> None:
    """And no other one; when it can be had, the addon is applied."""
    cluster, which = Cluster(), wanted(WEB, addon("db", deployment("db")))
    master = Master(cluster)
    results = [master.turn(which, after=100) for _ in range(5)]
    assert "no package" in results[-1].failure
    assert cluster.names("Deployment") == {"db"}
    assert inventory(cluster, "web").state is State.FAILED
    master.packages[KINDS.sha256] = (definition("Thing"),)
    master.until_ready(which)
    assert inventory(cluster, "web").state is State.READY


def test_what_is_there_stays_while_a_new_package_cannot_be_had() -> None:
    """It is not known what the new one has: nothing of the old is deleted."""
    cluster = Cluster()
    master = _master(cluster)
    with_deployment = replace(WEB, objects=(*WEB.objects, deployment("web")))
    master.until_ready(wanted(with_deployment))
    newer = replace(WEB, packages=(replace(KINDS, sha256="2" * 64),))
    result = None
    for _ in range(5):
        result = master.turn(wanted(newer, written=2.0), after=100)
    assert result is not None
    assert "no package" in result.failure
    assert cluster.names("Deployment") == {"web"}
    assert len(inventory(cluster, "web").objects) == 5


def test_packages_belong_to_the_generation_and_to_the_contract() -> None:
    """A set without packages is one that older masters read; one with them is not."""
    again = AddonSet.from_json(AddonSet(addons=(WEB,)).to_json())
    assert again.addons[0].packages == (KINDS,)
    assert again.addons[0].generation == WEB.generation
    assert replace(WEB, packages=()).generation != WEB.generation
    assert '"version": 2\n' in AddonSet(addons=(WEB,)).to_json()
    plain = AddonSet(addons=(replace(WEB, packages=()),)).to_json()
    assert '"version": 1\n' in plain
    assert "packages" not in plain
