"""metrics-server, the real program with the flags and rights of the addon, and which kubelets it believes."""

import http.client
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kubequorum.addons import addon_set
from kubequorum_node.addons.order import to_apply
from lab.artifacts import ensure
from tests.api_server.kubeconfigs import kubeconfig
from tests.api_server.programs import openssl
from tests.api_server.servers import ADMINISTRATOR, ApiServer, running
from tests.api_server.signing import Authority
from tests.backup.etcds import free_ports
from tests.synthesis import load_variant

_SECONDS = 120.0
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_OWN_NAME = "subjectAltName=IP:127.0.0.1"
_NODES = "/apis/metrics.k8s.io/v1beta1/nodes"
_POD = 'container="c",namespace="default",pod="p"'
_METRICS = """\
node_cpu_usage_seconds_total {cpu} {now}
node_memory_working_set_bytes 4.194304e+08 {now}
container_start_time_seconds{{{pod}}} {started}
container_cpu_usage_seconds_total{{{pod}}} {cpu} {now}
container_memory_working_set_bytes{{{pod}}} 2.097152e+06 {now}
"""


class _Kubelet(BaseHTTPRequestHandler):
    """Shows a node that uses half a processor and 400 MiB, to those who say who they are."""

    def do_GET(self) -> None:
        """Answer /metrics/resource."""
        known = self.headers.get("Authorization", "").startswith("Bearer ")
        now = time.time()
        text = _METRICS.format(cpu=now / 2, now=round(now * 1000), pod=_POD, started=now - 3600)
        body = text.encode() if known and self.path == "/metrics/resource" else b""
        self.send_response(200 if body else 401)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(certificate: Path, key: Path) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Kubelet)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _certificate(folder: Path, name: str, authority: Authority | None) -> tuple[Path, Path]:
    """A kubelet's serving certificate and its key; signed by itself without an authority."""
    folder.mkdir()
    key, request, issued = (folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
    subject = (*_NEW_KEY, "-subj", f"/O=system:nodes/CN=system:node:{name}", "-keyout", str(key))
    if authority is None:
        openssl("req", "-x509", *subject, "-days", "1", "-addext", _OWN_NAME, "-out", str(issued))
        return issued, key
    names = folder / "names"
    names.write_text(_OWN_NAME, encoding="utf-8")
    openssl("req", "-new", *subject, "-out", str(request))
    signer = ("-CA", str(authority.certificate), "-CAkey", str(authority.key), "-CAcreateserial")
    more = ("-days", "1", "-extfile", str(names), "-out", str(issued))
    openssl("x509", "-req", "-in", str(request), *signer, *more)
    return issued, key


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The CA of the cluster."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[ApiServer]:
    """A cluster with the addon's rights, and two nodes: `signed` and `forged`, by their certificates."""
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "api").mkdir()
    with running(folder / "api", more=(f"--client-ca-file={authority.certificate}",)) as found:
        kubelets = []
        for name, signer in (("signed", authority), ("forged", None)):
            kubelets.append(_serve(*_certificate(folder / name, name, signer)))
            _make_node(found, name, port=kubelets[-1].server_address[1])
        for each in to_apply(_objects()):
            if each["kind"] not in ("APIService", "Deployment", "PodDisruptionBudget", "Service"):
                assert found.apply(each).status in {200, 201}, each
        yield found
        for kubelet in kubelets:
            kubelet.shutdown()


def _objects() -> tuple[Any, ...]:
    (addon,) = (each for each in addon_set(load_variant("local")).addons if each.name == "metrics-server")
    return addon.objects


def _make_node(server: ApiServer, name: str, *, port: int) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
    assert server.post("/api/v1/nodes", node).status == 201
    status = {
        "conditions": [{"type": "Ready", "status": "True"}],
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    assert server.patch(f"/api/v1/nodes/{name}/status", {"status": status}).status == 200


@pytest.fixture(scope="module")
def metrics_server(
    server: ApiServer, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["_MetricsServer"]:
    """It runs with the flags of its Deployment, and with its own service account's token."""
    folder = tmp_path_factory.mktemp("metrics-server")
    (deployment,) = (each for each in _objects() if each["kind"] == "Deployment")
    flags: dict[str, str] = dict(
        argument.removeprefix("--").split("=", 1)
        for argument in deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    )
    (port,) = free_ports(1)
    path = folder / "kubeconfig"
    path.write_text(kubeconfig(server, {"token": _token(server)}), encoding="utf-8")
    here = {"cert-dir": str(folder), "secure-port": str(port)}
    here["kubelet-certificate-authority"] = str(authority.certificate)
    assert here.keys() <= flags.keys()
    flags |= here | {"bind-address": "127.0.0.1"}
    flags |= dict.fromkeys(("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"), str(path))
    log = (server.folder / "metrics-server.log").open("ab")
    program = ensure(["metrics-server"]).programs["metrics-server"]
    process = subprocess.Popen(
        [str(program), *(f"--{name}={value}" for name, value in flags.items())], stdout=log, stderr=log
    )
    try:
        yield _MetricsServer(port=port, folder=folder)
    finally:
        process.kill()
        process.wait()
        log.close()


def _token(server: ApiServer) -> str:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    path = "/api/v1/namespaces/kube-system/serviceaccounts/metrics-server/token"
    return str(server.post(path, review).body["status"]["token"])


@dataclass(frozen=True, kw_only=True)
class _MetricsServer:
    """One that runs."""

    port: int
    folder: Path

    def ask(self, path: str, *, token: str) -> tuple[int, str]:
        """Status and text of an answer; status 0 if there is none."""
        try:
            # It has signed its certificate itself.
            context = ssl.create_default_context(cafile=str(self.folder / "apiserver.crt"))
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)

    def nodes(self) -> dict[str, dict[str, str]]:
        """What each node uses; none while it does not serve."""
        status, text = self.ask(_NODES, token=ADMINISTRATOR)
        if status != 200:
            return {}
        return {item["metadata"]["name"]: item["usage"] for item in json.loads(text)["items"]}


def _cores(quantity: str) -> float:
    return int(quantity[:-1]) * {"n": 1e-9, "u": 1e-6, "m": 1e-3}[quantity[-1]]


def test_it_shows_what_kubelets_with_a_certificate_of_the_cluster_say(
    server: ApiServer, metrics_server: _MetricsServer
) -> None:
    """A kubelet that signed its certificate itself is not believed, and does not harm the others."""
    log = server.folder / "metrics-server.log"
    deadline = time.monotonic() + _SECONDS
    while "signed" not in (found := metrics_server.nodes()):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.5)
    assert set(found) == {"signed"}
    assert found["signed"]["memory"] == "400Mi"
    assert 0.4 < _cores(found["signed"]["cpu"]) < 0.6
    assert "certificate signed by unknown authority" in log.read_text(encoding="utf-8")
    assert metrics_server.ask("/readyz", token="")[0] == 200


def test_it_asks_the_api_server_who_may_see_them(metrics_server: _MetricsServer) -> None:
    """By its own rights: an unknown token and nobody see nothing."""
    for token in ("", "nobody"):
        status, _ = metrics_server.ask(_NODES, token=token)
        assert status in {401, 403}, token
