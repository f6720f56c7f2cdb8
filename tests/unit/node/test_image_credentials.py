"""The pinned program gives the kubelet a token: asked as the kubelet asks it, at the emulated AWS.

https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from emulator.tests.api.ecr.registry_client import Registry
from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator, running_emulator
from kubequorum.config.registries import hosts
from kubequorum_node import image_credentials
from tests.unit.node import real

PROGRAM = real.program(image_credentials.PROGRAM)
_HOSTS = hosts(ACCOUNT_ID, REGION)

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no such program: python -m lab.artifacts --build ecr-credential-provider"
)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulated AWS without machines."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as started:
        yield started


def _ask(emulator: Emulator, host: str, *, allowed: bool) -> subprocess.CompletedProcess[str]:
    """Run the program for an image, with the credentials of a role."""
    statement = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    session: Mapping[str, str] = emulator.session_of([statement] if allowed else [])
    request = {
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "kind": "CredentialProviderRequest",
        "image": f"{host}/shop/orders:1",
    }
    assert PROGRAM is not None
    return subprocess.run(
        [PROGRAM],
        input=json.dumps(request),
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("host", _HOSTS)
def test_each_name_of_a_registry_has_a_token_for_half_of_its_life(emulator: Emulator, host: str) -> None:
    """It is for that name, opens the registry, and is asked for again long before it expires."""
    done = _ask(emulator, host, allowed=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["cacheKeyType"] == "Registry"
    assert answer["cacheDuration"] in {"6h0m0s", "5h59m59s", "5h59m58s"}
    (found,) = answer["auth"].items()
    assert found[0] == host
    assert found[1]["username"] == "AWS"
    sent = base64.b64encode(f"AWS:{found[1]['password']}".encode()).decode()
    assert Registry(emulator.url, host=_HOSTS[0], authorization=sent).ask("GET", "/v2/").status == 200


def test_a_role_that_may_not_get_a_token_has_none_and_the_program_says_why(emulator: Emulator) -> None:
    """The kubelet logs it, and pulls without credentials."""
    done = _ask(emulator, _HOSTS[0], allowed=False)
    assert done.returncode != 0
    assert "not authorized to perform: ecr:GetAuthorizationToken" in done.stderr
    assert done.stdout == ""
