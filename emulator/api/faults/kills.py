"""Programs on new machines that are to be killed after a line, and how often that has happened."""

import threading
from collections.abc import Mapping
from functools import partial

from emulator.api.faults.switches import Entry, Switches

KIND = "kill"


class Kills:
    """The switches about a line and a zone (None: any). Methods may be called from any thread."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._lock = threading.Lock()
        self._prepared: dict[str, set[str]] = {}
        """By switch: the instances on which it may still happen."""

    def add(self, *, line: str, zone: str | None, times: int | None) -> str:
        """Prepare the machines that are launched from now on; the switch's id."""
        return self._switches.add(KIND, {"line": line, "zone": zone}, times=times)

    def of_new_machine(self, instance_id: str, zone: str) -> dict[str, str]:
        """What a new machine is prepared for: lines by switch; not more machines than kills are left."""
        with self._lock:
            found = {}
            for entry in self._switches.all():
                prepared = self._prepared.setdefault(entry.switch_id, set())
                free = entry.times_left is None or len(prepared) < entry.times_left
                if entry.kind == KIND and entry.about["zone"] in (None, zone) and free:
                    prepared.add(instance_id)
                    found[entry.switch_id] = str(entry.about["line"])
            return found

    def settle(self, happened: Mapping[tuple[str, str], bool]) -> None:
        """Hear, by switch and instance, whether it has happened; machines that are missing are gone."""
        with self._lock:
            for switch_id, instances in self._prepared.items():
                for instance_id in list(instances):
                    known = happened.get((switch_id, instance_id))
                    if known is not False:
                        instances.discard(instance_id)
                    if known:
                        self._switches.take(KIND, partial(_is, switch_id))


def _is(switch_id: str, entry: Entry) -> bool:
    return entry.switch_id == switch_id
