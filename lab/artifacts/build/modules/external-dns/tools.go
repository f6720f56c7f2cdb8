//go:build tools

// Package tools pins the main packages that are built from this module.
package tools

import (
	_ "sigs.k8s.io/external-dns"
)
