"""What stands in for AWS on one machine: the embedded AWS (api), the machines behind its instances, the commands."""
