"""kubeadm: what it is told, how it is run, and the CA set that it makes.

How the members of etcd are named and found is here, too, for kubeadm is told so.
"""
