"""A client of the registry: what `docker login`, `docker push` and a pull do, in as many requests."""

import base64
import hashlib
import http.client
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the registry said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, str]:
        """Code and message of its only error."""
        (found,) = json.loads(self.body)["errors"]
        return dict(found)


class Registry:
    """The registry of an account, as one client sees it."""

    def __init__(self, url: str, *, host: str, authorization: str = "") -> None:
        """`authorization` is a token of GetAuthorizationToken; without one it asks as nobody."""
        self._address = url.removeprefix("http://")
        self._headers = {"Host": host} | (
            {"Authorization": f"Basic {authorization}"} if authorization else {}
        )

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request."""
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request(method, path, body=body, headers={**self._headers, **headers})
            answer = connection.getresponse()
            return Answer(status=answer.status, headers=dict(answer.headers), body=answer.read())
        finally:
            connection.close()

    def push(self, archive: Path, repository: str, tag: str) -> str:
        """Push the only image of an OCI archive; returns its digest."""
        with tarfile.open(archive) as content:
            index = json.loads(_blob(content, "index.json"))
            (digest,) = {entry["digest"] for entry in index["manifests"]}
            manifest = _blob(content, _place(digest))
            described = json.loads(manifest)
            for blob in (described["config"], *described["layers"]):
                self.put_blob(repository, _blob(content, _place(blob["digest"])))
        self.put_manifest(repository, tag, manifest, media_type=described.get("mediaType", MANIFEST))
        return str(digest)

    def put_blob(self, repository: str, blob: bytes) -> str:
        """Push a blob; returns its digest."""
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        begun = _done(self.ask("POST", f"/v2/{repository}/blobs/uploads/"))
        place = begun.headers["Location"]
        separator = "&" if "?" in place else "?"
        _done(self.ask("PUT", f"{place}{separator}digest={digest}", blob))
        return digest

    def put_manifest(self, repository: str, tag: str, manifest: bytes, *, media_type: str = MANIFEST) -> None:
        """Push a manifest under a tag."""
        _done(self.ask("PUT", f"/v2/{repository}/manifests/{tag}", manifest, **{"Content-Type": media_type}))


def authorization(ecr: Any) -> str:
    """A token for whose client this is."""
    (data,) = ecr.get_authorization_token()["authorizationData"]
    user = base64.b64decode(data["authorizationToken"]).partition(b":")[0]
    assert user == b"AWS"
    return str(data["authorizationToken"])


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _blob(content: tarfile.TarFile, name: str) -> bytes:
    stream = content.extractfile(name)
    assert stream is not None, name
    return stream.read()


def _done(answer: Answer) -> Answer:
    assert answer.status < 300, (answer.status, answer.body)
    return answer
