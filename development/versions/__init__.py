"""Adding a Kubernetes version: upstream's checksums, and the lock file that pins them."""
