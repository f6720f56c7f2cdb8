"""`dashboard`: what it refuses before it listens, what it says, and that nothing of it is left."""

import os
import re
import signal
import stat
import threading
import time
from pathlib import Path

import pytest

from kubequorum_cli.commands import dashboard as command
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import AddonList
from kubequorum_cli.kubernetes.addons import Addon
from kubequorum_cli.target import Target
from tests.kubequorum_cli.test_kubernetes import ACCESS, NoSession

_LISTENS = """\
#!/bin/sh
echo "$$ $*" > {called}
echo "Forwarding from 127.0.0.1:4466 -> 4466"
echo "Handling connection for 4466"
exec sleep 300
"""
_CANNOT_LISTEN = """\
#!/bin/sh
echo "$$ $*" > {called}
echo "Unable to listen on port 4466: address already in use" >&2
exit 1
"""
_LOSES_IT = """\
#!/bin/sh
echo "$$ $*" > {called}
echo "Forwarding from 127.0.0.1:4466 -> 4466"
echo "error: lost connection to pod" >&2
exit 1
"""


class _Cluster:
    """A cluster whose kubectl is a script."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.called = folder / "called"
        self.has(AddonList(addons=[Addon(name="headlamp", version="0.45.0", state="ready", message="")]))
        self.runs(_LISTENS)
        monkeypatch.setattr(command, "find_access", lambda _: ACCESS)

    def has(self, addons: AddonList) -> None:
        """Let it have some addons."""
        self._monkeypatch.setattr(command, "look_at_addons", lambda _: addons)

    def runs(self, script: str) -> None:
        """Let its kubectl be a script."""
        kubectl = self._folder / "kubectl"
        kubectl.write_text(script.format(called=self.called))
        kubectl.chmod(stat.S_IRWXU)

    def open(self, port: int = 4466) -> None:
        """Run the command."""
        target = Target(
            cluster="local",
            session=NoSession(),  # type: ignore[arg-type]
            kubeconfig=self._folder / "kubeconfig",
            kubectl=lambda: self._folder / "kubectl",
        )
        command.dashboard(target, port=port)

    def kubectl(self) -> tuple[int, str]:
        """Process id and arguments of the kubectl that ran."""
        pid, _, arguments = self.called.read_text().strip().partition(" ")
        return int(pid), arguments

    def interrupts_itself(self, number: signal.Signals) -> None:
        """Send this process a signal as soon as its kubectl runs, as a terminal does."""

        def send() -> None:
            while not (self.called.exists() and self.called.read_text().endswith("\n")):
                time.sleep(0.01)
            os.kill(os.getpid(), number)

        threading.Thread(target=send, daemon=True).start()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Cluster:
    """One with the addon, and a kubectl that listens."""
    return _Cluster(tmp_path, monkeypatch)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_cleanly(cluster: _Cluster, number: signal.Signals) -> None:
    """By Ctrl-C, by a request to terminate, and with its terminal: kubectl ends with it."""
    before = signal.getsignal(number)
    cluster.interrupts_itself(number)
    cluster.open()
    pid, _ = cluster.kubectl()
    assert not _is_running(pid)
    assert signal.getsignal(number) is before


def test_it_says_where_it_is_and_how_to_log_in(cluster: _Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    """The address as kubectl has it, and a command for a token; none is printed."""
    cluster.runs(_LOSES_IT)
    with pytest.raises(CommandError):
        cluster.open()
    said = capfd.readouterr().out
    assert "Dashboard: http://127.0.0.1:4466\n" in said
    assert re.search(r"kubectl create token NAME --namespace NAMESPACE", said)


@pytest.mark.parametrize(("port", "forwarded"), [(4466, "4466:80"), (8080, "8080:80"), (0, ":80")])
def test_it_listens_on_this_computer_alone(cluster: _Cluster, port: int, forwarded: str) -> None:
    """On loopback, by the administrator's private kubeconfig."""
    cluster.interrupts_itself(signal.SIGINT)
    cluster.open(port)
    _, arguments = cluster.kubectl()
    assert arguments.endswith(
        f"/kubeconfig --namespace kube-system port-forward --address 127.0.0.1 service/headlamp {forwarded}"
    )
    assert stat.S_IMODE(Path(arguments.split()[1]).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("found", "what", "remedy"),
    [
        (AddonList(), "has no dashboard", "addons.headlamp.enabled to true"),
        (
            AddonList(addons=[Addon(name="headlamp", version="", state="failed", message="no image")]),
            "is not ready",
            "docs/operations/addons.md",
        ),
        (AddonList(problem="nobody answers"), "cannot be listed", "./kubequorum status"),
    ],
)
def test_without_the_addon_it_says_so_and_listens_nowhere(
    cluster: _Cluster, found: AddonList, what: str, remedy: str
) -> None:
    """With the reason and the remedy."""
    cluster.has(found)
    with pytest.raises(CommandError, match=what) as raised:
        cluster.open()
    assert remedy in raised.value.remedy
    assert raised.value.why
    assert not cluster.called.exists()


def test_a_port_that_is_used_is_named(cluster: _Cluster) -> None:
    """With the option that takes another one."""
    cluster.runs(_CANNOT_LISTEN)
    with pytest.raises(CommandError, match="port 4466 of this computer cannot be used") as raised:
        cluster.open()
    assert "address already in use" in raised.value.why
    assert "--port" in raised.value.remedy


def test_a_pod_that_ends_is_an_error(cluster: _Cluster) -> None:
    """Nobody should believe that the page still leads somewhere."""
    cluster.runs(_LOSES_IT)
    with pytest.raises(CommandError, match="was lost") as raised:
        cluster.open()
    assert "lost connection to pod" in raised.value.why
