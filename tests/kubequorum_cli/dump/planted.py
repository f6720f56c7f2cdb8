"""A cluster with known secrets in every place from which a dump reads, and in those that it must not read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from emulator.tests.api.emulator import Emulator, Stack
from kubequorum_cli.resources import Resources
from tests.kubequorum_cli.api_stub import ApiStub
from tests.kubequorum_cli.emulated import group_of_one

KEY_LINE = "MHcCAQEEIFkj1234abcdefgh"
"""Of a private key, shorter than what is taken out because of its length alone."""
_KEY = f"-----BEGIN EC PRIVATE KEY-----\n{KEY_LINE}\n-----END EC PRIVATE KEY-----\n"
BOOTSTRAP = "abcdef.0123456789abcdef"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
PLAIN = "hunter2"
"""In the places where no form gives a secret away."""
SECRETS = (KEY_LINE, BOOTSTRAP, JWT, PLAIN)

TEMPLATE = f"""
Resources:
  Bucket: {{Type: AWS::S3::Bucket}}
  Keys:
    Type: AWS::SSM::Parameter
    Properties: {{Name: /kubequorum/mine/ssh-keys, Type: String, Value: "{PLAIN} {BOOTSTRAP}"}}
  AddonSet:
    Type: AWS::SSM::Parameter
    Properties:
      Name: /kubequorum/mine/addons
      Type: String
      Value: '{{"bucket": "assets", "key": "set.json", "values": {{"api-token": "{PLAIN}"}}}}'
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {{Port: 6443, Protocol: TCP, VpcId: !Ref Vpc}}
{group_of_one("mine", tags={"kubequorum:slot": "a", "deploy-token": PLAIN})}
Outputs:
  StateBucketArn: {{Value: !GetAtt Bucket.Arn}}
  ApiEndpoint: {{Value: "https://api.example.internal:6443"}}
  ApiLoadBalancer: {{Value: unused}}
  MasterAGroupName: {{Value: !Ref Group}}
  DbPassword: {{Value: {PLAIN}}}
"""


def deploy(emulator: Emulator, api: ApiStub) -> None:
    """Create the cluster; an administrator's kubeconfig in its bucket leads to the API of the test."""
    for name in ("State", "ControlPlane"):
        template = TEMPLATE if name == "State" else TEMPLATE.replace("/kubequorum/mine/", "/other/")
        stack = Stack(emulator, f"mine-{name}")
        stack.create(template)
        assert stack.status == "CREATE_COMPLETE", stack.events()
    bucket = Stack(emulator, "mine-State").outputs["StateBucketArn"].rpartition(":")[2]
    for key, content in {
        "admin/kubeconfig": yaml.safe_dump(api.access.kubeconfig),
        "pki/ca-set.json": json.dumps({"key": _KEY, "x": PLAIN}),
        "join/worker.json": json.dumps({"token": BOOTSTRAP}),
        "slots/a/record.json": json.dumps(
            {"instance": "i-a", "outcome": f"failed: {BOOTSTRAP} is refused", "volume": "vol-a"}
        ),
    }.items():
        emulator.client("s3").put_object(Bucket=bucket, Key=key, Body=content.encode())


def console(_: Resources, instance: str) -> str:
    """The console output of an instance."""
    return f"{instance} boots\nkubeadm join --token {BOOTSTRAP}\n{_KEY}"


def machine(script: Path) -> Sequence[str]:
    """A command that says what a journal may say."""
    script.write_text(
        f"#!/bin/sh\ncat <<'X'\njournal begins\nlogin with {JWT}\nDB_PASSWORD={PLAIN}\n{_KEY}X\n"
    )
    return ["sh", str(script)]


def fill(api: ApiStub) -> None:
    """Answers of the Kubernetes API."""
    api.answers |= {
        "/version": {"gitVersion": "v1.36.3"},
        "/readyz?verbose": (500, "[-]etcd failed: reason withheld\n"),
        "/api/v1/secrets": _list({"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": PLAIN}}),
        "/api/v1/nodes?limit=500": {
            "items": [_named("i-a", annotations={"csi-secret": PLAIN})],
            "metadata": {"continue": "next+page"},
        },
        "/api/v1/nodes?limit=500&continue=next%2Bpage": _list(_named("i-b")),
        "/api/v1/events?limit=500": _list(
            {**_named("e"), "message": f"pulling from https://{PLAIN}@registry"}
        ),
        "/apis/apps/v1/namespaces/kube-system/deployments?limit=500": _list(
            {**_named("web"), "spec": {"template": {"spec": _spec()}}}
        ),
        "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?limit=500": (
            403,
            f"token={PLAIN} may not",
        ),
        "/api/v1/pods?limit=500": _list(
            {**_pod("web-1", "kube-system"), "spec": _spec()},
            {**_pod("shop-1", "shop"), "spec": {**_spec(), "containers": [{"args": [PLAIN]}]}},
        ),
        "/api/v1/namespaces/kube-system/configmaps/kubeadm-config": {
            **_named("kubeadm-config"),
            "data": {"ClusterConfiguration": f"certificateKey: {PLAIN}\nclusterName: mine\n"},
        },
        _log("web-1", "main"): (200, f"2027-01-15T12:00:00Z serving\nwith {JWT}\n{_KEY}"),
        f"{_log('web-1', 'main')}&previous=true": (200, f"before: Authorization: Bearer {PLAIN}\n"),
    }


def _log(pod: str, container: str) -> str:
    asked = f"container={container}&tailLines=77&limitBytes=8388608&timestamps=true"
    return f"/api/v1/namespaces/kube-system/pods/{pod}/log?{asked}"


def _list(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items)}


def _named(name: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}}


def _pod(name: str, namespace: str) -> dict[str, Any]:
    last_applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"x": PLAIN})}
    message = f"cannot log in as root with {PLAIN}" if namespace != "kube-system" else ""
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": message}}
    statuses = [
        {"name": "main", "ready": True, "restartCount": 1, "state": {"running": {}}, "lastState": ended}
    ]
    return {
        **_named(name, namespace=namespace, annotations=last_applied),
        "status": {"phase": "Running", "containerStatuses": statuses},
    }


def _spec() -> dict[str, Any]:
    return {
        "nodeName": "i-a",
        "containers": [
            {
                "name": "main",
                "args": ["--admin-password", PLAIN, f"--token={PLAIN}", "--level=kept"],
                "env": [{"name": "COLOUR", "value": PLAIN}],
            }
        ],
    }
