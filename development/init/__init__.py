"""Writes a cluster file from a few answers, from what AWS says of the account, and from defaults."""
