"""Kubeconfigs for programs that ask the API server of a test."""

import json
from collections.abc import Mapping
from typing import Any

from tests.api_server.servers import ApiServer


def kubeconfig(server: ApiServer, user: Mapping[str, Any], *, name: str = "u") -> str:
    """A kubeconfig with one user, given as in its `user`, e.g. with a token."""
    cluster = {
        "server": f"https://127.0.0.1:{server.port}",
        "certificate-authority": str(server.folder / "serving/apiserver.crt"),
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": name}}],
            "current-context": "x",
        }
    )
