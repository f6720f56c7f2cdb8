"""The node program: it runs on every host of a cluster, from its first boot to its termination.

Standard library and boto3 only; both travel with it (see `kubequorum.node_program`).
"""
