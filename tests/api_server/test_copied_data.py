"""Data of another cluster, encrypted with its key, on a real API server that has a key of its own."""

import base64
from pathlib import Path

from tests.api_server.servers import ApiServer, running
from tests.backup.etcds import Cluster

THEIRS, OURS = (base64.b64encode(letter * 32).decode() for letter in (b"t", b"o"))
JEWEL = "/api/v1/namespaces/default/secrets/jewel"
CHANGED_MEANWHILE = 409


def test_data_of_another_cluster_are_read_and_encrypted_again(tmp_path: Path) -> None:
    """Both keys have one name. When all is written again, unchanged, it works without the other cluster's.

    An API server that cannot decrypt a single Secret or ConfigMap never becomes ready.
    """
    for name in ("theirs", "ours", "alone"):
        (tmp_path / name).mkdir()
    data = Cluster(tmp_path / "data").start()
    try:
        with running(tmp_path / "theirs", keys=(THEIRS,), data=data) as server:
            body = {"metadata": {"name": "jewel"}, "stringData": {"carat": "5"}}
            assert server.post(JEWEL.rpartition("/")[0], body).status == 201
            before = server.stored("secrets/default/jewel")
        with running(tmp_path / "ours", keys=(OURS, THEIRS), data=data) as server:
            assert _jewel(server) == {"carat": "NQ=="}
            for resource in ("secrets", "configmaps"):
                _write_again(server, resource)
            assert server.stored("secrets/default/jewel") != before
        with running(tmp_path / "alone", keys=(OURS,), data=data) as server:
            assert _jewel(server) == {"carat": "NQ=="}
    finally:
        data.stop()


def _jewel(server: ApiServer) -> object:
    return server.ask("GET", JEWEL).body["data"]


def _write_again(server: ApiServer, resource: str) -> None:
    for item in server.ask("GET", f"/api/v1/{resource}").body["items"]:
        about = item["metadata"]
        path = f"/api/v1/namespaces/{about['namespace']}/{resource}/{about['name']}"
        assert server.ask("PUT", path, item).status in {200, CHANGED_MEANWHILE}
