"""Measurements of `make bench`.

To add one: write a module with a MEASUREMENT and list it in `registry`. What is measured on a cluster that
stands is a PROBE instead: list it in `cluster` (real machines) or call it in `deploy` (plain processes).
"""
