"""The VPCs that have, or had, machines; and a thread that reconciles the proxy with the API."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from emulator.interfaces.machines import Instance
from emulator.interfaces.network_facts import NetworkFacts
from emulator.interfaces.target_probe import TargetCheck
from emulator.machines.imds import InstanceMetadata
from emulator.machines.namespaces import path_of
from emulator.machines.nspawn.host_ports import HostPorts
from emulator.machines.nspawn.naming import Names
from emulator.machines.nspawn.vpc import RunningVpc
from emulator.machines.proxy import Endpoint, Proxy

_log = logging.getLogger(__name__)

_FOLLOW_SECONDS = 0.25
"""How soon a change of listeners, or of a target's health, reaches the proxy."""


class Networks:
    """All networks of a state folder. Methods may be called from several threads."""

    def __init__(
        self,
        *,
        names: Names,
        facts: NetworkFacts,
        api: Endpoint,
        host_ports: HostPorts,
        root: Path,
        absence_seconds: Callable[[], float],
    ) -> None:
        """Creates nothing yet; a VPC's network comes with its first instance.

        `root` is the machines', `absence_seconds` for their name servers.
        """
        self._root = root
        self._absence_seconds = absence_seconds
        self._names = names
        self._facts = facts
        self._api = api
        self._host_ports = host_ports
        self._lock = threading.RLock()
        self._vpcs: dict[str, RunningVpc] = {}
        self._proxy = Proxy()
        self._ended = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="networks", daemon=True)
        self._follower.start()

    def admit(self, instance: Instance, metadata: InstanceMetadata) -> RunningVpc:
        """The network of an instance's VPC, made if need be; its metadata service knows the instance then.

        Raises:
            CommandFailedError: the network cannot be made.
        """
        with self._lock:
            vpc = self._vpcs.get(instance.vpc_id)
            if vpc is None:
                vpc = RunningVpc(
                    instance=instance,
                    names=self._names,
                    facts=self._facts,
                    api=self._api,
                    root=self._root,
                    absence_seconds=self._absence_seconds,
                )
                self._vpcs[instance.vpc_id] = vpc
            vpc.admit(metadata)
            self._update()
            return vpc

    def dismiss(self, instance: Instance) -> None:
        """Forget an instance."""
        if vpc := self._vpcs.get(instance.vpc_id):
            vpc.dismiss(instance)

    def of_target(self, check: TargetCheck) -> RunningVpc | None:
        """The VPC in which a target is."""
        for vpc in self.all():
            if vpc.has_target(check.target_group_arn):
                return vpc
        return None

    def all(self) -> list[RunningVpc]:
        """All networks."""
        return list(self._vpcs.values())

    def namespace(self, vpc_id: str) -> Path:
        """The namespace of a VPC; LookupError if it has none."""
        if vpc_id not in self._vpcs:
            raise LookupError(f"{vpc_id} has no network here: no machine was launched in it")
        return path_of(self._names.vpc(vpc_id))

    def close(self) -> None:
        """Remove all networks; their machines must be gone. Safe to repeat."""
        self._ended.set()
        self._follower.join()
        self._proxy.close()
        with self._lock:
            while self._vpcs:
                self._vpcs.popitem()[1].close()

    def _follow(self) -> None:
        while not self._ended.wait(_FOLLOW_SECONDS):
            try:
                with self._lock:
                    self._update()
            except Exception:
                _log.exception("load balancers are not what the API says")

    def _update(self) -> None:
        """Needs the lock."""
        unwanted = [vpc_id for vpc_id, vpc in self._vpcs.items() if not vpc.is_wanted]
        gone = [self._vpcs.pop(vpc_id) for vpc_id in unwanted]
        balancers = {vpc_id: vpc.balancers() for vpc_id, vpc in self._vpcs.items()}
        routes = [route for vpc_id, vpc in self._vpcs.items() for route in vpc.routes(balancers[vpc_id])]
        for vpc_id, vpc in self._vpcs.items():
            named = vpc.as_named(balancers[vpc_id])
            routes += self._host_ports.routes(named, namespace=vpc.namespace)
        self._proxy.apply(routes)
        # Only now: a port that is in the file answers.
        self._host_ports.keep([balancer for those in balancers.values() for balancer in those])
        for vpc in gone:
            vpc.close()
