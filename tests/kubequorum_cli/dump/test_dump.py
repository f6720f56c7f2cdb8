"""`dump`: what is in the archive, that no secret is, and that nothing that refuses ends it."""

import json
import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer
from botocore.exceptions import ClientError, EndpointConnectionError
from typer.testing import CliRunner

from emulator.tests.api.emulator import Emulator, running_emulator
from kubequorum_cli.commands import add_commands
from kubequorum_cli.commands import dump as command
from kubequorum_cli.dump import Manifest, collect
from kubequorum_cli.errors import CommandError, Obstacle
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target
from tests.kubequorum_cli.api_stub import ApiStub, running_api
from tests.kubequorum_cli.dump import planted
from tests.kubequorum_cli.emulated import target_in


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStub]:
    """The cluster's API."""
    with running_api(tmp_path_factory.mktemp("api")) as started:
        planted.fill(started)
        yield started


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, api: ApiStub) -> Iterator[Emulator]:
    """The cluster with its secrets."""
    with running_emulator(tmp_path_factory.mktemp("dump")) as started:
        planted.deploy(started, api)
        yield started


@pytest.fixture
def target(emulator: Emulator, api: ApiStub, monkeypatch: pytest.MonkeyPatch) -> Target:
    """It. Its instances write to their consoles."""
    monkeypatch.setattr(Resources, "console", planted.console)
    return replace(target_in(emulator, "mine"), connect=lambda _: (api.access.host, api.access.port))


@pytest.fixture
def collected(tmp_path: Path) -> Callable[..., tuple[Manifest, dict[str, str]]]:
    """Collects a dump; what it says, and the files of the archive."""

    def run(target: Target, **changed: Any) -> tuple[Manifest, dict[str, str]]:
        path = tmp_path / "dump.tar.gz"
        arguments: dict[str, Any] = {"command": _no_way, "lines": 77, "show": lambda _: None, **changed}
        manifest = collect(target, path, **arguments)
        return manifest, _files(path)

    return run


Collected = Callable[..., tuple[Manifest, dict[str, str]]]


def _no_way(instance: str, line: str) -> Sequence[str]:
    del line
    raise CommandError(f"nobody can log in to {instance}", why=f"there is no endpoint, {planted.BOOTSTRAP}")


def _files(path: Path) -> dict[str, str]:
    with tarfile.open(path) as tar:
        return {
            member.name.removeprefix("kubequorum-dump-mine/"): file.read().decode()
            for member in tar
            if (file := tar.extractfile(member)) is not None
        }


def test_no_secret_is_in_it(target: Target, api: ApiStub, tmp_path: Path, collected: Collected) -> None:
    """Of those planted everywhere, of the administrator's key, and of this process's own."""
    script = planted.machine(tmp_path / "machine")
    manifest, files = collected(target, command=lambda *_: script)
    credentials = target.session.get_credentials()
    assert credentials is not None
    key = api.access.key().decode().splitlines()
    own = [credentials.secret_key, api.access.kubeconfig["users"][0]["user"]["client-key-data"], key[1]]
    for path, text in files.items():
        for secret in (*planted.SECRETS, *(one for one in own if len(one) >= 8)):
            assert secret not in text, f"{secret} in {path}: {text}"
    assert not [path for path in api.asked if "secret" in path]
    # And each place was really there.
    redacted = {file.path for file in manifest.files if file.redacted}
    instance = next(Path(path).stem for path in files if path.startswith("aws/console/"))
    assert {
        "status.json",
        "aws/stacks.json",
        "aws/groups.json",
        "aws/instances.json",
        "aws/ssm-parameters.json",
        "aws/slot-records.json",
        f"aws/console/{instance}.txt",
        f"machines/{instance}/journal.log",
        "kubernetes/nodes.json",
        "kubernetes/events.json",
        "kubernetes/deployments.json",
        "kubernetes/pods.json",
        "kubernetes/configmaps/kubeadm-config.json",
        "kubernetes/logs/web-1/main.log",
        "kubernetes/logs/web-1/main.previous.log",
    } <= redacted


