"""The steps of a termination; `order` puts them in order."""

from kubequorum_node.audit import shipping as audit
from kubequorum_node.backup import commands as backup
from kubequorum_node.etcd import leadership
from kubequorum_node.kubernetes import load_balancer, stale_nodes
from kubequorum_node.step import Step
from kubequorum_node.termination import drain, static_pods
from kubequorum_node.volume import detachment, filesystem, slot_record, slot_volume

TAKE_BACKUP = Step(
    "take-backup",
    "take a full snapshot of etcd, unless there is one of the last minute",
    backup.back_up_before_termination,
    True,
)
MOVE_PODS = Step(
    "move-pods", "cordon the node and request the eviction of its pods, without waiting", drain.begin
)
EMPTY_NODE = Step("empty-node", "cordon the node and wait until its pods are evicted", drain.empty)
MOVE_LEADERSHIP = Step(
    "move-leadership",
    "move etcd's leadership to another member, if this one leads",
    leadership.hand_over,
    True,
)
LEAVE_LOAD_BALANCER = Step(
    "leave-load-balancer",
    "deregister from the API's target groups; wait until no connection comes from there any more",
    load_balancer.leave,
    True,
)
DEREGISTER = Step("deregister", "deregister from the API's target groups", load_balancer.deregister, True)
REMOVE_OWN_NODE = Step("remove-own-node", "remove this host's Node object", stale_nodes.remove_own, True)
STOP_CONTROL_PLANE = Step(
    "stop-control-plane", "stop the static pods: the API server before etcd", static_pods.stop_all, True
)
STOP_AT_ONCE = Step(
    "stop-at-once",
    "stop the static pods with a short grace time: for a master without a quorum",
    static_pods.stop_at_once,
    True,
)
SHIP_AUDIT_LOG = Step(
    "ship-rest-of-audit-log",
    "copy what the API server wrote to its audit log at last",
    audit.ship_the_rest,
    True,
)
UNMOUNT_VOLUME = Step("unmount-volume", "unmount the slot's volume", filesystem.unmount, True)
DETACH_VOLUME = Step(
    "detach-volume",
    "detach the slot's volume from this instance",
    lambda node: detachment.detach(node, slot_volume.resolved(node)),
    True,
)
NOTE_SHUTDOWN = Step(
    "note-shutdown",
    "write into the slot's record that this host shuts down, so that the others do not take it for dead",
    lambda node: slot_record.note(node, slot_record.SHUTTING_DOWN),
    True,
)
AWAIT_TERMINATION = Step(
    "await-termination",
    "retry the completion of the terminate hook if it was lost",
    lambda node: node.lifecycle.await_termination(),
)
COMPLETE_TERMINATE_HOOK = Step(
    "complete-terminate-hook",
    "complete the terminate hook",
    lambda node: node.lifecycle.complete_terminate_hook(),
)
