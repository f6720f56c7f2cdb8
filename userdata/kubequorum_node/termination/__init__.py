"""Graceful termination of a host: its steps, their order, and what only a termination does."""