def test_what_this_process_asks_with_is_taken_out(
    target: Target, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it looks like: the secret key and the token of its AWS session."""
    session = boto3.session.Session("000000000000", "own key, in words", "own token, in words", "us-east-1")
    monkeypatch.setattr(Resources, "console", lambda *_: "saw own key, in words and own token, in words")
    _, files = collected(replace(target, session=session))
    consoles = [text for path, text in files.items() if path.startswith("aws/console/")]
    assert consoles == ["saw [redacted] and [redacted]"] * 2


def test_what_support_wants_is_in_it(target: Target, collected: Collected) -> None:
    """All that AWS and Kubernetes have; the manifest names each file, and only those."""
    manifest, files = collected(target)
    assert {file.path for file in manifest.files} | {"manifest.json"} == files.keys()
    assert json.loads(files["manifest.json"])["missing"] == [
        {"path": missing.path, "about": missing.about, "why": missing.why} for missing in manifest.missing
    ]
    assert manifest.cluster == "mine"
    status = json.loads(files["status.json"])
    assert [stack["name"] for stack in status["stacks"]] == ["mine-State", "mine-ControlPlane"]
    assert "stack-missing" in files["validate.json"]
    assert "CREATE_COMPLETE" in files["events.json"]
    assert {event["StackName"] for event in json.loads(files["aws/stack-events/State.json"])} == {
        "mine-State"
    }
    assert "AWS::S3::Bucket" in files["aws/stack-resources/State.json"]
    groups, instances = json.loads(files["aws/groups.json"]), json.loads(files["aws/instances.json"])
    assert {group["MinSize"] for group in groups} == {1}
    assert len(instances) == 2
    assert instances[0]["InstanceId"] in files[f"aws/console/{instances[0]['InstanceId']}.txt"]
    assert json.loads(files["aws/group-activities.json"]).keys() == {
        g["AutoScalingGroupName"] for g in groups
    }
    assert len(json.loads(files["aws/target-health.json"])) == 2
    parameters = {each["Name"]: each["Value"] for each in json.loads(files["aws/ssm-parameters.json"])}
    assert parameters["/kubequorum/mine/addons"]["key"] == "set.json"
    assert parameters["/kubequorum/mine/ssh-keys"].startswith("(left out: ")
    assert json.loads(files["aws/slot-records.json"])["a"]["record"]["volume"] == "vol-a"
    assert json.loads(files["kubernetes/version.json"]) == {"gitVersion": "v1.36.3"}
    assert "status 500" in files["kubernetes/readyz.txt"]
    assert "[-]etcd failed" in files["kubernetes/readyz.txt"]
    assert [node["metadata"]["name"] for node in json.loads(files["kubernetes/nodes.json"])] == ["i-a", "i-b"]
    system, other = json.loads(files["kubernetes/pods.json"])
    assert system["spec"]["containers"][0]["args"][-1] == "--level=kept"
    assert other["status"]["containerStatuses"][0]["restartCount"] == 1
    assert "containers" not in other["spec"]
    assert "clusterName: mine" in files["kubernetes/configmaps/kubeadm-config.json"]
    assert "serving" in files["kubernetes/logs/web-1/main.log"]
    assert not [path for path in files if "shop-1" in path]


def test_what_cannot_be_had_is_named(target: Target, collected: Collected) -> None:
    """With the reason, which has no secret either."""
    manifest, files = collected(target)
    why = {missing.path: missing.why for missing in manifest.missing}
    assert not why.keys() & files.keys()
    assert "status 403" in why["kubernetes/system-leases.json"]
    assert "404" in why["kubernetes/configmaps/coredns.json"]
    machines = [reason for path, reason in why.items() if path.startswith("machines/")]
    assert len(machines) == 6
    assert all("nobody can log in" in reason for reason in machines)
    assert not [reason for reason in why.values() if any(secret in reason for secret in planted.SECRETS)]


def test_a_machine_may_refuse_or_say_nothing(
    target: Target, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says then is the reason; one that hangs does not hold up the dump. ssh must not ask."""
    manifest, _ = collected(target, command=lambda *_: ["sh", "-c", "echo no key >&2; exit 255"])
    why = {missing.why for missing in manifest.missing if missing.path.startswith("machines/")}
    assert why == {"sh ended with 255: no key"}
    monkeypatch.setattr("kubequorum_cli.dump.machines._LIMIT_SECONDS", 0.2)
    manifest, _ = collected(target, command=lambda *_: ["sleep", "60"])
    why = {missing.why for missing in manifest.missing if missing.path.startswith("machines/")}
    assert why == {"the machine does not answer: nothing in 0.2 s"}
    asked: list[Sequence[str]] = []

    def run(words: Sequence[str], **_: Any) -> None:
        asked.append(words)
        raise FileNotFoundError("no ssh here")

    monkeypatch.setattr("kubequorum_cli.dump.machines.subprocess.run", run)
    manifest, _ = collected(target, command=lambda *_: ["ssh", "admin@i-a"])
    assert {tuple(words) for words in asked} == {
        ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "admin@i-a")
    }
    assert "no ssh here" in {m.why for m in manifest.missing if m.path.startswith("machines/")}


class _Refusing:
    """A session in which services refuse everything."""

    def __init__(self, session: Any, services: Sequence[str], error: Exception) -> None:
        self._session = session
        self._services = services
        self._error = error
        self.region_name = session.region_name

    def get_credentials(self) -> Any:
        return self._session.get_credentials()

    def client(self, service: str, **arguments: Any) -> Any:
        """A client, or one that refuses."""
        if service in self._services:
            return _RefusingClient(self._error)
        return self._session.client(service, **arguments)


class _RefusingClient:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


_DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "you may not"}}, "Anything")
_EVERYTHING = ("cloudformation", "autoscaling", "ec2", "elbv2", "ssm", "s3", "sts", "cloudwatch", "route53")


