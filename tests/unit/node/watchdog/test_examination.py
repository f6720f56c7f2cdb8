"""One look at a master: what is asked, how often, and what is made of the answers."""

import json

import pytest

from kubequorum_node.etcd.exit_reason import Cause
from kubequorum_node.host import Answer, Result
from kubequorum_node.watchdog.diagnosis import Condition, diagnose
from kubequorum_node.watchdog.examination import Examination
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd
from tests.unit.node.simulation.pods import HEALTHZ

ETCD = "http://127.0.0.1:2381"
API = f"https://{examples.IDENTITY.address}:6443/readyz"
KUBELET = "http://127.0.0.1:10248/healthz"
POD = "/var/log/pods/kube-system_etcd-ip-10-20-1-5_0123456789/etcd"
KUBEADM = "/usr/local/bin/kubeadm certs check-expiration"


@pytest.fixture
def master(node: FakeNode) -> FakeNode:
    """A master on which everything works."""
    node.host.path("/var/lib/etcd/data").mkdir(parents=True)
    node.host.mounts.add("/var/lib/etcd")
    for url in (f"{ETCD}/livez", f"{ETCD}/readyz", API, KUBELET, *HEALTHZ.values()):
        node.host.statuses[url] = 200
    node.host.answers[f"{ETCD}/health"] = Answer(status=200, body='{"health":"true","reason":""}')
    certificate = {"name": "apiserver", "residualTime": 364 * 86400}
    node.host.on(KUBEADM, json.dumps({"certificates": [certificate]}))
    return node


def test_a_master_that_works_is_well(master: FakeNode) -> None:
    """Each part is looked at; etcdctl is not run."""
    found = Examination(master).look()
    assert found.serves
    assert diagnose(found).condition is Condition.WELL
    assert round(found.days_left or 0) == 364
    assert master.host.ran("/usr/local/bin/etcdctl") == []


@pytest.mark.parametrize("url", [f"{ETCD}/livez", f"{ETCD}/readyz", API, KUBELET])
@pytest.mark.parametrize("status", [None, 403, 500])
def test_anything_but_200_is_not_well(master: FakeNode, url: str, status: int | None) -> None:
    """No answer, a refusal, or an error."""
    master.host.statuses[url] = status
    assert diagnose(Examination(master).look()).condition is Condition.DEAD


@pytest.mark.parametrize(("name", "url"), HEALTHZ.items())
@pytest.mark.parametrize("status", [None, 403, 500])
def test_a_controller_that_is_not_healthy_is_named(
    master: FakeNode, name: str, url: str, status: int | None
) -> None:
    """The master serves, and a successor would run the same program."""
    master.host.statuses[url] = status
    found = Examination(master).look()
    assert found.serves
    assert diagnose(found).condition is Condition.DEGRADED
    assert name in str(diagnose(found))


def test_certificates_are_read_once_an_hour(master: FakeNode) -> None:
    """It takes a program; but at once after something was done about them."""
    examination = Examination(master)
    for _ in range(5):
        examination.look()
    assert len(master.host.ran(KUBEADM)) == 1
    examination.reset()
    examination.look()
    master.clock.seconds += 3601
    examination.look()
    assert len(master.host.ran(KUBEADM)) == 3


def test_what_is_unknown_is_not_a_failure(master: FakeNode) -> None:
    """The look goes on without it."""
    master.host.on(KUBEADM, Result(1, "", "no such file"))
    found = Examination(master).look()
    assert found.days_left is None
    assert found.clock_offset_seconds is None
    assert diagnose(found).condition is Condition.WELL


def test_why_etcd_ended_is_read_while_it_does_not_answer(master: FakeNode) -> None:
    """Not while it runs, and not what was said before the watchdog began."""
    log = master.host.path(f"{POD}/0.log")
    log.parent.mkdir(parents=True)
    log.write_text("2026-11-24T12:00:05Z stderr F panic: invalid database\n", encoding="utf-8")
    examination = Examination(master)
    assert examination.look().last_words is None
    master.host.statuses[f"{ETCD}/livez"] = None
    words = examination.look().last_words
    assert words is not None
    assert words.cause is Cause.DAMAGED
    master.host.wall_time = master.host.wall_time.replace(minute=5)
    examination.reset()
    assert examination.look().last_words is None


@pytest.mark.parametrize(
    ("alarms", "found"),
    [
        ([(1, "CORRUPT")], {"CORRUPT"}),
        ([(2, "CORRUPT")], set()),
        ([(2, "NOSPACE")], {"NOSPACE"}),
        ([(1, "NOSPACE"), (2, "CORRUPT")], {"NOSPACE"}),
    ],
)
def test_an_alarm_about_another_member_is_ignored(
    master: FakeNode, alarms: list[tuple[int, str]], found: set[str]
) -> None:
    """All members show all alarms. NOSPACE stops the writes of all: each of them says so."""
    SimulatedEtcd(master).alarms = alarms
    master.host.answers[f"{ETCD}/health"] = Answer(
        status=503, body='{"health":"false","reason":"ALARM CORRUPT"}'
    )
    assert Examination(master).look().alarms == found


def test_alarms_that_cannot_be_read_are_none(master: FakeNode) -> None:
    """It is not ready then, which is seen elsewhere."""
    etcd = SimulatedEtcd(master)
    etcd.down.add("a")
    master.host.answers[f"{ETCD}/health"] = Answer(status=503, body='{"reason":"ALARM CORRUPT"}')
    assert Examination(master).look().alarms == frozenset()
    master.host.answers[f"{ETCD}/health"] = Answer(status=503, body="<html>")
    assert Examination(master).look().alarms == frozenset()
