"""etcd as a cluster of members: topology, manifest and client, who is a member, who leads, their data."""
