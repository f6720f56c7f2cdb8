"""The watchdog of a master in service: it examines, diagnoses, reports, and chooses the remedy."""
