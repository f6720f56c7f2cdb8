"""Restoring etcd from its backups, for an operator: the plan, the request, and what masters make of it."""
