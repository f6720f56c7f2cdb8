"""Measurements of `make bench`. To add one: write a module with a MEASUREMENT and list it in `registry`."""
