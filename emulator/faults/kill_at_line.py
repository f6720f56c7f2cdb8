"""Active faults of kind `kill_at_line`: which new machines are prepared for one, and when it has happened."""

import threading
from collections.abc import Mapping
from functools import partial

from emulator.faults.declaration import FaultId
from emulator.faults.store import ActiveFaults, Entry

KIND = "kill_at_line"


class KillAtLineFaults:
    """The faults about a line and a zone (None: any). Methods may be called from any thread."""

    def __init__(self, active: ActiveFaults) -> None:
        self._active = active
        self._lock = threading.Lock()
        self._prepared: dict[str, set[str]] = {}
        """By fault: the instances on which it may still happen."""

    def add(self, *, line: str, zone: str | None, times: int | None) -> FaultId:
        """Prepare the machines that are launched from now on; the fault's id."""
        return self._active.add(KIND, {"line": line, "zone": zone}, times=times)

    def of_new_machine(self, instance_id: str, zone: str) -> dict[str, str]:
        """What a new machine is prepared for: lines by fault. No more machines than kills that are left."""
        with self._lock:
            found: dict[str, str] = {}
            for entry in self._active.all():
                prepared = self._prepared.setdefault(entry.fault_id, set())
                free = entry.times_left is None or len(prepared) < entry.times_left
                if entry.kind == KIND and entry.about["zone"] in (None, zone) and free:
                    prepared.add(instance_id)
                    found[entry.fault_id] = str(entry.about["line"])
            return found

    def settle(self, happened: Mapping[tuple[str, str], bool]) -> None:
        """Note, by fault and instance, whether it has happened; a machine that is missing is gone."""
        with self._lock:
            for fault_id, instances in self._prepared.items():
                for instance_id in list(instances):
                    known = happened.get((fault_id, instance_id))
                    if known is not False:
                        instances.discard(instance_id)
                    if known:
                        self._active.take(KIND, partial(_is, fault_id))


def _is(fault_id: str, entry: Entry) -> bool:
    return entry.fault_id == fault_id
