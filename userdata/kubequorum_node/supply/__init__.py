"""What masters put into the state bucket so that later machines need nothing outside their region: programs.

Taken from there by a boot (`kubequorum_node.system.program_copies`).
"""
