"""The command-line program: one module a command in `commands`, and what the commands share beside it."""
