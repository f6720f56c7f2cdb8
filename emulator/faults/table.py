"""The table of faults: every fault that can be injected, with its arguments and what it does.

A new fault is a method here, and a handler of the same name: for faults of AWS's services in
`emulator/control/handlers.py`, for those of machines in what implements `emulator.interfaces.faults`. Client,
argument checks and command line follow from the entry.
"""

from typing import Annotated, Any

from pydantic import Field

from emulator.faults.arguments import (
    DetailType,
    EventCode,
    Factor,
    InSeconds,
    InstanceId,
    Left,
    Line,
    NoticeSeconds,
    OnlyInstance,
    OnlyVolume,
    OnlyZone,
    Pattern,
    RunningInstance,
    Seconds,
    Split,
    Times,
    Unnoticed,
    VolumeId,
    Where,
    Zone,
)
from emulator.faults.declaration import FaultId, Group, fault
from emulator.faults.model import ApiRule

MACHINES = Group(title="Machines", needs_machines=True)
VOLUMES = Group(title="Volumes", needs_machines=True)
AWS = Group(title="AWS", needs_machines=False)


class FaultTable:
    """One method for each fault. A fault that returns a `FaultId` stays active until it is cleared."""

    def _send(self, name: str, **parameters: Any) -> Any:
        raise NotImplementedError

    @fault(MACHINES)
    def power_loss(self, instance_id: InstanceId, *, unnoticed: Unnoticed = False) -> None:
        """Switch a machine off at once. What its file systems have not written to its volumes is lost.

        To EC2 the instance is still `running`.
        """

    @fault(MACHINES)
    def power_on(self, instance_id: InstanceId) -> None:
        """Boot a machine that lost its power, with the same disk, address and volumes."""

    @fault(MACHINES)
    def freeze(self, instance_id: InstanceId, *, unnoticed: Unnoticed = False) -> None:
        """Stop all processes of a machine where they are, as a hung kernel would."""

    @fault(MACHINES)
    def thaw(self, instance_id: InstanceId) -> None:
        """Resume a frozen machine."""

    @fault(MACHINES)
    def partition(self, instance_id: InstanceId, *, unnoticed: Unnoticed = False) -> None:
        """Cut a machine off from everything: other machines, the API, DNS and the metadata service."""

    @fault(MACHINES)
    def reconnect(self, instance_id: InstanceId) -> None:
        """Reconnect a machine that was partitioned."""

    @fault(MACHINES)
    def split(self, groups: Split) -> None:
        """Partition machines from each other: those of different groups cannot reach each other.

        A machine in no group, the load balancer, DNS, the metadata service and the API stay reachable for
        all. A second split replaces the first. Status checks keep passing. `heal` ends it.
        """

    @fault(MACHINES)
    def partition_zone(self, zone: Zone, *, unnoticed: Unnoticed = False) -> None:
        """Cut a zone off: its machines, those launched later too, and its address of load balancers.

        Inside the zone everything works, the metadata service and DNS too. The API and the other zones are
        out of reach.
        """

    @fault(MACHINES)
    def reconnect_zone(self, zone: Zone) -> None:
        """Reconnect a zone that was partitioned."""

    @fault(MACHINES)
    def kill_at_line(
        self, line: Line, *, zone: OnlyZone = None, instance_id: RunningInstance = None, times: Times = 1
    ) -> FaultId | None:
        """Kill a Python program (SIGKILL) right after it has printed a line: a crash at a chosen point.

        It happens once on a machine, on machines that are launched from now on. Several such faults may hit
        one machine, one after the other. With an instance it hits the next program that starts there; then
        there is nothing to clear.
        """

    @fault(VOLUMES)
    def wipe_volume(self, volume_id: VolumeId) -> None:
        """Make a volume blank. It must be detached, or its machine off."""

    @fault(VOLUMES)
    def corrupt_volume(
        self,
        volume_id: VolumeId,
        pattern: Pattern,
        *,
        at: Where = 0.5,
        length_bytes: Annotated[int, Field(ge=1, description="How many bytes.")] = 4096,
        seed: Annotated[int, Field(description="Of the random bytes.")] = 0,
    ) -> str:
        """Overwrite a part of a file with random bytes. The volume must be detached, or its machine off.

        Of several matching files the one written last is taken. Zeros at its end, as preallocated logs have,
        do not count. The file's path on the volume is returned.
        """

    @fault(VOLUMES)
    def alter_volume(
        self,
        volume_id: VolumeId,
        pattern: Pattern,
        *,
        old: Annotated[str, Field(min_length=1, description="The text to replace.")],
        new: Annotated[str, Field(description="The new text; it must be as long as the old one.")],
    ) -> str:
        """Replace a text in a file, as a disk that lies would. It must be detached, or its machine off.

        The first matching file that has the text is taken. Its path on the volume is returned.
        """

    @fault(VOLUMES)
    def fill_volume(self, volume_id: VolumeId, *, leave_bytes: Left = 0) -> int:
        """Take the free space of a mounted volume with a file `faults.fill`; returns how many bytes."""

    @fault(VOLUMES)
    def unfill_volume(self, volume_id: VolumeId) -> None:
        """Give the space of a filled volume back."""

    @fault(AWS)
    def api(self, rule: ApiRule) -> FaultId:
        """Make API requests of machines fail: errors, throttling, latency, lost requests and responses.

        Examples: `--service ec2 --throttled --probability 0.5` ·
        `--service s3 --error InternalError --status 500 --times 3` ·
        `--operation CompleteLifecycleAction --lost response --times 1`
        """

    @fault(AWS)
    def imds(
        self,
        instance_id: OnlyInstance = None,
        *,
        delay_seconds: Annotated[float, Field(ge=0, description="How late each answer is.")] = 0.0,
        status: Annotated[
            int | None, Field(ge=400, le=599, description="Answer with this HTTP status, e.g. 503.")
        ] = None,
        path: Annotated[str, Field(description="Only paths that contain this.")] = "",
        times: Annotated[
            int | None, Field(ge=1, description="How many times; by default until it is cleared.")
        ] = None,
    ) -> FaultId:
        """Delay answers of the metadata service, or replace them by errors, for one instance or for all."""

    @fault(AWS)
    def clock(
        self,
        instance_id: InstanceId,
        *,
        seconds: Annotated[float, Field(description="How far AWS is ahead of it; negative: behind.")],
    ) -> FaultId:
        """Skew AWS's clock against an instance's. AWS's time is in the Date header of each answer.

        Requests that the instance signs are refused as AWS refuses them: by S3, STS and IAM beyond 15
        minutes, by other services beyond 5.
        """

    @fault(AWS)
    def expire_credentials(self, instance_id: InstanceId) -> None:
        """Expire every session of an instance's role. Its metadata service hands out a new one."""

    @fault(AWS)
    def short_registry_tokens(self, *, seconds: Seconds) -> FaultId:
        """Let tokens of ECR that are given out from now on expire after so many seconds, not 12 hours."""

    @fault(AWS)
    def hold_detach(
        self,
        *,
        seconds: Seconds,
        volume_id: OnlyVolume = None,
        force_helps: Annotated[bool, Field(description="A forced detach ends it at once.")] = False,
        times: Times = 1,
    ) -> FaultId:
        """Keep the next volume that is detached, also by its instance's end, in `detaching`."""

    @fault(AWS)
    def delay_attach(self, *, seconds: Seconds, volume_id: OnlyVolume = None, times: Times = 1) -> FaultId:
        """Keep the next volume that is attached in `attaching`."""

    @fault(AWS)
    def fail_status_checks(self, instance_id: InstanceId) -> None:
        """Make EC2's status checks of an instance fail."""

    @fault(AWS)
    def pass_status_checks(self, instance_id: InstanceId) -> None:
        """Make EC2's status checks of an instance pass again."""

    @fault(AWS)
    def interrupt_spot(self, instance_id: InstanceId, *, notice_seconds: NoticeSeconds = 120.0) -> None:
        """Take a spot instance back: a notice in its metadata, and two minutes later it is terminated."""

    @fault(AWS)
    def recommend_rebalance(self, instance_id: InstanceId) -> None:
        """Recommend in a spot instance's metadata to replace it. A group with CapacityRebalance does so."""

    @fault(AWS)
    def schedule_event(
        self, instance_id: InstanceId, *, code: EventCode = "instance-retirement", in_seconds: InSeconds = 1e6
    ) -> None:
        """Schedule an event for an instance: EC2 and its metadata announce it. It never takes place."""

    @fault(AWS)
    def hide_instance(self, *, instance_id: OnlyInstance = None, times: Times = 1) -> FaultId:
        """Leave an instance, or any, out of EC2's next answers to machines: reads may be stale."""

    @fault(AWS)
    def lose_event(
        self, *, detail_type: DetailType = None, instance_id: OnlyInstance = None, times: Times = 1
    ) -> FaultId:
        """Lose the next event on EventBridge's default bus."""

    @fault(AWS)
    def aws_times(self, *, factor: Factor = 1.0) -> FaultId:
        """Let load balancers, health checks and groups take as long as on AWS, as `--times aws` does."""

    @fault(AWS)
    def lose_completion(self, *, instance_id: OnlyInstance = None, times: Times = 1) -> FaultId:
        """Answer the next CompleteLifecycleAction as if it were done, but do nothing."""
