"""A metadata service of one instance, and a client that speaks HTTP as an instance does."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from emulator.interfaces.machines import Instance
from emulator.machines.imds import ImdsServer, InstanceMetadata
from emulator.tests.machines.stand_ins import INSTANCE, Facts

TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


class Client:
    """A client of one metadata service; every call is a request of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._address = urlsplit(url).netloc

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers (names in lower case)."""
        connection = HTTPConnection(self._address, timeout=10)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode(), {k.lower(): v for k, v in response.getheaders()}
        finally:
            connection.close()

    def token(self, seconds: int = 60) -> str:
        """A new session token."""
        status, body, _ = self.request("PUT", "/latest/api/token", {TTL: str(seconds)})
        assert status == 200
        return body

    def get(self, path: str) -> tuple[int, str]:
        """Status and content of a path below /latest, as IMDSv2 wants it asked."""
        return self.request("GET", f"/latest/{path}", {TOKEN: self.token()})[:2]


@contextmanager
def serving(machine: Instance = INSTANCE, facts: Facts | None = None) -> Iterator[Client]:
    """A metadata service for one instance."""
    metadata = InstanceMetadata(machine, facts or Facts())
    server = ImdsServer(host="127.0.0.1", resolve=lambda _client: metadata)
    try:
        yield Client(server.url)
    finally:
        server.close()
