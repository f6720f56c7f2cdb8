"""Ports between the emulated API and the machines: each side knows these, and neither knows the other."""
