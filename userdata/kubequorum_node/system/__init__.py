"""The operating system below Kubernetes: packages, programs, kernel, wall clock, and the boot lock."""
