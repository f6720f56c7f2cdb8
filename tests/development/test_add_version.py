"""`add-version`: pins what upstream publishes, all of it or nothing, and never anything else."""

import difflib
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from development.commands.add_version import add_version
from development.versions import lock_text
from development.versions.checksums import Source
from kubequorum_cli.errors import CommandError, UsageError
from lab.artifacts.releases import ARCHITECTURES, LOCK_FILE, read_lock
from tests.lab.artifacts.upstream import Upstream, serving
from tests.synthesis import REPOSITORY

_PROGRAMS = ("kubeadm", "kubelet", "kubectl")
_NEXT = "1.38.0"
"""The first of a minor version that nobody knows yet."""


def _path(name: str, architecture: str, version: str) -> str:
    return f"/dl.k8s.io/release/v{version}/bin/linux/{architecture}/{name}.sha256"


def _sum(name: str, architecture: str, version: str) -> str:
    return hashlib.sha256(f"{name} {architecture} {version}".encode()).hexdigest()


class Rig:
    """A lock file, and a mirror that has the checksums of some versions."""

    def __init__(self, lock_file: Path, mirror: Upstream) -> None:
        self.lock_file, self.mirror = lock_file, mirror
        self.before = lock_file.read_text(encoding="utf-8")

    def publish(self, version: str) -> None:
        """Let the mirror have a version: as dl.k8s.io, without a line's end."""
        for name in _PROGRAMS:
            for architecture in ARCHITECTURES:
                body = _sum(name, architecture, version).encode()
                self.mirror.files[_path(name, architecture, version)] = body

    def add(self, version: str) -> None:
        """Run the command."""
        add_version(version, place=self.mirror.base, lock_file=self.lock_file)

    @property
    def document(self) -> dict[str, Any]:
        """The lock file as it is now."""
        found: dict[str, Any] = json.loads(self.lock_file.read_text(encoding="utf-8"))
        return found

    def changed_lines(self) -> tuple[list[str], list[str]]:
        """Lines of the lock file that went, and those that came."""
        now = self.lock_file.read_text(encoding="utf-8")
        lines = list(difflib.ndiff(self.before.splitlines(), now.splitlines()))
        return [each[2:] for each in lines if each[0] == "-"], [each[2:] for each in lines if each[0] == "+"]

    def is_unchanged(self) -> bool:
        """Whether the lock file is as it was, and nothing lies beside it."""
        now = self.lock_file.read_text(encoding="utf-8")
        return now == self.before and list(self.lock_file.parent.iterdir()) == [self.lock_file]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """The shipped lock file without checksums of 1.37.2, and a mirror on loopback that has nothing."""
    document = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    folder = tmp_path / "files"
    folder.mkdir()
    text = LOCK_FILE.read_text(encoding="utf-8")
    for name in _PROGRAMS:
        for download in document["artifacts"][name]["versions"]["1.37.2"].values():
            if download["sha256"] is not None:
                text = text.replace(f'"{download["sha256"]}"', "null")
    (folder / "artifacts.json").write_text(text, encoding="utf-8")
    with serving({}) as mirror:
        yield Rig(folder / "artifacts.json", mirror)


