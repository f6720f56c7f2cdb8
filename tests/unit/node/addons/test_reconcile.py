"""What becomes of addons: applied in order, repaired, removed, and none harmed by another."""

from kubequorum_node.addons.decision import TAKE_OVER_SECONDS
from kubequorum_node.addons.inventory import LABEL, State
from kubequorum_node.kubernetes.api_connection import Request
from tests.unit.node.addons.masters import (
    Master,
    addon,
    custom,
    definition,
    deployment,
    inventory,
    namespace,
    service,
    wanted,
)
from tests.unit.node.simulation.kubernetes import Cluster

WEB = wanted(addon("web", deployment("web", replicas=2), service("web")))


def test_a_new_addon_is_applied_and_ready_in_one_turn() -> None:
    """If its pods are: a deploy waits no longer than they do. All its objects have its label."""
    cluster = Cluster()
    assert Master(cluster).until_ready(WEB) == 1
    found = inventory(cluster, "web")
    assert (found.state, found.version, len(found.objects)) == (State.READY, "1", 2)
    assert cluster.find("Deployment", "web")["metadata"]["labels"][LABEL] == "web"


def test_what_others_need_comes_first() -> None:
    """Namespaces, then kinds, whatever their order in a file; webhooks and the like would come last."""
    cluster = Cluster()
    which = wanted(
        addon("x", custom("Thing", "t"), deployment("web"), definition("Thing"), namespace("apps"))
    )
    assert Master(cluster).until_ready(which) == 1
    applied = [r.path.rpartition("/")[2] for r in cluster.requests if r.method == "PATCH"]
    assert applied[:2] == ["apps", "things.example.com"]


def test_pods_are_created_when_all_api_servers_know_the_role() -> None:
    """An admission policy gives a pod the role of its service account, which another server may not know yet.

    Only what was changed is waited for.
    """
    cluster = Cluster()
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::000000000000:role/web"}
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "web", "namespace": "apps", "annotations": role},
    }
    master = Master(cluster)
    times: dict[str, float] = {}

    def note(request: Request) -> None:
        if request.method == "PATCH":
            times[request.path.rpartition("/")[2]] = master.clock.seconds

    cluster.before = note
    master.until_ready(wanted(addon("web", deployment("front"), account)))
    assert times["front"] - times["web"] >= 1
    master.until_ready(wanted(addon("web", deployment("front", image="app:2"), account), written=2.0))
    assert times["front"] == times["web"]


def test_an_addon_waits_for_those_that_it_needs() -> None:
    """It is not applied as long as another one is not ready, and then it is."""
    cluster = Cluster()
    cluster.broken = {"db"}
    which = wanted(addon("db", deployment("db")), addon("app", deployment("app"), needs=("db",)))
    master = Master(cluster)
    assert not master.turn(which).ready
    assert cluster.names("Deployment") == {"db"}
    cluster.broken = set()
    cluster.edit("Deployment", "db", by="kubelet")
    master.until_ready(which)
    assert cluster.names("Deployment") == {"db", "app"}


def test_nothing_is_written_while_nothing_changes() -> None:
    """A turn of a master at rest is one request."""
    cluster = Cluster()
    masters = [Master(cluster, f"i-0000000000000000{slot}") for slot in "abc"]
    masters[0].until_ready(WEB)
    # Each of them looks once for changes when it starts.
    for master in masters:
        master.turn(WEB)
    before = len(cluster.requests)
    for master in masters:
        assert master.turn(WEB).ready
    assert [request.method for request in cluster.requests[before:]] == ["GET"] * 3


def test_a_refused_object_fails_its_addon_at_once_and_no_other() -> None:
    """The message is the API server's; when the cause is gone it is applied."""
    cluster = Cluster()
    cluster.refused["bad"] = (422, "spec.template: Required value")
    which = wanted(addon("bad", deployment("bad")), addon("web", deployment("web")))
    master = Master(cluster)
    result = master.turn(which)
    assert "spec.template: Required value" in result.failure
    assert result.failure.startswith("bad: ")
    assert inventory(cluster, "web").state is State.READY
    cluster.refused.clear()
    master.turn(which)
    assert inventory(cluster, "bad").state is State.FAILED
    master.turn(which, after=TAKE_OVER_SECONDS)
    assert inventory(cluster, "bad").state is State.READY


def test_pods_that_do_not_come_up_fail_the_addon_when_its_time_is_over() -> None:
    """Not before; and with what is missing."""
    cluster = Cluster()
    cluster.broken = {"web"}
    master = Master(cluster)
    for _ in range(29):
        assert not master.turn(WEB).failure
    for _ in range(3):
        result = master.turn(WEB)
        if result.failure:
            break
    assert "Deployment apps/web: 0 of 2 pods available" in result.failure
    assert "not ready within 300 s" in result.failure


