# What every machine of the baseline has: containerd, a kubelet that kubeadm can start, and a volume for etcd.
# The lines above this script set DEVICE and PAUSE_VERSION.
# shellcheck shell=bash disable=SC2154

report() { echo "baseline: $1 after ${SECONDS} s"; }

containerd_up() {
  mkdir -p /etc/containerd/conf.d /etc/cni/net.d /etc/kubernetes/manifests
  cat >/etc/containerd/config.toml <<END
version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'registry.k8s.io/pause:$PAUSE_VERSION'
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/opt/cni/bin']
  conf_dir = '/etc/cni/net.d'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '/usr/local/sbin/runc'
  SystemdCgroup = true
END
  cat >/etc/systemd/system/containerd.service <<'END'
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
LimitNOFILE=infinity
TasksMax=infinity
END
  cat >/etc/systemd/system/kubelet.service <<'END'
[Unit]
StartLimitIntervalSec=0
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS --config=/var/lib/kubelet/config.yaml --config-dir=/etc/kubernetes/kubelet.conf.d $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
END
  sysctl --quiet --write net.ipv4.ip_forward=1
  systemctl daemon-reload
  systemctl start containerd.service
}

volume_up() {
  until [ -b "$DEVICE" ]; do sleep 0.05; done
  mkfs.ext4 -q "$DEVICE"
  mkdir -p /var/lib/etcd
  mount -o noatime "$DEVICE" /var/lib/etcd
}

