"""A boot: its steps, their order, and how its end is told."""