def test_an_addon_that_fails_later_fails_the_deploy_of_that_time() -> None:
    """Another addon is deployed while its pods do not come up."""
    cluster = Cluster()
    cluster.broken = {"web"}
    master = Master(cluster)
    master.turn(WEB)
    both = wanted(*WEB.addons.addons, addon("x", service("x")), written=2.0)
    assert not master.turn(both, after=200).failure
    assert "0 of 2 pods" in master.turn(both, after=200).failure


def test_a_webhook_that_is_down_is_waited_for() -> None:
    """The API server answers 500 for the object: it is tried again."""
    cluster = Cluster()
    cluster.refused["web"] = (500, "failed calling webhook")
    master = Master(cluster)
    assert not master.turn(WEB).failure
    cluster.refused.clear()
    assert master.turn(WEB).ready


def test_an_addon_that_is_not_wanted_is_removed() -> None:
    """All of it, with its inventory; but not namespaces and kinds, with what people have in them."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(wanted(addon("x", namespace("apps"), definition("Thing"), custom("Thing", "t"))))
    empty = wanted(written=2.0)
    assert master.until_ready(empty) == 1
    assert not cluster.names("Thing")
    assert cluster.names("Namespace") == {"apps"}
    assert cluster.names("CustomResourceDefinition") == {"things.example.com"}
    assert not cluster.names("ConfigMap")
    assert any("Namespace apps" in said and "by hand" in said for said in master.said)


def test_an_object_may_move_to_another_addon() -> None:
    """It is not deleted in between."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(wanted(addon("one", deployment("web")), addon("two", service("x"))))
    cluster.requests.clear()
    master.until_ready(wanted(addon("two", service("x"), deployment("web")), written=2.0))
    assert cluster.find("Deployment", "web")["metadata"]["labels"][LABEL] == "two"
    assert not [r.path for r in cluster.requests if r.method == "DELETE" and "deployments" in r.path]


def test_an_object_that_a_person_has_made_is_not_deleted() -> None:
    """It has the name of one of ours, but not our label."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(WEB)
    del cluster.find("Service", "web")["metadata"]["labels"][LABEL]
    master.until_ready(wanted(written=2.0))
    assert cluster.names("Service") == {"web"}
    assert not cluster.names("Deployment")


def test_another_master_at_work_is_left_alone_for_a_while() -> None:
    """Until it has not touched the inventory for a minute."""
    cluster = Cluster()
    cluster.refused["web"] = (500, "failed calling webhook")
    Master(cluster, "i-0000000000000000a").turn(WEB)
    cluster.refused.clear()
    other = Master(cluster, "i-0000000000000000b")
    other.turn(WEB)
    other.turn(WEB, after=TAKE_OVER_SECONDS - 1)
    assert inventory(cluster, "web").state is State.APPLYING
    assert other.turn(WEB, after=1).ready


def test_masters_that_see_the_same_at_the_same_time_do_not_disturb_each_other() -> None:
    """Of three that find an addon ready one records it; none applies it again."""
    cluster = Cluster()
    cluster.broken = {"web"}
    first, *others = masters = [Master(cluster, f"i-0000000000000000{slot}") for slot in "abc"]
    first.turn(WEB)
    cluster.broken = set()
    cluster.edit("Deployment", "web", by="kubelet")

    def overtake(request: Request) -> None:
        """Just before the first one records it, the others do."""
        if request.method == "PUT":
            cluster.before = lambda _: None
            for other in others:
                other.turn(WEB)

    cluster.before = overtake
    cluster.requests.clear()
    for _ in range(3):
        for master in masters:
            master.turn(WEB)
    assert first.turn(WEB).ready
    # One look of each of the two that have just started.
    assert len([r for r in cluster.requests if r.method == "PATCH"]) == 4
    assert len([r for r in cluster.requests if r.method == "PUT"]) == 2


def test_an_inventory_that_was_changed_by_hand_is_written_again() -> None:
    """What it named is forgotten: the objects are those that are wanted now."""
    cluster = Cluster()
    master = Master(cluster)
    master.until_ready(WEB)
    cluster.find("ConfigMap", "kubequorum-addon-web")["data"] = {"objects": "nonsense"}
    assert inventory(cluster, "web").state is State.FAILED
    assert "changed by hand" in inventory(cluster, "web").message
    master.turn(WEB)
    assert inventory(cluster, "web").state is State.READY
