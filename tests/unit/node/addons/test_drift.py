"""Objects that others have changed: repaired, kept where a person wants that, recreated where needed."""

from kubequorum_node.addons.decision import LOOK_SECONDS
from tests.unit.node.addons.masters import Master, addon, deployment, service, wanted
from tests.unit.node.simulation.kubernetes import Cluster

WEB = wanted(addon("web", deployment("web", replicas=2), service("web")))


def test_what_is_changed_by_hand_is_repaired_and_said() -> None:
    """With the field, and who has changed it."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(WEB)
    cluster.edit("Deployment", "web", by="kubectl-scale", replicas=0)
    master.turn(WEB, after=LOOK_SECONDS)
    assert cluster.find("Deployment", "web")["spec"]["replicas"] == 2
    (said,) = master.said
    assert "Deployment apps/web: spec.replicas changed by kubectl-scale" in said


def test_what_is_deleted_by_hand_comes_back() -> None:
    """And people are told."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(WEB)
    del cluster.objects["/api/v1/namespaces/apps/services/web"]
    master.turn(WEB, after=LOOK_SECONDS)
    assert cluster.names("Service") == {"web"}
    assert any("Service apps/web was missing" in said for said in master.said)


def test_a_person_may_keep_a_field() -> None:
    """With an annotation, also through an update; everything else of the object is ours."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(WEB)
    found = cluster.find("Deployment", "web")
    found["metadata"]["annotations"] = {"kubequorum/ignore": "spec.replicas, spec.unknown"}
    cluster.edit("Deployment", "web", by="kubectl-scale", replicas=7)
    master.turn(WEB, after=LOOK_SECONDS)
    master.until_ready(wanted(addon("web", deployment("web", image="app:2")), written=2.0))
    spec = cluster.find("Deployment", "web")["spec"]
    assert (spec["replicas"], spec["template"]["image"]) == (7, "app:2")
    assert not any("spec.replicas" in said for said in master.said)


def test_what_others_add_stays() -> None:
    """A field that the addon says nothing about belongs to whoever wrote it."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(WEB)
    cluster.edit("Deployment", "web", by="autoscaler", paused=True)
    master.turn(WEB, after=LOOK_SECONDS)
    assert cluster.find("Deployment", "web")["spec"]["paused"]


def test_an_object_with_a_field_that_cannot_change_is_recreated() -> None:
    """A Deployment with another selector."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(WEB)
    master.until_ready(wanted(addon("web", deployment("web", app="other")), written=2.0))
    assert cluster.find("Deployment", "web")["spec"]["selector"] == {"app": "other"}
    assert any("field is immutable" in said for said in master.said)


def test_an_object_that_may_hold_data_is_not_recreated() -> None:
    """A StatefulSet: the addon fails, and says which field it is."""
    cluster = Cluster()

    def database(name: str) -> dict[str, object]:
        spec = {"replicas": 1, "serviceName": name}
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "db", "namespace": "apps"},
            "spec": spec,
        }

    master = Master(cluster)
    master.until_ready(wanted(addon("db", database("a"))))
    result = master.turn(wanted(addon("db", database("b")), written=2.0))
    assert "spec.serviceName: field is immutable" in result.failure
    assert cluster.find("StatefulSet", "db")["spec"]["serviceName"] == "a"
