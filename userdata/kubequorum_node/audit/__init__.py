"""The API server's audit log, copied to the state bucket, where it outlives its machine.

docs/audit-log.md says what is promised.
"""
