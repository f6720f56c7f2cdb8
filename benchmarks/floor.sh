#!/bin/bash
# etcd and the API server of this master, started by hand on its volume: prints the seconds from the device until
# the API server is ready. They are what the static pods run: the same programs, arguments and files.
set -euo pipefail

folder=/run/floor
mount_point=/var/lib/etcd
mkdir -p "$folder"
for name in etcd kube-apiserver; do
  process=$(pgrep --exact --oldest "$name")
  cp "/proc/$process/exe" "$folder/$name"
  tr '\0' '\n' < "/proc/$process/cmdline" | tail -n +2 > "$folder/$name.arguments"
done

# The watchdog would have the instance replaced, the kubelet start the pods again.
systemctl stop kubequorum-watchdog kubelet
started=()
back_to_pods() {
  [ ${#started[@]} = 0 ] || kill -9 "${started[@]}" 2>/dev/null || true
  wait || true
  mountpoint --quiet $mount_point || mount -o "$options" "$device" $mount_point
  rm -rf "$folder"
  systemctl start kubelet kubequorum-watchdog
}
read -r device options < <(findmnt --noheadings --output SOURCE,OPTIONS --mountpoint $mount_point)
trap back_to_pods EXIT
crictl ps --quiet --label io.kubernetes.pod.namespace=kube-system --name '^(etcd|kube-apiserver)$' |
  xargs --no-run-if-empty crictl stop --timeout 10 > /dev/null
umount $mount_point
blockdev --flushbufs "$device"

begin=$EPOCHREALTIME
mount -o "$options" "$device" $mount_point
for name in etcd kube-apiserver; do
  mapfile -t words < "$folder/$name.arguments"
  "$folder/$name" "${words[@]}" > "$folder/$name.log" 2>&1 &
  started+=($!)
done
until [ "$(curl --silent --insecure --output /dev/null --write-out '%{http_code}' https://127.0.0.1:6443/readyz)" = 200 ]; do
  kill -0 "${started[@]}" || { tail -n 3 "$folder"/*.log >&2; exit 1; }
  sleep 0.02
done
end=$EPOCHREALTIME
awk "BEGIN { print $end - $begin }"
