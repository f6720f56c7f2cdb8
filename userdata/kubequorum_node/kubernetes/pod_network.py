"""The pod network of this host: a bridge for its own pods, a VXLAN device to those of other nodes.

Runs as kubequorum-pod-network.service, and reconciles the kernel's tables with the Node objects, and this
host's own parts with what they should be.
"""

import json
from typing import Any

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import events, node_claims, pod_routes
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from kubequorum_node.kubernetes.node_claims import AddressPlan, ClaimError
from kubequorum_node.kubernetes.pod_device import PodDevice
from kubequorum_node.kubernetes.pod_routes import DEVICE, Entries, Peer
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_NODES = "/api/v1/nodes"
_LIST_SECONDS = 240.0
"""After that all nodes are listed again: a missed event is made up for."""
_WATCH_SECONDS = 15
"""How long a watch lasts. Between two of them the daemon looks at this host's own parts."""
_FIRST_RANGE_SECONDS = 600
_PAUSE_SECONDS = 2.0


class PodNetwork:
    """The pod network of one host."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._api = NodeApi(node)
        self._device = PodDevice(node)
        self._plan = AddressPlan.of(node.document)
        self._peers: dict[str, Peer] = {}
        self._refused: dict[str, str] = {}
        """Name of each Node that says something impossible, and what."""
        self._reported: dict[str, str] = {}
        """Each Node that is ignored, with the reason, as last reported."""
        self._own: Peer | None = None
        self._version = ""

    def run(self) -> None:
        """Reconcile forever; failures are retried."""
        while True:
            try:
                self.synchronise()
                self._follow()
            except NodeError as error:
                warning(f"pod network: {error}")
                self._node.clock.sleep(_PAUSE_SECONDS)

    def synchronise(self) -> None:
        """Reconcile this host with all nodes."""
        self._look_after_host()
        own = self._wait_for_own_range()
        if own != self._own:
            self._device.reconcile(own)
            self._own = own
            info(f"pods of this node get addresses from {own.pod_range}")
        answer = self._api.get(_NODES)
        self._peers = {}
        self._refused = {}
        for item in answer["items"]:
            self._take(item)
        self._apply()
        self._version = str(answer["metadata"]["resourceVersion"])

    def _follow(self) -> None:
        """Follow changes of nodes until they are listed again; every few seconds look at this host."""
        until = self._node.clock.now() + _LIST_SECONDS
        while self._node.clock.now() < until and self._watch():
            self._look_after_host()

    def _watch(self) -> bool:
        """Apply changes of nodes as they come, for some seconds; returns whether it can go on from there."""
        path = (
            f"{_NODES}?watch=1&allowWatchBookmarks=true&resourceVersion={self._version}"
            f"&timeoutSeconds={_WATCH_SECONDS}"
        )
        for event in self._api.watch(path, timeout=_WATCH_SECONDS + 30):
            if event["type"] == "ERROR":
                # The version is too old: list again.
                return False
            self._version = str(event["object"]["metadata"]["resourceVersion"])
            if event["type"] == "BOOKMARK":
                continue
            before = dict(self._peers), dict(self._refused)
            if event["type"] == "DELETED":
                self._forget(event["object"]["metadata"]["name"])
            else:
                self._take(event["object"])
            # Nodes report every few seconds; few reports concern the network.
            if (self._peers, self._refused) != before:
                self._apply()
        return True

    def _take(self, item: dict[str, Any]) -> None:
        name = item["metadata"]["name"]
        self._forget(name)
        try:
            peer = node_claims.peer_of(item, self._plan)
        except ClaimError as error:
            self._refused[name] = str(error)
            return
        if peer is not None:
            self._peers[name] = peer

    def _forget(self, name: str) -> None:
        self._peers.pop(name, None)
        self._refused.pop(name, None)

    def _wait_for_own_range(self) -> Peer:
        path = f"{_NODES}/{self._node.identity.node_name}"

        def look() -> Peer:
            try:
                peer = node_claims.peer_of(self._api.get(path), self._plan)
            except (ApiError, ClaimError) as error:
                raise NotYetError(str(error)) from error
            if peer is None:
                raise NotYetError("the node has no pod range yet: the controller manager assigns one")
            return peer

        # Once it is known, this host is looked after while the API is away.
        seconds = _FIRST_RANGE_SECONDS if self._own is None else _WATCH_SECONDS
        return self._node.clock.poll(
            "pod range of this node", look, seconds=seconds, pause=0.2, longest_pause=2.0
        )

    def _look_after_host(self) -> None:
        """Restore what this host has lost of the pod network; it needs no API for that."""
        if self._own is None:
            return
        if made := self._device.reconcile(self._own):
            warning(f"pod network: restored on this host: {', '.join(made)}")
        # The device's entries are lost with it.
        self._apply()

    def _apply(self) -> None:
        if self._own is None:
            return
        peers, doubles = node_claims.believed(self._peers)
        self._report(self._refused | doubles)
        target = pod_routes.wanted(peers.values(), self._own)
        ip, bridge = pod_routes.changes(self._actual(), target)
        # Forwarding entries first: a route without one would drop packets.
        for program, lines in (("bridge", bridge), ("ip", ip)):
            if lines:
                self._node.host.run(program, "-force", "-batch", "-", stdin="\n".join(lines) + "\n")
        if ip or bridge:
            info(f"pod network: {len(target.routes)} other nodes")

    def _report(self, ignored: dict[str, str]) -> None:
        """Report each Node that is ignored, once for each reason."""
        for name, reason in ignored.items():
            if self._reported.get(name) == reason:
                continue
            message = f"the pod network ignores this Node: {reason}"
            warning(f"{name}: {message}")
            # Workers have no administrator's credentials, and an Event of each master is enough.
            if self._node.is_master:
                self._create_event(name, message)
        self._reported = ignored

    def _create_event(self, name: str, message: str) -> None:
        try:
            events.create(
                self._node,
                component="kubequorum-pod-network",
                reason="NodeIgnored",
                message=message,
                is_warning=True,
                about=name,
            )
        except NodeError as error:
            warning(f"no Event of it: {error}")

    def _actual(self) -> Entries:
        def ask(*command: str) -> list[dict[str, Any]]:
            printed = self._node.host.run(*command).stdout.strip()
            found: list[dict[str, Any]] = json.loads(printed) if printed else []
            return found

        return pod_routes.parse(
            ask("ip", "-json", "route", "show", "dev", DEVICE),
            ask("ip", "-json", "neighbour", "show", "dev", DEVICE),
            ask("bridge", "-json", "fdb", "show", "dev", DEVICE),
        )
