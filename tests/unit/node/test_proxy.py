"""A proxy's variables: complete, in both cases, and past it to everything that is inside."""

from dataclasses import replace
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import pytest

from kubequorum_node import proxy
from tests.unit.node import examples

DOCUMENT = examples.DOCUMENT
PROXY = "http://proxy.example.com:3128"


def test_without_a_proxy_there_are_no_variables() -> None:
    """An image's NO_PROXY alone changes nothing."""
    assert proxy.variables(DOCUMENT, {"PATH": "/bin", "NO_PROXY": "x.example.com"}) == {}


@pytest.mark.parametrize(
    ("document", "environment"),
    [
        pytest.param(replace(DOCUMENT, https_proxy=PROXY), {}, id="the cluster file's"),
        pytest.param(DOCUMENT, {"HTTPS_PROXY": PROXY}, id="the image's"),
        pytest.param(DOCUMENT, {"https_proxy": PROXY}, id="the image's in lower case"),
        pytest.param(
            replace(DOCUMENT, https_proxy=PROXY),
            {"HTTPS_PROXY": "http://other:1"},
            id="the cluster file wins",
        ),
    ],
)
def test_every_program_finds_the_proxy(document: object, environment: dict[str, str]) -> None:
    """Programs differ: some read lower case, others upper case."""
    found = proxy.variables(document, environment)  # type: ignore[arg-type]
    assert found["HTTPS_PROXY"] == found["https_proxy"] == PROXY
    assert found["NO_PROXY"] == found["no_proxy"]
    assert "HTTP_PROXY" not in found


def test_what_is_inside_is_asked_past_the_proxy() -> None:
    """By name for all programs, by address range for those that know ranges (Go's and curl)."""
    document = replace(DOCUMENT, https_proxy=PROXY)
    exceptions = proxy.variables(document, {})["NO_PROXY"].split(",")
    assert {document.vpc_cidr, document.pod_cidr, document.service_cidr} <= set(exceptions)
    passed = {"no": ",".join(exceptions)}
    for host in (
        document.node_api_name,
        "etcd-b.ha.kubequorum.internal",
        "127.0.0.1",
        "169.254.169.254",
        "metrics-server.kube-system.svc",
        "metrics-server.kube-system.svc.cluster.local",
        f"ip-10-20-1-4.{document.region}.compute.internal",
        f"s3.{document.region}.amazonaws.com",
        f"bucket.s3.{document.region}.amazonaws.com",
    ):
        assert proxy_bypass_environment(host, passed), host
    for host in (f"ec2.{document.region}.amazonaws.com", "route53.amazonaws.com", "dl.k8s.io"):
        assert not proxy_bypass_environment(host, passed), host


def test_instances_of_us_east_1_have_names_of_their_own() -> None:
    """The oldest region's are different."""
    document = replace(DOCUMENT, https_proxy=PROXY, region="us-east-1")
    assert ".ec2.internal" in proxy.variables(document, {})["NO_PROXY"].split(",")


def test_exceptions_of_the_image_stay_and_nothing_is_added_twice() -> None:
    """A second program that starts with the complete variables has the same ones."""
    document = replace(DOCUMENT, https_proxy=PROXY)
    once = proxy.variables(document, {"no_proxy": "mirror.example.com, 10.0.0.0/8"})
    assert once["NO_PROXY"].startswith("mirror.example.com,10.0.0.0/8,localhost,")
    assert proxy.variables(document, once) == once
