"""Another cluster's backups: what is copied, what masters read of it, and what is refused."""

import hashlib
import json
from dataclasses import replace

import pytest

from kubequorum_cli.commands import restore as command
from kubequorum_cli.errors import CommandError, UsageError
from kubequorum_cli.restore import copying
from kubequorum_node.backup import names
from kubequorum_node.kubeadm import ca_set, encryption_keys, fixed_settings
from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.volume.restore_request import RestoreRequest
from tests.kubequorum_cli.backups.bucket_stub import BUCKET
from tests.kubequorum_cli.restore.bucket_stub import target_of
from tests.kubequorum_cli.restore.two_buckets import OTHER, TwoBuckets

FILES = dict.fromkeys(
    f"{name}.{end}" for name in ("ca", "etcd/ca", "front-proxy-ca", "sa") for end in ("crt", "key", "pub")
)
RANGES = {"network.pod_cidr": "10.244.0.0/16", "network.service_cidr": "10.96.0.0/16"}
FIRST = "restores/requests/000001.json"


def _snapshot(size: int = 1024) -> bytes:
    body = bytes(size)
    return body + hashlib.sha256(body).digest()


@pytest.fixture
def s3() -> TwoBuckets:
    """The other cluster has lived: a generation, a CA set, and its ranges. This one has none of it."""
    found = TwoBuckets()
    other = found.other
    other.generation(1)
    other.full(1, 10, minutes=1)
    other.put(names.full(1, 10), _snapshot(), minutes=1)
    other.log(1, 11, 30, minutes=3)
    other.log(1, 31, 40, minutes=4)
    other.put(ca_set.KEY, CaSet(files=FILES, encryption_key="dGhlaXJz").to_json().encode(), minutes=0)  # type: ignore[arg-type]
    settings = {"name": "other", **RANGES}
    other.put(fixed_settings.KEY, fixed_settings.to_json(settings).encode(), minutes=0)
    return found


def _run(
    s3: TwoBuckets,
    to: str = "latest",
    *,
    source: str = f"s3://{OTHER}",
    with_ca: bool = False,
    dry_run: bool = False,
) -> None:
    target = target_of(s3)  # type: ignore[arg-type]
    command.restore(
        target, to=to, yes=True, dry_run=dry_run, seconds=0.0, from_cluster=source, with_ca=with_ca
    )


def _request(s3: TwoBuckets) -> RestoreRequest:
    return RestoreRequest.from_json(s3.own.objects[FIRST][0].decode(), key=FIRST)


def _own(s3: TwoBuckets, beginning: str) -> dict[str, bytes]:
    return {key: body for key, (body, _) in sorted(s3.own.objects.items()) if key.startswith(beginning)}


def test_masters_find_all_that_they_need(s3: TwoBuckets) -> None:
    """The chain below the request's prefix, the key, and the ranges; the other bucket is not changed."""
    before = dict(s3.other.objects)
    _run(s3, "1/35")
    request = _request(s3)
    assert (request.version, request.generation, request.revision, request.or_newer) == (2, 1, 35, False)
    assert request.settings == RANGES
    wanted = [names.full(1, 10), names.log(1, 11), names.log(1, 31)]
    assert _own(s3, request.source) == {request.source + key: s3.other.objects[key][0] for key in wanted}
    assert request.source.startswith("restores/sources/000001-")
    (key,) = _own(s3, encryption_keys.PREFIX).values()
    assert json.loads(key) == {"version": 1, "key": "dGhlaXJz", "from": f"s3://{OTHER}"}
    assert ca_set.KEY not in s3.own.objects
    assert s3.other.objects == before


