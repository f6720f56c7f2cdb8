"""The one EC2 of this process, for parts that do not get it passed in."""

from dataclasses import dataclass

from emulator.api.context import Context
from emulator.api.ec2.attachments import Attachments
from emulator.api.ec2.delays import Delays
from emulator.api.ec2.instances import Instances
from emulator.api.ec2.transitions import Transitions
from emulator.api.ec2.volumes import Volumes
from emulator.api.lanes import Lanes


@dataclass(frozen=True, kw_only=True)
class Ec2:
    """What EC2 can do, without its API."""

    instances: Instances
    volumes: Volumes
    attachments: Attachments
    transitions: Transitions


_installed: list[Ec2] = []


def create(context: Context) -> Ec2:
    """Build EC2 over a context and make it the current one."""
    lanes = Lanes(context.worker)
    volumes = Volumes(machines=context.machines, lanes=lanes, worker=context.worker)
    attachments = Attachments(
        machines=context.machines,
        lanes=lanes,
        volumes=volumes,
        delays=Delays(worker=context.worker, active_faults=context.active_faults),
    )
    transitions = Transitions(
        machines=context.machines, lanes=lanes, worker=context.worker, attachments=attachments
    )
    instances = Instances(machines=context.machines, volumes=volumes, transitions=transitions)
    _installed[:] = [
        Ec2(instances=instances, volumes=volumes, attachments=attachments, transitions=transitions)
    ]
    return current()


def current() -> Ec2:
    """Return the EC2 that was created last.

    Raises:
        RuntimeError: `install` was not called.
    """
    if not _installed:
        raise RuntimeError("emulator.api.ec2.install(context) has not been called")
    return _installed[0]
