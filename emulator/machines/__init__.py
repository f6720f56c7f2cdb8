"""What runs behind emulated instances: implementations of `emulator.ports.machines.Machines`."""
