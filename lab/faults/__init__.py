"""`fault`: commands that inject faults into the embedded AWS, generated from the emulator's table."""

from lab.faults.commands import app

__all__ = ["app"]
