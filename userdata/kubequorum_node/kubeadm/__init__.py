"""kubeadm: its configuration, its phases, and the CA set that it creates.

The names and URLs of etcd's members are here, too: they are part of that configuration.
"""