def test_a_new_minor_version_is_added(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """Its programs with upstream's sums, the others of the version before, and no other line is changed."""
    rig.publish(_NEXT)
    rig.add(_NEXT)
    lock = read_lock(rig.lock_file)
    for name in _PROGRAMS:
        for architecture in ARCHITECTURES:
            release = lock.release(name, kubernetes_version=_NEXT, architecture=architecture)
            assert (release.version, release.sha256) == (_NEXT, _sum(name, architecture, _NEXT))
            assert release.url == f"https://dl.k8s.io/release/v{_NEXT}/bin/linux/{architecture}/{name}"
    before, after = lock.kubernetes_versions["1.37.2"], lock.kubernetes_versions[_NEXT]
    assert list(after) == list(before)
    assert {name: after[name] for name in after if name not in _PROGRAMS} == {
        name: before[name] for name in before if name not in _PROGRAMS
    }
    assert list(lock.kubernetes_versions)[-1] == _NEXT
    gone, came = rig.changed_lines()
    # The comma after what was the last one.
    assert {line.strip() for line in gone} <= {"}"}
    assert len(came) - len(gone) == 11 + 3 * 10
    printed = capsys.readouterr().out
    for part in (
        f"pinned Kubernetes {_NEXT}: kubeadm for amd64, kubeadm for arm64, kubelet for amd64",
        "those of 1.37.2: containerd",
        "CHANGELOG-1.38.md",
        f"blob/v{_NEXT}/cmd/kubeadm/app/constants/constants.go",
        "etcd (here 3.6.14",
        "cluster_autoscaler",
        "lab/artifacts/build/modules",
        "make snapshots",
    ):
        assert part in printed


def test_the_same_minor_version_goes_before_the_one_before(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    """Companions differ between minor versions."""
    rig.publish("1.37.3")
    rig.add("1.37.3")
    printed = capsys.readouterr().out
    assert "those of 1.37.2: containerd" in printed
    assert "cluster_autoscaler" not in printed


def test_missing_checksums_are_filled_in(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a version that is there without: only these values change, and its minor version is still new."""
    rig.publish("1.37.2")
    rig.add("1.37.2")
    gone, came = rig.changed_lines()
    assert {line.strip() for line in gone} == {'"sha256": null'}
    assert len(gone) == len(came) == 6
    assert f'"sha256": "{_sum("kubectl", "arm64", "1.37.2")}"' in {line.strip() for line in came}
    printed = capsys.readouterr().out
    assert "cluster_autoscaler" in printed
    assert "Its other programs" not in printed


def test_an_earlier_patch_is_put_in_its_place(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """Like the newest of its minor version; what concerns new minor versions is not said."""
    document = rig.document
    rig.publish("1.36.10")
    rig.add("1.36.10")
    assert list(rig.document["kubernetes_versions"])[-2:] == ["1.36.10", "1.37.2"]
    assert list(rig.document["artifacts"]["kubelet"]["versions"])[-2:] == ["1.36.10", "1.37.2"]
    printed = capsys.readouterr().out
    assert "those of 1.36.4: containerd" in printed
    assert "CHANGELOG-1.36.md" in printed
    assert "cluster_autoscaler" not in printed
    assert rig.document["default_kubernetes_version"] == document["default_kubernetes_version"]


def test_it_can_be_repeated(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """All is read and compared again, and nothing is written."""
    rig.publish(_NEXT)
    rig.add(_NEXT)
    text, changed = rig.lock_file.read_text(encoding="utf-8"), rig.lock_file.stat().st_mtime_ns
    rig.mirror.requests.clear()
    rig.add(_NEXT)
    assert len(rig.mirror.requests) == 6
    assert (rig.lock_file.read_text(encoding="utf-8"), rig.lock_file.stat().st_mtime_ns) == (text, changed)
    assert "nothing is changed" in capsys.readouterr().out


@pytest.mark.parametrize("version", ["1.37.2", _NEXT])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, r"kubectl\.sha256 cannot be read"),
        (b"", "is no checksum"),
        (b"<html>Log in</html>", "is no checksum"),
        (b"0" * 63, "is no checksum"),
        (b"A" * 64, "is no checksum"),
        (b"0" * 64 + b"  kubectl", "is no checksum"),
    ],
)
def test_one_bad_answer_leaves_the_file_as_it_was(
    rig: Rig, version: str, answer: bytes | None, said: str
) -> None:
    """Although the other five are good: the last one is bad."""
    rig.publish(version)
    last = _path("kubectl", "arm64", version)
    if answer is None:
        del rig.mirror.files[last]
    else:
        rig.mirror.files[last] = answer
    with pytest.raises(CommandError, match=said) as caught:
        rig.add(version)
    assert last in caught.value.what
    assert "the lock file is unchanged" in caught.value.remedy
    assert rig.is_unchanged()


def test_an_error_of_the_server_is_named(rig: Rig) -> None:
    """With its status."""
    rig.publish(_NEXT)
    rig.mirror.status = 503
    with pytest.raises(CommandError) as caught:
        rig.add(_NEXT)
    assert "503" in caught.value.why
    assert rig.is_unchanged()


def test_another_checksum_than_the_pinned_one_is_an_error(rig: Rig) -> None:
    """It is not overwritten, and both are named; nor is what is missing filled in."""
    rig.publish("1.37.2")
    pinned = "a" * 64
    document = rig.document
    kubelet = document["artifacts"]["kubelet"]["versions"]["1.37.2"]["arm64"]
    text = rig.before.replace(
        f'"url": "{kubelet["url"]}",\n            "sha256": null',
        f'"url": "{kubelet["url"]}",\n            "sha256": "{pinned}"',
    )
    assert text != rig.before
    rig.lock_file.write_text(text, encoding="utf-8")
    rig.before = text
    with pytest.raises(CommandError, match=r"kubelet 1\.37\.2 for arm64 has another checksum") as caught:
        rig.add("1.37.2")
    assert pinned in caught.value.why
    assert _sum("kubelet", "arm64", "1.37.2") in caught.value.why
    assert rig.is_unchanged()


@pytest.mark.parametrize("of", ["kubeadm", "pinned"])
def test_two_programs_with_one_checksum_are_an_error(rig: Rig, of: str) -> None:
    """A mirror that answers everything with the same file, or with that of another release."""
    rig.publish(_NEXT)
    pinned = rig.document["artifacts"]["kubelet"]["versions"]["1.36.4"]["amd64"]["sha256"]
    body = pinned if of == "pinned" else _sum("kubeadm", "amd64", _NEXT)
    rig.mirror.files[_path("kubelet", "amd64", _NEXT)] = body.encode()
    with pytest.raises(
        CommandError, match=rf"kubelet {_NEXT} for amd64 has the checksum of (kubelet|kubeadm)"
    ):
        rig.add(_NEXT)
    assert rig.is_unchanged()


@pytest.mark.parametrize(
    ("version", "kind", "said"),
    [
        ("1.37", UsageError, "is no version of Kubernetes"),
        ("v1.37.3", UsageError, "is no version of Kubernetes"),
        ("1.37.3-rc.1", UsageError, "is no version of Kubernetes"),
        ("1.037.3", UsageError, "is no version of Kubernetes"),
        ("1.37.3\n", UsageError, "is no version of Kubernetes"),
        ("../1.37.3", UsageError, "is no version of Kubernetes"),
        ("1.39.0", CommandError, r"1\.39 does not follow 1\.37"),
        ("2.0.0", CommandError, r"2\.0 does not follow 1\.37"),
        ("1.36.1", CommandError, r"1\.36\.1 is older than 1\.36\.2"),
        ("1.35.9", CommandError, r"1\.35\.9 is older than 1\.36\.2"),
    ],
)
def test_a_version_that_cannot_be_added(rig: Rig, version: str, kind: type[CommandError], said: str) -> None:
    """Nothing is asked for it, and the error has a remedy."""
    with pytest.raises(kind, match=said) as caught:
        rig.add(version)
    assert caught.value.remedy
    assert rig.mirror.requests == []
    assert rig.is_unchanged()


def test_a_folder_is_a_mirror_too(rig: Rig, tmp_path: Path) -> None:
    """With each file at the path of its URL; what it lacks is named."""
    folder = tmp_path / "mirror"
    rig.publish(_NEXT)
    for path, body in rig.mirror.files.items():
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / path[1:]).write_bytes(body + b"\n")
    missing = folder / _path("kubectl", "arm64", _NEXT)[1:]
    kept = missing.read_bytes()
    missing.unlink()
    with pytest.raises(CommandError, match=re.escape(f"{missing} cannot be read")):
        add_version(_NEXT, place=str(folder), lock_file=rig.lock_file)
    assert rig.is_unchanged()
    missing.write_bytes(kept)
    add_version(_NEXT, place=f"file://{folder}/", lock_file=rig.lock_file)
    assert rig.mirror.requests == []
    kubectl = rig.document["artifacts"]["kubectl"]["versions"][_NEXT]["arm64"]
    assert kubectl["sha256"] == _sum("kubectl", "arm64", _NEXT)


@pytest.mark.parametrize("place", ["", "/nowhere", "ftp://example.test", "http://example.test", "http://[x"])
def test_a_place_that_is_no_mirror_is_refused(rig: Rig, place: str) -> None:
    """Neither a folder nor https: plain http is for this computer only."""
    with pytest.raises(UsageError) as caught:
        add_version(_NEXT, place=place, lock_file=rig.lock_file)
    assert caught.value.remedy
    assert rig.is_unchanged()


def test_upstreams_checksum_is_beside_the_download() -> None:
    """https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/."""
    url = "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubectl"
    assert Source(None).place_of(url) == f"{url}.sha256"
    assert Source("https://m.example/x/").place_of(url) == f"https://m.example/x/{url[8:]}.sha256"


def test_a_lock_file_in_another_format_is_not_rewritten(rig: Rig) -> None:
    """Its change would show as more than it is."""
    rig.publish(_NEXT)
    rig.before = json.dumps(rig.document, indent=4) + "\n"
    rig.lock_file.write_text(rig.before, encoding="utf-8")
    with pytest.raises(CommandError, match="is formatted in another way") as caught:
        rig.add(_NEXT)
    assert "line 2 is" in caught.value.why
    assert rig.mirror.requests == []
    assert rig.is_unchanged()


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 1}', None])
def test_a_lock_file_that_cannot_be_used_is_named(rig: Rig, text: str | None) -> None:
    """Without a traceback."""
    if text is None:
        rig.lock_file.unlink()
    else:
        rig.lock_file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match="the lock file cannot be used") as caught:
        rig.add(_NEXT)
    assert caught.value.remedy


def test_a_file_that_cannot_be_written_stays(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a crash in the middle: the new one replaces it at once or not at all."""
    rig.publish(_NEXT)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(CommandError, match="cannot be written") as caught:
        rig.add(_NEXT)
    assert "No space left on device" in caught.value.why
    assert rig.is_unchanged()


def test_a_wrong_lock_file_is_not_written(rig: Rig) -> None:
    """Whatever was put into it."""
    document = rig.document
    del document["kubernetes_versions"]["1.36.3"]["runc"]
    with pytest.raises(CommandError, match="would be wrong") as caught:
        lock_text.write(rig.lock_file, document)
    assert "must name exactly the artifacts" in caught.value.why
    assert rig.is_unchanged()


def test_the_file_keeps_its_mode(rig: Rig) -> None:
    """Bundles have it."""
    rig.lock_file.chmod(0o640)
    rig.publish(_NEXT)
    rig.add(_NEXT)
    assert rig.lock_file.stat().st_mode & 0o777 == 0o640


def test_an_added_version_is_supported(rig: Rig, tmp_path: Path) -> None:
    """There is no other list: constructs read the lock file."""
    rig.publish(_NEXT)
    rig.add(_NEXT)
    (tmp_path / "constructs" / "kubequorum").mkdir(parents=True)
    (tmp_path / "userdata" / "files").mkdir(parents=True)
    shutil.copy(rig.lock_file, tmp_path / "userdata" / "files")
    shutil.copy(
        REPOSITORY / "constructs" / "kubequorum" / "versions.py", tmp_path / "constructs" / "kubequorum"
    )
    script = (
        "import versions; print(versions.SUPPORTED_KUBERNETES_VERSIONS[-1], "
        f"versions.unpinned_programs('{_NEXT}', ['amd64', 'arm64']), "
        "versions.unpinned_programs('1.37.2', ['arm64']))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "constructs" / "kubequorum",
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == f"{_NEXT} () ('kubeadm', 'kubelet', 'kubectl')\n"


def test_the_command_says_what_is_wrong(rig: Rig) -> None:
    """As a person starts it; the shipped file stays as it is."""
    before = LOCK_FILE.read_text(encoding="utf-8")
    for arguments, code, said in (
        (["1.37"], 2, "is no version of Kubernetes"),
        (["1.37.2", "--from", rig.mirror.base], 1, "the server answered 404"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "development", "add-version", *arguments],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr
        assert "What to do: " in done.stderr
        assert "Traceback" not in done.stderr
    assert LOCK_FILE.read_text(encoding="utf-8") == before
