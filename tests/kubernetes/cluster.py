"""A real Kubernetes cluster on local machines, and the words in which tests ask it things."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from emulator.faults import FaultClient
from kubequorum_cli.kubernetes import is_ready
from tests.deploy.deployment import Deployment
from tests.synthesis import REPOSITORY

NETPROBE = "localhost/kubequorum/netprobe:1"
"""Answers its host name over HTTP, fetches URLs and looks names up; every local machine has it."""
PORT = 8080


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A deployed cluster whose machines are real."""

    deployment: Deployment

    def program(self, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run the command-line program as a person would; AssertionError if it fails."""
        environment = {
            **os.environ,
            "KUBEQUORUM_WORK": str(self.deployment.cdk.settings.work),
            "KUBEQUORUM_APP": str(self.deployment.cdk.settings.app),
            "PYTHONPATH": str(REPOSITORY),
        }
        done = subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=REPOSITORY,
            env=environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            # Tests look at what etcd holds, which is no text.
            errors="replace",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"
        return done

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as a person would, through the load balancer; AssertionError if it fails."""
        return self.program("kubectl", *arguments, stdin=stdin).stdout

    def get(self, *arguments: str) -> list[dict[str, Any]]:
        """Objects that `kubectl get` finds."""
        items: list[dict[str, Any]] = json.loads(self.kubectl("get", *arguments, "-o", "json"))["items"]
        return items

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change objects."""
        self.kubectl("apply", "-f", "-", stdin="\n---\n".join(json.dumps(o) for o in objects))

    def etcdctl(self, *arguments: str) -> str:
        """Run etcdctl in the etcd container of slot a's master."""
        # Of masters that are gone the cluster may still have Nodes and Pods.
        pod = f"etcd-{self.deployment.master('a')['PrivateDnsName']}"
        pki = "/etc/kubernetes/pki/etcd"
        certificates = (
            "--cacert",
            f"{pki}/ca.crt",
            "--cert",
            f"{pki}/server.crt",
            "--key",
            f"{pki}/server.key",
        )
        return self.kubectl(
            "exec", "-n", "kube-system", pod, "--", "etcdctl", *certificates,
            "--endpoints", "https://127.0.0.1:2379", *arguments,
        )  # fmt: skip

    def sh(self, slot: str, script: str) -> str:
        """What a shell script prints on a slot's master, errors included; AssertionError if it fails."""
        faults = FaultClient(self.deployment.cdk.settings.machines_state)
        done = faults.run(self.deployment.master(slot)["InstanceId"], ["sh", "-ec", f"exec 2>&1; {script}"])
        printed = done.stdout.decode(errors="replace")
        assert done.status == 0, f"`{script}` on the master of slot {slot}: {printed}"
        return printed

    def ready_nodes(self) -> list[str]:
        """Names of the nodes that are Ready."""
        return [node["metadata"]["name"] for node in self.get("nodes") if is_ready(node)]

    def wait_for_nodes(self, count: int) -> None:
        """Wait until so many nodes are Ready."""
        self.deployment.wait_until(
            lambda: len(self.ready_nodes()) == count, f"{count} nodes are Ready", seconds=180
        )

    def run_pod(self, name: str, *arguments: str, node: str | None = None) -> None:
        """Start netprobe in a pod, on a node if one is named, and wait until it runs or has ended."""
        spec: dict[str, Any] = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "netprobe",
                    "image": NETPROBE,
                    "imagePullPolicy": "Never",
                    "args": list(arguments),
                }
            ],
        }
        if node is not None:
            spec["nodeSelector"] = {"kubernetes.io/hostname": node}
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "labels": {"app": name}},
                "spec": spec,
            }
        )
        self.deployment.wait_until(lambda: self.phase(name) not in ("", "Pending"), f"pod {name} runs")

    def phase(self, pod: str) -> str:
        """Phase of a pod."""
        return self.kubectl("get", "pod", pod, "-o", "jsonpath={.status.phase}")

    def ask(self, name: str, *arguments: str, node: str) -> str:
        """Run netprobe to its end in a pod on a node; what it printed, or AssertionError if it failed."""
        self.run_pod(name, *arguments, node=node)
        self.deployment.wait_until(lambda: self.phase(name) in ("Succeeded", "Failed"), f"pod {name} ends")
        printed = self.kubectl("logs", name)
        assert self.phase(name) == "Succeeded", f"netprobe {' '.join(arguments)} on {node}: {printed}"
        return printed.strip()

    def workers(self) -> dict[str, str]:
        """Zone to the name of a worker node in it."""
        nodes = self.get("nodes", "-l", "!node-role.kubernetes.io/control-plane")
        return {n["metadata"]["labels"]["topology.kubernetes.io/zone"]: n["metadata"]["name"] for n in nodes}
