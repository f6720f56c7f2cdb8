"""People log in with their AWS role: a token of the account's own issuer, as the document about it has it.

The issuer is the emulated AWS's, under the name that it has there; the API server reaches it through a proxy.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator, running_emulator
from kubequorum.config.security import OidcIssuer as Entry
from kubequorum_node.document import OidcIssuer
from lab.artifacts import ensure
from tests.api_server.account_issuer import way_to
from tests.api_server.kubeconfigs import kubeconfig
from tests.api_server.reply import Reply
from tests.api_server.servers import ApiServer, running

_DOCUMENT = Path(__file__).parents[2] / "docs/operations/access.md"
_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
_AUDIENCE = "kubequorum:mine"
_SIGNED: Any = {"SigningAlgorithm": "RS256", "DurationSeconds": 900}
_SECONDS = 60.0
_AWS_COMMAND = """#!{python}
# Stands in for the aws command: the same request, and the same way to print the answer.
import json, sys, boto3, jmespath
service, operation, *options = sys.argv[1:]
given = dict(option.removeprefix("--").split("=", 1) for option in options)
assert (service, operation, given["output"]) == ("sts", "get-web-identity-token", "json")
answer = boto3.client("sts", endpoint_url="{endpoint}").get_web_identity_token(
    Audience=[given["audience"]],
    SigningAlgorithm=given["signing-algorithm"],
    DurationSeconds=int(given["duration-seconds"]),
)
answer["Expiration"] = answer["Expiration"].isoformat()
print(json.dumps(jmespath.search(given["query"], answer)))
"""


def _section() -> str:
    """What people read about it."""
    _, _, rest = _DOCUMENT.read_text(encoding="utf-8").partition("## With an AWS role\n")
    return rest.partition("\n## ")[0]


def _blocks() -> list[str]:
    """Its indented blocks."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", _section(), re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in found]


def _block(beginning: str) -> str:
    (block,) = [block for block in _blocks() if block.startswith(beginning)]
    return block


@dataclass(frozen=True)
class _Aws:
    """An account whose issuer is switched on."""

    emulator: Emulator
    issuer: str

    def role(self, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        """Credentials of a new role with these permissions."""
        iam = self.emulator.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy(*statements))
        session = self.emulator.client("sts").assume_role(RoleArn=arn, RoleSessionName="jane")
        return dict(session["Credentials"])

    def token(self, keys: dict[str, str], audience: str = _AUDIENCE) -> str:
        """A token for the holder of these credentials."""
        sts = self.emulator.client("sts", session=keys)
        return str(sts.get_web_identity_token(Audience=[audience], **_SIGNED)["WebIdentityToken"])


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _permission() -> dict[str, Any]:
    """The statement of the document."""
    return dict(json.loads(_block("{")))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Aws]:
    """An emulated AWS."""
    with running_emulator(tmp_path_factory.mktemp("aws")) as emulator:
        url = emulator.client("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"]
        yield _Aws(emulator, url)


