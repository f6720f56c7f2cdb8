#!/bin/bash
# The floor: what an expert would run on a master, without a wait that can be avoided.
# The lines above this script set ADDRESS, DEVICE and MEMBERS; programs and images are on the machine's image, and
# CA set, etcd's addresses and the names of all three masters are known before the first one is launched.
# shellcheck disable=SC2154
set -euo pipefail

certificates_up() {
  kubeadm init phase certs all --config "$own"
  kubeadm init phase kubeconfig all --config "$own"
}

host=$(hostname) version=$(kubeadm version -o short)
echo "$ADDRESS api.baseline.internal $host" >>/etc/hosts
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
controlPlaneEndpoint: api.baseline.internal:6443
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
report "certificates, volume and containerd"
kubeadm init phase kubelet-start --config "$own"
until [ "$(curl -sk -m 2 -o /dev/null -w '%{http_code}' "https://$ADDRESS:6443/readyz")" = 200 ]; do sleep 0.2; done
report "/readyz"
kubeadm init phase upload-config all --config "$shared"
kubeadm init phase mark-control-plane --config "$own"
kubeadm init phase bootstrap-token --config "$shared"
kubeadm init phase kubelet-finalize all --config "$own"
kubeadm init phase addon all --config "$shared"
report "everything"
