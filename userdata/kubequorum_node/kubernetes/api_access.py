"""As whom this program asks the API server: what it shows for it."""

import base64
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kubequorum_node.host import Host
from kubequorum_node.kubernetes.api_server import KUBECTL
from kubequorum_node.node import WORK_FOLDER


class Access(Protocol):
    """Credentials; they are read when a connection is opened."""

    def prepare(self, host: Host, context: ssl.SSLContext) -> Mapping[str, str]:
        """Put a certificate into the context of a connection.

        Returns:
            Headers of every request.

        Raises:
            OSError, ValueError, LookupError, CommandError: there are no valid credentials.

        """


@dataclass(frozen=True)
class CertificateFile:
    """A client certificate and its key in one file."""

    path: str

    def prepare(self, host: Host, context: ssl.SSLContext) -> Mapping[str, str]:
        """See `Access`."""
        context.load_cert_chain(host.path(self.path))
        return {}


@dataclass(frozen=True)
class Token:
    """A bearer token."""

    token: str

    def prepare(self, host: Host, context: ssl.SSLContext) -> Mapping[str, str]:
        """See `Access`."""
        del host, context
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Kubeconfig:
    """The certificate in a kubeconfig."""

    path: str

    def prepare(self, host: Host, context: ssl.SSLContext) -> Mapping[str, str]:
        """See `Access`."""
        view = ("config", "view", f"--kubeconfig={self.path}", "--raw", "--minify", "--output=json")
        (user,) = json.loads(host.run(KUBECTL, *view).stdout)["users"]
        # Python reads a client's certificate from a file only; this file is private and removed at once.
        with tempfile.NamedTemporaryFile(dir=host.path(WORK_FOLDER), suffix=".pem") as file:
            for part in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user["user"][part]))
            file.flush()
            context.load_cert_chain(file.name)
        return {}
