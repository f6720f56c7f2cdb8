//go:build tools

// Package tools pins the main packages that are built from this module.
package tools

import (
	_ "k8s.io/cloud-provider-aws/cmd/ecr-credential-provider"
)
