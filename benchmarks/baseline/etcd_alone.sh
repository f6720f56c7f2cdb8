#!/bin/bash
# etcd on a volume that was just attached, and nothing else: prints the seconds from the device to the first answer.
# DEVICE is in the environment.
set -euo pipefail

folder=/run/etcd-alone
client=http://127.0.0.1:12379
peer=http://127.0.0.1:12380
until [ -b "$DEVICE" ]; do sleep 0.05; done
mkdir -p "$folder"
begin=$EPOCHREALTIME
mount -o noatime "$DEVICE" "$folder"
etcd --data-dir="$folder/data" --name=alone --force-new-cluster \
  --listen-client-urls=$client --advertise-client-urls=$client \
  --listen-peer-urls=$peer --initial-advertise-peer-urls=$peer --initial-cluster=alone=$peer 2>/run/etcd-alone.log &
until curl --silent --fail --output /dev/null "$client/readyz"; do
  kill -0 $! || { tail -n 3 /run/etcd-alone.log >&2; exit 1; }
  sleep 0.02
done
end=$EPOCHREALTIME
kill -9 $!
wait $! || true
umount "$folder"
awk "BEGIN { print $end - $begin }"
