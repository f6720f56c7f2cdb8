"""Documents of the service-account issuer: what masters publish, whoever else writes at the same moment."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from kubequorum_node.host import Result
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubeadm.ca_set import CaSet, CaSetError
from kubequorum_node.kubernetes import issuer
from kubequorum_node.kubernetes.issuer import IssuerError
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.kubernetes.test_jwks import rsa_key

DISCOVERY = ".well-known/openid-configuration"
KEYS = "openid/v1/jwks"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two public keys, as PEM."""
    folder = tmp_path_factory.mktemp("keys")
    one, two = (rsa_key(folder, name)[1] for name in ("one", "two"))
    return one, two


def _with_keys(node: FakeNode, pem: str) -> None:
    pairs = [f"{name}.{end}" for name in ("ca", "etcd/ca", "front-proxy-ca") for end in ("crt", "key")]
    files = dict.fromkeys([*pairs, "sa.key"], "x")
    stored = CaSet(files={**files, "sa.pub": pem}, encryption_key="a2V5")
    node.aws.objects[ca_set.KEY] = stored.to_json().encode()


def _kids(node: FakeNode) -> list[str]:
    return [key["kid"] for key in json.loads(node.aws.objects[KEYS])["keys"]]


def test_the_documents_are_what_sts_reads(node: FakeNode, keys: tuple[str, str]) -> None:
    """The issuer as in tokens, where its keys are, and how they sign; as JSON, in its bucket only."""
    _with_keys(node, keys[0])
    issuer.publish(node)
    discovery = json.loads(node.aws.objects[DISCOVERY])
    assert discovery["issuer"] == examples.CONFIG.service_account_issuer
    assert discovery["jwks_uri"] == f"{examples.CONFIG.service_account_issuer}/{KEYS}"
    assert discovery["id_token_signing_alg_values_supported"] == ["RS256"]
    written = node.aws.asked("put_object")
    assert [each["Key"] for each in written] == [KEYS, DISCOVERY]
    assert {(each["Bucket"], each["ContentType"]) for each in written} == {("ha-issuer", "application/json")}
    assert b"PRIVATE" not in b"".join(each["Body"] for each in written)


def test_nothing_is_written_that_is_there(node: FakeNode, keys: tuple[str, str]) -> None:
    """The second time, and by every other master."""
    _with_keys(node, keys[0])
    issuer.publish(node)
    before = len(node.aws.asked("put_object"))
    issuer.publish(node)
    assert len(node.aws.asked("put_object")) == before


def test_what_was_lost_or_changed_is_published_again(node: FakeNode, keys: tuple[str, str]) -> None:
    """A document that somebody deleted, and a key that nobody of the cluster has."""
    _with_keys(node, keys[0])
    issuer.publish(node)
    wanted = dict(node.aws.objects)
    del node.aws.objects[DISCOVERY]
    node.aws.objects[KEYS] = json.dumps({"keys": [{"kid": "foreign"}]}).encode()
    issuer.publish(node)
    assert node.aws.objects == wanted


def test_both_keys_of_a_rotation_are_published(node: FakeNode, keys: tuple[str, str]) -> None:
    """The old one, the old and the new, the new one: tokens of either count while both are there."""
    one, two = keys
    seen = []
    for pem in (one, one + two, two):
        _with_keys(node, pem)
        issuer.publish(node)
        seen.append(_kids(node))
    assert seen[1] == [*seen[0], *seen[2]]


def test_a_master_with_an_older_idea_of_the_keys_does_not_bring_it_back(
    node: FakeNode, keys: tuple[str, str]
) -> None:
    """The keys change, and another master publishes them, between this one's read and its write."""
    one, two = keys
    _with_keys(node, one)

    def rotate() -> None:
        _with_keys(node, one + two)
        text = issuer.documents(examples.CONFIG.service_account_issuer, one + two)[KEYS]
        node.aws.objects[KEYS] = text.encode()

    node.aws.first("put_object", rotate)
    issuer.publish(node)
    assert len(_kids(node)) == 2


def test_documents_that_never_rest_are_an_error(node: FakeNode, keys: tuple[str, str]) -> None:
    """With the object's name and what to do."""
    _with_keys(node, keys[0])

    def change() -> None:
        node.aws.objects[KEYS] = node.aws.objects.get(KEYS, b"") + b"x"

    for _ in range(5):
        node.aws.first("put_object", change)
    with pytest.raises(IssuerError, match="s3://ha-issuer/openid/v1/jwks changed 5 times"):
        issuer.publish(node)


def test_without_a_ca_set_there_is_nothing_to_publish(node: FakeNode) -> None:
    """The remedy is named, and no document is written."""
    with pytest.raises(CaSetError, match="install-ca-set"):
        issuer.publish(node)
    assert not node.aws.asked("put_object")


def test_a_failure_is_an_event_of_the_node(node: FakeNode, keys: tuple[str, str]) -> None:
    """Where people look; and the service fails, so that it is retried, also when nobody hears of it."""
    _with_keys(node, keys[0])
    node.host.on("/usr/local/bin/kubectl", None)
    node.aws.fail("get_object", "AccessDenied", "not this bucket")
    with pytest.raises(ClientError, match="not this bucket"):
        issuer.keep_published(node)
    event = json.loads(node.host.inputs[-1] or "")
    assert (event["reason"], event["type"]) == ("IssuerNotPublished", "Warning")
    assert "not this bucket" in event["message"]
    node.host.on("/usr/local/bin/kubectl", Result(1, "", "no API server"))
    node.aws.fail("get_object", "AccessDenied", "still not")
    with pytest.raises(ClientError, match="still not"):
        issuer.keep_published(node)
    issuer.keep_published(node)
    assert KEYS in node.aws.objects


def test_a_cluster_without_an_issuer_publishes_nothing(tmp_path: Path) -> None:
    """No request at all."""
    node = FakeNode(tmp_path, config=replace(examples.CONFIG, issuer="", issuer_bucket=""))
    issuer.publish(node)
    assert not node.aws.requests
