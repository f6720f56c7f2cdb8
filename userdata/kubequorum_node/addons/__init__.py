"""Addons: masters bring them to what the stack Addons wants, each for itself and all to the same result."""
