"""What signs certificates beside the API server: a CA, and a controller manager with the flags of masters."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubequorum_node.kubeadm.cluster_configuration import cluster_configuration
from lab.artifacts import ensure
from tests.api_server.kubeconfigs import kubeconfig
from tests.api_server.programs import openssl
from tests.api_server.servers import ADMINISTRATOR, ApiServer
from tests.backup.etcds import free_ports
from tests.unit.node import examples

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """A CA for clients."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "client-ca.crt", folder / "clients.key"
        files = ("-keyout", str(self.key), "-out", str(self.certificate))
        openssl("req", "-x509", *_NEW_KEY, "-days", "30", "-subj", "/CN=ca", *files)

    def issue(self, subject: str, folder: Path) -> str:
        """A client certificate and its key, in PEM."""
        key, request, issued = folder / "c.key", folder / "c.csr", folder / "c.crt"
        openssl("req", "-new", *_NEW_KEY, "-subj", subject, "-keyout", str(key), "-out", str(request))
        signer = ("-CA", str(self.certificate), "-CAkey", str(self.key), "-CAcreateserial", "-days", "1")
        openssl("x509", "-req", "-in", str(request), *signer, "-out", str(issued))
        return issued.read_text(encoding="utf-8") + key.read_text(encoding="utf-8")


@contextmanager
def controller_manager(
    server: ApiServer, authority: Authority, *, controllers: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one as masters do, or with other controllers."""
    own = cluster_configuration(examples.DOCUMENT, api_load_balancer_name="", service_account_issuer="")[
        "controllerManager"
    ]["extraArgs"]
    flags = {argument["name"]: argument["value"] for argument in own}
    flags["controllers"] = controllers or flags["controllers"]
    path = server.folder / "controller-manager.json"
    path.write_text(kubeconfig(server, {"token": ADMINISTRATOR}), encoding="utf-8")
    (port,) = free_ports(1)
    log = (server.folder / "controller-manager.log").open("ab")
    process = subprocess.Popen(
        [
            str(ensure(["kubernetes-control-plane"]).programs["kube-controller-manager"]),
            *(f"--{name}={value}" for name, value in flags.items()),
            *(f"--kubeconfig={path}", "--leader-elect=false", f"--secure-port={port}"),
            *("--bind-address=127.0.0.1", f"--cert-dir={server.folder / 'controller-manager'}"),
            f"--cluster-signing-cert-file={authority.certificate}",
            f"--cluster-signing-key-file={authority.key}",
            *("--allocate-node-cidrs=true", "--cluster-cidr=10.128.0.0/14"),
        ],
        stdout=log,
        stderr=log,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()
