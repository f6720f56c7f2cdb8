"""`add-version`: versions, mirrors and lock files with which it does nothing."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from development.commands.add_version import add_version
from development.versions import lock_text
from development.versions.checksums import Source
from kubequorum_cli.errors import CommandError, UsageError
from lab.artifacts.releases import LOCK_FILE
from tests.development.add_version.rig import NEXT, Rig, path_of, rig, sum_of
from tests.synthesis import REPOSITORY

__all__ = ["rig"]


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
    rig.publish(NEXT)
    for path, body in rig.mirror.files.items():
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / path[1:]).write_bytes(body + b"\n")
    missing = folder / path_of("kubectl", "arm64", NEXT)[1:]
    kept = missing.read_bytes()
    missing.unlink()
    with pytest.raises(CommandError, match=re.escape(f"{missing} cannot be read")):
        add_version(NEXT, place=str(folder), lock_file=rig.lock_file)
    assert rig.is_unchanged()
    missing.write_bytes(kept)
    add_version(NEXT, place=f"file://{folder}/", lock_file=rig.lock_file)
    assert rig.mirror.requests == []
    kubectl = rig.document["artifacts"]["kubectl"]["versions"][NEXT]["arm64"]
    assert kubectl["sha256"] == sum_of("kubectl", "arm64", NEXT)


@pytest.mark.parametrize("place", ["", "/nowhere", "ftp://example.test", "http://example.test", "http://[x"])
def test_a_place_that_is_no_mirror_is_refused(rig: Rig, place: str) -> None:
    """Neither a folder nor https: plain http is for this computer only."""
    with pytest.raises(UsageError) as caught:
        add_version(NEXT, place=place, lock_file=rig.lock_file)
    assert caught.value.remedy
    assert rig.is_unchanged()


def test_upstreams_checksum_is_beside_the_download() -> None:
    """https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/."""
    url = "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubectl"
    assert Source(None).place_of(url) == f"{url}.sha256"
    assert Source("https://m.example/x/").place_of(url) == f"https://m.example/x/{url[8:]}.sha256"


def test_a_lock_file_in_another_format_is_not_rewritten(rig: Rig) -> None:
    """Its change would show as more than it is."""
    rig.publish(NEXT)
    rig.before = json.dumps(rig.document, indent=4) + "\n"
    rig.lock_file.write_text(rig.before, encoding="utf-8")
    with pytest.raises(CommandError, match="is formatted in another way") as caught:
        rig.add(NEXT)
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
        rig.add(NEXT)
    assert caught.value.remedy


def test_a_file_that_cannot_be_written_stays(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a crash in the middle: the new one replaces it at once or not at all."""
    rig.publish(NEXT)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(CommandError, match="cannot be written") as caught:
        rig.add(NEXT)
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
    rig.publish(NEXT)
    rig.add(NEXT)
    assert rig.lock_file.stat().st_mode & 0o777 == 0o640


def test_an_added_version_is_supported(rig: Rig, tmp_path: Path) -> None:
    """There is no other list: constructs read the lock file."""
    rig.publish(NEXT)
    rig.add(NEXT)
    (tmp_path / "constructs" / "kubequorum").mkdir(parents=True)
    (tmp_path / "userdata" / "files").mkdir(parents=True)
    shutil.copy(rig.lock_file, tmp_path / "userdata" / "files")
    shutil.copy(
        REPOSITORY / "constructs" / "kubequorum" / "versions.py", tmp_path / "constructs" / "kubequorum"
    )
    script = (
        "import versions; print(versions.SUPPORTED_KUBERNETES_VERSIONS[-1], "
        f"versions.unpinned_programs('{NEXT}', ['amd64', 'arm64']), "
        "versions.unpinned_programs('1.37.2', ['arm64']))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "constructs" / "kubequorum",
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == f"{NEXT} () ('kubeadm', 'kubelet', 'kubectl')\n"


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
