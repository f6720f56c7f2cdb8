"""The kubelet with its static pods, the container runtime, systemd and kubeadm of a simulated node."""

from collections.abc import Callable
from datetime import timedelta

from kubequorum_node.host import Result
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
MANIFESTS = "/etc/kubernetes/manifests"
READYZ = f"https://{examples.IDENTITY.address}:6443/readyz"
HEALTHZ = {
    "kube-controller-manager": "https://127.0.0.1:10257/healthz",
    "kube-scheduler": "https://127.0.0.1:10259/healthz",
}
MOUNT_POINT = "/var/lib/etcd"
WAL = f"{MOUNT_POINT}/data/member/wal/0.wal"
ETCD_LOG = "/var/log/pods/kube-system_etcd-ip-10-20-1-5_0123456789/etcd/0.log"
UNUSABLE = {
    "broken": '{"level":"fatal","error":"walpb: crc mismatch"}',
    "full": '{"level":"fatal","error":"no space left on device"}',
    "read-only": '{"level":"fatal","error":"read-only file system"}',
}
"""Data with which etcd exits, and what it logs then."""
_CRICTL = "/usr/local/bin/crictl"
_KUBEADM = "/usr/local/bin/kubeadm"
_PHASES_OF = {
    "phase certs all": {"/etc/kubernetes/pki/apiserver.crt": "leaf"},
    "phase kubeconfig all": {"/etc/kubernetes/super-admin.conf": "secret"},
    "phase etcd local": {f"{MANIFESTS}/etcd.yaml": "pod"},
    "phase control-plane apiserver": {f"{MANIFESTS}/kube-apiserver.yaml": "pod"},
    "phase control-plane controller-manager": {f"{MANIFESTS}/kube-controller-manager.yaml": "pod"},
    "phase control-plane scheduler": {f"{MANIFESTS}/kube-scheduler.yaml": "pod"},
}
"""What kubeadm writes."""
_JOINED = ("/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/pki/kubelet-client-current.pem")


class SimulatedPods:
    """What runs on the node. Etcd's data are its write-ahead log: a text in the file WAL."""

    def __init__(self, node: FakeNode, *, log: list[str], etcd_started: Callable[[], None]) -> None:
        self._node = node
        self._log = log
        self._etcd_started = etcd_started
        self.kubelet_runs = False
        self.running: set[str] = set()
        """Components whose container runs."""
        self.sandboxes: set[str] = set()
        """Components of which the runtime has a pod, whether its container runs or not."""
        self.stuck: set[str] = set()
        """Components that the kubelet does not stop."""
        self.crashing: set[str] = set()
        """Controllers that never become healthy."""
        self.membership_states: list[str] = []
        """initial-cluster-state of each manifest of etcd that was written."""
        node.host.on("systemctl", self._systemctl)
        node.host.on(_CRICTL, None)
        node.host.on(f"{_CRICTL} ps", self._list_containers)
        node.host.on(f"{_CRICTL} stop", self._stop_containers)
        node.host.on(f"{_CRICTL} pods", self._list_pods)
        node.host.on(f"{_CRICTL} rmp", self._remove_pods)
        node.host.on(_KUBEADM, self._kubeadm)
        node.clock.on_sleep.append(self.sync)

    def sync(self) -> None:
        """Do what the kubelet does all the time: start what has a manifest, stop what has none."""
        if not self.kubelet_runs:
            return
        there = {pod for pod in PODS if self._node.host.path(f"{MANIFESTS}/{pod}.yaml").exists()}
        self.stopped(self.running - there - self.stuck)
        self.sandboxes |= there
        for pod in sorted(there - self.running):
            if pod != "etcd" or self._start_etcd():
                self.running.add(pod)
        self._set_readiness()

    def stopped(self, pods: set[str]) -> None:
        """Containers have ended."""
        self._log.extend(f"{pod} stopped" for pod in sorted(pods & self.running))
        self.running -= pods
        self._set_readiness()

    def lose_power(self) -> None:
        """Nothing runs, nothing is mounted; files stay, and so does what the runtime knows of its pods."""
        self.kubelet_runs = False
        self.running.clear()
        self._node.host.mounts.clear()
        self._set_readiness()

    def _set_readiness(self) -> None:
        """The API server needs etcd. A status that a test has set stays while that is the same."""
        ready = {"etcd", "kube-apiserver"} <= self.running
        if ready != (self._node.host.statuses.get(READYZ) is not None):
            self._node.host.statuses[READYZ] = 200 if ready else None
        for pod, url in HEALTHZ.items():
            runs = pod in self.running - self.crashing
            self._node.host.statuses[url] = 200 if runs else None

    def _start_etcd(self) -> bool:
        host = self._node.host
        assert MOUNT_POINT in host.mounts, "etcd must never start beside its volume"
        data = host.read(WAL)
        if data in UNUSABLE:
            # The host's clock stands still: what etcd logs is a little later than its start.
            at = (host.wall_time + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            host.write(ETCD_LOG, f"{at} stderr F {UNUSABLE[data]}\n")
            return False
        if data is None:
            host.write(WAL, "new")
            self._etcd_started()
        return True

    def _systemctl(self, command: tuple[str, ...], _: str | None) -> Result | None:
        action, kubelet = command[1], "kubelet.service" in command
        if action == "is-active":
            return Result(0 if kubelet and self.kubelet_runs else 3, "")
        if action == "stop" and not kubelet:
            self._log.append("services stopped")
        elif action == "stop":
            self.kubelet_runs = False
            self._node.host.wall_time += timedelta(minutes=1)
        elif action == "start" and kubelet:
            assert "etcd" not in self.sandboxes, "the kubelet would wait for the pod that it finds"
            self.kubelet_runs = True
            self.sync()
        return None

    def _list_containers(self, command: tuple[str, ...], _: str | None) -> str:
        name = command[-1].strip("^$")
        return f"{name}\n" if name in self.running else ""

    def _stop_containers(self, command: tuple[str, ...], _: str | None) -> None:
        self.stopped({word for word in command[2:] if not word.startswith("-")})

    def _list_pods(self, command: tuple[str, ...], _: str | None) -> str:
        (component,) = (word.rpartition("=")[2] for word in command if word.startswith("--label=component="))
        return f"{component}-id\n" if component in self.sandboxes else ""

    def _remove_pods(self, command: tuple[str, ...], _: str | None) -> None:
        removed = {word.removesuffix("-id") for word in command[2:] if not word.startswith("-")}
        self.stopped(removed)
        self.sandboxes -= removed

    def _kubeadm(self, command: tuple[str, ...], _: str | None) -> Result:
        line = " ".join(command[1:])
        host = self._node.host
        if "phase preflight" in line and self.kubelet_runs:
            return Result(1, "", "[ERROR Port-10250]: Port 10250 is in use")
        for phase, files in _PHASES_OF.items():
            if phase in line:
                for path, text in files.items():
                    host.write(path, text)
        if "phase etcd local" in line:
            config = host.read(command[-1]) or ""
            state = config.partition('"initial-cluster-state"')[2].partition('"value": "')[2]
            self.membership_states.append(state.partition('"')[0])
        elif "phase kubelet-start" in line:
            self.kubelet_runs = True
        elif line.startswith("join"):
            for path in _JOINED:
                host.write(path, "joined")
        self.sync()
        return Result(0, "server: x\n")
