"""Examination of this master: its etcd member, control plane, kubelet, volume, certificates and clock."""

import json

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import EtcdClient
from kubequorum_node.etcd.exit_reason import find_exit_reason
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubernetes import certificates, controllers
from kubequorum_node.log import warning
from kubequorum_node.node import Node
from kubequorum_node.system import wall_clock
from kubequorum_node.volume.disk import DiskProbe
from kubequorum_node.watchdog.diagnosis import CORRUPT, NOSPACE, Findings

_ETCD = "http://127.0.0.1:2381"
"""Where kubeadm lets etcd answer probes (--listen-metrics-urls)."""
_KUBELET = "http://127.0.0.1:10248/healthz"
_OK = 200
_CERTIFICATES_SECONDS = 3600.0
_CLOCK_SECONDS = 60.0


class Examination:
    """Examines again and again; what changes slowly, or costs more, less often."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._disk = DiskProbe(node)
        self._log_since = node.host.time()
        self._days_left: float | None = None
        self._days_left_at = float("-inf")
        self._offset: float | None = None
        self._offset_at = float("-inf")

    def look(self) -> Findings:
        """Examine the master. What cannot be found out is left out, and never fails."""
        node = self._node
        answers = self._is_ok(f"{_ETCD}/livez")
        ready = answers and self._is_ok(f"{_ETCD}/readyz")
        now = node.clock.now()
        if now - self._days_left_at >= _CERTIFICATES_SECONDS:
            self._days_left, self._days_left_at = self._certificates(), now
        if now - self._offset_at >= _CLOCK_SECONDS:
            self._offset, self._offset_at = wall_clock.offset_seconds(node), now
        api = node.host.https_status(
            f"https://{node.identity.address}:{API_PORT}/readyz", ca_file=CA_CERTIFICATE, timeout=5.0
        )
        return Findings(
            etcd_answers=answers,
            etcd_ready=ready,
            api_ready=api == _OK,
            kubelet_answers=self._is_ok(_KUBELET),
            not_healthy=tuple(controllers.not_healthy(node, timeout=5.0)),
            disk=self._disk.look(),
            alarms=self._alarms() if answers else frozenset(),
            last_words=None if answers else find_exit_reason(node, since=self._log_since),
            days_left=self._days_left,
            clock_offset_seconds=self._offset,
        )

    def reset(self) -> None:
        """Forget etcd's earlier log and the expiry of certificates: both may have been replaced."""
        self._log_since = self._node.host.time()
        self._days_left_at = float("-inf")

    def _is_ok(self, url: str) -> bool:
        answer = self._node.host.get(url, timeout=5.0)
        return answer is not None and answer.status == _OK

    def _alarms(self) -> frozenset[str]:
        """Alarms about this member; queried only when it reports that there are any."""
        answer = self._node.host.get(f"{_ETCD}/health", timeout=5.0)
        try:
            reason = "" if answer is None else str(json.loads(answer.body).get("reason", ""))
            if "ALARM" not in reason:
                return frozenset()
            local = EtcdClient.local(self._node)
            own = int(local.status()["header"]["member_id"])
            alarms = local.alarms()
        except (NodeError, LookupError, ValueError, TypeError, AttributeError) as error:
            warning(f"etcd's alarms cannot be read: {error}")
            return frozenset()
        found = {name for member_id, name in alarms if member_id == own}
        return frozenset(found & {CORRUPT} | ({NOSPACE} & {name for _, name in alarms}))

    def _certificates(self) -> float | None:
        try:
            return certificates.days_left(self._node)
        except (NodeError, LookupError, ValueError) as error:
            warning(f"the expiry of the certificates cannot be read: {error}")
            return None
