"""The operator's program: what it reads of a cluster comes from the APIs of AWS and of Kubernetes alone."""
