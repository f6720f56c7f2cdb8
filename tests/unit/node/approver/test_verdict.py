"""Who gets a kubelet's certificate, and each reason why somebody does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubequorum_node.approver.instances import Instance
from kubequorum_node.approver.verdict import (
    CLIENT_SIGNER,
    LONGEST_WAIT_SECONDS,
    SERVING_SIGNER,
    Decision,
    Request,
    Verdict,
    is_pending,
    judge,
)
from tests.unit.node.approver.requests import (
    CREATED,
    MASTER,
    NODE_GROUPS,
    OTHER,
    WORKER,
    item,
    key_hash,
    node_subject,
    pem,
)

NOW = datetime.strptime(CREATED, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
OWN = Instance(instance_id=MASTER, state="running", vpc="vpc-1", cluster="ha", slot="a")
INSTANCE = Instance(
    instance_id=WORKER,
    state="running",
    vpc="vpc-1",
    cluster="ha",
    worker_group="batch",
    names=frozenset({WORKER, "ip-10-20-1-9.ec2.internal"}),
    addresses=frozenset({"10.20.1.9"}),
)
FIRST = pem(node_subject(WORKER))
OF_NODE: dict[str, Any] = {"username": f"system:node:{WORKER}", "groups": NODE_GROUPS}
SERVING: dict[str, Any] = {
    **OF_NODE,
    "signer": SERVING_SIGNER,
    "usages": ("digital signature", "server auth"),
}


def _judge(
    made: dict[str, Any],
    *,
    instance: Instance | None = INSTANCE,
    proof: str | None = None,
    seconds: float = 1,
    own: Instance = OWN,
) -> Verdict:
    request = Request.of(made, NOW + timedelta(seconds=seconds))
    return judge(request, instance=instance, proof=proof, own=own)


def test_a_worker_that_proves_its_key_gets_its_certificate() -> None:
    """Token, subject, proof and EC2 agree."""
    verdict = _judge(item(FIRST), proof=key_hash(FIRST))
    assert (verdict.decision, verdict.reason) == (Decision.APPROVE, "InstanceVerified")


def test_a_token_alone_gives_nothing() -> None:
    """Without a proof it waits a while, for a proof that is late, and is denied then."""
    assert _judge(item(FIRST)).decision is Decision.WAIT
    verdict = _judge(item(FIRST), seconds=LONGEST_WAIT_SECONDS + 1)
    assert (verdict.decision, verdict.reason) == (Decision.DENY, "NoProof")


def test_the_proof_of_another_key_gives_nothing() -> None:
    """Somebody else asks in the name of an instance that has proved its own key."""
    proof = key_hash(pem(node_subject(WORKER), "subjectAltName=DNS:other"))
    assert proof != key_hash(FIRST)
    assert _judge(item(FIRST), proof=proof).decision is Decision.WAIT
    verdict = _judge(item(FIRST), proof=proof, seconds=LONGEST_WAIT_SECONDS + 1)
    assert (verdict.decision, verdict.reason) == (Decision.DENY, "WrongProof")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "shutting-down"}, "InstanceNotRunning"),
        ({"state": "terminated"}, "InstanceNotRunning"),
        ({"state": "stopped"}, "InstanceNotRunning"),
        ({"cluster": "other"}, "ForeignInstance"),
        ({"cluster": ""}, "ForeignInstance"),
        ({"vpc": "vpc-2"}, "ForeignInstance"),
        ({"worker_group": "", "slot": "b"}, "NotAWorker"),
        ({"worker_group": ""}, "NotAWorker"),
    ],
)
def test_an_instance_that_is_none_of_the_workers_is_denied(change: dict[str, Any], reason: str) -> None:
    """At once, although its proof is right: a master's name, another cluster's worker, one that is gone."""
    verdict = _judge(item(FIRST), instance=replace(INSTANCE, **change), proof=key_hash(FIRST))
    assert (verdict.decision, verdict.reason) == (Decision.DENY, reason)


@pytest.mark.parametrize("instance", [None, replace(INSTANCE, state="pending")])
def test_an_instance_that_ec2_does_not_know_yet_is_waited_for(instance: Instance | None) -> None:
    """EC2 is eventually consistent; an invented instance never comes, and is denied."""
    assert _judge(item(FIRST), instance=instance, proof=key_hash(FIRST)).decision is Decision.WAIT
    verdict = _judge(item(FIRST), instance=instance, seconds=LONGEST_WAIT_SECONDS + 1)
    assert (verdict.decision, verdict.reason) == (Decision.DENY, "InstanceUnknown")


@pytest.mark.parametrize("name", ["worker-1", "ip-10-20-1-9.ec2.internal", "i-XYZ", f"{WORKER}.x", ""])
def test_a_name_that_is_no_instances_is_denied(name: str) -> None:
    """At once."""
    verdict = _judge(item(pem(f"/O=system:nodes/CN=system:node:{name}")), instance=None)
    assert (verdict.decision, verdict.reason) == (Decision.DENY, "WrongSubject")


def test_another_group_is_denied() -> None:
    """Nobody becomes an administrator through a kubelet's signer."""
    text = pem(f"/O=system:masters/CN=system:node:{WORKER}")
    assert _judge(item(text), proof=key_hash(text)).reason == "WrongSubject"
    text = pem(f"/O=system:nodes/CN={WORKER}")
    assert _judge(item(text), proof=key_hash(text)).reason == "WrongSubject"


