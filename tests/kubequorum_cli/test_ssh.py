"""`ssh`: the exact command line, and what is said where there is no way to a machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer
from typer.testing import CliRunner

from kubequorum_cli.commands import add_commands, ssh
from kubequorum_cli.errors import CommandError
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target

MASTER, WORKER = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
OUTPUTS = {"SshUser": "admin", "InstanceConnectEndpointId": "eice-0123456789abcdef0"}
TUNNEL = (
    "ProxyCommand=aws ec2-instance-connect open-tunnel --instance-id {} "
    "--instance-connect-endpoint-id eice-0123456789abcdef0 --region eu-central-1"
)


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Those of Network. The cluster has a master in slot a, and a worker; the AWS CLI is installed."""
    found = dict(OUTPUTS)
    monkeypatch.setattr(Target, "outputs", lambda _, stack: found if stack == "Network" else None)
    monkeypatch.setattr(Resources, "slots", ("a",))
    monkeypatch.setattr(Resources, "master", lambda _, slot: {"a": MASTER}[slot])
    monkeypatch.setattr(Resources, "instances", lambda _: {MASTER: {}, WORKER: {}})
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    return found


def _line(node: str, command: Sequence[str] = (), *, has_terminal: bool = False, **target: Any) -> list[str]:
    session = boto3.session.Session(region_name="eu-central-1")
    cluster = Target(cluster="ha", session=session, kubeconfig=Path("unused"), **target)
    return ssh.command_line(cluster, node, command, has_terminal=has_terminal)


@pytest.mark.parametrize(("node", "instance_id"), [("a", MASTER), (MASTER, MASTER), (WORKER, WORKER)])
def test_a_shell_is_root_through_the_endpoint(outputs: dict[str, str], node: str, instance_id: str) -> None:
    """Of a slot, or of an instance."""
    del outputs
    assert _line(node, has_terminal=True) == [
        "ssh",
        "-o",
        TUNNEL.format(instance_id),
        "-o",
        f"HostKeyAlias={instance_id}",
        "-o",
        "StrictHostKeyChecking=accept-new",
        "-t",
        f"admin@{instance_id}",
        "sudo -i",
    ]


@pytest.mark.parametrize(
    ("command", "remote"),
    [
        (["kubequorum-node", "list-backups"], "sudo -- bash -lc 'kubequorum-node list-backups'"),
        (["journalctl -u kubelet | tail"], "sudo -- bash -lc 'journalctl -u kubelet | tail'"),
        (["sh", "-c", "echo $HOME; ls"], """sudo -- bash -lc 'sh -c '"'"'echo $HOME; ls'"'"''"""),
        (["id"], "sudo -- bash -lc id"),
    ],
)
def test_a_command_keeps_its_words(outputs: dict[str, str], command: list[str], remote: str) -> None:
    """A single one is a line for the shell. Without a terminal none is asked for."""
    outputs["SshUser"] = "debian"
    line = _line("a", command)
    assert line[-2:] == [f"debian@{MASTER}", remote]
    assert "-t" not in line


@pytest.mark.parametrize("missing", ["SshUser", "InstanceConnectEndpointId"])
def test_without_a_way_in_it_says_what_to_set(outputs: dict[str, str], missing: str) -> None:
    """In the cluster file."""
    del outputs[missing]
    with pytest.raises(CommandError) as caught:
        _line("a")
    key = {"SshUser": "access.ssh_keys", "InstanceConnectEndpointId": "access.instance_connect_endpoint"}
    assert key[missing] in caught.value.why
    assert "access.ssh_keys and access.instance_connect_endpoint: true" in caught.value.remedy


@pytest.mark.parametrize(
    ("node", "said"), [("d", "it is no slot (a)"), ("i-0c", ""), ("web", "it is no slot")]
)
def test_what_is_no_machine_of_the_cluster_is_refused(outputs: dict[str, str], node: str, said: str) -> None:
    """Before anything is opened."""
    del outputs
    with pytest.raises(CommandError, match=node) as caught:
        _line(node)
    assert said in caught.value.why


@pytest.mark.parametrize("missing", ["aws", "ssh"])
def test_missing_programs_are_named(
    outputs: dict[str, str], monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Of this computer."""
    del outputs
    monkeypatch.setattr("shutil.which", lambda name: None if name == missing else name)
    session = boto3.session.Session(region_name="eu-central-1")
    with pytest.raises(CommandError, match=missing if missing == "ssh" else "tunnel"):
        ssh.ssh(Target(cluster="ha", session=session, kubeconfig=Path("unused")), "a", [])


@pytest.mark.parametrize("between", [[], ["--"]])
def test_what_follows_the_node_is_the_command(monkeypatch: pytest.MonkeyPatch, between: list[str]) -> None:
    """With two dashes or without; options in it are its own."""
    asked: list[Any] = []
    monkeypatch.setattr(ssh, "ssh", lambda _, *arguments: asked.append(arguments))
    app = typer.Typer()
    add_commands(
        app, lambda: Target(cluster="ha", session=boto3.session.Session(), kubeconfig=Path("unused"))
    )
    done = CliRunner().invoke(app, ["ssh", "a", *between, "ls", "--all", "-h"])
    assert done.exit_code == 0, done.output
    assert asked == [("a", ["ls", "--all", "-h"])]


def test_a_target_may_have_its_own_way_in(outputs: dict[str, str]) -> None:
    """Machines of this computer are entered."""
    outputs.clear()
    assert _line("a", ["ls", "a b"], enter=lambda *asked: ["enter", *asked]) == ["enter", MASTER, "ls 'a b'"]
