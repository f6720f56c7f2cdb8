"""AWS roles of service accounts: pods on real machines, with the AWS SDK, against the emulated STS."""

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.deploy.deployment import Deployment
from tests.kubernetes.pods import ended_pod

pytestmark = pytest.mark.deploy

_IMAGE = "localhost/kubequorum/awsprobe:1"
_NAME = "bucket-lister"
_ANNOTATION = "eks.amazonaws.com/role-arn"
_STS = "sts.amazonaws.com"


@pytest.fixture(scope="module")
def role_arn(cluster: Deployment) -> Iterator[str]:
    """A role of default/bucket-lister, by the cluster file; the same name in `other` names it, too."""
    masters = cluster.masters()
    statement = {"actions": ["s3:ListAllMyBuckets"], "resources": ["*"]}
    cluster.change(
        service_accounts={"roles": [{"namespace": "default", "name": _NAME, "statements": [statement]}]}
    )
    cluster.run_cdk("deploy", "local-ServiceAccounts", "--exclusively", "--require-approval", "never")
    assert cluster.masters() == masters
    arn = cluster.outputs("ServiceAccounts")["RoleArnDefaultBucketLister"]
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    for namespace, name, annotations in (
        ("default", _NAME, {_ANNOTATION: arn}),
        ("default", "unbound", {}),
        ("other", _NAME, {_ANNOTATION: arn}),
    ):
        metadata = {"namespace": namespace, "name": name, "annotations": annotations}
        cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    # API servers learn of it by a watch.
    time.sleep(2)
    yield arn
    cluster.run_cdk("destroy", "local-ServiceAccounts", "--exclusively", "--force")
    cluster.change(service_accounts={"roles": []})


def _probe(
    cluster: Deployment, name: str, command: str, *, account: str, namespace: str = "default", **env: str
) -> tuple[bool, str]:
    """Run awsprobe in a pod to its end: whether it succeeded, and what it printed."""
    container = {
        "name": "awsprobe",
        "image": _IMAGE,
        "imagePullPolicy": "Never",
        "args": [command],
        "env": [{"name": key, "value": value} for key, value in env.items()],
    }
    spec = {"restartPolicy": "Never", "serviceAccountName": account, "containers": [container]}
    return ended_pod(cluster, name, spec, namespace=namespace)


def test_a_pod_has_the_role_of_its_service_account(cluster: Deployment, role_arn: str) -> None:
    """The SDK finds it by itself: AWS knows the pod by the role, and allows what the role allows."""
    succeeded, printed = _probe(cluster, "identity", "identity", account=_NAME)
    assert succeeded, printed
    role = role_arn.rpartition("/")[2]
    assert f":assumed-role/{role}/" in printed
    succeeded, printed = _probe(cluster, "buckets", "buckets", account=_NAME)
    assert succeeded, printed
    assert any(bucket.startswith("local-state-") for bucket in printed.split()), printed


def test_a_pod_without_a_role_has_nothing(cluster: Deployment, role_arn: str) -> None:
    """Not even its node's role: the metadata service's token does not reach pods."""
    del role_arn
    environment = {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": _api_url(cluster)}
    succeeded, printed = _probe(cluster, "unbound", "identity", account="unbound", **environment)
    assert not succeeded
    assert "credentials" in printed, printed


def test_the_same_name_in_another_namespace_is_refused(cluster: Deployment, role_arn: str) -> None:
    """It says that it may have the role, and the role says otherwise."""
    del role_arn
    succeeded, printed = _probe(cluster, "other", "identity", account=_NAME, namespace="other")
    assert not succeeded
    assert "AccessDenied" in printed, printed


def _api_url(cluster: Deployment) -> str:
    text = cluster.sh(cluster.master("a"), "cat /etc/default/kubequorum")
    return next(line.partition("=")[2] for line in text.splitlines() if line.startswith("AWS_ENDPOINT_URL="))


def _assume(cluster: Deployment, role_arn: str, token: str) -> dict[str, Any]:
    client = boto3.client(
        "sts",
        endpoint_url=cluster.target.endpoint_url,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    answer = client.assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName="test", WebIdentityToken=token
    )
    return dict(answer)


def _token(cluster: Deployment, account: str, *, audience: str = _STS, namespace: str = "default") -> str:
    return cluster.kubectl("create", "token", account, f"--audience={audience}", "-n", namespace).strip()


def _refused(code: str, text: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\).*{text}")


def test_tokens_of_others_and_for_others_are_refused(cluster: Deployment, role_arn: str) -> None:
    """The API server signs all of them; STS takes one for it, of the service account that the role trusts."""
    assert _assume(cluster, role_arn, _token(cluster, _NAME))["Audience"] == _STS
    with _refused("InvalidIdentityToken", "Incorrect token audience"):
        _assume(
            cluster, role_arn, _token(cluster, _NAME, audience="https://kubernetes.default.svc.cluster.local")
        )
    for account, namespace in (("unbound", "default"), (_NAME, "other")):
        with _refused("AccessDenied", "Not authorized to perform"):
            _assume(cluster, role_arn, _token(cluster, account, namespace=namespace))


def test_an_expired_token_is_refused(cluster: Deployment, role_arn: str, tmp_path: Path) -> None:
    """Signed with the cluster's own key, an hour ago."""
    claims = json.loads(_decoded(_token(cluster, _NAME).split(".")[1]))
    past = {name: claims[name] - 7200 for name in ("iat", "nbf", "exp")}
    with _refused("ExpiredTokenException", "Token expired"):
        _assume(cluster, role_arn, _signed(cluster, {**claims, **past}, tmp_path))
    # Only the times were wrong.
    assert _assume(cluster, role_arn, _signed(cluster, claims, tmp_path))["Credentials"]


def test_a_token_for_aws_is_none_for_the_api_server(cluster: Deployment, role_arn: str) -> None:
    """Whoever gets hold of it has the AWS role, and nothing in the cluster."""
    del role_arn
    for audience, status in ((_STS, 401), ("https://kubernetes.default.svc.cluster.local", 200)):
        token = _token(cluster, _NAME, audience=audience)
        script = (
            f"curl -s -o /dev/null -w '%{{http_code}}' --cacert /etc/kubernetes/pki/ca.crt "
            f"-H 'Authorization: Bearer {token}' https://127.0.0.1:6443/version"
        )
        assert cluster.sh(cluster.master("a"), script).strip() == str(status)


def test_what_is_published_is_what_the_api_servers_say(cluster: Deployment) -> None:
    """Issuer and keys: of the documents in the bucket, and of each master."""
    bucket = cluster.outputs("State")["IssuerBucketArn"].rpartition(":")[2]
    s3 = cluster.client("s3")
    published = {
        key: json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
        for key in (".well-known/openid-configuration", "openid/v1/jwks")
    }
    for slot in cluster.slots:
        for key, document in published.items():
            served = json.loads(cluster.kubectl("get", f"--raw=/{key}", slot=slot))
            if key == "openid/v1/jwks":
                assert served == document
            else:
                assert served.items() >= {n: document[n] for n in ("issuer", "jwks_uri")}.items()


def _signed(cluster: Deployment, claims: dict[str, Any], folder: Path) -> str:
    key = folder / "sa.key"
    key.write_text(cluster.sh(cluster.master("a"), "cat /etc/kubernetes/pki/sa.key"))
    head = json.loads(_decoded(_token(cluster, _NAME).split(".")[0]))
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
    command = ["openssl", "dgst", "-sha256", "-sign", str(key)]
    signature = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
    return f"{text}.{_encoded(signature)}"


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
