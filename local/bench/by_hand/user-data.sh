#!/bin/bash
# The floor: what somebody who knows the way types on a master, with nothing waited for that need not be.
# The lines above this script set ADDRESS, DEVICE and MEMBERS; programs and images are on the machine's image, and
# CA set, etcd's addresses and the names of all three masters are known before the first one is launched.
# shellcheck disable=SC2154
set -euo pipefail

tell() { echo "by hand: $1 after ${SECONDS} s"; }

containerd_up() {
  mkdir -p /etc/containerd/conf.d /etc/cni/net.d /etc/kubernetes/manifests
  cat >/etc/containerd/config.toml <<'END'
version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'registry.k8s.io/pause:3.10.2'
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
Environment="KUBELET_KUBECONFIG_ARGS=--kubeconfig=/etc/kubernetes/kubelet.conf"
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

certificates_up() {
  kubeadm init phase certs all --config "$own"
  kubeadm init phase kubeconfig all --config "$own"
}

host=$(hostname) version=$(kubeadm version -o short)
echo "$ADDRESS api.by-hand.internal $host" >>/etc/hosts
own=/etc/kubernetes/own.yaml shared=/etc/kubernetes/shared.yaml
configuration() {
  cat <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: $ADDRESS, bindPort: 6443}
nodeRegistration:
  name: $host
  criSocket: unix:///run/containerd/containerd.sock
  imagePullPolicy: IfNotPresent
  kubeletExtraArgs:
  - {name: node-ip, value: $ADDRESS}
  - {name: register-with-taints, value: "node-role.kubernetes.io/control-plane=:NoSchedule"}
bootstrapTokens:
- token: abcdef.0123456789abcdef
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: $version
controlPlaneEndpoint: api.by-hand.internal:6443
encryptionAlgorithm: ECDSA-P256
networking: {podSubnet: 10.244.0.0/16}
etcd:
  local:
    dataDir: /var/lib/etcd/data
    extraArgs:
    - {name: initial-cluster-state, value: new}
    - {name: initial-cluster, value: "$MEMBERS"}
$1
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
conntrack: {maxPerCore: 0}
END
}
configuration "    - {name: name, value: \"$ADDRESS\"}" >"$own"
configuration "" >"$shared"

containerd_up &
containerd=$!
volume_up &
volume=$!
certificates_up
kubeadm init phase etcd local --config "$own"
kubeadm init phase control-plane all --config "$own"
wait "$volume"
wait "$containerd"
tell "certificates, volume and containerd"
kubeadm init phase kubelet-start --config "$own"
until [ "$(curl -sk -m 2 -o /dev/null -w '%{http_code}' "https://$ADDRESS:6443/readyz")" = 200 ]; do sleep 0.2; done
tell "/readyz"
kubeadm init phase upload-config all --config "$shared"
kubeadm init phase mark-control-plane --config "$own"
kubeadm init phase bootstrap-token --config "$shared"
kubeadm init phase kubelet-finalize all --config "$own"
kubeadm init phase addon all --config "$shared"
tell "everything"
