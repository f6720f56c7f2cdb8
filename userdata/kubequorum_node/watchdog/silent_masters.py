"""Masters of other slots that are dead: EC2 needs minutes to find one, the other masters seconds.

A master is dead if the ports of its API server, kubelet and etcd are silent to all other masters for a while,
and the load balancer does not reach it either. A connection that is made or refused is an answer, however
slow the program is: there is a kernel, and what is on it has a watchdog. See docs/decisions/dead-masters.md.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import UNREADABLE, EtcdClient
from kubequorum_node.etcd.lock import Lock
from kubequorum_node.etcd.topology import client_url, other_slots
from kubequorum_node.kubernetes import load_balancer
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.repair import replacement
from kubequorum_node.repair.peers import RefusedError
from kubequorum_node.volume import slot_record

LOOK_SECONDS = 3.0
SILENT_SECONDS = 20.0
"""Longer than a master that only pauses, as in a live migration; with what follows still below 30 s."""
_ANSWER_SECONDS = 2.0
"""For the answer of a kernel, which needs milliseconds."""
_OTHER_PORTS = (2379, 10250)
"""Of etcd and the kubelet, which log a connection without a certificate: asked if the API's is silent."""
_OBSERVATION_SECONDS = 30
"""A master that stops looking must not count for long."""


class SilentMasters:
    """One master's view of the others."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._silent_since: dict[str, float] = {}
        self._observed: set[str] = set()
        """Slots about which this master has put an observation into etcd."""
        self._said: dict[str, str] = {}

    def tick(self) -> None:
        """Look at the others once; report one that is dead."""
        now = self._node.clock.now()
        others = other_slots(self._node.etcd_spec, self._node.slot)
        silent = [slot for slot in others if not self._answers(slot)]
        for slot in others:
            if slot in silent:
                self._silent_since.setdefault(slot, now)
                continue
            self._silent_since.pop(slot, None)
            self._said.pop(slot, None)
            self._try(slot, self._withdraw)
        # More than one: a third is away, or it is this master that is cut off.
        if len(silent) == 1 and self._node.clock.now() - self._silent_since[silent[0]] >= SILENT_SECONDS:
            self._try(silent[0], self._suspect)

    def _try(self, slot: str, act: Callable[[str], None]) -> None:
        try:
            act(slot)
        except RefusedError as error:
            self._say(slot, str(error))
        except (NodeError, ClientError, BotoCoreError, *UNREADABLE) as error:
            self._say(slot, f"it cannot be found out: {error}")

    def _suspect(self, slot: str) -> None:
        """Share what this master sees of a slot; when all others see the same, report it.

        Raises:
            RefusedError: it is not to be reported; says why.

        """
        node = self._node
        instance_id = self._instance_in_service(slot)
        own = self._observation(slot, by=node.slot)
        if (
            own.acquire({"instance": instance_id}, seconds=_OBSERVATION_SECONDS).get("instance")
            != instance_id
        ):
            # Of an earlier instance.
            own.release()
            raise RefusedError("its instance has changed")
        self._observed.add(slot)
        witnesses = [other for other in other_slots(node.etcd_spec, slot) if other != node.slot]
        for other in witnesses:
            if self._observation(slot, by=other).holder().get("instance") != instance_id:
                raise RefusedError(f"the master of slot {other} does not say that it is silent")
        self._require_quorum([node.slot, *witnesses])
        for arn in load_balancer.target_groups(node):
            if load_balancer.state(node, arn, instance_id) == "healthy":
                raise RefusedError("the load balancer still takes it for healthy")
        if self._answers(slot):
            raise RefusedError("it answers again")
        seconds = node.clock.now() - self._silent_since[slot]
        why = f"etcd, API server and kubelet of {instance_id} are silent to all other masters"
        replacement.report_peer(node, slot=slot, instance_id=instance_id, why=f"{why} for {seconds:.0f} s")
        # A report may be lost: after some time without an effect there is another.
        self._silent_since[slot] = node.clock.now()

    def _instance_in_service(self, slot: str) -> str:
        """The instance whose boot has ended in this slot, and which its group wants in service.

        Raises:
            RefusedError: there is none; says what is there.

        """
        record = slot_record.of_slot(self._node, slot)
        if record is None:
            raise RefusedError("the slot has no record yet")
        if not record.has_booted:
            raise RefusedError(f"{record.instance} is not in service: {record.outcome}")
        answer = self._node.aws.call(
            lambda: self._node.aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[record.instance])
        )
        states = [str(found["LifecycleState"]) for found in answer["AutoScalingInstances"]]
        if states != ["InService"]:
            raise RefusedError(f"its group has {record.instance} as {states[0] if states else 'gone'}")
        return record.instance

    def _require_quorum(self, slots: Sequence[str]) -> None:
        spec = self._node.etcd_spec
        urls = [client_url(spec, slot) for slot in slots]
        healthy = EtcdClient(self._node, *urls).healthy_endpoints()
        if missing := [slot for slot, url in zip(slots, urls, strict=True) if url not in healthy]:
            raise RefusedError(f"etcd of slot {', '.join(missing)} is not healthy: the quorum would be lost")

    def _withdraw(self, slot: str) -> None:
        if slot in self._observed:
            self._observation(slot, by=self._node.slot).release()
            self._observed.discard(slot)

    def _observation(self, slot: str, *, by: str) -> Lock:
        return Lock(EtcdClient.local(self._node), f"kubequorum/silent/{slot}/{by}")

    def _answers(self, slot: str) -> bool:
        """Whether anything of a slot's master answers now."""
        host, name = self._node.host, self._node.etcd_spec.slots[slot].etcd_name
        # Without a name nothing is known of it.
        addresses = sorted(host.resolve(name))
        if not addresses or not all(
            host.is_silent(address, API_PORT, timeout=_ANSWER_SECONDS) for address in addresses
        ):
            return True
        places = [(address, port) for address in addresses for port in _OTHER_PORTS]
        with ThreadPoolExecutor(max_workers=len(places)) as pool:
            silent = pool.map(lambda place: host.is_silent(*place, timeout=_ANSWER_SECONDS), places)
            return not all(silent)

    def _say(self, slot: str, text: str) -> None:
        if self._said.get(slot) != text:
            self._said[slot] = text
            info(f"the master of slot {slot} is silent, and is not reported: {text}")


def watch(node: Node) -> None:
    """Watch the other masters for as long as the host runs."""
    if len(node.etcd_spec.slots) == 1:
        return
    masters = SilentMasters(node)
    while True:
        try:
            masters.tick()
        except Exception as error:
            # Whatever it is, the others must be looked at again.
            warning(f"the other masters cannot be watched: {error!r}")
        node.clock.sleep(LOOK_SECONDS)
