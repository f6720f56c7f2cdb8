"""AWS on one machine: its API, the machines behind the instances, and faults that are injected into both."""
