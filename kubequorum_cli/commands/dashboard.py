"""`dashboard`: the addon Headlamp, through the API server, on a loopback port of this computer."""

import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import Access, find_access, look_at_addons
from kubequorum_cli.target import Target

ADDON = "headlamp"
_NAMESPACE = "kube-system"
_SERVICE_PORT = 80
_LOOPBACK = "127.0.0.1"
_FORWARDING = "Forwarding from "
"""How kubectl begins the line in which it says that it listens."""
_HELP = """\
Log in with a token: it shows what the token's owner may see, and nothing else. For example, for an hour:

  ./kubequorum kubectl create token NAME --namespace NAMESPACE

NAME is a service account with some rights. One that may read everything but Secrets:

  ./kubequorum kubectl create serviceaccount viewer --namespace kube-system
  ./kubequorum kubectl create clusterrolebinding viewer --clusterrole view --serviceaccount kube-system:viewer
  ./kubequorum kubectl create token viewer --namespace kube-system

It is reached from this computer only, until Ctrl-C."""


def dashboard(target: Target, *, port: int) -> None:
    """Forward a loopback port to the addon's Service until an interrupt.

    Args:
        target: the cluster.
        port: the local port; 0 takes a free one.

    Raises:
        CommandError: the addon is off or does not work, or the port cannot be used.
    """
    access = find_access(target)
    _require_addon(target, access)
    access.write(target.kubeconfig)
    command = [
        *(str(target.kubectl()), "--kubeconfig", str(target.kubeconfig), "--namespace", _NAMESPACE),
        *("port-forward", "--address", _LOOPBACK, f"service/{ADDON}", f"{port or ''}:{_SERVICE_PORT}"),
    ]
    _forward(command, port)


def _require_addon(target: Target, access: Access) -> None:
    """Refuse with what is wrong, before anything listens."""
    found = look_at_addons(access)
    if found.problem:
        raise CommandError(
            "the cluster's addons cannot be listed",
            why=found.problem,
            remedy="look at the masters: ./kubequorum status",
        )
    addon = next((each for each in found.addons if each.name == ADDON), None)
    if addon is None:
        raise CommandError(
            f"cluster {target.cluster} has no dashboard",
            why=f"its addon {ADDON} is off",
            remedy=f"set addons.{ADDON}.enabled to true in the cluster file, and deploy "
            f"{target.stack_name('Addons')}",
        )
    if addon.state != "ready":
        raise CommandError(
            f"the dashboard of cluster {target.cluster} is not ready",
            why=f"its addon {ADDON} is {addon.state}: {addon.message or 'no reason is known yet'}",
            remedy="wait for it (./kubequorum status), or see docs/operations/addons.md",
        )


def _forward(command: list[str], port: int) -> None:
    """Run kubectl until an interrupt, the end of the terminal or a request to terminate; it ends with us."""
    process: subprocess.Popen[str] | None = None
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        if process is not None:
            # The second time by force.
            (process.kill if stopped else process.terminate)()
        stopped = True

    with _handling(stop):
        # In a session of its own: an interrupt of the terminal is for this process.
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        with process:
            if stopped:
                process.terminate()
            said = _shown(process.stdout or ())
    if stopped:
        print()
        return
    why = "\n".join(said[-5:]) or f"kubectl ended with status {process.returncode}"
    if "unable to listen" in why.lower():
        raise CommandError(
            f"port {port} of this computer cannot be used",
            why=why,
            remedy="choose another one with --port, or 0 for any that is free",
        )
    raise CommandError("the way to the dashboard was lost", why=why, remedy="run the command again")


def _shown(lines: Iterable[str]) -> list[str]:
    """Say where the dashboard is as soon as kubectl listens; what else it says, until it ends."""
    others = []
    for line in lines:
        if line.startswith(_FORWARDING):
            address = line.removeprefix(_FORWARDING).partition(" ")[0]
            print(f"Dashboard: http://{address}\n\n{_HELP}", flush=True)
        elif not line.startswith("Handling connection"):
            others.append(line.strip())
    return others


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call a function for each signal that should end this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