def test_what_is_shown(s3: TwoBuckets, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose data they are, and what of them becomes this cluster's; a dry run copies nothing."""
    _run(s3, dry_run=True)
    shown = capsys.readouterr().out
    assert f"they are of the cluster with s3://{OTHER}, and replace all data of this one" in shown
    assert "or a newer one" not in shown
    assert "CA set     stays this cluster's" in shown
    _run(s3, dry_run=True, with_ca=True)
    assert "CA SET     comes along" in capsys.readouterr().out
    assert s3.own.objects == {}


def test_revisions_are_above_those_of_both(s3: TwoBuckets) -> None:
    """Clients of this cluster remember revisions, too."""
    s3.own.generation(1)
    s3.own.full(1, 5_000, minutes=2)
    _run(s3)
    request = _request(s3)
    assert request.revision + request.bump_revision >= 1_000_005_000


def test_keys_that_the_other_cluster_had_from_a_third_come_along(s3: TwoBuckets) -> None:
    """A copy of a copy."""
    document = {"version": 1, "key": "dGhpcmQ=", "from": "s3://third"}
    s3.other.put(f"{encryption_keys.PREFIX}3.json", json.dumps(document).encode(), minutes=0)
    _run(s3)
    keys = {json.loads(body)["key"] for body in _own(s3, encryption_keys.PREFIX).values()}
    assert keys == {"dGhlaXJz", "dGhpcmQ="}


def test_the_ca_set_comes_along_when_asked(s3: TwoBuckets) -> None:
    """Before this cluster's masters make one; its key is in it then."""
    _run(s3, with_ca=True)
    theirs = s3.other.objects[ca_set.KEY][0].decode()
    assert CaSet.from_json(s3.own.objects[ca_set.KEY][0].decode()) == CaSet.from_json(theirs)
    assert _own(s3, encryption_keys.PREFIX) == {}


def test_the_ca_set_of_a_cluster_with_masters_stays(s3: TwoBuckets) -> None:
    """Its nodes trust it. Without it the rest is possible."""
    s3.own.put(ca_set.KEY, CaSet(files=FILES, encryption_key="b3Vycw==").to_json().encode(), minutes=0)  # type: ignore[arg-type]
    with pytest.raises(CommandError, match="CA set cannot come along") as caught:
        _run(s3, with_ca=True)
    assert "leave out --with-ca" in caught.value.remedy
    assert list(s3.own.objects) == [ca_set.KEY]
    _run(s3)
    assert FIRST in s3.own.objects


def test_other_ranges_are_refused_before_anything_is_copied(s3: TwoBuckets) -> None:
    """Services would have addresses that nothing routes."""
    settings = {"name": "x", **RANGES, "network.service_cidr": "10.97.0.0/16"}
    s3.own.put(fixed_settings.KEY, fixed_settings.to_json(settings).encode(), minutes=0)
    with pytest.raises(CommandError, match="do not fit into this one") as caught:
        _run(s3)
    assert caught.value.why == "network.service_cidr is 10.97.0.0/16, there 10.96.0.0/16"
    assert list(s3.own.objects) == [fixed_settings.KEY]


def test_without_the_key_nothing_is_restored(s3: TwoBuckets) -> None:
    """Nobody could read the Secrets."""
    del s3.other.objects[ca_set.KEY]
    with pytest.raises(CommandError, match="cannot be decrypted"):
        _run(s3)
    assert s3.own.objects == {}


def test_a_damaged_full_snapshot_is_not_copied(s3: TwoBuckets) -> None:
    """It is found before there is a request."""
    s3.other.put(names.full(1, 10), b"x" + _snapshot()[1:], minutes=1)
    with pytest.raises(CommandError, match="full snapshot 1/10 is damaged"):
        _run(s3)
    assert s3.own.objects == {}


def test_a_large_snapshot_is_written_in_parts(s3: TwoBuckets, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, too."""
    monkeypatch.setattr(copying, "_PART_BYTES", 500)
    _run(s3)
    assert s3.own.objects[_request(s3).source + names.full(1, 10)][0] == _snapshot()
    assert ([len(part) for part in s3.parts.values()], s3.conditions) == ([500, 500, 56], ["*"])


@pytest.mark.parametrize("source", ["x", f"s3://{BUCKET}", f"s3://{BUCKET}/"])
def test_the_cluster_itself_is_no_other_one(s3: TwoBuckets, source: str) -> None:
    """Copies of its own backups would only cost time."""
    with pytest.raises(UsageError, match="is the cluster that would be restored"):
        _run(s3, source=source)


@pytest.mark.parametrize("source", ["nobody", "s3://", "s3://a/b"])
def test_a_cluster_that_is_not_there(s3: TwoBuckets, source: str) -> None:
    """Its bucket may still be."""
    with pytest.raises(CommandError, match="there is no cluster") as caught:
        _run(s3, source=source)
    assert "--from s3://NAME" in caught.value.remedy


def test_a_bucket_that_is_not_there(s3: TwoBuckets) -> None:
    """It is named; the remedy is not that of a request that failed."""
    with pytest.raises(CommandError, match="s3://gone cannot be read") as refused:
        _run(s3, source="s3://gone")
    assert "bucket gone" in refused.value.why
    assert "StateBucketArn" in refused.value.remedy
    assert s3.own.objects == {}


def test_options_that_mean_nothing(s3: TwoBuckets) -> None:
    """Named, with what to do."""
    with pytest.raises(UsageError, match="--with-ca has no meaning"):
        _run(s3, source="", with_ca=True)
    with pytest.raises(UsageError, match="not said to which moment"):
        _run(s3, "")


def test_the_same_command_again_continues(s3: TwoBuckets, capsys: pytest.CaptureFixture[str]) -> None:
    """With the same cluster only: its own latest is another restore."""
    _run(s3)
    s3.own.record("a", restore=0)
    _run(s3)
    assert "Restore 1 (--to latest" in capsys.readouterr().out
    assert list(_own(s3, "restores/requests/")) == [FIRST]
    s3.own.generation(1)
    s3.own.full(1, 3, minutes=2)
    _run(s3, source="")
    second = _own(s3, "restores/requests/")["restores/requests/000002.json"]
    assert replace(_request(s3), number=2) != RestoreRequest.from_json(second.decode(), key="it")
    assert json.loads(second)["version"] == 1
