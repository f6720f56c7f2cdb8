"""`add-version`: pins what upstream publishes, all of it or nothing, and never anything else."""

import pytest

from kubequorum_cli.errors import CommandError
from lab.artifacts.releases import ARCHITECTURES, read_lock
from tests.development.add_version.rig import NEXT, PROGRAMS, Rig, path_of, rig, sum_of

__all__ = ["rig"]


def test_a_new_minor_version_is_added(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """Its programs with upstream's sums, the others of the version before, and no other line is changed."""
    rig.publish(NEXT)
    rig.add(NEXT)
    lock = read_lock(rig.lock_file)
    for name in PROGRAMS:
        for architecture in ARCHITECTURES:
            release = lock.release(name, kubernetes_version=NEXT, architecture=architecture)
            assert (release.version, release.sha256) == (NEXT, sum_of(name, architecture, NEXT))
            assert release.url == f"https://dl.k8s.io/release/v{NEXT}/bin/linux/{architecture}/{name}"
    before, after = lock.kubernetes_versions["1.37.2"], lock.kubernetes_versions[NEXT]
    assert list(after) == list(before)
    assert {name: after[name] for name in after if name not in PROGRAMS} == {
        name: before[name] for name in before if name not in PROGRAMS
    }
    assert list(lock.kubernetes_versions)[-1] == NEXT
    gone, came = rig.changed_lines()
    # The comma after what was the last one.
    assert {line.strip() for line in gone} <= {"}"}
    assert len(came) - len(gone) == 11 + 3 * 10
    printed = capsys.readouterr().out
    for part in (
        f"pinned Kubernetes {NEXT}: kubeadm for amd64, kubeadm for arm64, kubelet for amd64",
        "those of 1.37.2: containerd",
        "CHANGELOG-1.38.md",
        f"blob/v{NEXT}/cmd/kubeadm/app/constants/constants.go",
        "SUPPORTED_ETCD_VERSIONS",
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
    assert f'"sha256": "{sum_of("kubectl", "arm64", "1.37.2")}"' in {line.strip() for line in came}
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
    rig.publish(NEXT)
    rig.add(NEXT)
    text, changed = rig.lock_file.read_text(encoding="utf-8"), rig.lock_file.stat().st_mtime_ns
    rig.mirror.requests.clear()
    rig.add(NEXT)
    assert len(rig.mirror.requests) == 6
    assert (rig.lock_file.read_text(encoding="utf-8"), rig.lock_file.stat().st_mtime_ns) == (text, changed)
    assert "nothing is changed" in capsys.readouterr().out


@pytest.mark.parametrize("version", ["1.37.2", NEXT])
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
    last = path_of("kubectl", "arm64", version)
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
    rig.publish(NEXT)
    rig.mirror.status = 503
    with pytest.raises(CommandError) as caught:
        rig.add(NEXT)
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
    assert sum_of("kubelet", "arm64", "1.37.2") in caught.value.why
    assert rig.is_unchanged()


@pytest.mark.parametrize("of", ["kubeadm", "pinned"])
def test_two_programs_with_one_checksum_are_an_error(rig: Rig, of: str) -> None:
    """A mirror that answers everything with the same file, or with that of another release."""
    rig.publish(NEXT)
    pinned = rig.document["artifacts"]["kubelet"]["versions"]["1.36.4"]["amd64"]["sha256"]
    body = pinned if of == "pinned" else sum_of("kubeadm", "amd64", NEXT)
    rig.mirror.files[path_of("kubelet", "amd64", NEXT)] = body.encode()
    with pytest.raises(
        CommandError, match=rf"kubelet {NEXT} for amd64 has the checksum of (kubelet|kubeadm)"
    ):
        rig.add(NEXT)
    assert rig.is_unchanged()
