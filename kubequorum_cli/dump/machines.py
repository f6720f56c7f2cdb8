"""What the machines themselves say: journals and the state of the host, where there is a way in."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from kubequorum_cli.dump.gathering import Source
from kubequorum_cli.errors import CommandError

MachineCommand = Callable[[str, str], Sequence[str]]
"""The command line that runs a line of shell as root on an instance; CommandError if there is no way in."""

_LIMIT_SECONDS = 90
_REFUSED_BYTES = 300
_WITHOUT_PROMPTS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=15")
_UNITS = ("kubequorum-*", "kubelet", "containerd", "chrony*", "systemd-timesyncd", "systemd-networkd")
_STATE = """\
export SYSTEMD_PAGER=
for line in uptime 'systemctl list-units --failed' 'systemctl list-timers kubequorum-*' \
'systemctl list-units kubequorum-*' timedatectl 'df -h' 'df -i' 'free -m' 'ip -brief address' \
'ip route' lsblk 'crictl ps -a'; do
    echo "== $line"; timeout 10 $line 2>&1; echo
done"""


def sources(instances: Sequence[str], command: MachineCommand, *, lines: int) -> Iterator[Source]:
    """Journal and state of each machine."""
    units = " ".join(f"-u '{unit}'" for unit in _UNITS)
    journal = f"journalctl --no-pager --quiet --output short-iso-precise --lines {lines} {units}"
    kernel = f"journalctl --no-pager --quiet --dmesg --output short-iso-precise --lines {lines}"
    for instance in instances:
        for name, line, about in (
            ("journal.log", journal, "journal of Kubequorum's units, kubelet, containerd and the clock"),
            ("kernel.log", kernel, "messages of the kernel"),
            ("state.txt", _STATE, "failed units, timers, clock, disks, memory, network, containers"),
        ):
            yield Source(
                path=f"machines/{instance}/{name}",
                about=f"{about}, of {instance}",
                ask=partial(_on_machine, command, instance, line),
            )


def _on_machine(command: MachineCommand, instance: str, line: str) -> str:
    return _run(command(instance, line))


def _run(arguments: Sequence[str]) -> str:
    words = list(arguments)
    if words[0] == "ssh":
        words[1:1] = _WITHOUT_PROMPTS
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError("the machine does not answer", why=f"nothing in {_LIMIT_SECONDS} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-_REFUSED_BYTES:]
        raise CommandError(f"{words[0]} ended with {done.returncode}", why=said)
    return done.stdout.decode(errors="replace")
