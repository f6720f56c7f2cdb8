"""The node program: what every machine of a cluster runs, from its first boot to its last minute.

Standard library and boto3 only; both travel with it (see `kubequorum.node_program`).
"""
