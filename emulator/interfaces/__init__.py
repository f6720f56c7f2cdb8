"""Interfaces between the emulated API and the machines. Each side knows these; neither knows the other."""
