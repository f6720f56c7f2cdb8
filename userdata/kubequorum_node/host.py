"""The operating system that this runs on: its programs, its files, its view of the network."""

import http.client
import os
import socket
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kubequorum_node.errors import NodeError

USER_AGENT = "kubequorum-node"
_OUTPUT_SHOWN = 1500
_BODY_READ = 64 << 10


class CommandError(NodeError):
    """A program failed, is missing or took too long."""


@dataclass(frozen=True)
class Result:
    """The result of a program."""

    returncode: int
    stdout: str
    stderr: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of an HTTP server, whatever its status."""

    status: int
    body: str = ""
    """Its first bytes."""
    date: str = ""
    """Its Date header, the server's time."""


@dataclass(frozen=True, kw_only=True)
class Space:
    """The size of a file system, and its free space."""

    total_bytes: int
    free_bytes: int
    """For root."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of a host."""

    cores: int
    memory_mib: int


class Host:
    """The boundary between decisions and the operating system; tests put a fake in its place."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def path(self, absolute: str) -> Path:
        """Where a path of the host really is."""
        return self._root / absolute.lstrip("/")

    def run(
        self, *command: str, stdin: str | None = None, timeout: float = 120, check: bool = True
    ) -> Result:
        """Run a program; secrets go to its standard input, never into its arguments.

        Raises:
            CommandError: it cannot be started or does not end in time; with `check`, also if it fails.

        """
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, text=True, timeout=timeout, check=False
            )
        except FileNotFoundError as error:
            raise CommandError(
                f"{command[0]} is not installed on this host; `{' '.join(command)}` needs it"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise CommandError(f"`{' '.join(command)}` did not end within {timeout:.0f} s") from error
        result = Result(done.returncode, done.stdout, done.stderr)
        if check and done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip())[-_OUTPUT_SHOWN:]
            raise CommandError(f"`{' '.join(command)}` ended with status {done.returncode}: {said}")
        return result

    def read(self, absolute: str) -> str | None:
        """A file's text; None if it is not there."""
        try:
            return self.path(absolute).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, absolute: str, text: str, *, mode: int = 0o644) -> bool:
        """Replace a file atomically, and create its folders; returns whether its text changed.

        A crash leaves the old file or the new one, never a part. The file never has wider permissions than
        `mode`.
        """
        path = self.path(absolute)
        changed = self.read(absolute) != text
        path.parent.mkdir(parents=True, exist_ok=True)
        if changed:
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(descriptor, "w", encoding="utf-8") as part:
                part.write(text)
                part.flush()
                os.fsync(part.fileno())
            Path(name).replace(path)
        path.chmod(mode)
        return changed

    def is_mount_point(self, absolute: str) -> bool:
        """Whether something is mounted there."""
        return self.path(absolute).is_mount()

    def resolve(self, name: str) -> set[str]:
        """IPv4 addresses of a name by this host's resolver; empty if it has none."""
        try:
            found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
        except socket.gaierror:
            return set()
        return {str(address[4][0]) for address in found}

    def https_status(self, url: str, *, ca_file: str | None, timeout: float = 2.0) -> int | None:
        """Status of a GET; None if there was no HTTP answer. For the arguments see `get`."""
        answer = self.get(url, ca_file=ca_file, timeout=timeout)
        return None if answer is None else answer.status

    def get(
        self, url: str, *, ca_file: str | None = None, timeout: float = 2.0, user_agent: str = USER_AGENT
    ) -> Answer | None:
        """Send a GET past any proxy; None if there was no HTTP answer.

        Args:
            url: what to get.
            ca_file: certificates to trust. None trusts any: only to find out whether there is an answer.
            timeout: seconds.
            user_agent: identifies this host in the server's log.

        """
        if ca_file is None:
            context = ssl._create_unverified_context()  # noqa: S323 - no data are sent
        elif not self.path(ca_file).exists():
            return None
        else:
            context = ssl.create_default_context(cafile=str(self.path(ca_file)))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            request = urllib.request.Request(url, headers={"User-Agent": user_agent})  # noqa: S310 - ours
            with opener.open(request, timeout=timeout) as answer:
                return _answer(answer.status, answer)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error)
        except (OSError, ValueError, http.client.HTTPException):
            return None

    def server_certificate(
        self, address: str, port: int, *, server_name: str, timeout: float = 2.0
    ) -> bytes | None:
        """The certificate (DER) that a TLS server shows, whoever it is; None if there was no handshake."""
        context = ssl._create_unverified_context()  # noqa: S323 - no data are sent
        try:
            with (
                socket.create_connection((address, port), timeout=timeout) as connection,
                context.wrap_socket(connection, server_hostname=server_name) as secured,
            ):
                return secured.getpeercert(binary_form=True)
        except (OSError, ValueError):
            return None

    def is_silent(self, address: str, port: int, *, timeout: float) -> bool:
        """Whether nothing at all comes back from a TCP port in time; a refusal is an answer, too."""
        try:
            with socket.create_connection((address, port), timeout=timeout):
                return False
        except (ConnectionRefusedError, ConnectionResetError):
            return False
        except OSError:
            return True

    def time(self) -> datetime:
        """The time by this host's clock, in UTC."""
        return datetime.now(UTC)

    def size(self) -> Size:
        """Processors and memory of this host."""
        pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return Size(cores=os.cpu_count() or 1, memory_mib=pages >> 20)

    def space(self, absolute: str) -> Space:
        """Space of the file system of a path.

        Raises:
            OSError: there is no such path.

        """
        found = os.statvfs(self.path(absolute))
        return Space(total_bytes=found.f_blocks * found.f_frsize, free_bytes=found.f_bfree * found.f_frsize)


def _answer(status: int, answer: http.client.HTTPResponse | urllib.error.HTTPError) -> Answer:
    body = answer.read(_BODY_READ).decode(errors="replace")
    return Answer(status=status, body=body, date=answer.headers.get("Date") or "")
