"""The emulator's end of the channel of `emulator.faults`.

`handlers` has what each fault of the table does, `operations` what looks at faults
and clears them, and `listener` answers on the socket.
"""
