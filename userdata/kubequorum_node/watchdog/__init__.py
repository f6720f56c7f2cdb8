"""The watchdog of a master in service: looking, judging, telling, and choosing the remedy."""
