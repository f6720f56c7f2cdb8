"""The steps of an end; `order` has their order."""

from kubequorum_node.etcd import leadership
from kubequorum_node.kubernetes import stale_nodes
from kubequorum_node.step import Step
from kubequorum_node.termination import drain, load_balancer, static_pods
from kubequorum_node.volume import detachment, filesystem

MOVE_PODS = Step("move-pods", "cordon the node and ask its pods to move, waiting for none", drain.begin)
EMPTY_NODE = Step("empty-node", "cordon the node and wait until its pods have moved", drain.empty)
MOVE_LEADERSHIP = Step(
    "move-leadership", "let another member lead etcd, if this one does", leadership.hand_over, True
)
LEAVE_LOAD_BALANCER = Step("leave-load-balancer", "leave the API's target groups", load_balancer.leave, True)
REMOVE_OWN_NODE = Step("remove-own-node", "remove this machine's Node object", stale_nodes.remove_own, True)
STOP_CONTROL_PLANE = Step(
    "stop-control-plane", "stop the static pods: the API server before etcd", static_pods.stop_all, True
)
STOP_AT_ONCE = Step(
    "stop-at-once",
    "stop the static pods without grace: for a master that serves nobody",
    static_pods.stop_at_once,
    True,
)
UNMOUNT_VOLUME = Step("unmount-volume", "unmount the slot's volume", filesystem.unmount, True)
DETACH_VOLUME = Step("detach-volume", "detach the slot's volume from this instance", detachment.detach, True)
AWAIT_END = Step(
    "await-end",
    "see that the group has heard of it; complete the terminate hook again if not",
    lambda node: node.lifecycle.await_end(),
)
REPORT_GONE = Step("report-gone", "complete the terminate hook", lambda node: node.lifecycle.report_gone())
