"""Spot instances that EC2 takes back: a notice in the metadata, two minutes, then they are gone.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
"""

import json
from datetime import timedelta

from ministack.core.responses import request_scope

from emulator.api.ec2 import service, store
from emulator.api.worker import Worker

NOTICE_SECONDS = 120
_NOTICE = "_SpotNotice"
"""Key of ours in an instance's record."""
_REASON = ("Server.SpotInstanceTermination", "Spot instance termination")


def interrupt(worker: Worker, *, instance_id: str) -> None:
    """Give an instance its notice; its end follows whatever happens meanwhile.

    Raises:
        LookupError: it is no spot instance that runs.
    """
    scope = store.scope(instance_id)
    if scope is None:
        raise LookupError(f"there is no instance {instance_id}")
    with request_scope(*scope), store.LOCK:
        record = store.instances().get(instance_id) or {}
        if record.get("InstanceLifecycle") != "spot" or record["State"]["Name"] != "running":
            raise LookupError(f"{instance_id} is not a spot instance that runs")
        end = store.now() + timedelta(seconds=NOTICE_SECONDS * worker.time_scale)
        record[_NOTICE] = json.dumps({"action": "terminate", "time": f"{end:%Y-%m-%dT%H:%M:%SZ}"})
        worker.later(NOTICE_SECONDS, _end, instance_id)


def notice(record: store.Record | None) -> str | None:
    """What the metadata service shows as `spot/instance-action`; None before a notice."""
    return (record or {}).get(_NOTICE)


def _end(instance_id: str) -> None:
    with store.LOCK:
        record = store.instances().get(instance_id)
        if record is not None:
            service.current().transitions.end(record, _REASON)
