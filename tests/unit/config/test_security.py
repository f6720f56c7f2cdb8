"""Pod Security, encryption and issuers in a cluster file: what is refused, and what reaches masters."""

from pathlib import Path
from typing import Any

import pytest

from kubequorum.cluster_documents import master_document, worker_document
from kubequorum.config import Cluster
from kubequorum_node.document import ClusterDocument
from tests.api_server.programs import self_signed
from tests.unit.config.cluster_files import Mistake, accepted, assert_reported, changed, errors

ISSUERS = ("oidc_issuers",)
ISSUER = {"url": "https://login.example.com", "audiences": ["kubernetes"]}
OTHER = {"url": "https://other.example.com", "audiences": ["kubernetes"], "username_prefix": "other:"}


def _issuer(name: str, said: tuple[str, ...], **values: Any) -> Mistake:
    return (name, ISSUERS, [{**ISSUER, **values}], said)


MISTAKES: list[Mistake] = [
    ("level", ("security", "pod_security"), "strict", ("security.pod_security", "'privileged', 'baseline'")),
    (
        "level of a namespace",
        ("security", "namespaces"),
        {"payments": "none"},
        ("security.namespaces.payments",),
    ),
    ("name of a namespace", ("security", "namespaces"), {"A_B": "baseline"}, ("security.namespaces",)),
    (
        "the control plane's namespace",
        ("security", "namespaces"),
        {"kube-system": "baseline"},
        ("security.namespaces.kube-system = baseline", "is exempt"),
    ),
    (
        "no secrets",
        ("security", "encrypted_resources"),
        ["configmaps"],
        ("security.encrypted_resources", "does not have secrets", "add secrets"),
    ),
    ("nothing encrypted", ("security", "encrypted_resources"), [], ("security.encrypted_resources",)),
    ("twice", ("security", "encrypted_resources"), ["secrets", "secrets"], ("is listed 2 times",)),
    ("a wildcard", ("security", "encrypted_resources"), ["secrets", "*.*"], ("encrypted_resources.1",)),
    _issuer("http", ("oidc_issuers.0.url = http://x", "is no https URL"), url="http://x"),
    _issuer("no host", ("is no https URL",), url="https://"),
    _issuer("a space", ("is no https URL",), url="https://x y"),
    _issuer("a port", ("is no URL",), url="https://x:port"),
    _issuer("a bracket", ("is no URL",), url="https://[x"),
    _issuer("a query", ("has a query or fragment",), url="https://x/?y"),
    _issuer("a user", ("has a user name or password",), url="https://me:secret@x"),
    _issuer("no audience", ("oidc_issuers.0.audiences",), audiences=[]),
    _issuer("an audience twice", ("names one twice",), audiences=["a", "a"]),
    _issuer("no prefix", ("oidc_issuers.0.username_prefix",), username_prefix=""),
    _issuer("a prefix without its end", ("oidc_issuers.0.groups_prefix",), groups_prefix="oidc"),
    _issuer(
        "Kubernetes' own users",
        ("oidc_issuers.0.username_prefix = system:", "is taken"),
        username_prefix="system:",
    ),
    _issuer("kubeadm's administrators", ("groups_prefix = kubeadm:", "is taken"), groups_prefix="kubeadm:"),
    _issuer("no certificate", ("certificate_authority", "is no certificate"), certificate_authority="x"),
    ("one issuer twice", ISSUERS, [ISSUER, {**OTHER, "url": ISSUER["url"]}], ("is the url of 2 issuers",)),
    (
        "one prefix for two",
        ISSUERS,
        [ISSUER, {**OTHER, "username_prefix": "oidc:"}],
        ("oidc_issuers = oidc:", "username_prefix of 2 issuers", "give each issuer another username_prefix"),
    ),
    (
        "one prefix for the groups of two",
        ISSUERS,
        [{**ISSUER, "groups_claim": "groups"}, {**OTHER, "groups_claim": "groups"}],
        ("groups_prefix of 2 issuers",),
    ),
    (
        "flags of an issuer",
        ("kubernetes", "api_server"),
        {"extra_args": {"oidc-issuer-url": "https://x"}},
        ("set oidc_issuers instead",),
    ),
    (
        "flag of admission",
        ("kubernetes", "api_server"),
        {"extra_args": {"admission-control-config-file": "/x"}},
        ("security.pod_security",),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_mistake_is_reported_with_its_remedy(tmp_path: Path, mistake: Mistake) -> None:
    """With key, value and reason."""
    assert_reported(tmp_path, mistake)


def test_a_password_in_a_url_is_all_that_is_wrong(tmp_path: Path) -> None:
    """One mistake, one problem, and it is not repeated in the message."""
    message = errors(tmp_path, changed(ISSUERS, [{**ISSUER, "url": "https://me:secret@x"}]))
    assert message.count("Remedy:") == 1
    assert "secret" not in message


def test_issuers_with_a_certificate_are_accepted(tmp_path: Path) -> None:
    """A real one, and two issuers that differ."""
    certificate, _ = self_signed(tmp_path, name="IP:127.0.0.1")
    pem = certificate.read_text(encoding="utf-8")
    accepted(tmp_path, changed(ISSUERS, [{**ISSUER, "certificate_authority": pem}, OTHER]))


def test_masters_know_all_of_it_and_workers_nothing() -> None:
    """A new issuer must not replace workers."""
    cluster = Cluster.model_validate(changed(ISSUERS, [{**ISSUER, "groups_claim": "groups"}]))
    masters = master_document(cluster, stack="s")
    assert masters.security is not None
    assert (masters.security.pod_security, masters.security.encrypted_resources) == (
        "baseline",
        ("secrets", "configmaps"),
    )
    (issuer,) = masters.security.oidc_issuers
    assert (issuer.url, issuer.groups_claim, issuer.username_prefix) == (ISSUER["url"], "groups", "oidc:")
    assert ClusterDocument.from_json(masters.to_json()) == masters
    for group in cluster.worker_groups:
        assert worker_document(cluster, group, stack="s").security is None
