"""The slot's volume: which one it is, attaching and detaching it, its file system, and etcd's data on it."""
