"""The sets of programs, with the Go module that builds each."""

from collections.abc import Mapping

from lab.artifacts.program_set import ProgramSet

_CALICO = "github.com/projectcalico/calico"
KUBERNETES = "k8s.io/kubernetes"
"""The Go module of Kubernetes."""
_KUBERNETES_STAMP = tuple(
    f"-X {package}.{variable}"
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    for variable in ("gitVersion=v{version}", "gitMajor={major}", "gitMinor={minor}", "gitTreeState=clean")
)
PAUSE_VERSION = "3.10.2"
"""The tag of the sandbox image in kubeadm 1.36 and containerd's configuration."""


def _kubernetes(
    name: str, *programs: str, releases: tuple[str, ...], build_seconds: float, build_gib: float
) -> ProgramSet:
    return ProgramSet(
        name=name,
        module="kubernetes",
        requirement=KUBERNETES,
        packages=tuple(f"{KUBERNETES}/cmd/{program}" for program in programs),
        programs=programs,
        releases=releases,
        ldflags=_KUBERNETES_STAMP,
        build_seconds=build_seconds,
        build_gib=build_gib,
    )


def _own(name: str, *, build_seconds: float, build_gib: float) -> ProgramSet:
    """A program of this project, from the module of its name."""
    return ProgramSet(
        name=name,
        module=name,
        requirement=None,
        packages=(".",),
        programs=(name,),
        own_version="1",
        build_seconds=build_seconds,
        build_gib=build_gib,
    )


