"""Where machines cannot run, the reason is reported, and the trials leave nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.machines.nspawn import Folder, ImageError, MachineImage, MachineImages, unavailable_reason
from emulator.machines.nspawn.commands import CommandFailedError

ASK = "from emulator.machines.nspawn import unavailable_reason as ask; print(ask())"
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try everything")


def _asked(**arguments: object) -> str:
    """What a separate process prints."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=Path(__file__).parents[4],
        env={"PYTHONPATH": os.environ.get("PYTHONPATH", ""), **arguments.pop("env", {})},  # type: ignore[dict-item]
        capture_output=True,
        text=True,
        check=True,
        **arguments,  # type: ignore[call-overload]
    )
    return str(done.stdout).strip()


def test_another_system_has_no_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS the reason names it."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert unavailable_reason() == "machines need Linux, and this is darwin"


def test_without_root_there_are_no_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what to do."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unavailable_reason() == "machines need root: run this with sudo"


@ROOT_ONLY
def test_a_missing_program_is_named_with_its_package(tmp_path: Path) -> None:
    """Without systemd-nspawn on the path, the package to install is in the reason."""
    reason = _asked(env={"PATH": str(tmp_path)})
    assert reason == "systemd-nspawn is not installed: install the package systemd-container"


@ROOT_ONLY
def test_what_the_kernel_refuses_is_reported_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thing is really tried: with mounts that fail, overlays are what is missing."""

    def refuse(*arguments: str, **_: object) -> str:
        raise CommandFailedError(f"`{arguments[0]}` ended with status 32: unknown filesystem type")

    monkeypatch.setattr("emulator.machines.nspawn.availability.run", refuse)
    reason = unavailable_reason(tmp_path) or ""
    assert "an overlay file system" in reason
    assert "unknown filesystem type" in reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[", "JSONDecodeError"),
        ("{}", "KeyError"),
        ('{"root": "/nonexistent"}', "no machine root"),
    ],
)
def test_a_bad_image_is_refused_with_its_file(tmp_path: Path, content: str, complaint: str) -> None:
    """What is wrong with a description, and where it is, are in the message."""
    file = tmp_path / "image.json"
    file.write_text(content)
    with pytest.raises(ImageError, match=complaint) as caught:
        MachineImages.read(file)
    assert str(file) in str(caught.value)


def test_an_image_names_files_that_exist(tmp_path: Path) -> None:
    """What does not exist, or has no absolute path on the machine, is refused before anything boots."""
    systemd = tmp_path / "usr/lib/systemd/systemd"
    systemd.parent.mkdir(parents=True)
    systemd.touch()
    for target, source in (("/usr/bin/x", tmp_path / "none"), ("usr/bin/x", systemd)):
        with pytest.raises(ImageError, match="x: "):
            MachineImage(root=tmp_path, files={target: source})
    with pytest.raises(ImageError, match="x: "):
        MachineImage(root=tmp_path, folders={"/x": Folder(source=systemd)})
    image = MachineImage(
        root=tmp_path,
        files={"/usr/bin/x": systemd},
        texts={"/etc/x": "x\n"},
        folders={"/var/lib/x": Folder(source=tmp_path, copied=("*.db",)), "/var/lib/y": Folder()},
    )
    image.write(tmp_path / "image.json")
    assert MachineImages.read(tmp_path / "image.json").default == image
