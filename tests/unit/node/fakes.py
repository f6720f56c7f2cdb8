# ruff: noqa: D102, ARG002, ARG005 - what is overridden has its docstring and its arguments there
"""A fake host: its programs, its files in a folder, its clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kubequorum_node import services
from kubequorum_node.aws.imds import Metadata, MetadataError
from kubequorum_node.clock import Clock
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import ClusterDocument
from kubequorum_node.host import Answer, CommandError, Host, Result, Size, Space
from kubequorum_node.node import Node
from kubequorum_node.supervision.systemd import Systemd
from tests.unit.node import examples
from tests.unit.node.fake_aws import FakeAws

Program = Callable[[tuple[str, ...], str | None], Result | str | None]
"""Gets the arguments and the standard input; returns the output, or None for a quiet success."""


class FakeClock(Clock):
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.on_sleep: list[Callable[[], None]] = []
        super().__init__()

    def now(self) -> float:
        return self.seconds

    def wall_time(self) -> float:
        return 1_800_000_000 + self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        for action in self.on_sleep:
            action()


class FakeHost(Host):
    """Files are real, in a folder; programs are functions, by the beginning of their command line."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.commands: list[tuple[str, ...]] = []
        self.inputs: list[str | None] = []
        self.timeouts: list[float] = []
        self.programs: dict[str, Program] = {}
        self.names: dict[str, set[str]] = {}
        self.statuses: dict[str, int | None] = {}
        self.answers: dict[str, Answer] = {}
        self.silent: set[tuple[str, int]] = set()
        """Addresses and ports from which nothing comes back."""
        self.certificates: dict[str, Callable[[], bytes | None]] = {}
        """What a TLS server at an address shows."""
        self.user_agents: list[str] = []
        self.wall_time = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
        self.free_bytes: int | None = None
        self.mounts: set[str] = set()

    def on(self, command: str, program: Program | str | Result | None) -> None:
        """Say what a command does; the longest beginning that fits counts."""
        self.programs[command] = program if callable(program) else lambda arguments, stdin: program

    def ran(self, beginning: str) -> list[str]:
        """All command lines that begin so."""
        return [line for line in map(" ".join, self.commands) if line.startswith(beginning)]

    def run(
        self, *command: str, stdin: str | None = None, timeout: float = 120, check: bool = True
    ) -> Result:
        self.commands.append(command)
        self.inputs.append(stdin)
        self.timeouts.append(timeout)
        line = " ".join(command)
        known = [beginning for beginning in self.programs if line.startswith(beginning)]
        if not known:
            raise AssertionError(f"the test does not define what `{line}` does")
        done = self.programs[max(known, key=len)](command, stdin)
        result = done if isinstance(done, Result) else Result(0, done or "")
        if check and result.returncode != 0:
            raise CommandError(f"`{line}` ended with status {result.returncode}: {result.stderr}")
        return result

    def is_mount_point(self, absolute: str) -> bool:
        return absolute in self.mounts

    def resolve(self, name: str) -> set[str]:
        return self.names.get(name, set())

    def https_status(self, url: str, *, ca_file: str | None, timeout: float = 2.0) -> int | None:
        answer = self.get(url, ca_file=ca_file, timeout=timeout)
        return None if answer is None else answer.status

    def get(
        self, url: str, *, ca_file: str | None = None, timeout: float = 2.0, user_agent: str = ""
    ) -> Answer | None:
        self.user_agents.append(user_agent)
        if (status := self.statuses.get(url)) is not None:
            return Answer(status=status)
        return self.answers.get(url)

    def is_silent(self, address: str, port: int, *, timeout: float) -> bool:
        return (address, port) in self.silent

    def server_certificate(
        self, address: str, port: int, *, server_name: str, timeout: float = 2.0
    ) -> bytes | None:
        return self.certificates.get(address, lambda: None)()

    def time(self) -> datetime:
        return self.wall_time

    def size(self) -> Size:
        return Size(cores=2, memory_mib=8192)

    def space(self, absolute: str) -> Space:
        found = super().space(absolute)
        return found if self.free_bytes is None else replace(found, free_bytes=self.free_bytes)


class FakeMetadata(Metadata):
    """An instance that says what the test wants."""

    def __init__(self, *, zone: str = "eu-central-1a") -> None:
        super().__init__("http://unused.invalid")
        self._zone = zone
        self.target_state = "InService"
        self.notice: str | None = None
        """`spot/instance-action`."""
        self.recommendation: str | None = None
        """`events/recommendations/rebalance`."""
        self.events: str | None = "[]"
        """`events/maintenance/scheduled`."""
        self.broken: set[str] = set()
        """Names of methods that get no answer."""

    def instance_id(self) -> str:
        return examples.IDENTITY.instance_id

    def zone(self) -> str:
        return self._zone

    def address(self) -> str:
        return examples.IDENTITY.address

    def instance_profile_arn(self) -> str:
        return "arn:aws:iam::111122223333:instance-profile/ha"

    def instance_type(self) -> str:
        return examples.IDENTITY.instance_type

    def target_lifecycle_state(self) -> str | None:
        return self._answer("target_lifecycle_state", self.target_state)

    def spot_notice(self) -> str | None:
        return self._answer("spot_notice", self.notice)

    def rebalance_recommendation(self) -> str | None:
        return self._answer("rebalance_recommendation", self.recommendation)

    def scheduled_events(self) -> str | None:
        return self._answer("scheduled_events", self.events)

    def _answer(self, name: str, value: str | None) -> str | None:
        if name in self.broken:
            raise MetadataError(f"no {name} after 2 attempts: 503")
        return value


class FakeNode(Node):
    """A node of fakes, each of them accessible."""

    host: FakeHost
    aws: FakeAws
    clock: FakeClock
    metadata: FakeMetadata

    def __init__(
        self,
        root: Path,
        *,
        config: NodeConfig = examples.CONFIG,
        document: ClusterDocument = examples.DOCUMENT,
        metadata: FakeMetadata | None = None,
    ) -> None:
        clock, host = FakeClock(), FakeHost(root)
        super().__init__(
            config,
            document,
            host=host,
            supervisor=Systemd(host, services.units(is_master=config.slot is not None)),
            aws=FakeAws(clock),
            clock=clock,
            metadata=metadata or FakeMetadata(),
        )
        if metadata is None:
            self.identity = examples.IDENTITY
