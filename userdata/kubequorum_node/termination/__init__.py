"""The orderly end of a machine: its steps, their order, and what only an end does."""
