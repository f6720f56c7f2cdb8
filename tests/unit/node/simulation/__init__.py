"""One simulated node: a host with its programs, its volume and its static pods, among etcd's other members.

Every test that needs more than single fake programs uses it: all of them mean the same etcd and kubelet.
"""
