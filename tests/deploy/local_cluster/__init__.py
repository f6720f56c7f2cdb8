"""Tests that leave one deployment of clusters/local.yaml as it was."""

SLOTS = {"a": "us-east-1a", "b": "us-east-1b", "c": "us-east-1c"}
"""Slot to its zone."""
