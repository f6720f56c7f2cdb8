"""The node's services: one table of what runs on a host, when, and what a graceful termination does about it.

A periodic job is an entry here and its function; its two unit files are made from the entry. A service that
runs all the time has a unit file in userdata/units, too.
"""

import sys
from threading import Thread

from kubequorum_node import ssh_keys
from kubequorum_node.addons import service as addons
from kubequorum_node.approver import service as approver
from kubequorum_node.audit import shipping as audit
from kubequorum_node.aws.ending import Ending
from kubequorum_node.backup import commands as backup
from kubequorum_node.boot.run import boot
from kubequorum_node.kubernetes import certificates, credentials, dns_scale, issuer, stale_nodes
from kubequorum_node.kubernetes.pod_network import PodNetwork
from kubequorum_node.node import Node
from kubequorum_node.service import Service
from kubequorum_node.step import Step
from kubequorum_node.supervision.unit import Phase, Unit
from kubequorum_node.supply import service as supply
from kubequorum_node.termination import notices
from kubequorum_node.termination.order import leave_at_once, shut_down, terminate
from kubequorum_node.watchdog.watch import watch


def _boot(node: Node) -> None:
    if status := boot(node):
        sys.exit(status)


def _watch_lifecycle(node: Node) -> None:
    # Beside it: an API that does not answer must not delay what is seen of the end.
    Thread(target=notices.watch, args=(node,), name="notices", daemon=True).start()
    if node.endings.wait() is Ending.TERMINATED:
        terminate(node)
    else:
        leave_at_once(node)


