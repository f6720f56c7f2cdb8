"""What stands in for AWS on one machine: the embedded AWS, its machines, and the program behind `make`."""