@pytest.mark.parametrize(
    ("service", "missing", "there"),
    [
        ("ec2", "aws/instances.json", "aws/groups.json"),
        ("autoscaling", "aws/groups.json", "aws/instances.json"),
        ("elbv2", "aws/target-health.json", "aws/volumes.json"),
        ("ssm", "aws/ssm-parameters.json", "aws/stacks.json"),
        ("cloudformation", "aws/stacks.json", "aws/instances.json"),
        ("s3", "kubernetes", "aws/instances.json"),
    ],
)
def test_a_service_that_refuses_hides_no_other(
    target: Target, collected: Collected, service: str, missing: str, there: str
) -> None:
    """Its files are missing, with what it said."""
    session: Any = _Refusing(target.session, [service], _DENIED)
    manifest, files = collected(replace(target, session=session, connect=_unreachable))
    why = {each.path: each.why for each in manifest.missing}
    assert "you may not" in why[missing]
    assert there in files


def _unreachable(_: object) -> tuple[str, int]:
    return ("127.0.0.1", 1)


@pytest.mark.parametrize(
    "error", [_DENIED, EndpointConnectionError(endpoint_url="http://x"), TypeError("nobody expected this")]
)
def test_an_account_that_says_nothing_ends_nothing(
    target: Target, collected: Collected, error: Exception
) -> None:
    """The archive is there, and says why it is empty."""
    session: Any = _Refusing(target.session, _EVERYTHING, error)
    manifest, files = collected(replace(target, session=session))
    assert str(error) in {missing.why for missing in manifest.missing}
    # What is known of parts that cannot be read is a document, too.
    assert files.keys() <= {"manifest.json", "validate.json", "events.json"}


def test_an_api_that_does_not_answer_is_asked_once(target: Target, collected: Collected) -> None:
    """And not for every file; one without Kubernetes is not asked."""
    manifest, files = collected(replace(target, connect=_unreachable))
    why = {each.path: each.why for each in manifest.missing if each.path.startswith("kubernetes")}
    assert why.keys() == {"kubernetes", "kubernetes/version.json"}
    assert "does not answer" in why["kubernetes/version.json"]
    assert "aws/instances.json" in files
    none = Obstacle(why="the machines are processes", remedy="make up")
    manifest, _ = collected(replace(target, no_kubernetes=none))
    assert "the machines are processes" in {m.path: m.why for m in manifest.missing}["kubernetes"]


def test_long_files_keep_their_end(
    target: Target, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the manifest says that they are cut."""
    monkeypatch.setattr("kubequorum_cli.dump.gathering._MOST_BYTES", 300)
    manifest, files = collected(target, command=lambda *_: ["sh", "-c", "seq 1000"])
    (journal, *_) = [path for path in files if path.endswith("journal.log")]
    assert files[journal].endswith("999\n1000\n")
    assert len(files[journal]) == 300
    assert {file.path: file.cut for file in manifest.files}[journal]


def _invoke(target: Target, *arguments: str) -> Any:
    app = typer.Typer()
    add_commands(app, lambda: target)
    return CliRunner().invoke(app, ["dump", *arguments])


@pytest.fixture
def own_account(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The cluster, with a way onto machines that is not there."""
    monkeypatch.setattr(command, "_command", lambda _target, *asked: _no_way(*asked))
    return target


def test_the_path_is_printed(
    own_account: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask_none: None
) -> None:
    """Alone on stdout; nobody else can read the file, and nothing else is left in the folder."""
    del umask_none
    monkeypatch.chdir(tmp_path)
    done = _invoke(own_account)
    assert done.exit_code == 0, done.output
    (path,) = list(tmp_path.iterdir())
    assert done.stdout == f"{path}\n"
    assert path.name.startswith("kubequorum-dump-mine-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Not in it: machines/" in done.stderr
    assert "and 2 more: nobody can log in" in done.stderr


@pytest.fixture
def umask_none() -> Iterator[None]:
    """A process that would let everybody read its files."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_the_manifest_for_programs(own_account: Target, tmp_path: Path) -> None:
    """One document, the same as in the archive; an older file is replaced."""
    path = tmp_path / "mine.tar.gz"
    path.write_text("old")
    path.chmod(0o644)
    done = _invoke(own_account, "--output", str(path), "--json")
    assert done.exit_code == 0, done.output
    printed: Mapping[str, Any] = json.loads(done.stdout)
    assert printed == json.loads(_files(path)["manifest.json"])
    assert printed["archive"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written(own_account: Target, tmp_path: Path) -> None:
    """Is explained before anybody is asked, and nothing is left behind."""
    done = _invoke(own_account, "--output", str(tmp_path / "none" / "dump.tar.gz"))
    assert isinstance(done.exception, CommandError)
    assert "cannot be written" in str(done.exception)
    assert "--output FILE" in done.exception.remedy
    assert list(tmp_path.iterdir()) == []