SERVICES = (
    Service(
        unit="kubequorum-boot",
        step=Step("boot", "run all steps of a boot, in their order; safe to repeat", _boot),
        phase=Phase.BOOT,
        stopped_by_termination=True,
    ),
    Service(
        unit="kubequorum-lifecycle",
        step=Step(
            "watch-lifecycle",
            "terminate gracefully when the group terminates this instance, or EC2 takes it back",
            _watch_lifecycle,
        ),
        phase=Phase.LAUNCH,
        # It is what terminates.
        stopped_by_termination=False,
    ),
    Service(
        unit="kubequorum-shutdown",
        step=Step("shut-down", "stop the control plane in order: the host shuts down", shut_down, True),
        phase=Phase.LAUNCH,
        stopped_by_termination=False,
        at_shutdown=True,
    ),
    Service(
        unit="kubequorum-ssh-keys",
        step=Step("update-ssh-keys", "let the owners of the SSH keys in force log in", ssh_keys.update),
        # Also where the boot fails: then people want to look.
        phase=Phase.LAUNCH,
        stopped_by_termination=False,
        only_with_ssh=True,
        timer={"OnActiveSec": "1s", "OnUnitActiveSec": "5min", "RandomizedDelaySec": "10s"},
        timeout="2min",
        retry_seconds=30,
    ),
    Service(
        unit="kubequorum-pod-network",
        step=Step(
            "pod-network",
            "keep routes to the pods of other nodes up to date",
            lambda node: PodNetwork(node).run(),
        ),
        phase=Phase.POD_NETWORK,
        # Pods that are being evicted still serve.
        stopped_by_termination=False,
    ),
    Service(
        unit="kubequorum-node-approver",
        step=Step(
            "approve-nodes",
            "approve certificate requests of kubelets whose instance AWS confirms, deny all others",
            approver.run,
            True,
        ),
        phase=Phase.CLUSTER,
        stopped_by_termination=True,
    ),
    Service(
        unit="kubequorum-watchdog",
        step=Step("watch-health", "watch the health of this master and repair it", watch, True),
        phase=Phase.IN_SERVICE,
        stopped_by_termination=True,
    ),
    Service(
        unit="kubequorum-addons",
        step=Step(
            "reconcile-addons", "keep the cluster's addons as the stack Addons wants them", addons.run, True
        ),
        phase=Phase.ADDONS,
        stopped_by_termination=True,
    ),
    Service(
        unit="kubequorum-audit",
        step=Step("ship-audit-log", "copy the API server's audit log to the state bucket", audit.run, True),
        phase=Phase.IN_SERVICE,
        # A step of the termination copies what comes after it.
        stopped_by_termination=True,
    ),
    Service(
        unit="kubequorum-backup",
        step=Step("write-backups", "back up etcd continuously, or stand by for it", backup.write, True),
        phase=Phase.IN_SERVICE,
        # It writes what is left, and needs etcd for it.
        stopped_by_termination=True,
    ),
    Service(
        unit="kubequorum-backup-drill",
        step=Step(
            "daily-backup-drill",
            "rebuild the newest backup and compare it, unless another master did today",
            backup.run_daily_drill,
            True,
        ),
        phase=Phase.CLUSTER,
        stopped_by_termination=True,
        timer={"OnActiveSec": "1h", "OnUnitActiveSec": "6h", "RandomizedDelaySec": "2h"},
        timeout="2h",
    ),
    Service(
        unit="kubequorum-credentials",
        step=Step(
            "publish-credentials",
            "renew the join token and the administrator's kubeconfig",
            credentials.renew,
            True,
        ),
        phase=Phase.CLUSTER,
        stopped_by_termination=True,
        # Well before the last token expires, see `credentials.TOKEN_VALID`.
        timer={"OnActiveSec": "30min", "OnUnitActiveSec": "30min", "RandomizedDelaySec": "2min"},
        timeout="5min",
        retry_seconds=30,
    ),
    Service(
        unit="kubequorum-issuer",
        step=Step(
            "publish-issuer",
            "publish the documents of the service-account issuer, if they differ",
            issuer.keep_published,
            True,
        ),
        phase=Phase.CLUSTER,
        stopped_by_termination=True,
        # Not a step of the boot: a master must not fail because the issuer's bucket does.
        timer={"OnActiveSec": "1s", "OnUnitActiveSec": "1h", "RandomizedDelaySec": "10s"},
        timeout="5min",
        # Each failure makes an Event.
        retry_seconds=120,
    ),
    Service(
        unit="kubequorum-certificates",
        step=Step(
            "renew-certificates",
            "renew the leaf certificates if one expires soon",
            certificates.renew_if_due,
            True,
        ),
        phase=Phase.CLUSTER,
        stopped_by_termination=True,
        timer={"OnCalendar": "weekly", "RandomizedDelaySec": "6h", "Persistent": "true"},
        timeout="30min",
    ),
    Service(
        unit="kubequorum-programs",
        step=Step(
            "put-programs",
            "put programs that images of this cluster lack into the state bucket, and delete unused ones",
            supply.run,
            True,
        ),
        # Not in a boot, which it must neither delay nor fail.
        phase=Phase.IN_SERVICE,
        stopped_by_termination=True,
        timer={"OnActiveSec": "5s", "OnUnitActiveSec": "1h", "RandomizedDelaySec": "30s"},
        timeout="15min",
    ),
    Service(
        unit="kubequorum-stale-nodes",
        step=Step(
            "remove-stale-nodes",
            "remove Node objects whose instance no longer exists",
            stale_nodes.remove,
            True,
        ),
        phase=Phase.CLUSTER,
        stopped_by_termination=True,
        timer={"OnActiveSec": "1min", "OnUnitActiveSec": "5min", "RandomizedDelaySec": "30s"},
        timeout="5min",
    ),
    Service(
        unit="kubequorum-dns-scale",
        step=Step(
            "scale-dns", "give CoreDNS as many replicas as the cluster's size asks for", dns_scale.scale, True
        ),
        phase=Phase.IN_SERVICE,
        stopped_by_termination=True,
        timer={"OnActiveSec": "2min", "OnUnitActiveSec": "5min", "RandomizedDelaySec": "1min"},
        timeout="5min",
    ),
)


def units(*, is_master: bool, has_ssh: bool = False) -> list[Unit]:
    """The services of a host as its supervisor sees them."""
    return [
        service.as_unit()
        for service in SERVICES
        if (is_master or not service.step.masters_only) and (has_ssh or not service.only_with_ssh)
    ]
