"""A boot: its steps, their order, and how its outcome is reported."""
