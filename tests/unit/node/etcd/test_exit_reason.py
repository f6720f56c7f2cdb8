"""Why etcd exited, by its log. The lines are those of etcd 3.6.14 whose files were damaged for this."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from kubequorum_node.etcd.exit_reason import Cause, classify, find_exit_reason
from tests.unit.node.fakes import FakeNode

SINCE = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
POD = "/var/log/pods/kube-system_etcd-ip-10-20-1-5_0123456789/etcd"


def _line(text: str, *, at: str = "2026-11-24T12:00:05.123456789Z", stream: str = "stderr") -> str:
    return f"{at} {stream} F {text}\n"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ('{"level":"fatal","msg":"discovery failed","error":"walpb: crc mismatch: expected: 1e"}', "DAMAGED"),
        ("panic: cannot use none as id", "DAMAGED"),
        ('{"level":"panic","msg":"failed to open database","error":"invalid database"}', "DAMAGED"),
        ("panic: assertion failed: Page expected to be: 122, but self identifies as 1844674407", "DAMAGED"),
        ("unexpected fault address 0x7f8a7a07a000", "DAMAGED"),
        (
            '{"level":"panic","msg":"tocommit(44) is out of range [lastIndex(12)]. Was the raft log"}',
            "DAMAGED",
        ),
        ('{"level":"fatal","error":"walpb: write wr/db: no space left on device"}', "FULL"),
        (
            '{"level":"fatal","error":"cannot access data directory: .touch: read-only file system"}',
            "STORAGE",
        ),
        ('{"level":"fatal","error":"read /var/lib/etcd/data/member/snap/db: input/output error"}', "STORAGE"),
        ('{"level":"error","error":"the member has been permanently removed from the cluster"}', "REMOVED"),
    ],
)
def test_the_reason_of_an_exit_is_recognised(said: str, cause: str) -> None:
    """Each cause has its sentences, and the line is kept for people."""
    log = _line('{"level":"info","msg":"starting"}') + _line(said) + _line("goroutine 1 [running]:")
    found = classify(log, since=SINCE)
    assert found is not None
    assert found.cause is Cause[cause]
    assert found.line == said


@pytest.mark.parametrize(
    "said",
    [
        '{"level":"warn","msg":"failed to hash kv of peer","error":"connection refused"}',
        '{"level":"warn","msg":"request ignored","error":"crc mismatch in a client\'s value"}',
        '{"level":"info","msg":"starting initial corruption check"}',
        '{"level":"fatal","msg":"listen tcp 10.20.1.5:2380: bind: address already in use"}',
        '{"level":"error","error":"failed to find the leader: context deadline exceeded"}',
    ],
)
def test_other_errors_are_not_taken_for_damage(said: str) -> None:
    """Above all peers that are down: the corruption check at the start skips them."""
    assert classify(_line(said), since=SINCE) is None


def test_a_full_disk_explains_damage() -> None:
    """What etcd could not write is damaged: to join again on a full volume would not help."""
    log = _line("panic: invalid database") + _line('{"level":"fatal","error":"no space left on device"}')
    found = classify(log, since=SINCE)
    assert found is not None
    assert found.cause is Cause.FULL


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2026-11-24T11:59:58.5Z", False),
        ("2026-11-24T12:00:00.9Z", True),
        ("2026-11-24T13:59:58.5+02:00", False),
        ("2026-11-24T14:00:00.9+02:00", True),
    ],
)
def test_earlier_lines_do_not_count(at: str, counts: bool) -> None:
    """They are about data that have been replaced since. Container runtimes log local time."""
    found = classify(_line("panic: invalid database", at=at), since=SINCE)
    assert (found is not None) is counts


def test_without_a_log_there_is_no_reason(node: FakeNode) -> None:
    """The container has never started."""
    assert find_exit_reason(node, since=SINCE) is None


def test_the_container_before_counts_while_the_last_has_logged_nothing(node: FakeNode) -> None:
    """In a crash loop the newest container often has no log yet; older ones are history."""
    for number, said in enumerate(["panic: cannot use none as id", "", ""]):
        path = node.host.path(f"{POD}/{number}.log")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_line(said) if said else "", encoding="utf-8")
        written = (SINCE + timedelta(seconds=number)).timestamp()
        os.utime(path, (written, written))
        found = find_exit_reason(node, since=SINCE)
        assert (found is not None) is (number < 2)
