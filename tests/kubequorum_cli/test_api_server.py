"""What is read of an API server: its checks, its clock and certificate, the pods of kube-system."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kubequorum_cli.kubernetes import (
    ApiError,
    CertificateError,
    Client,
    list_system_pods,
    look_at_api,
    not_after,
)
from tests.kubequorum_cli.api_stub import ApiStub, make_certificate, running_api

_READY = "/readyz?verbose"
_PODS = "/api/v1/namespaces/kube-system/pods"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStub]:
    """One that answers /version."""
    with running_api(tmp_path_factory.mktemp("api")) as started:
        started.answers["/version"] = {"gitVersion": "v1.36.3"}
        yield started


def test_a_server_that_is_ready(api: ApiStub) -> None:
    """Version, clock, and the end of the certificate on the connection."""
    api.answers[_READY] = (200, "[+]ping ok\nreadyz check passed\n")
    found = look_at_api(Client(api.access))
    now = datetime.now(UTC)
    assert (found.version, found.failed_checks) == ("v1.36.3", [])
    assert found.clock is not None
    assert abs(found.clock - now) < timedelta(seconds=60)
    assert timedelta(days=39) < found.certificate_ends - now <= timedelta(days=40)


def test_a_server_that_is_not_ready_says_which_checks_failed(api: ApiStub) -> None:
    """Or what it says, where it names none."""
    text = "[+]ping ok\n[-]etcd failed: reason withheld\n[-]informer-sync failed\nreadyz check failed\n"
    api.answers[_READY] = (500, text)
    assert look_at_api(Client(api.access)).failed_checks == ["etcd", "informer-sync"]
    api.answers[_READY] = (403, "forbidden")
    assert look_at_api(Client(api.access)).failed_checks == ["forbidden"]


def test_requests_name_their_program(api: ApiStub) -> None:
    """Masters report who uses the administrator's kubeconfig."""
    api.answers["/api/v1/nodes"] = {"items": []}
    Client(api.access).get("/api/v1/nodes")
    assert api.programs == {"kubequorum"}


def test_a_refusal_is_an_error_with_its_status(api: ApiStub) -> None:
    """As with credentials that have expired."""
    api.answers["/version"] = (401, "Unauthorized")
    with pytest.raises(ApiError, match="status 401: Unauthorized"):
        look_at_api(Client(api.access))
    api.answers["/version"] = {"gitVersion": "v1.36.3"}


def _pod(name: str, phase: str = "Running", **status: Any) -> dict[str, Any]:
    labels = {"component": "etcd", "tier": "control-plane"} if name.startswith("etcd") else {"component": "x"}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"nodeName": "i-a"} if phase == "Running" else {},
        "status": {"phase": phase, **status},
    }


def test_pods_and_why_they_are_not_ready(api: ApiStub) -> None:
    """Only static pods are components; those that have ended are left out."""
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    unready = {"type": "Ready", "status": "False", "message": "containers with unready status: [dns]"}
    no_room = {"type": "PodScheduled", "status": "False", "message": "0/5 nodes are available"}
    api.answers[_PODS] = {
        "items": [
            _pod("etcd-i-a", conditions=[{"type": "Ready", "status": "True"}]),
            _pod("dns", conditions=[unready], containerStatuses=[waiting, {"state": {"running": {}}}]),
            _pod("big", "Pending", conditions=[no_room]),
            _pod("new", "Pending"),
            _pod("done", "Succeeded"),
        ]
    }
    found = {pod.name: pod for pod in list_system_pods(Client(api.access))}
    assert found.keys() == {"etcd-i-a", "dns", "big", "new"}
    assert (found["etcd-i-a"].component, found["etcd-i-a"].ready, found["etcd-i-a"].why) == ("etcd", True, "")
    assert (found["dns"].component, found["dns"].node) == ("", "i-a")
    assert found["dns"].why == "CrashLoopBackOff, containers with unready status: [dns]"
    assert found["big"].why == "0/5 nodes are available"
    assert found["new"].why == "Pending"


@pytest.mark.parametrize(("algorithm", "days"), [("ec", 1), ("rsa:2048", 365), ("ec", 20_000)])
def test_the_end_of_a_certificate_is_what_openssl_says(tmp_path: Path, algorithm: str, days: int) -> None:
    """As PEM, as one of several, and as DER; before 2050 and after it, where the format differs."""
    certificate, key = tmp_path / "x.crt", tmp_path / "x.key"
    make_certificate(certificate, key, days=days, name="x", algorithm=algorithm)
    shown = ["openssl", "x509", "-noout", "-enddate", "-in", str(certificate)]
    text = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()
    expected = datetime.strptime(text, "notAfter=%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    pem = certificate.read_bytes()
    converted = ["openssl", "x509", "-outform", "DER", "-in", str(certificate)]
    der = subprocess.run(converted, check=True, capture_output=True).stdout
    assert not_after(pem) == not_after(b"\n" + pem + key.read_bytes()) == not_after(der) == expected


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\n", b"\x30\x82\x05"])
def test_what_is_no_certificate_is_refused(content: bytes) -> None:
    """However it is broken."""
    with pytest.raises(CertificateError):
        not_after(content)
