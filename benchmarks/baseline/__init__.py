"""By hand: the floor of a boot, and the stock way to replace a master; same machines, same binaries.

`masters` makes three masters by a shell script, `join` lets a fresh machine join by `kubeadm join`.
"""
