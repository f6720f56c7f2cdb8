#!/bin/bash
# A new machine with everything that `kubeadm join` expects.
set -euo pipefail

containerd_up &
containerd=$!
volume_up
wait "$containerd"
touch /run/baseline-ready
report "ready for kubeadm join"
