"""etcd as a cluster of members: speaking to it, who is a member, who leads, and the names of its members."""
