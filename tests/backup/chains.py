"""What tests of chains do with a writer and a real etcd, and what they compare."""

from kubequorum_node.backup import generation
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.rebuild import rebuilt
from kubequorum_node.backup.writer import Writer
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Member
from tests.unit.node.backup.memory_bucket import MemoryBucket


def caught_up(writer: Writer, member: Member) -> bool:
    """Let the writer work; whether all that etcd has is in the bucket."""
    writer.step(wait_seconds=0.05)
    return writer.end >= member.gateway().revision()


def write(member: Member, count: int, *, value: bytes = b"value") -> None:
    """Put so many keys, one after the other."""
    gateway = member.gateway()
    for number in range(count):
        gateway.put(b"/registry/key-%d" % number, value)


def begin(member: Member, make_writer: MakeWriter) -> Writer:
    """A writer whose chain has its full snapshot."""
    writer = make_writer(member)
    writer.step()
    writer.fulls.wait(30)
    assert writer.fulls.taken == 1
    return writer


def rebuilt_keys(bucket: MemoryBucket, member: Member, work_folder: str) -> dict[str, str]:
    """Keys and values of the newest generation, rebuilt from the bucket."""
    newest = generation.newest(bucket)
    with rebuilt(bucket, newest.number, tools=member.tools(), work_folder=work_folder) as found:
        return all_keys(found.etcd.gateway())


def all_keys(gateway: Gateway) -> dict[str, str]:
    """Keys and values of a living etcd."""
    found = gateway.range(b"/", end=b"0")
    return {raw["key"]: raw.get("value", "") for raw in found.get("kvs", [])}
