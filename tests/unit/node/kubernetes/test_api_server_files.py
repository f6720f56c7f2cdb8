"""What the API server reads besides what kubeadm writes."""

import json

from kubequorum_node.kubernetes.api_server_files import authentication, encryption


def test_anonymous_requests_are_accepted_for_health_and_cluster_info_only() -> None:
    """What load balancers, probes and `kubeadm join` ask before they have credentials."""
    paths = [condition["path"] for condition in json.loads(authentication())["anonymous"]["conditions"]]
    assert paths == [
        "/livez",
        "/readyz",
        "/healthz",
        "/api/v1/namespaces/kube-public/configmaps/cluster-info",
    ]


def test_secrets_are_encrypted_by_the_first_provider_and_older_ones_stay_readable() -> None:
    """The first one writes."""
    (rule,) = json.loads(encryption("a2V5"))["resources"]
    assert rule["resources"] == ["secrets"]
    assert [next(iter(provider)) for provider in rule["providers"]] == ["secretbox", "identity"]
