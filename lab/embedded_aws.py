"""The process of the embedded AWS: starts it in the background, finds it, stops it."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emulator.machines.process import StateInUseError, remove_leftovers
from emulator.processes import ProcessRecord, replace_file
from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError
from lab import environment, machine_image, ports
from lab.cluster_file import ClusterFile
from lab.settings import CHECKOUT, OWNER_VARIABLE, REAL, START_SECONDS, STOP_SECONDS, Settings

_POLL_SECONDS = 0.1
_RELEASE_SECONDS = 10.0
_PROCESS_VARIABLES = {"KUBEQUORUM_HOME": "@HOME@/kubequorum", "KUBEQUORUM_SUPERVISOR": "process"}
"""For machines that are processes: where the node's files go in place of /, and that there is no systemd."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedAws:
    """A running embedded AWS, and the cluster for which it was started."""

    pid: int
    port: int
    name: str
    account: str
    region: str
    cluster_file: str
    machines: str
    """What runs behind its instances: `nspawn`, `process` or `none`."""
    kubernetes: str = ""
    """The version of Kubernetes of its machines; empty for the default one."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Image ids of machines with another version, each with that."""

    @property
    def url(self) -> str:
        """AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    def variables(self) -> dict[str, str]:
        """The environment of its administrator."""
        return environment.administrator(api_url=self.url, account=self.account, region=self.region)

    def is_healthy(self) -> bool:
        """Whether it answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/_ministack/health", timeout=5) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def find(settings: Settings) -> EmbeddedAws | None:
    """The embedded AWS of this work folder; None if none runs."""
    record = ProcessRecord.read(settings.emulator_process)
    if record is None or not record.is_running():
        return None
    try:
        return EmbeddedAws(**json.loads(settings.emulator_state.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def require(settings: Settings) -> EmbeddedAws:
    """The running embedded AWS; CommandError if there is none."""
    if (found := find(settings)) is None:
        raise CommandError("the embedded AWS is not running", remedy="start it: make up")
    return found


def start(settings: Settings, cluster: ClusterFile, stage: Stage) -> EmbeddedAws:
    """Start it and wait until it answers.

    Raises:
        CommandError: it does not answer; with the end of its log.
    """
    stop(settings)
    port = ports.next_free(settings.first_port)
    if port != settings.first_port:
        stage.line(
            f"port {settings.first_port} is used by {ports.holder(settings.first_port)}: taking {port}"
        )
    settings.work.mkdir(parents=True, exist_ok=True)
    if settings.machines == REAL:
        machine_image.prepare(
            settings, stage, addon_images=cluster.addon_images, kubernetes=cluster.kubernetes
        )
    started = EmbeddedAws(
        pid=_spawn(settings, cluster, port),
        port=port,
        name=cluster.name,
        account=cluster.account,
        region=cluster.region,
        cluster_file=str(cluster.path),
        machines=settings.machines,
        kubernetes=cluster.kubernetes,
        images=dict(settings.further_images),
    )
    replace_file(settings.emulator_state, json.dumps(asdict(started), indent=2) + "\n")
    deadline = time.monotonic() + START_SECONDS
    while not started.is_healthy():
        if find(settings) is None:
            raise _did_not_start(settings, "its process ended")
        if time.monotonic() > deadline:
            stop(settings)
            raise _did_not_start(settings, f"it did not answer within {START_SECONDS} s")
        time.sleep(_POLL_SECONDS)
    stage.line(f"{started.url}, process {started.pid}, account {started.account}, region {started.region}")
    return started


def stop(settings: Settings) -> bool:
    """Stop it if it runs, and machines that a killed one left behind; whether there was anything to stop."""
    record = ProcessRecord.read(settings.emulator_process)
    was_running = record is not None and record.end_group(grace_seconds=STOP_SECONDS)
    try:
        left = remove_leftovers(settings.machines_state, patience_seconds=_RELEASE_SECONDS)
        left += machine_image.remove_leftovers(settings)
    except StateInUseError as error:
        raise CommandError("the embedded AWS cannot be stopped", why=str(error)) from error
    settings.emulator_process.unlink(missing_ok=True)
    settings.emulator_state.unlink(missing_ok=True)
    return was_running or left > 0


def log_tail(path: Path, lines: int) -> str:
    """The last lines of a log; empty if there is none."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _spawn(settings: Settings, cluster: ClusterFile, port: int) -> int:
    command = [sys.executable, "-m", "emulator", "--port", str(port), "--region", cluster.region]
    command += ["--state-dir", str(settings.machines_state), "--machines", settings.machines]
    command += ["--time-scale", str(settings.time_scale), "--new-groups", settings.new_groups]
    command += ["--times", settings.times, "--times-factor", settings.times_factor]
    command += ["--owner", settings.owner] if settings.owner is not None else []
    if settings.machines == REAL:
        command += ["--machine-image", str(settings.machine_image)]
    else:
        for name, value in _PROCESS_VARIABLES.items():
            command += ["--machine-variable", f"{name}={value}"]
    variables = environment.for_children({})
    # Its machines end with it, and not before it: nothing else may take them for orphans of the tests.
    variables.pop(OWNER_VARIABLE, None)
    with settings.emulator_log.open("wb") as log:
        process = subprocess.Popen(
            # It waits until its process is recorded: after a crash in between nothing could find it.
            ["/bin/sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh", *command],
            cwd=CHECKOUT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 - asked for above
    with process.stdin as gate:
        ProcessRecord.of(process.pid).write(settings.emulator_process)
        gate.write(b"go\n")
    return process.pid


def _did_not_start(settings: Settings, why: str) -> CommandError:
    return CommandError(
        "the embedded AWS did not start",
        why=f"{why}; the end of {settings.emulator_log}:\n{log_tail(settings.emulator_log, 20)}",
    )
