"""The service-account issuer as deployed: masters publish, CloudFront serves, STS believes, roles allow."""

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import Aws
from kubequorum_node.aws.state_store import StateStore
from kubequorum_node.clock import Clock
from kubequorum_node.config import JWKS_PATH, NodeConfig
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes import issuer
from tests.deploy.deployment import Deployment
from tests.deploy.local_cluster.test_permissions import role_of_master
from tests.unit.node.fakes import FakeNode

pytestmark = pytest.mark.deploy

_FILES = [f"{name}.{end}" for name in ("ca", "etcd/ca", "front-proxy-ca") for end in ("crt", "key")]


class _AsMaster(Aws):
    """AWS with the rights of a master's role."""

    def __init__(self, deployment: Deployment, role: str) -> None:
        super().__init__("us-east-1", clock=Clock())
        self._deployment, self._role = deployment, role

    def _client(self, service: str) -> Any:
        return self._deployment.client_with_rights_of(self._role, service)


def _openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


def test_what_a_master_publishes_makes_tokens_hold(deployment: Deployment, tmp_path: Path) -> None:
    """From the CA set's key to a call with the role of a service account; and nothing else is writable."""
    outputs = deployment.outputs("State")
    bucket, documents = (outputs[name].rpartition(":")[2] for name in ("StateBucketArn", "IssuerBucketArn"))
    url = f"https://{outputs['IssuerDomain']}"
    key = tmp_path / "sa.key"
    _openssl("genrsa", "-out", str(key), "2048")
    public = _openssl("rsa", "-in", str(key), "-pubout").decode()
    stored = ca_set.CaSet(
        files={**dict.fromkeys([*_FILES, "sa.key"], "x"), "sa.pub": public}, encryption_key="x"
    )
    administrator = deployment.client("s3")
    administrator.put_object(Bucket=bucket, Key=ca_set.KEY, Body=stored.to_json(), IfNoneMatch="*")
    config = NodeConfig(
        role="master/a",
        signals=("MasterAGroup",),
        bucket=bucket,
        etcd_volume_id="vol-0123456789abcdef0",
        hosted_zone_id="Z0123456789ABCDEFGHIJ",
        issuer=outputs["IssuerDomain"],
        issuer_bucket=documents,
    )
    node = FakeNode(tmp_path / "host", config=config)
    aws = _AsMaster(deployment, role_of_master(deployment, "a"))
    node.aws, node.store = aws, StateStore(aws, bucket, clock=node.clock)  # type: ignore[assignment]
    issuer.publish(node)
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.s3.put_object(Bucket=documents, Key="openid/v1/other", Body=b"x")
    (published,) = json.load(administrator.get_object(Bucket=documents, Key=JWKS_PATH)["Body"])["keys"]
    role = _deployed_role(deployment)
    try:
        for name, refusal in (("bucket-lister", ""), ("somebody", "AccessDenied")):
            token = _token(key, published["kid"], issuer=url, subject=f"system:serviceaccount:default:{name}")
            if refusal:
                with pytest.raises(ClientError, match=refusal):
                    _assume(deployment, role, token)
            else:
                session = _assume(deployment, role, token)
        assert bucket in [each["Name"] for each in _client(deployment, session).list_buckets()["Buckets"]]
        with pytest.raises(ClientError, match="AccessDenied"):
            _client(deployment, session).get_object(Bucket=bucket, Key=ca_set.KEY)
    finally:
        deployment.run_cdk("destroy", "local-ServiceAccounts", "--exclusively", "--force")
        deployment.change(service_accounts={"roles": []})


def _deployed_role(deployment: Deployment) -> str:
    """A role by the cluster file: its stack is deployed alone, and no master is touched."""
    masters = deployment.masters()
    statement = {"actions": ["s3:ListAllMyBuckets"], "resources": ["*"]}
    wanted = {"namespace": "default", "name": "bucket-lister", "statements": [statement]}
    deployment.change(service_accounts={"roles": [wanted]})
    deployment.run_cdk("deploy", "local-ServiceAccounts", "--exclusively", "--require-approval", "never")
    assert deployment.masters() == masters
    return deployment.outputs("ServiceAccounts")["RoleArnDefaultBucketLister"]


def _token(key: Path, kid: str, *, issuer: str, subject: str) -> str:
    now = int(time.time())
    head = {"alg": "RS256", "kid": kid}
    claims = {"iss": issuer, "sub": subject, "aud": ["sts.amazonaws.com"], "iat": now, "exp": now + 600}
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
    return f"{text}.{_encoded(_openssl('dgst', '-sha256', '-sign', str(key), stdin=text.encode()))}"


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _assume(deployment: Deployment, role: str, token: str) -> dict[str, str]:
    client = boto3.client(
        "sts",
        endpoint_url=deployment.target.endpoint_url,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    answer = client.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="test", WebIdentityToken=token
    )
    return {name: str(value) for name, value in answer["Credentials"].items()}


def _client(deployment: Deployment, session: dict[str, str]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=deployment.target.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
