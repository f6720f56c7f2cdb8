#!/bin/bash
# A fresh machine that a master of the stock kind can be made of: everything that `kubeadm join` wants to find.
set -euo pipefail

containerd_up &
containerd=$!
volume_up
wait "$containerd"
touch /run/by-hand-ready
tell "ready for kubeadm join"
