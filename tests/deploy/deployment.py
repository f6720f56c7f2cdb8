"""A cluster that the real CDK CLI deploys into an embedded AWS of its own."""

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import yaml

from kubequorum.config.names import BUILT_IN_ADDONS
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from kubequorum_cli.waiting import poll
from lab import cluster_file, embedded_aws, toolchain
from lab.cdk import Cdk
from lab.cluster import Cluster
from lab.settings import Settings
from lab.target import target_of
from tests.synthesis import REPOSITORY

PORTS_OF_TESTS = 14566
"""Far from the port of a `make up` on the same machine."""
PORTS_OF_ONE_WORKER = 100


class Deployment(Cluster):
    """A deployed cluster, and the CDK CLI to change it."""

    def __init__(self, cdk: Cdk, *, folder: Path) -> None:
        """`folder` is for clients' credentials and histories."""
        target = target_of(cdk.settings, cdk.embedded_aws)
        super().__init__(target, machines_state=cdk.settings.machines_state, folder=folder)
        self.cdk = cdk
        self._releases = 0

    def client_of_role(self, service: str, *, actions: list[str]) -> Any:
        """A boto3 client with the credentials of a new role that is allowed `actions`.

        The administrator is the account's root user, to whom the embedded AWS applies no policy.
        """
        allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        return self._client(self._session_of_new_role({"allow": _policy(allow)}), service)

    def client_with_rights_of(self, role: str, service: str, *, extra: dict[str, Any] | None = None) -> Any:
        """A boto3 client with the credentials of a new role that has the policies of a role.

        `extra` is one more statement, which allows something on all resources.
        """
        return self._client(self.session_with_rights_of(role, extra=extra), service)

    def session_with_rights_of(
        self, role: str, *, extra: dict[str, Any] | None = None
    ) -> boto3.session.Session:
        """Such credentials for any client, and for programs."""
        iam = self.client("iam")
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = {
            name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names
        }
        assert documents, f"role {role} has no policies"
        policies = {name: json.dumps(document) for name, document in documents.items()}
        if extra is not None:
            policies["extra"] = _policy({"Effect": "Allow", "Resource": "*", **extra})
        return self._session_of_new_role(policies)

    def _client(self, session: boto3.session.Session, service: str) -> Any:
        return session.client(service, endpoint_url=self.target.endpoint_url)  # type: ignore[call-overload]

    def _session_of_new_role(self, policies: dict[str, str]) -> boto3.session.Session:
        iam = self.client("iam")
        name = f"test-{uuid.uuid4().hex[:12]}"
        account = self.client("sts").get_caller_identity()["Account"]
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "sts:AssumeRole",
        }
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
        for policy, document in policies.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
        session = self.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
        return boto3.session.Session(
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
            region_name=self.target.session.region_name,
        )

    def run_cdk(self, *arguments: str) -> str:
        """Run one CDK command and return its output; CommandError if it fails."""
        log = self.cdk.settings.cdk_log
        before = log.stat().st_size
        with Progress().stage(f"cdk {' '.join(arguments)}") as stage:
            self.forget_groups()
            self.cdk.run(list(arguments), stage)
        return log.read_text(encoding="utf-8")[before:]

    def deploy(self, *context: str) -> str:
        """Run `cdk deploy --all`."""
        return self.run_cdk(
            "deploy", "--all", "--require-approval", "never", "--progress", "events", *context
        )

    def change(self, **sections: object) -> None:
        """Change keys in sections of the cluster file; a section that is no mapping is replaced."""
        _change(self.cdk.cluster_file, **sections)

    def release(self, **environment: str) -> None:
        """Make the next deployment another release of the node program, with settings of its own.

        Its bundle then has files/environment, which the source tree does not have: see
        userdata/kubequorum_node/settings.py.
        """
        self._releases += 1
        lines = [f"{name}={value}\n" for name, value in environment.items()]
        path = self.cdk.settings.app / "userdata" / "files" / "environment"
        path.write_text("".join([f"# Release {self._releases} of this test.\n", *lines]), encoding="utf-8")

    def wait_until(
        self, holds: Callable[[], bool], what: str, *, seconds: float = 120, pause_seconds: float = 0.5
    ) -> float:
        """Wait until a condition holds; after how many seconds.

        AssertionError, with its description, if it does not in time.
        """
        begin = time.monotonic()
        missing = poll(lambda: "" if holds() else what, seconds=seconds, pause_seconds=pause_seconds)
        assert not missing, f"not within {seconds:.0f} s: {missing}"
        return time.monotonic() - begin


