"""Restoring etcd from its backups, when a boot finds that a person has requested it.

docs/backups.md describes it for operators, docs/decisions/restore.md why it is done like this.
"""
