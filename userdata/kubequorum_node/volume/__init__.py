"""The slot's volume: whose it is, attaching and detaching it, its file system, and what etcd has on it."""
