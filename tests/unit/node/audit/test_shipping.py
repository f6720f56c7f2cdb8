"""The audit log's way to the bucket: everything, in whole lines, through rotations, crashes and failures."""

import gzip
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from kubequorum_node.audit.files import AuditFiles
from kubequorum_node.audit.shipping import Shipper, keep_shipping, ship_the_rest
from kubequorum_node.kubeadm.cluster_configuration import AUDIT_FOLDER
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode


class ApiServer:
    """Writes and rotates a log as the API server does."""

    def __init__(self, node: FakeNode) -> None:
        self.folder = node.host.path(AUDIT_FOLDER)
        self.folder.mkdir(parents=True)
        self.written: list[str] = []

    @property
    def file(self) -> Path:
        """The current one."""
        return self.folder / "audit.log"

    def write(self, count: int = 1) -> None:
        """So many events."""
        with self.file.open("a", encoding="utf-8") as file:
            for _ in range(count):
                line = f'{{"auditID":"{len(self.written):08d}"}}'
                self.written.append(line)
                file.write(f"{line}\n")

    def rotate(self, name: str) -> None:
        """The file is full."""
        self.file.rename(self.folder / f"audit-{name}.log")


@pytest.fixture
def api_server(node: FakeNode) -> ApiServer:
    """Of this master."""
    return ApiServer(node)


def _shipped(node: FakeNode) -> list[str]:
    """All lines in the bucket, object by object in the order of their names."""
    objects = node.aws.objects
    keys = sorted(key for key in objects if key.startswith("audit/"))
    return [line for key in keys for line in gzip.decompress(objects[key]).decode().splitlines()]


def test_each_line_is_copied_once(node: FakeNode, api_server: ApiServer) -> None:
    """Nothing is written where there is nothing new: each object costs money."""
    shipper = Shipper(node)
    shipper.ship()
    assert node.aws.asked("put_object") == []
    for _ in range(3):
        api_server.write(2)
        shipper.ship()
        shipper.ship()
        node.clock.sleep(30)
    assert _shipped(node) == api_server.written
    assert len(node.aws.asked("put_object")) == 3
    assert {request["IfNoneMatch"] for request in node.aws.asked("put_object")} == {"*"}


def test_names_have_slot_day_host_and_place(node: FakeNode, api_server: ApiServer) -> None:
    """Below what the master's role may write."""
    api_server.write()
    Shipper(node).ship()
    (key,) = node.aws.objects
    prefix, _, name = key.rpartition("/")
    assert prefix == "audit/a/2027/01/15"
    assert examples.IDENTITY.instance_id in name
    assert name.endswith("-000000000000.jsonl.gz")


def test_a_line_that_is_being_written_waits(node: FakeNode, api_server: ApiServer) -> None:
    """Half a line is no JSON."""
    api_server.write(2)
    with api_server.file.open("a", encoding="utf-8") as file:
        file.write('{"auditID":"half')
    shipper = Shipper(node)
    shipper.ship()
    assert _shipped(node) == api_server.written
    with api_server.file.open("a", encoding="utf-8") as file:
        file.write('"}\n')
    node.clock.sleep(30)
    shipper.ship()
    assert _shipped(node) == [*api_server.written, '{"auditID":"half"}']


def test_rotations_lose_and_repeat_nothing(node: FakeNode, api_server: ApiServer) -> None:
    """What was not copied of a file that is full, and of several of them."""
    shipper = Shipper(node)
    api_server.write(3)
    shipper.ship()
    api_server.write(2)
    api_server.rotate("2027-01-15T12-00-00.000")
    api_server.write(4)
    api_server.rotate("2027-01-15T12-00-10.000")
    api_server.write(1)
    node.clock.sleep(30)
    shipper.ship()
    assert sorted(_shipped(node)) == api_server.written


def test_a_rotation_during_a_pass_repeats_nothing(node: FakeNode, api_server: ApiServer) -> None:
    """The file was listed under its old name: it is in neither place."""
    shipper = Shipper(node)
    api_server.write(3)
    shipper.ship()
    hidden = api_server.folder / "elsewhere"
    api_server.file.rename(hidden)
    node.clock.sleep(30)
    shipper.ship()
    hidden.rename(api_server.folder / "audit-2027-01-15T12-00-00.000.log")
    api_server.write(1)
    node.clock.sleep(30)
    shipper.ship()
    assert _shipped(node) == api_server.written


def test_positions_of_removed_files_are_forgotten(node: FakeNode, api_server: ApiServer) -> None:
    """Otherwise their list would grow for ever."""
    files = AuditFiles(node.host)
    api_server.write()
    for segment in files.new(1000):
        files.done(segment)
    assert len(files._positions) == 1
    api_server.file.unlink()
    assert [*files.new(1000), *files.new(1000)] == []
    assert files._positions == {}


def test_a_process_that_starts_again_continues(node: FakeNode, api_server: ApiServer) -> None:
    """And the step of a graceful termination, which is another process, too."""
    api_server.write(3)
    Shipper(node).ship()
    api_server.write(2)
    node.clock.sleep(30)
    ship_the_rest(node)
    assert _shipped(node) == api_server.written


def test_after_a_crash_a_part_is_rather_there_twice(node: FakeNode, api_server: ApiServer) -> None:
    """Under two names with the same file and place; a note that was damaged does the same."""
    api_server.write(3)
    Shipper(node).ship()
    node.host.write("/var/lib/kubequorum/audit/positions.json", "{")
    node.clock.sleep(30)
    Shipper(node).ship()
    assert sorted(_shipped(node)) == sorted(api_server.written * 2)
    places = {key.split("-", 1)[1] for key in node.aws.objects}
    assert len(places) == 1


def test_a_bucket_that_refuses_costs_nothing_but_time(
    node: FakeNode, api_server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is logged once, and what waits is copied when the bucket works."""
    api_server.write(3)
    shipper, stop = Shipper(node), threading.Event()
    node.aws.fail("put_object", "AccessDenied", times=2)
    with pytest.raises(ClientError):
        shipper.ship()
    stop.set()
    keep_shipping(shipper, stop)
    assert "cannot be copied" in capsys.readouterr().err
    keep_shipping(shipper, stop)
    assert _shipped(node) == api_server.written


def test_what_comes_before_the_end_is_copied_at_the_end(node: FakeNode, api_server: ApiServer) -> None:
    """A service that is asked to stop ships once more."""
    shipper, stop = Shipper(node), threading.Event()
    thread = threading.Thread(target=keep_shipping, args=(shipper, stop), kwargs={"seconds": 3600.0})
    thread.start()
    api_server.write(5)
    stop.set()
    thread.join(10)
    assert _shipped(node) == api_server.written


def test_large_logs_are_copied_in_parts(node: FakeNode, api_server: ApiServer) -> None:
    """Each of bounded size, and a line that is larger than a part is whole."""
    api_server.write(10)
    files = AuditFiles(node.host)
    line_bytes = len(api_server.written[0]) + 1
    parts = []
    for segment in files.new(3 * line_bytes + 5):
        parts.append(segment.data.count(b"\n"))
        files.done(segment)
    assert parts == [3, 3, 3, 1]
    node.host.write("/var/lib/kubequorum/audit/positions.json", "{}")
    assert next(iter(AuditFiles(node.host).new(5))).data.count(b"\n") == 1
