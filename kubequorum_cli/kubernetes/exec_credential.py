"""The administrator's credentials for a client that asks for them each time: none are kept on this computer.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

import base64
import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes.certificate import CertificateError, not_after
from kubequorum_cli.target import Invocation

API_VERSION = "client.authentication.k8s.io/v1"
ARGUMENT = "credential"
"""The command that prints an ExecCredential."""


def with_plugin(kubeconfig: Mapping[str, Any], invocation: Invocation) -> dict[str, Any]:
    """The kubeconfig without its credentials: clients run the program to get them.

    Args:
        kubeconfig: with credentials; it is not changed.
        invocation: how this program is started.
    """
    changed = copy.deepcopy(dict(kubeconfig))
    for user in changed["users"]:
        user["user"] = {
            "exec": {
                "apiVersion": API_VERSION,
                "command": invocation.command[0],
                "args": [*invocation.command[1:], ARGUMENT],
                "env": [
                    {"name": name, "value": value} for name, value in sorted(invocation.variables.items())
                ],
                # It asks nobody anything.
                "interactiveMode": "Never",
                "installHint": "It is Kubequorum's own program: run its command `kubeconfig --exec` again.",
            }
        }
    return changed


def exec_credential(kubeconfig: Mapping[str, Any], *, now: datetime | None = None) -> dict[str, Any]:
    """The document that a client wants, from the kubeconfig that masters have published.

    Raises:
        CommandError: it has no credentials, or they are not valid any more.
    """
    try:
        user = kubeconfig["users"][0]["user"]
        certificate, key = (
            base64.b64decode(user[name], validate=True).decode("ascii")
            for name in ("client-certificate-data", "client-key-data")
        )
        end = not_after(certificate.encode())
    except (LookupError, TypeError, ValueError, CertificateError) as error:
        # What it has instead may be a part of a key.
        raise CommandError(
            "the administrator's kubeconfig has no credentials",
            why=f"it is not what masters write ({type(error).__name__})",
            remedy="masters write it again every half hour; see docs/operations/access.md",
        ) from None
    if end <= (now or datetime.now(UTC)):
        raise CommandError(
            "the administrator's credentials are not valid any more",
            why=f"they ended at {end:%Y-%m-%d %H:%M} UTC, and no master has renewed them since",
            remedy="see what is wrong with the masters: kubequorum validate",
        )
    return {
        "apiVersion": API_VERSION,
        "kind": "ExecCredential",
        "status": {
            "expirationTimestamp": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "clientCertificateData": certificate,
            "clientKeyData": key,
        },
    }