PROGRAM_SETS: Mapping[str, ProgramSet] = {
    program_set.name: program_set
    for program_set in (
        _kubernetes(
            "kubernetes-node", "kubeadm", "kubectl", "kubelet",
            releases=("kubeadm", "kubectl", "kubelet"), build_seconds=210, build_gib=4,
        ),
        # Upstream publishes these too, but no checksum of them is pinned: go.sum verifies their source.
        _kubernetes(
            "kubernetes-control-plane",
            "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler",
            releases=(), build_seconds=120, build_gib=2,
        ),
        ProgramSet(
            name="etcd",
            module="etcd",
            requirement="go.etcd.io/etcd/server/v3",
            packages=tuple(f"go.etcd.io/etcd/{part}/v3" for part in ("etcdctl", "etcdutl", "server")),
            programs=("etcd", "etcdctl", "etcdutl"),
            releases=("etcd",),
            renamed={"server": "etcd"},
            build_seconds=35,
            build_gib=1,
        ),
        ProgramSet(
            name="containerd",
            module="containerd",
            requirement="github.com/containerd/containerd/v2",
            packages=tuple(
                f"github.com/containerd/containerd/v2/cmd/{program}"
                for program in ("containerd", "containerd-shim-runc-v2", "ctr")
            ),
            programs=("containerd", "containerd-shim-runc-v2", "ctr"),
            releases=("containerd",),
            ldflags=("-X github.com/containerd/containerd/v2/version.Version=v{version}",),
            build_seconds=40,
            build_gib=1,
        ),
        ProgramSet(
            name="runc",
            module="runc",
            requirement="github.com/opencontainers/runc",
            packages=("github.com/opencontainers/runc",),
            programs=("runc",),
            releases=("runc",),
            # Static, because it is linked on one release of Debian or Ubuntu and runs on another.
            ldflags=("-extldflags=-static",),
            cgo=True,
            # Without it runc refuses every container with a seccomp profile, and kubeadm's pods have one.
            tags=("seccomp",),
            host_packages={
                "gcc": ("gcc", "libc6-dev"),
                "pkg-config": ("pkg-config",),
                "/usr/include/seccomp.h": ("libseccomp-dev",),
            },
            build_seconds=10,
            build_gib=0.5,
        ),
        ProgramSet(
            name="cni-plugins",
            module="cni-plugins",
            requirement="github.com/containernetworking/plugins",
            packages=tuple(
                f"github.com/containernetworking/plugins/plugins/{plugin}"
                for plugin in ("ipam/host-local", "main/bridge", "main/loopback", "main/ptp", "meta/portmap")
            ),
            programs=("bridge", "host-local", "loopback", "portmap", "ptp"),
            releases=("cni-plugins",),
            ldflags=(
                "-X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=v{version}",
            ),
            build_seconds=10,
            build_gib=0.5,
        ),
        ProgramSet(
            name="crictl",
            module="crictl",
            requirement="sigs.k8s.io/cri-tools",
            packages=("sigs.k8s.io/cri-tools/cmd/crictl",),
            programs=("crictl",),
            releases=("crictl",),
            ldflags=("-X sigs.k8s.io/cri-tools/pkg/version.Version=v{version}",),
            build_seconds=25,
            build_gib=1,
        ),
        # A module of its own: of this version alone upstream's downloads can be pinned, and the
        # cloud-controller-manager's image is of an earlier one.
        ProgramSet(
            name="ecr-credential-provider",
            module="ecr-credential-provider",
            requirement="k8s.io/cloud-provider-aws",
            packages=("k8s.io/cloud-provider-aws/cmd/ecr-credential-provider",),
            programs=("ecr-credential-provider",),
            releases=("ecr-credential-provider",),
            ldflags=("-X main.gitVersion=v{version}",),
            build_seconds=100,
            build_gib=1,
        ),
        ProgramSet(
            name="coredns",
            module="coredns",
            requirement="github.com/coredns/coredns",
            packages=("github.com/coredns/coredns",),
            programs=("coredns",),
            build_seconds=110,
            build_gib=2,
        ),
        ProgramSet(
            name="cloud-provider-aws",
            module="cloud-provider-aws",
            requirement="k8s.io/cloud-provider-aws",
            packages=("k8s.io/cloud-provider-aws/cmd/aws-cloud-controller-manager",),
            programs=("aws-cloud-controller-manager",),
            ldflags=("-X k8s.io/component-base/version.gitVersion=v{version}",),
            build_seconds=180,
            build_gib=3,
        ),
        ProgramSet(
            name="calico",
            module="calico",
            requirement=_CALICO,
            packages=tuple(
                f"{_CALICO}/{package}"
                for package in (
                    "cni-plugin/cmd/calico", "cni-plugin/cmd/install", "kube-controllers/cmd/check-status",
                    "kube-controllers/cmd/kube-controllers", "node/cmd/calico-node",
                )
            ),
            programs=(
                "calico-check-status", "calico-cni", "calico-install", "calico-kube-controllers",
                "calico-node",
            ),
            renamed={
                "calico": "calico-cni", "check-status": "calico-check-status", "install": "calico-install",
                "kube-controllers": "calico-kube-controllers",
            },
            ldflags=(
                "-X main.VERSION=v{version}",
                f"-X {_CALICO}/node/buildinfo.GitVersion=v{{version}}",
                f"-X {_CALICO}/node/pkg/lifecycle/startup.VERSION=v{{version}}",
            ),
            # The tag of the commit in go.mod.
            own_version="3.28.5",
            object_packages={"manifests/crds.yaml": "calico-crds.yaml"},
            build_seconds=280,
            build_gib=4,
        ),
        _own("calico-start", build_seconds=10, build_gib=0.2),
        ProgramSet(
            name="metrics-server",
            module="metrics-server",
            requirement="sigs.k8s.io/metrics-server",
            packages=("sigs.k8s.io/metrics-server/cmd/metrics-server",),
            programs=("metrics-server",),
            ldflags=("-X k8s.io/client-go/pkg/version.gitVersion=v{version}",),
            build_seconds=150,
            build_gib=2,
        ),
        ProgramSet(
            name="external-dns",
            module="external-dns",
            requirement="sigs.k8s.io/external-dns",
            packages=("sigs.k8s.io/external-dns",),
            programs=("external-dns",),
            ldflags=("-X sigs.k8s.io/external-dns/pkg/apis/externaldns.Version=v{version}",),
            build_seconds=240,
            build_gib=3,
        ),
        ProgramSet(
            name="pause",
            module="pause",
            requirement=None,
            packages=(".",),
            programs=("pause",),
            ldflags=("-X main.version={version}",),
            own_version=PAUSE_VERSION,
            build_seconds=5,
            build_gib=0.1,
        ),
        _own("netprobe", build_seconds=10, build_gib=0.2),
        _own("awsprobe", build_seconds=30, build_gib=0.5),
        # For tests and benchmarks of a cluster; no machine has it.
        _own("historian", build_seconds=50, build_gib=0.6),
    )
}  # fmt: skip


def program_set_of(program: str) -> ProgramSet:
    """The set with a program."""
    for program_set in PROGRAM_SETS.values():
        if program in program_set.programs:
            return program_set
    raise KeyError(program)
