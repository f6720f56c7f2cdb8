"""The operator's program: what it reads of a cluster comes from the AWS API and the Kubernetes API alone."""