def test_what_cannot_be_read_is_denied() -> None:
    """With the reason."""
    verdict = _judge(item("nonsense"), instance=None)
    assert (verdict.decision, verdict.reason) == (Decision.DENY, "NotAKubeletsRequest")
    assert "PEM" in verdict.message


def test_a_node_renews_its_own_certificate_while_it_runs() -> None:
    """A worker and a master; its certificate is the proof."""
    assert _judge(item(FIRST, **OF_NODE)).decision is Decision.APPROVE
    master = replace(INSTANCE, worker_group="", slot="a")
    assert _judge(item(FIRST, **OF_NODE), instance=master).decision is Decision.APPROVE
    gone = replace(INSTANCE, state="terminated")
    assert _judge(item(FIRST, **OF_NODE), instance=gone).reason == "InstanceNotRunning"
    untagged = replace(INSTANCE, worker_group="")
    assert _judge(item(FIRST, **OF_NODE), instance=untagged).reason == "NotANode"


@pytest.mark.parametrize(
    ("username", "groups"),
    [
        (f"system:node:{OTHER}", NODE_GROUPS),
        (f"system:node:{WORKER}", ("system:authenticated",)),
        ("system:serviceaccount:default:default", ("system:serviceaccounts",)),
        ("kubernetes-admin", ("kubeadm:cluster-admins",)),
        ("system:bootstrap:abcdef", ("system:bootstrappers",)),
    ],
)
def test_nobody_asks_for_another(username: str, groups: tuple[str, ...]) -> None:
    """Another node, a pod's account, a token of another kind; nor does an administrator by mistake."""
    verdict = _judge(item(FIRST, username=username, groups=groups), proof=key_hash(FIRST))
    assert (verdict.decision, verdict.reason) == (Decision.DENY, "WrongRequestor")


def test_a_token_gives_no_serving_certificate() -> None:
    """Only a node asks for one."""
    made = item(FIRST, signer=SERVING_SIGNER, usages=("server auth",))
    assert _judge(made, proof=key_hash(FIRST)).reason == "WrongRequestor"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (f"DNS:{WORKER},IP:10.20.1.9", None),
        ("IP:10.20.1.9", None),
        ("DNS:IP-10-20-1-9.ec2.internal", None),
        (f"DNS:{WORKER},IP:10.20.1.5", "WrongNames"),
        (f"DNS:{OTHER},IP:10.20.1.9", "WrongNames"),
        ("DNS:*.ec2.internal", "WrongNames"),
        ("DNS:kubernetes.default.svc", "WrongNames"),
        ("IP:127.0.0.1", "WrongNames"),
    ],
)
def test_a_serving_certificate_is_for_the_instances_own_names(names: str, reason: str | None) -> None:
    """As EC2 says; a single name of another's is one too many."""
    verdict = _judge(item(pem(node_subject(WORKER), f"subjectAltName={names}"), **SERVING))
    assert (verdict.reason == reason) if reason else (verdict.decision is Decision.APPROVE)


def test_a_serving_certificate_has_names_and_a_clients_has_none() -> None:
    """Nor does either have the other's use."""
    assert _judge(item(FIRST, **SERVING)).reason == "WrongNames"
    named = pem(node_subject(WORKER), f"subjectAltName=DNS:{WORKER}")
    assert _judge(item(named), proof=key_hash(named)).reason == "WrongNames"
    both = ("client auth", "server auth")
    assert _judge(item(FIRST, usages=both), proof=key_hash(FIRST)).reason == "WrongUsages"
    assert _judge(item(FIRST, usages=("digital signature",)), proof=key_hash(FIRST)).reason == "WrongUsages"
    signs = ("client auth", "cert sign")
    assert _judge(item(FIRST, usages=signs), proof=key_hash(FIRST)).reason == "WrongUsages"


def test_a_master_without_a_cluster_approves_nothing() -> None:
    """Its own tags are what others are compared with."""
    nameless = replace(OWN, cluster="")
    verdict = _judge(item(FIRST), instance=replace(INSTANCE, cluster=""), proof=key_hash(FIRST), own=nameless)
    assert verdict.reason == "ForeignInstance"


def test_only_undecided_requests_of_kubelets_are_pending() -> None:
    """Others' signers are others' concern."""
    assert is_pending(item(FIRST))
    assert not is_pending(item(FIRST, signer="kubernetes.io/kube-apiserver-client"))
    assert not is_pending({**item(FIRST), "status": {"conditions": [{"type": "Denied"}]}})
    assert not is_pending({**item(FIRST), "status": {"certificate": "x"}})
    assert {CLIENT_SIGNER, SERVING_SIGNER} == {
        "kubernetes.io/kube-apiserver-client-kubelet",
        "kubernetes.io/kubelet-serving",
    }
