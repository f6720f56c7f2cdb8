"""What a running machine may ask EC2 about its instance, outside of any request: what changes in IMDS."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from ministack.core.responses import request_scope

from emulator.api import credentials, sessions
from emulator.api.ec2 import notices, profiles, store
from emulator.faults.store import ActiveFaults
from emulator.interfaces.machines import Credentials, MetadataTrouble

METADATA_TROUBLE = "imds"
"""The kind of active faults about an instance_id (None: all), a part of a path, delay_seconds and status."""

_target_state: list[Callable[[str], str | None]] = []


def use_target_states(lookup: Callable[[str], str | None]) -> None:
    """Set the source of target lifecycle states: Auto Scaling."""
    _target_state[:] = [lookup]


class Facts:
    """`emulator.interfaces.machines.InstanceFacts`. An instance that was never launched has no facts."""

    def __init__(self, active_faults: ActiveFaults) -> None:
        self._active_faults = active_faults

    def target_lifecycle_state(self, instance_id: str) -> str | None:
        """What its group wants it to become: InService or Terminated; None outside a group."""
        with _scope(instance_id) as known:
            return _target_state[0](instance_id) if known and _target_state else None

    def notices(self, instance_id: str) -> Mapping[str, str]:
        """What EC2 announces to it, by paths of its metadata."""
        with _scope(instance_id) as known:
            record = store.instances().get(instance_id) if known else None
            return {} if record is None else notices.of(record)

    def role_name(self, instance_id: str) -> str | None:
        """The role in its instance profile."""
        with _scope(instance_id) as known:
            record = store.instances().get(instance_id) if known else None
            reference = (record or {}).get("IamInstanceProfile")
            profile = profiles.find({"Arn": reference["Arn"]}) if reference else None
            return next(iter((profile or {}).get("Roles") or ()), None)

    def credentials(self, instance_id: str) -> Credentials | None:
        """A fresh session of that role."""
        role_name = self.role_name(instance_id)
        if role_name is None:
            return None
        with _scope(instance_id):
            return credentials.for_instance_role(role_name, instance_id=instance_id)

    def are_valid(self, credentials: Credentials) -> bool:
        """Whether their session has not ended."""
        return sessions.is_valid(credentials.access_key_id)

    def metadata_trouble(self, instance_id: str, path: str) -> MetadataTrouble | None:
        """What an active fault says."""
        entry = self._active_faults.take(
            METADATA_TROUBLE,
            lambda entry: (
                entry.about["instance_id"] in (None, instance_id) and str(entry.about["path"]) in path
            ),
        )
        if entry is None:
            return None
        return MetadataTrouble(delay_seconds=entry.about["delay_seconds"], status=entry.about["status"])

    def tags(self, instance_id: str) -> Mapping[str, str]:
        """Its tags now."""
        with _scope(instance_id) as known:
            return store.tags(instance_id) if known else {}


@contextmanager
def _scope(instance_id: str) -> Iterator[bool]:
    scope = store.scope(instance_id)
    if scope is None:
        yield False
        return
    with request_scope(*scope):
        yield True
