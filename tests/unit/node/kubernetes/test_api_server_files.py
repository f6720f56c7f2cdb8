"""What the API server reads besides what kubeadm writes; tests/api_server has it on a real one."""

import json
import stat
from dataclasses import replace
from pathlib import Path

from kubequorum_node.document import OidcIssuer
from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.kubernetes import api_server_files
from kubequorum_node.kubernetes.api_server_files import admission, authentication, encryption
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

assert examples.DOCUMENT.security is not None
SECURITY = examples.DOCUMENT.security
ISSUER = OidcIssuer(
    url="https://login.example.com",
    audiences=("kubernetes",),
    username_claim="sub",
    username_prefix="oidc:",
    groups_claim="",
    groups_prefix="oidc:",
    required_claims={},
    certificate_authority="",
)


def test_all_files_are_private(tmp_path: Path) -> None:
    """One has the key with which Secrets are encrypted."""
    node = FakeNode(tmp_path)
    api_server_files.write(node, CaSet(files={}, encryption_key="a2V5"))
    files = list(node.host.path("/etc/kubernetes/api-server").iterdir())
    assert {file.name for file in files} == {
        "admission.json",
        "audit-policy.yaml",
        "authentication.json",
        "encryption.json",
    }
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_anonymous_requests_are_accepted_for_health_and_cluster_info_only() -> None:
    """What load balancers, probes and `kubeadm join` ask before they have credentials."""
    document = json.loads(authentication(()))
    assert [condition["path"] for condition in document["anonymous"]["conditions"]] == [
        "/livez",
        "/readyz",
        "/healthz",
        "/api/v1/namespaces/kube-public/configmaps/cluster-info",
    ]
    assert "jwt" not in document


def test_each_issuer_is_an_authenticator_with_its_prefixes() -> None:
    """What the cluster file does not have is left out: an empty field would be an error."""
    full = replace(
        ISSUER,
        url="https://other.example.com",
        audiences=("a", "b"),
        username_prefix="other:",
        groups_claim="groups",
        groups_prefix="other:",
        required_claims={"hd": "example.com"},
        certificate_authority="PEM",
    )
    plain, other = json.loads(authentication((ISSUER, full)))["jwt"]
    assert plain["issuer"] == {"url": "https://login.example.com", "audiences": ["kubernetes"]}
    assert plain["claimMappings"] == {"username": {"claim": "sub", "prefix": "oidc:"}}
    assert "claimValidationRules" not in plain
    assert other["issuer"]["audienceMatchPolicy"] == "MatchAny"
    assert other["issuer"]["certificateAuthority"] == "PEM"
    assert other["claimMappings"]["groups"] == {"claim": "groups", "prefix": "other:"}
    assert other["claimValidationRules"] == [{"claim": "hd", "requiredValue": "example.com"}]
    assert all("system:" in rule["expression"] for rule in plain["userValidationRules"])


def test_the_default_standard_is_the_cluster_files() -> None:
    """Warnings and audit annotations are about restricted, whatever is enforced."""
    (plugin,) = json.loads(admission(replace(SECURITY, pod_security="privileged")))["plugins"]
    assert plugin["name"] == "PodSecurity"
    defaults = plugin["configuration"]["defaults"]
    assert (defaults["enforce"], defaults["warn"], defaults["audit"]) == (
        "privileged",
        "restricted",
        "restricted",
    )
    assert plugin["configuration"]["exemptions"]["namespaces"] == ["kube-system"]


def test_resources_are_encrypted_by_the_first_provider_and_older_objects_stay_readable() -> None:
    """The first one writes; what is not encrypted any more can be read, too."""
    encrypted, others = json.loads(encryption("a2V5", ("secrets", "configmaps")))["resources"]
    assert encrypted["resources"] == ["secrets", "configmaps"]
    assert [next(iter(provider)) for provider in encrypted["providers"]] == ["secretbox", "identity"]
    assert others["resources"] == ["*.*"]
    assert [next(iter(provider)) for provider in others["providers"]] == ["identity", "secretbox"]


def test_keys_of_restored_data_only_decrypt() -> None:
    """The own key stays the first, by which is written; each has the name that is stored with the data."""
    encrypted, others = json.loads(encryption("b3du", ("secrets",), older=("b25l", "dHdv")))["resources"]
    keys = [provider["secretbox"]["keys"] for provider in encrypted["providers"] if "secretbox" in provider]
    assert keys == [[{"name": "key1", "secret": secret}] for secret in ("b3du", "b25l", "dHdv")]
    assert others["providers"][1:] == encrypted["providers"][:3]
