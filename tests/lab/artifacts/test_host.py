"""This computer's packages and its Debian mirror, with stand-ins for apt-get."""

import os
from pathlib import Path

import pytest

from lab.artifacts import machine_root
from lab.artifacts.cache import Cache
from lab.artifacts.errors import MissingToolError
from lab.artifacts.host_packages import require_commands
from lab.artifacts.progress import Event, silent


def _apt_get(folder: Path, script: str) -> None:
    apt_get = folder / "apt-get"
    apt_get.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n{script}\n', encoding="utf-8")
    apt_get.chmod(0o755)


@pytest.fixture
def apt_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first in PATH, for a stand-in of apt-get."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def test_missing_command_is_installed_and_reported(apt_folder: Path) -> None:
    """For root, apt-get installs what is missing, after a report."""
    _apt_get(apt_folder, f"touch {apt_folder}/frobnicate; chmod +x {apt_folder}/frobnicate")
    events: list[Event] = []
    require_commands({"frobnicate": ("frob-tools", "libfrob"), "sh": ("dash",)}, progress=events.append)
    calls = (apt_folder / "calls").read_text(encoding="utf-8")
    assert calls == "install --yes --no-install-recommends frob-tools libfrob\n"
    assert "lacks frobnicate: installing frob-tools, libfrob" in events[0].message


def test_old_package_lists_are_refreshed_once(apt_folder: Path) -> None:
    """After a failure the lists are updated once; if that does not help, the error has the remedy."""
    _apt_get(apt_folder, "echo no such package >&2; exit 100")
    with pytest.raises(MissingToolError) as caught:
        require_commands({"frobnicate": ("frob-tools",)}, progress=silent)
    assert "no such package" in str(caught.value)
    assert "apt-get install --no-install-recommends frob-tools" in str(caught.value)
    calls = (apt_folder / "calls").read_text(encoding="utf-8").splitlines()
    assert [call.split()[0] for call in calls] == ["install", "update", "install"]


def test_nothing_is_installed_when_nothing_is_missing(apt_folder: Path) -> None:
    """A complete computer is not changed."""
    _apt_get(apt_folder, "exit 1")
    require_commands({"sh": ("dash",), "/": ("base-files",)}, progress=silent)
    assert not (apt_folder / "calls").exists()


def test_other_users_get_the_command_to_run(apt_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root nothing is tried, and the message holds the command for the administrator."""
    _apt_get(apt_folder, "exit 0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MissingToolError, match=r"only root may install.*apt-get install .* frob-tools"):
        require_commands({"frobnicate": ("frob-tools",)}, progress=silent)
    assert not (apt_folder / "calls").exists()


@pytest.mark.parametrize(
    ("targets", "mirror"),
    [
        ("Debian|http://mirror.example/debian-security/|Debian-Security\n"
         "Debian|http://mirror.example/debian/|Debian", "http://mirror.example/debian"),
        ("Ubuntu|http://mirror.example/ubuntu/|Ubuntu", None),
        ("|http://mirror.example/thing/|\nVendor|https://mirror.example/deb/|Vendor", None),
        ("", None),
    ],
)  # fmt: skip
def test_debian_mirror_is_that_of_apt(apt_folder: Path, targets: str, mirror: str | None) -> None:
    """Only a complete Debian archive counts: neither security updates nor another vendor's packages do."""
    _apt_get(apt_folder, f"printf '%s\\n' '{targets}'")
    assert machine_root.configured_mirror() == mirror


def test_machine_root_is_made_by_root_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other users are refused before anything is installed or downloaded."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MissingToolError, match="only root can make it"):
        machine_root.make_root(
            cache=Cache(tmp_path), architecture="amd64", debian_mirror=None, lock=0, progress=silent
        )
    assert list(tmp_path.iterdir()) == []
