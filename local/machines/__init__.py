"""What runs behind the instances of the embedded AWS: implementations of `local.api.machines.Machines`."""
