"""Continuous backups of etcd: full snapshots and change logs in the state bucket, and their verification.

The format of the chain and what it guarantees are described in docs/backups.md.
"""
