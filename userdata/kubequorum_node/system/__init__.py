"""The machine before it is part of a cluster: programs, container runtime, units, its clock, and its lock."""
