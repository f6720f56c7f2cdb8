"""What runs behind emulated instances: implementations of `emulator.interfaces.machines.Machines`."""
