"""Runs the CDK command line against an embedded AWS, and selects what of its output is shown."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator.processes import ProcessRecord
from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError
from lab import environment
from lab.embedded_aws import EmbeddedAws, log_tail
from lab.settings import CDK_STOP_SECONDS, Settings
from lab.toolchain import Toolchain

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# <stack> | <done>/<all> | <time> | <status> | <type> | <logical id> (<reason>)
_EVENT = re.compile(
    r"^(?P<stack>\S+) \|\s*(?P<count>\d+(/\d+)?) \|[^|]*\| (?P<status>\S+)\s*\| (?P<rest>.*)$"
)
_STACK_LINE = re.compile(r"✅|❌|: (deploying|destroying)\.\.\.|^Error")


@dataclass(frozen=True, kw_only=True)
class Cdk:
    """The CDK command line for one app, one cluster file and one embedded AWS."""

    settings: Settings
    toolchain: Toolchain
    embedded_aws: EmbeddedAws
    cluster_file: Path

    def bootstrap(self, stage: Stage) -> None:
        """Prepare account and region for deployments (`cdk bootstrap`)."""
        self.run(["bootstrap", f"aws://{self.embedded_aws.account}/{self.embedded_aws.region}"], stage)

    def deploy(self, stage: Stage) -> None:
        """Deploy all stacks."""
        self.run(["deploy", "--all", "--require-approval", "never", "--progress", "events"], stage)

    def diff(self, stage: Stage) -> None:
        """Compare what is deployed with the app; CommandError if there is any difference."""
        self.run(["diff", "--fail"], stage)

    def run(self, arguments: list[str], stage: Stage) -> None:
        """Run one command.

        Raises:
            CommandError: it fails; with the end of its output.
        """
        log = self.settings.cdk_log
        with log.open("a") as file:
            file.write(f"$ cdk {' '.join(arguments)}\n")
            status = self._run(arguments, lambda line: _show(line, stage, file.write))
        if status != 0:
            raise CommandError(f"`cdk {arguments[0]}` failed", why=f"the end of {log}:\n{log_tail(log, 15)}")

    def _run(self, arguments: list[str], on_line: Callable[[str], None]) -> int:
        command = [
            str(self.toolchain.node),
            str(self.toolchain.cdk.resolve()),
            *arguments,
            *("--context", f"cluster={self.cluster_file}"),
            *("--output", str(self.settings.cdk_output)),
            # With --ci everything but errors goes to stdout.
            *("--ci", "--no-color"),
        ]
        process = subprocess.Popen(
            command,
            cwd=self.settings.app,
            env=environment.for_children(self.embedded_aws.variables(), self.toolchain),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        record = ProcessRecord.of(process.pid)
        record.write(self.settings.cdk_process)
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            for line in process.stdout:
                on_line(_ANSI.sub("", line.rstrip()))
            return process.wait()
        finally:
            # After an interrupt, too, nothing keeps deploying in the background.
            record.end_group(grace_seconds=CDK_STOP_SECONDS)
            process.wait()
            self.settings.cdk_process.unlink(missing_ok=True)


def stop(settings: Settings) -> bool:
    """Stop a CDK command that a killed run left behind; whether there was one."""
    record = ProcessRecord.read(settings.cdk_process)
    return record is not None and record.end_group(grace_seconds=CDK_STOP_SECONDS)


def _show(line: str, stage: Stage, keep: Callable[[str], object]) -> None:
    keep(f"{line}\n")
    if event := _EVENT.match(line):
        text = f"{event['stack']} {event['count']} {event['status']} {event['rest']}"
        if "FAILED" in event["status"] or "ROLLBACK" in event["status"]:
            stage.line(text)
        else:
            stage.detail(text)
    elif _STACK_LINE.search(line):
        stage.line(line.strip())
    elif line.strip():
        stage.detail(line.strip())
