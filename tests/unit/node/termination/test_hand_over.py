"""What a master hands over in a termination: the leadership of etcd, and its clients."""

from kubequorum_node.etcd import leadership
from kubequorum_node.kubernetes import load_balancer
from tests.unit.node.simulation.node import OWN, TARGETS, SimulatedNode

ETCDCTL = "/usr/local/bin/etcdctl"


def test_leadership_moves_to_the_most_advanced_member(master: SimulatedNode) -> None:
    """A member that lags would first have to catch up."""
    master.etcd.raft_indexes["b"] -= 5
    leadership.hand_over(master.node)
    assert master.etcd.leader == "c"


def test_leadership_does_not_move_to_a_member_that_does_not_answer(master: SimulatedNode) -> None:
    """A member that does not answer gets nothing; without any other the end goes on."""
    master.etcd.down = {"b"}
    leadership.hand_over(master.node)
    assert master.etcd.leader == "c"
    master.etcd.leader, master.etcd.down = "a", {"b", "c"}
    leadership.hand_over(master.node)
    assert master.etcd.leader == "a"


def test_a_follower_moves_no_leadership(master: SimulatedNode) -> None:
    """And asks none of the others."""
    master.etcd.leader = "c"
    leadership.hand_over(master.node)
    assert master.etcd.leader == "c"
    assert len(master.node.host.commands) == 1


def test_deregistration_is_waited_for(master: SimulatedNode) -> None:
    """Deregistering takes it a moment."""
    aws = master.node.aws
    aws.before["deregister_targets"] = []
    states = iter(["healthy", "healthy", "draining", "draining"])
    aws.drain = lambda arn: aws.target_groups.__setitem__(arn, next(states))
    load_balancer.deregister(master.node)
    assert len(aws.asked("describe_target_health")) == 3
    assert aws.asked("deregister_targets") == [{"TargetGroupArn": TARGETS, "Targets": [{"Id": OWN}]}]


def test_deregistration_is_not_waited_for_without_end(master: SimulatedNode) -> None:
    """The rest of the end matters more."""
    master.node.aws.drain = lambda _: None
    begin = master.node.clock.now()
    load_balancer.deregister(master.node)
    assert master.node.clock.now() - begin < 30
