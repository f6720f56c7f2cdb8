"""Building programs from source: pinned Go modules and a pinned toolchain, where downloads fail."""
