"""The emulated API: ministack in process, and what ministack lacks."""
