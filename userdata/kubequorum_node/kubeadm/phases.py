"""Running kubeadm, one phase at a time."""

from kubequorum_node.clock import Clock, NotYetError
from kubequorum_node.host import CommandError, Host, Result
from kubequorum_node.log import timed

PROGRAM = "/usr/local/bin/kubeadm"
_PHASE_SECONDS = 180


class Kubeadm:
    """kubeadm on this host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def init_phase(self, *phase: str, config: str, timeout: float = _PHASE_SECONDS) -> None:
        """Run one phase of `kubeadm init`.

        Raises:
            CommandError: it failed; with kubeadm's output.

        """
        with timed(f"kubeadm init phase {' '.join(phase)}"):
            self._host.run(PROGRAM, "init", "phase", *phase, "--config", config, timeout=timeout)

    def retry_init_phase(self, *phase: str, config: str, clock: Clock, seconds: float) -> None:
        """Run a phase that needs the API server, which may still be starting, until it succeeds.

        Raises:
            WaitError: it failed for that long; with kubeadm's last output.

        """

        def attempt() -> None:
            try:
                self.init_phase(*phase, config=config)
            except CommandError as error:
                raise NotYetError(str(error)) from error

        clock.poll(f"kubeadm init phase {' '.join(phase)}", attempt, seconds=seconds, pause=2.0)

    def run(self, *arguments: str, timeout: float = _PHASE_SECONDS) -> Result:
        """Run any other command of kubeadm.

        Raises:
            CommandError: it failed.

        """
        return self._host.run(PROGRAM, *arguments, timeout=timeout)
