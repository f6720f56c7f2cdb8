"""Arguments that several faults of the table have, or that have much to say."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

InstanceId = Annotated[str, Field(description="The instance's id.")]
OnlyInstance = Annotated[str | None, Field(description="Only for this instance.")]
VolumeId = Annotated[str, Field(description="The volume's id.")]
OnlyVolume = Annotated[str | None, Field(description="Only this volume.")]
Zone = Annotated[str, Field(description="The availability zone, e.g. us-east-1a.")]
Pattern = Annotated[str, Field(description="A glob in the volume's file system, e.g. '**/wal/*.wal'.")]
Unnoticed = Annotated[
    bool,
    Field(description="EC2's status checks keep passing, so that no Auto Scaling group replaces it."),
]
Seconds = Annotated[float, Field(ge=0, description="For how long, in emulated seconds.")]
NoticeSeconds = Annotated[
    float,
    Field(ge=0, le=120, description="How long before its end, in emulated seconds; less is a late notice."),
]
Factor = Annotated[float, Field(gt=0, description="Shortens or stretches these times, e.g. 0.1.")]
Left = Annotated[int, Field(ge=0, description="How many bytes stay free.")]
Times = Annotated[int, Field(ge=1, description="How many times it happens.")]
Split = Annotated[
    Sequence[Sequence[str]],
    Field(
        min_length=2,
        description="Groups of instance ids; on a command line e.g. `i-0aa i-0bb,i-0cc`.",
    ),
]
Where = Annotated[float, Field(ge=0, le=1, description="Where: 0 the first byte, 1 the end.")]
EventCode = Annotated[str, Field(description="As in EC2, e.g. instance-retirement or system-reboot.")]
InSeconds = Annotated[float, Field(ge=0, description="When, in seconds from now.")]
OnlyZone = Annotated[str | None, Field(description="Only machines in this availability zone.")]
RunningInstance = Annotated[
    str | None, Field(description="This running machine instead of machines launched from now on.")
]
DetailType = Annotated[
    str | None, Field(description="As in EventBridge; by default those of lifecycle actions.")
]
Line = Annotated[str, Field(description="A part of the line.")]
