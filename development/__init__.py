"""What people who work on the tree need: checks, faults, benchmarks, and the program of all packages."""
