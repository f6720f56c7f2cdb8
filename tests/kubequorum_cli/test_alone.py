"""The operator's program alone: without the lab and the emulator, for the account in the environment."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.tests.api.emulator import Emulator, running_emulator
from tests.synthesis import REPOSITORY

_IMPORTS = """\
import sys
from kubequorum_cli.__main__ import main
try:
    main()
finally:
    loaded = {name.split(".")[0] for name in sys.modules}
    outside = {"emulator", "lab", "development", "benchmarks", "ministack", "starlette", "uvicorn"} & loaded
    sys.stderr.write(f"imported: {sorted(outside)}")
"""


def _run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _IMPORTS, *arguments],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An AWS in which nothing is deployed."""
    with running_emulator(tmp_path_factory.mktemp("alone")) as started:
        yield started


def test_the_help_needs_neither_lab_nor_emulator() -> None:
    """It lists the commands that read a cluster, and imports no other package of the tree, and no server."""
    done = _run("--help")
    assert done.returncode == 0
    for command in (
        "status",
        "picture",
        "validate",
        "events",
        "kubectl",
        "kubeconfig",
        "backups",
        "backup",
        "dump",
    ):
        assert f" {command} " in done.stdout
    assert " up " not in done.stdout
    assert done.stderr == "imported: []"


def test_a_cluster_and_a_region_must_be_named() -> None:
    """Wrong usage without them; the message has the variable to set."""
    nameless = _run("status")
    assert nameless.returncode == 2
    assert "export KUBEQUORUM_CLUSTER=" in nameless.stderr
    placeless = _run("status", KUBEQUORUM_CLUSTER="x")
    assert placeless.returncode == 2
    assert "export AWS_REGION=" in placeless.stderr


def test_status_and_picture_read_the_account_in_the_environment(emulator: Emulator, tmp_path: Path) -> None:
    """By the AWS API alone; an account that cannot be reached is explained without a traceback."""
    variables = {
        "KUBEQUORUM_CLUSTER": "x",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": emulator.url,
        "NO_PROXY": "127.0.0.1",
    }
    done = _run("status", **variables)
    assert (done.returncode, "No stack is deployed" in done.stdout) == (0, True), done.stderr
    assert done.stderr == "imported: []"
    validated = _run("validate", **variables)
    assert validated.returncode == 1
    assert "stack-missing  stack x-ControlPlane" in validated.stdout
    assert _run("validate", "--wait", "soon", **variables).returncode == 2
    page = tmp_path / "picture.html"
    saved = _run("picture", "--save", str(page), **variables)
    assert saved.returncode == 0, saved.stderr
    assert '"cluster": "x"' in page.read_text(encoding="utf-8")
    refused = _run("kubeconfig", **variables)
    assert refused.returncode == 1
    assert "deploy cluster x first" in refused.stderr
    lost = _run("status", **{**variables, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"})
    assert lost.returncode == 1
    assert "AWS API" in lost.stderr
    assert "Traceback" not in lost.stderr
