"""Containers and pods of this host, through crictl: the same for every runtime."""

import json
from collections.abc import Sequence

from kubequorum_node.clock import Clock, NotYetError
from kubequorum_node.host import CommandError, Host

_CRICTL = "/usr/local/bin/crictl"
_CONFIG = "/etc/crictl.yaml"
_ANSWER_SECONDS = 10
_UP_SECONDS = 60.0


class Cri:
    """The Container Runtime Interface of a host (https://kubernetes.io/docs/concepts/architecture/cri/)."""

    def __init__(self, host: Host, clock: Clock, *, socket: str) -> None:
        self._host = host
        self._clock = clock
        self._socket = socket

    def configure(self) -> None:
        """Let crictl find the runtime, also when a person calls it."""
        self._host.write(_CONFIG, json.dumps({"runtime-endpoint": self._socket}))

    def wait_until_up(self, *, unit: str) -> None:
        """Wait for what the kubelet needs: a runtime may be up for systemd without it.

        Args:
            unit: of the runtime, for the error.

        Raises:
            WaitError: with what crictl says.

        """

        def check() -> None:
            try:
                self._host.run(_CRICTL, "--timeout=2s", "version", timeout=_ANSWER_SECONDS)
            except CommandError as error:
                raise NotYetError(f"{error}; see `journalctl -u {unit}`") from error

        self._clock.poll(unit, check, seconds=_UP_SECONDS, pause=0.2, longest_pause=1.0)

    def containers(self, name: str) -> list[str]:
        """Ids of the running containers of a name.

        Raises:
            CommandError: the runtime does not answer.

        """
        return self._list("ps", "--quiet", "--name", f"^{name}$")

    def stop(self, containers: Sequence[str], *, grace_seconds: float) -> None:
        """Stop containers; one that does not end within its grace time is killed.

        Raises:
            CommandError: the runtime does not answer, or one does not stop.

        """
        if containers:
            timeout = 2 * grace_seconds + _ANSWER_SECONDS
            self._host.run(_CRICTL, "stop", f"--timeout={grace_seconds:.0f}", *containers, timeout=timeout)

    def static_pods(self, component: str) -> list[str]:
        """Ids of the sandboxes of a static pod of the control plane, running or not.

        Raises:
            CommandError: the runtime does not answer.

        """
        return self._list("pods", "--quiet", "--namespace=kube-system", f"--label=component={component}")

    def remove_pods(self, sandboxes: Sequence[str]) -> None:
        """Remove sandboxes with their containers, running or not, as far as that succeeds."""
        if sandboxes:
            self._host.run(_CRICTL, "rmp", "--force", *sandboxes, check=False)

    def _list(self, *arguments: str) -> list[str]:
        return self._host.run(_CRICTL, *arguments, timeout=_ANSWER_SECONDS).stdout.split()
