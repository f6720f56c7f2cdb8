"""What clients write to: the Kubernetes API behind its load balancer, and etcd."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A client's certificate, its key, and the CA that it trusts: PEM files."""

    ca: Path
    certificate: Path
    key: Path

    def document(self) -> dict[str, str]:
        """In the form that the program reads."""
        return {"ca": str(self.ca), "certificate": str(self.certificate), "key": str(self.key)}

    @classmethod
    def written(cls, folder: Path, *, ca: bytes, certificate: bytes, key: bytes) -> "Identity":
        """Write the files into a new folder, readable by their owner alone."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths = [folder / "ca.crt", folder / "client.crt", folder / "client.key"]
        for path, content in zip(paths, (ca, certificate, key), strict=True):
            path.touch(mode=0o600)
            path.write_bytes(content)
        return cls(ca=paths[0], certificate=paths[1], key=paths[2])


@dataclass(frozen=True, kw_only=True)
class ApiTarget:
    """The Kubernetes API."""

    url: str
    """With the load balancer's address."""
    server_name: str
    """The name that the API server's certificate must have."""
    identity: Identity

    def document(self, namespace: str) -> dict[str, str]:
        """In the form that the program reads; the namespace for the keys is created."""
        return {
            **self.identity.document(),
            "url": self.url,
            "server_name": self.server_name,
            "namespace": namespace,
        }


@dataclass(frozen=True, kw_only=True)
class EtcdTarget:
    """All members of etcd."""

    endpoints: tuple[str, ...]
    """Client URL of each."""
    identity: Identity

    def document(self, prefix: str) -> dict[str, Any]:
        """In the form that the program reads; every key begins with the prefix."""
        return {**self.identity.document(), "endpoints": list(self.endpoints), "prefix": prefix}


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Everything that is written to, and the network from which."""

    namespace: Path | None = None
    """The network namespace in which the clients are: the VPC's. None: this process's."""
    dns: str = ""
    """Its name server, host:port; empty: this computer's."""
    api: ApiTarget | None = None
    etcd: EtcdTarget | None = None
