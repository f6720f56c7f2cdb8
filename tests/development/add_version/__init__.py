"""The command `add-version`."""
