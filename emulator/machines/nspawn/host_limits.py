"""Limits of the host's kernel that all machines share: raised where they are too low for many machines."""

import logging
from pathlib import Path

_log = logging.getLogger(__name__)

_PROC = Path("/proc/sys")
_LEAST = {
    # Each systemd and each container runtime watches files. Debian's 128 are used up by about the seventh
    # machine, whose programs then start but do not work.
    "fs/inotify/max_user_instances": 8192,
    "fs/inotify/max_user_watches": 524288,
}


def raise_limits(proc: Path = _PROC) -> None:
    """Raise each limit that is too low, and never lower it again: others may rely on it by then.

    A host that does not allow it only logs a warning: few machines may work.
    """
    for name, least in _LEAST.items():
        path = proc / name
        try:
            now = int(path.read_text(encoding="ascii"))
            if now >= least:
                continue
            path.write_text(f"{least}\n", encoding="ascii")
            _log.info("%s raised from %d to %d for the machines", name.replace("/", "."), now, least)
        except OSError as error:
            _log.warning("%s is too low for many machines: %s", name.replace("/", "."), error)
