"""Who may log in on a host: what the parameter says, and nothing of the image."""

from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from kubequorum_node import services, ssh_keys
from kubequorum_node.host import CommandError, Result
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

KEYS = "/etc/ssh/kubequorum/admin"
SETTINGS = "/etc/ssh/sshd_config.d/10-kubequorum.conf"
RELOAD = "systemctl reload-or-restart ssh.service"
PARAMETER = f"/kubequorum/{examples.DOCUMENT.cluster}/ssh-keys"
ALICE, BOB = "ssh-ed25519 AAAAalice alice\n", "ssh-ed25519 AAAAbob bob\n"


@pytest.fixture
def host(tmp_path: Path) -> FakeNode:
    """A worker whose image has an SSH server and the user."""
    node = FakeNode(
        tmp_path, config=examples.WORKER_CONFIG, document=replace(examples.DOCUMENT, ssh_user="admin")
    )
    node.host.write("/usr/sbin/sshd", "")
    node.host.on("id --user admin", "1000")
    node.host.on(RELOAD, None)
    node.aws.parameters[PARAMETER] = (ALICE + BOB, node.host.wall_time)
    return node


def test_the_keys_in_force_are_the_only_ones(host: FakeNode) -> None:
    """The server reads no other file, and takes no passwords. It reads its settings once."""
    ssh_keys.update(host)
    ssh_keys.update(host)
    assert host.host.read(KEYS) == ALICE + BOB
    settings = (host.host.read(SETTINGS) or "").splitlines()
    assert "AuthorizedKeysFile /etc/ssh/kubequorum/%u" in settings
    assert "PasswordAuthentication no" in settings
    assert "PermitRootLogin no" in settings
    assert len(host.host.ran(RELOAD)) == 1


def test_a_removed_key_is_gone(host: FakeNode) -> None:
    """Without a restart: the server reads the file at each login."""
    ssh_keys.update(host)
    host.aws.parameters[PARAMETER] = (BOB, host.host.wall_time)
    ssh_keys.update(host)
    assert host.host.read(KEYS) == BOB


def test_without_a_parameter_nobody_may_log_in(host: FakeNode) -> None:
    """It was deleted."""
    ssh_keys.update(host)
    host.aws.parameters.clear()
    ssh_keys.update(host)
    assert host.host.read(KEYS) == ""


def test_keys_stay_while_aws_does_not_answer(host: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then, of all times, people want to log in."""
    ssh_keys.update(host)

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetParameter")

    monkeypatch.setattr(host.aws, "get_parameter", refuse)
    with pytest.raises(ClientError):
        ssh_keys.update(host)
    assert host.host.read(KEYS) == ALICE + BOB


def test_a_server_that_does_not_take_its_settings_is_asked_again(host: FakeNode) -> None:
    """And what it refused is not left for its next start."""
    host.host.on(RELOAD, Result(1, "", "Job for ssh.service failed"))
    with pytest.raises(CommandError):
        ssh_keys.update(host)
    assert host.host.read(SETTINGS) is None
    host.host.on(RELOAD, None)
    ssh_keys.update(host)
    assert host.host.read(SETTINGS) is not None


def test_an_image_without_a_server_or_user_is_no_failure(
    host: FakeNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said."""
    host.host.on("id --user admin", Result(1, "", "no such user"))
    ssh_keys.update(host)
    assert "the image has no user admin" in capsys.readouterr().err
    host.host.path("/usr/sbin/sshd").unlink()
    ssh_keys.update(host)
    assert "the image has no /usr/sbin/sshd" in capsys.readouterr().err


def test_it_runs_only_where_somebody_may_log_in() -> None:
    """On masters and workers."""
    for is_master in (True, False):
        for has_ssh in (True, False):
            names = {unit.name for unit in services.units(is_master=is_master, has_ssh=has_ssh)}
            assert ("kubequorum-ssh-keys" in names) is has_ssh
