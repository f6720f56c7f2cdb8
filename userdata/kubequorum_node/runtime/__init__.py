"""The container runtime: one interface, a module for each implementation, and crictl, which they share."""
