"""`dump`: what is in the archive, and that no secret is."""

import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target
from tests.kubequorum_cli.api_stub import ApiStub
from tests.kubequorum_cli.dump import planted
from tests.kubequorum_cli.dump.collecting import Collected


def test_no_secret_is_in_it(target: Target, api: ApiStub, tmp_path: Path, collected: Collected) -> None:
    """Of those planted everywhere, of the administrator's key, and of this process's own."""
    script = planted.machine(tmp_path / "machine")
    manifest, files = collected(target, command=lambda *_: script)
    credentials = target.session.get_credentials()
    assert credentials is not None
    key = api.access.key().decode().splitlines()
    own = [credentials.secret_key, api.access.kubeconfig["users"][0]["user"]["client-key-data"], key[1]]
    for path, text in files.items():
        for secret in (*planted.SECRETS, *(one for one in own if len(one) >= 8)):
            assert secret not in text, f"{secret} in {path}: {text}"
    assert not [path for path in api.asked if "secret" in path]
    # And each place was really there.
    redacted = {file.path for file in manifest.files if file.redacted}
    instance = next(Path(path).stem for path in files if path.startswith("aws/console/"))
    assert {
        "status.json",
        "aws/stacks.json",
        "aws/groups.json",
        "aws/instances.json",
        "aws/ssm-parameters.json",
        "aws/slot-records.json",
        f"aws/console/{instance}.txt",
        f"machines/{instance}/journal.log",
        "kubernetes/nodes.json",
        "kubernetes/events.json",
        "kubernetes/deployments.json",
        "kubernetes/pods.json",
        "kubernetes/configmaps/kubeadm-config.json",
        "kubernetes/logs/web-1/main.log",
        "kubernetes/logs/web-1/main.previous.log",
    } <= redacted


def test_what_this_process_asks_with_is_taken_out(
    target: Target, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it looks like: the secret key and the token of its AWS session."""
    session = boto3.session.Session("000000000000", "own key, in words", "own token, in words", "us-east-1")
    monkeypatch.setattr(Resources, "console", lambda *_: "saw own key, in words and own token, in words")
    _, files = collected(replace(target, session=session))
    consoles = [text for path, text in files.items() if path.startswith("aws/console/")]
    assert consoles == ["saw [redacted] and [redacted]"] * 2


def test_what_support_wants_is_in_it(target: Target, collected: Collected) -> None:
    """All that AWS and Kubernetes have; the manifest names each file, and only those."""
    manifest, files = collected(target)
    assert {file.path for file in manifest.files} | {"manifest.json"} == files.keys()
    assert json.loads(files["manifest.json"])["missing"] == [
        {"path": missing.path, "about": missing.about, "why": missing.why} for missing in manifest.missing
    ]
    assert manifest.cluster == "mine"
    status = json.loads(files["status.json"])
    assert [stack["name"] for stack in status["stacks"]] == ["mine-State", "mine-ControlPlane"]
    assert "stack-missing" in files["validate.json"]
    assert "CREATE_COMPLETE" in files["events.json"]
    assert {event["StackName"] for event in json.loads(files["aws/stack-events/State.json"])} == {
        "mine-State"
    }
    assert "AWS::S3::Bucket" in files["aws/stack-resources/State.json"]
    groups, instances = json.loads(files["aws/groups.json"]), json.loads(files["aws/instances.json"])
    assert {group["MinSize"] for group in groups} == {1}
    assert len(instances) == 2
    assert instances[0]["InstanceId"] in files[f"aws/console/{instances[0]['InstanceId']}.txt"]
    assert json.loads(files["aws/group-activities.json"]).keys() == {
        g["AutoScalingGroupName"] for g in groups
    }
    assert len(json.loads(files["aws/target-health.json"])) == 2
    parameters = {each["Name"]: each["Value"] for each in json.loads(files["aws/ssm-parameters.json"])}
    assert parameters["/kubequorum/mine/addons"]["key"] == "set.json"
    assert parameters["/kubequorum/mine/ssh-keys"].startswith("(left out: ")
    assert json.loads(files["aws/slot-records.json"])["a"]["record"]["volume"] == "vol-a"
    assert json.loads(files["kubernetes/version.json"]) == {"gitVersion": "v1.36.3"}
    assert "status 500" in files["kubernetes/readyz.txt"]
    assert "[-]etcd failed" in files["kubernetes/readyz.txt"]
    assert [node["metadata"]["name"] for node in json.loads(files["kubernetes/nodes.json"])] == ["i-a", "i-b"]
    system, other = json.loads(files["kubernetes/pods.json"])
    assert system["spec"]["containers"][0]["args"][-1] == "--level=kept"
    assert other["status"]["containerStatuses"][0]["restartCount"] == 1
    assert "containers" not in other["spec"]
    assert "clusterName: mine" in files["kubernetes/configmaps/kubeadm-config.json"]
    assert "serving" in files["kubernetes/logs/web-1/main.log"]
    assert not [path for path in files if "shop-1" in path]


def test_long_files_keep_their_end(
    target: Target, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the manifest says that they are cut."""
    monkeypatch.setattr("kubequorum_cli.dump.gathering._MOST_BYTES", 300)
    manifest, files = collected(target, command=lambda *_: ["sh", "-c", "seq 1000"])
    (journal, *_) = [path for path in files if path.endswith("journal.log")]
    assert files[journal].endswith("999\n1000\n")
    assert len(files[journal]) == 300
    assert {file.path: file.cut for file in manifest.files}[journal]
