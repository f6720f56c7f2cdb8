"""The baseline: stock kubeadm on the same machines, with the same binaries.

`masters` makes three masters by a shell script: the floor of a boot. `join` lets a new machine join by
`kubeadm join`: how stock kubeadm replaces a master.
"""