@pytest.fixture(scope="module")
def server(aws: _Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server with the entry of the document in its cluster file."""
    (written,) = yaml.safe_load(_block("oidc_issuers:"))["oidc_issuers"]
    entry = Entry.model_validate({**written, "url": aws.issuer})
    host = aws.issuer.removeprefix("https://")
    folder = tmp_path_factory.mktemp("api-server")
    with way_to(host, aws.emulator.url, tmp_path_factory.mktemp("way")) as way:
        accepted = OidcIssuer(
            url=entry.url,
            audiences=entry.audiences,
            username_claim=entry.username_claim,
            username_prefix=entry.username_prefix,
            groups_claim=entry.groups_claim or "",
            groups_prefix=entry.groups_prefix,
            required_claims=entry.required_claims,
            # On AWS the image trusts the issuer's certificate.
            certificate_authority=way.authority,
        )
        with running(folder, issuers=(accepted,), environment=way.environment) as found:
            keys, end = aws.role("first", _permission()), time.monotonic() + _SECONDS
            # The API server fetches the issuer's keys in the background.
            while _review(found, aws.token(keys)).status != 201:
                assert time.monotonic() < end, (folder / "api-server.log").read_text()[-3000:]
                time.sleep(0.2)
            assert set(way.asked) == {f"{host}:443"}
            yield found


def _review(server: ApiServer, token: str) -> Reply:
    """Who the API server thinks that the bearer is."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    return server.post(_REVIEW, body, token=token)


def _kubeconfig_of_the_document(server: ApiServer) -> str:
    """The user of the document, and a cluster for it."""
    (written,) = yaml.safe_load(_block("users:"))["users"]
    return kubeconfig(server, written["user"], name=written["name"])


@pytest.fixture
def kubectl(server: ApiServer, aws: _Aws, tmp_path: Path) -> Callable[..., str]:
    """Runs kubectl as a person whose `aws` command has the role Operators."""
    (tmp_path / "kubeconfig").write_text(_kubeconfig_of_the_document(server), encoding="utf-8")
    command = tmp_path / "aws"
    command.write_text(
        _AWS_COMMAND.format(python=sys.executable, endpoint=aws.emulator.url), encoding="utf-8"
    )
    command.chmod(0o755)
    keys = aws.role("Operators", _permission())
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    program = str(ensure(["kubernetes-node"]).programs["kubectl"])

    def run(*arguments: str) -> str:
        called = [program, *arguments]
        done = subprocess.run(called, env=environment, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else done.stderr

    return run


def test_who_has_the_role_is_its_user_and_gets_rights_by_its_name(
    server: ApiServer, aws: _Aws, kubectl: Callable[..., str]
) -> None:
    """With kubeconfig, policy and binding of the document; another role has none of its rights."""
    user = json.loads(kubectl("auth", "whoami", "--output=json"))["status"]["userInfo"]
    name = f"aws:arn:aws:iam::{ACCOUNT_ID}:role/Operators"
    assert (user["username"], user["groups"]) == (name, ["system:authenticated"])
    assert "Forbidden" in kubectl("get", "configmaps")
    command = shlex.split(_block("kubectl create clusterrolebinding"))
    (option,) = [part for part in command if part.startswith("--user=")]
    assert option.replace("111122223333", ACCOUNT_ID) == f"--user={name}"
    # Not the role of the document: a controller manager would have to fill that one.
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "operators"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}],
    }
    assert server.post(_BINDINGS, binding).status == 201
    end = time.monotonic() + _SECONDS
    while "Forbidden" in (printed := kubectl("get", "configmaps", "--output=name")):
        assert time.monotonic() < end, printed
        time.sleep(0.1)
    other = aws.token(aws.role("Readers", _permission()))
    assert server.ask("GET", "/api/v1/namespaces/default/configmaps", token=other).status == 403


def test_a_token_for_somebody_else_is_refused(server: ApiServer, aws: _Aws) -> None:
    """As one that the cluster's own pods, or another cluster, could be given and pass on."""
    everything = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*"}
    keys = aws.role("anybody", everything)
    assert _review(server, aws.token(keys)).status == 201
    assert _review(server, aws.token(keys, audience="another-cluster")).status == 401
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.token(aws.role("bound", _permission()), audience="another-cluster")


def test_another_accounts_issuer_is_refused(server: ApiServer, aws: _Aws) -> None:
    """It has another URL, and other keys."""
    other = {"region_name": REGION, "endpoint_url": aws.emulator.url}
    keys = {"aws_access_key_id": "444455556666", "aws_secret_access_key": "test"}
    iam, sts = (boto3.client(name, **other, **keys) for name in ("iam", "sts"))  # type: ignore[call-overload]
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] != aws.issuer
    given = sts.get_web_identity_token(Audience=[_AUDIENCE], **_SIGNED)
    assert _review(server, given["WebIdentityToken"]).status == 401
