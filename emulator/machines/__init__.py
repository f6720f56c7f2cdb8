"""What runs behind the instances of the embedded AWS: implementations of `emulator.api.machines.Machines`."""
