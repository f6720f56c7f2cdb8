"""`kubeconfig --exec`: a kubeconfig without a secret, with which a real kubectl gets the administrator's."""

import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.tests.api.emulator import Emulator, Stack, running_emulator
from kubequorum_cli.commands.kubeconfig import credential, kubeconfig
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import exec_credential
from kubequorum_cli.target import Target, from_environment
from tests.kubequorum_cli.api_stub import SERVER_NAME, ApiStub, running_api
from tests.kubequorum_cli.emulated import target_in

_TEMPLATE = f"""
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
Outputs:
  StateBucketArn: {{Value: !GetAtt Bucket.Arn}}
  ApiEndpoint: {{Value: "https://{SERVER_NAME}:6443"}}
  ApiLoadBalancer: {{Value: unused}}
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStub]:
    """The cluster's API."""
    with running_api(tmp_path_factory.mktemp("api")) as started:
        started.answers["/version"] = {"gitVersion": "v1.36.3"}
        yield started


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An account with the cluster's stacks."""
    with running_emulator(tmp_path_factory.mktemp("exec")) as started:
        for name in ("State", "ControlPlane"):
            Stack(started, f"mine-{name}").create(_TEMPLATE)
        yield started


@pytest.fixture
def variables(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment of somebody who may read the state bucket."""
    found = {
        "KUBEQUORUM_CLUSTER": "mine",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": emulator.url,
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return found


@pytest.fixture
def target(emulator: Emulator, api: ApiStub, variables: Mapping[str, str], tmp_path: Path) -> Target:
    """The cluster, as the environment says; masters have published their kubeconfig."""
    del variables
    _publish(emulator, yaml.safe_dump(api.access.kubeconfig))
    return replace(
        from_environment(),
        kubeconfig=tmp_path / "kubequorum-mine",
        connect=lambda _: (api.access.host, api.access.port),
    )


def _publish(emulator: Emulator, text: str) -> None:
    bucket = Stack(emulator, "mine-State").outputs["StateBucketArn"].rpartition(":")[2]
    emulator.client("s3").put_object(Bucket=bucket, Key="admin/kubeconfig", Body=text.encode())


def test_a_real_kubectl_gets_the_credentials(
    target: Target, api: ApiStub, capsys: pytest.CaptureFixture[str], variables: Mapping[str, str]
) -> None:
    """The file has none; kubectl runs the program, and shows the API the administrator's certificate."""
    if (kubectl := shutil.which("kubectl")) is None:
        pytest.skip("there is no kubectl here")
    kubeconfig(target, by_exec=True)
    path = target.kubeconfig.with_name("kubequorum-mine-exec")
    assert capsys.readouterr().out.endswith(f"export KUBECONFIG={path}\n")
    text = path.read_text()
    # The certificate of the test's CA is the administrator's, too.
    assert api.access.kubeconfig["users"][0]["user"]["client-key-data"] not in text
    assert "AWS_SECRET" not in text
    assert not target.kubeconfig.exists()
    # Of a kubeconfig as masters write it, contexts are there, too.
    document = yaml.safe_load(text)
    document |= {
        "contexts": [{"name": "c", "context": {"cluster": "x", "user": "admin"}}],
        "current-context": "c",
    }
    path.write_text(yaml.safe_dump(document))
    api.certificates.clear()
    done = subprocess.run(
        [kubectl, "--kubeconfig", str(path), "get", "--raw", "/version"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(path.parent), **variables, "KUBEQUORUM_CLUSTER": "another"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout or "{}")) == (0, {"gitVersion": "v1.36.3"}), done.stderr
    assert api.certificates == {ssl.PEM_cert_to_DER_cert(api.access.certificate().decode())}


def test_the_document(target: Target, api: ApiStub, capsys: pytest.CaptureFixture[str]) -> None:
    """As the API wants it: PEM, and when it ends, so that long-lived clients ask again."""
    credential(target)
    found = json.loads(capsys.readouterr().out)
    assert (found["apiVersion"], found["kind"]) == ("client.authentication.k8s.io/v1", "ExecCredential")
    status = found["status"]
    assert status["clientCertificateData"].encode() == api.access.certificate()
    assert status["clientKeyData"].encode() == api.access.key()
    end = datetime.fromisoformat(status["expirationTimestamp"])
    assert timedelta(days=39) < end - datetime.now(UTC) < timedelta(days=41)


def test_credentials_that_ended_are_not_given(api: ApiStub) -> None:
    """The API would only say Unauthorized."""
    late = datetime.now(UTC) + timedelta(days=41)
    with pytest.raises(CommandError, match="not valid any more") as caught:
        exec_credential(api.access.kubeconfig, now=late)
    assert "no master has renewed them" in caught.value.why


@pytest.mark.parametrize(
    "user",
    [
        {},
        {"token": "hunter2"},
        {"client-certificate-data": "hunter2!", "client-key-data": "hunter2!"},
        {"client-certificate-data": base64.b64encode(b"hunter2").decode(), "client-key-data": "aHVudGVyMg=="},
        {"client-certificate-data": 1, "client-key-data": None},
        None,
    ],
)
def test_what_is_no_kubeconfig_is_not_repeated(user: Any) -> None:
    """It may have a secret."""
    with pytest.raises(CommandError, match="no credentials") as caught:
        exec_credential({"users": [{"user": user}]})
    assert "hunter2" not in f"{caught.value.what}{caught.value.why}{caught.value.remedy}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "hunter2",
        "- a",
        "\x00",
        "clusters: hunter2",
        "{clusters: [{cluster: {}}], users: null}",
        "{clusters: [], users: [{user: {}}]}",
        "{clusters: [{cluster: {}}], users: [{user: hunter2}]}",
    ],
)
def test_an_object_that_is_none(target: Target, emulator: Emulator, text: str) -> None:
    """Is explained by each command that reads it, without what it has."""
    _publish(emulator, text)
    for run in (credential, kubeconfig):
        with pytest.raises(CommandError, match="cannot be read") as caught:
            run(target)
        assert "hunter2" not in caught.value.why


def test_the_program_explains_itself_to_kubectl(emulator: Emulator, variables: Mapping[str, str]) -> None:
    """That shows what it writes to stderr; stdout has nothing then."""
    del emulator
    done = subprocess.run(
        [sys.executable, "-m", "kubequorum_cli", "credential"],
        env={**os.environ, **variables, "KUBEQUORUM_CLUSTER": "none"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "deploy cluster none first" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_profile_is_kept(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names credentials, and is none; keys in the environment are not written anywhere."""
    del target
    monkeypatch.setenv("AWS_PROFILE", "admin")
    monkeypatch.setattr("boto3.session.Session", lambda **_: type("S", (), {"region_name": "eu-west-1"}))
    invocation = from_environment().invocation
    assert invocation is not None
    assert invocation.variables.keys() == {"KUBEQUORUM_CLUSTER", "AWS_REGION", "AWS_PROFILE", "PYTHONPATH"}


def test_a_program_in_a_program_says_so(emulator: Emulator, api: ApiStub) -> None:
    """Nobody could start it."""
    inner = replace(target_in(emulator, "mine"), connect=lambda _: (api.access.host, api.access.port))
    _publish(emulator, yaml.safe_dump(api.access.kubeconfig))
    with pytest.raises(CommandError, match="no client can ask"):
        kubeconfig(inner, by_exec=True)