@contextmanager
def deployed(
    work: Path,
    *,
    machines: str = "process",
    time_scale: float = 1.0,
    new_groups: str = "in-service",
    addons: dict[str, object] | None = None,
    network: dict[str, object] | None = None,
) -> Iterator[Deployment]:
    """Deploy a copy of clusters/local.yaml from nothing, and remove all of it at the end.

    Args:
        work: an empty folder.
        machines: what runs behind the instances, `process` or `nspawn`.
        time_scale: factor of emulated waits, e.g. of the time-outs of lifecycle hooks.
        new_groups: when CloudFormation regards a new group as complete, `in-service` or `launched`.
        addons: what differs in the file's section `addons`; None: it has none, as a deploy waits for them.
        network: what differs in its section `network`.

    """
    with bootstrapped(
        work, machines=machines, time_scale=time_scale, new_groups=new_groups, addons=addons, network=network
    ) as deployment:
        try:
            deployment.deploy()
        except CommandError as error:
            raise AssertionError(f"{error.what}\n{error.why}") from error
        yield deployment


@contextmanager
def bootstrapped(
    work: Path,
    *,
    machines: str = "process",
    time_scale: float = 1.0,
    new_groups: str = "in-service",
    addons: dict[str, object] | None = None,
    network: dict[str, object] | None = None,
    further_images: Mapping[str, str] | None = None,
) -> Iterator[Deployment]:
    """Start an embedded AWS for a copy of this app and bootstrap it; nothing is deployed yet.

    Args:
        work: an empty folder.
        machines: what runs behind the instances, `process` or `nspawn`.
        time_scale: factor of emulated waits, e.g. of the time-outs of lifecycle hooks.
        new_groups: when CloudFormation regards a new group as complete, `in-service` or `launched`.
        addons: whether it has the addons of that file: a deploy waits for them.
        network: what differs in its section `network`.
        further_images: see `Settings.further_images`.

    """
    app = work / "app"
    copy_app(app)
    settings = Settings(
        app=app,
        work=work / "state",
        first_port=_first_port(),
        machines=machines,
        time_scale=time_scale,
        new_groups=new_groups,
        further_images=further_images or {},
    )
    path = app / "clusters" / "local.yaml"
    off: dict[str, object] = {name: {"enabled": False} for name in BUILT_IN_ADDONS.values()}
    _change(path, addons=off if addons is None else addons, network=network or {})
    wanted = cluster_file.read(path)
    progress = Progress()
    tools = toolchain.ensure(progress)
    try:
        with progress.stage("Start the embedded AWS") as stage:
            running = embedded_aws.start(settings, wanted, stage)
        cdk = Cdk(settings=settings, toolchain=tools, embedded_aws=running, cluster_file=wanted.path)
        with progress.stage("cdk bootstrap") as stage:
            cdk.bootstrap(stage)
        yield Deployment(cdk, folder=work / "clients")
    finally:
        embedded_aws.stop(settings)


def _change(cluster_file: Path, **sections: object) -> None:
    document = yaml.safe_load(cluster_file.read_text(encoding="utf-8"))
    for section, values in sections.items():
        document[section] = {**document.get(section, {}), **values} if isinstance(values, dict) else values
    cluster_file.write_text(yaml.safe_dump(document), encoding="utf-8")


def _first_port() -> int:
    """Separate ports for each parallel worker of pytest: a free port stays free until it is used."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return PORTS_OF_TESTS + PORTS_OF_ONE_WORKER * int(worker.removeprefix("gw"))


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def copy_app(target: Path) -> None:
    """Copy what `cdk deploy` needs of this repository, so that a test can change it."""
    target.mkdir(parents=True)
    for name in ("app.py", "cdk.json", "cdk-node.cjs"):
        shutil.copy(REPOSITORY / name, target / name)
    for name in ("stacks", "constructs", "userdata", "clusters"):
        shutil.copytree(REPOSITORY / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
