"""One CA set for all masters, created by the first one."""

import json
from collections.abc import Callable

import pytest

from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubeadm.ca_set import CaSet, CaSetError
from tests.unit.node.fakes import FakeNode

PAIRS = ("ca", "etcd/ca", "front-proxy-ca")
NAMES = [*(f"{pair}.{end}" for pair in PAIRS for end in ("crt", "key")), "sa.key", "sa.pub"]


def _set(owner: str) -> CaSet:
    return CaSet(files={name: f"{name} of {owner}" for name in NAMES}, encryption_key="a2V5")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let kubeadm make this master's set at once."""
    calls: list[str] = []

    def create(node: FakeNode) -> CaSet:
        calls.append("made")
        return _set("a")

    monkeypatch.setattr(ca_set, "create", create)
    return calls


def test_the_first_master_creates_the_set(node: FakeNode, made: list[str]) -> None:
    """Written only if there is none; private keys are for root alone."""
    assert ca_set.install(node) == _set("a")
    (written,) = node.aws.asked("put_object")
    assert (written["Key"], written["IfNoneMatch"]) == ("pki/ca-set.json", "*")
    assert node.host.read("/etc/kubernetes/pki/etcd/ca.crt") == "etcd/ca.crt of a"
    for name in NAMES:
        mode = node.host.path(f"/etc/kubernetes/pki/{name}").stat().st_mode & 0o777
        assert mode == (0o600 if name.endswith(".key") else 0o644)


def test_an_existing_set_is_used(node: FakeNode, made: list[str]) -> None:
    """Every later master, and every later boot."""
    node.aws.objects["pki/ca-set.json"] = _set("b").to_json().encode()
    assert ca_set.install(node) == _set("b")
    assert made == []
    assert not node.aws.asked("put_object")


def test_of_two_at_the_same_moment_the_loser_uses_the_winners(node: FakeNode, made: list[str]) -> None:
    """Both found none and made one; only one write succeeds."""

    def winner() -> None:
        node.aws.objects["pki/ca-set.json"] = _set("b").to_json().encode()

    node.aws.first("put_object", winner)
    assert ca_set.install(node) == _set("b")
    assert made == ["made"]
    assert node.host.read("/etc/kubernetes/pki/ca.key") == "ca.key of b"


def test_a_collision_of_two_writes_is_retried(node: FakeNode, made: list[str]) -> None:
    """S3 answers 409 to conflicting conditional writes."""
    node.aws.fail("put_object", "ConditionalRequestConflict", times=2)
    assert ca_set.install(node) == _set("a")
    assert len(node.aws.asked("put_object")) == 3


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:-3], "is not a CA set"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "has version 2"),
        (lambda text: json.dumps(json.loads(text) | {"files": {}}), r"lacks ca.crt, ca.key"),
    ],
)
def test_an_invalid_set_fails_the_boot(
    node: FakeNode, made: list[str], damage: Callable[[str], str], message: str
) -> None:
    """It is never replaced: a second CA would split the cluster."""
    node.aws.objects["pki/ca-set.json"] = damage(_set("b").to_json()).encode()
    with pytest.raises(CaSetError, match=message):
        ca_set.install(node)
    assert made == []
