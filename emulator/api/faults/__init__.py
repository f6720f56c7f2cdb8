"""What can be broken in the embedded AWS from outside its process: for tests, and for people who watch.

`listener` answers on the channel of `emulator.faults`, `commands` is what it understands, `switches` keeps
what is on; the places where it happens ask there. `machine_breaks` is the port to machines that can be
broken.
"""
