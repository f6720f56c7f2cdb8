"""Kubequorum on one machine: an embedded AWS, what its machines boot, and clients that test the cluster."""
