"""What is taken out of texts and documents, and what stays."""

import base64
import json
import time
from random import Random
from typing import Any

import pytest

from kubequorum_cli.dump.content import to_text
from kubequorum_cli.dump.redaction import LEFT_OUT, Redaction

_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
_SHORT = "MHcCAQEEIFkj1234abcd"
_KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{_BODY}\n{_SHORT}\n-----END RSA PRIVATE KEY-----"
_JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl-_x"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (_KEY, _SHORT),
        (json.dumps({"x": _KEY}), _SHORT),
        ("\n".join(f"Dec 01 host kubelet[1]: {line}" for line in _KEY.split("\n")), _SHORT),
        (_KEY.replace("RSA ", "EC ").partition("-----END")[0], _SHORT),
        (f"12:00 before\n{_SHORT}\n-----END PRIVATE KEY-----\nafter", _SHORT),
        (f"saw {_BODY} once", _BODY),
        (f"cookie {_JWT}", "c2lnbmF0dXJl"),
        ("key AKIAIOSFODNN7EXAMPLE used", "IOSFODNN7"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "K7MDENG"),
        ("KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "K7MDENG"),
        ("joined with abcdef.0123456789abcdef.", "0123456789abcdef"),
        ("GET https://x/y?a=b&X-Amz-Signature=0badc0de&c=d", "0badc0de"),
        ("https://x/y?Signature=0badc0de%3D", "0badc0de"),
        ("proxy http://joe:hunter2@proxy:3128 is used", "hunter2"),
        ("https://ghp0badc0de@git.example/x", "ghp0badc0de"),
        ("Authorization: Bearer hunter2hunter2", "hunter2hunter2"),
        ("authorization: Basic am9lOmh1bnRlcjI=", "am9lOmh1"),
        ("db_password=hunter2 rest", "hunter2"),
        ('{"clientSecret":"hunter2 hunter3"}', "hunter3"),
        (r"{\"token\":\"hunter2\"}", "hunter2"),
        ("    token: hunter2", "hunter2"),
        ("etcd --cert-password hunter2 --name a", "hunter2"),
        ("certificate-key: 0badc0de", "0badc0de"),
        ("client-key-data: LS0tLS1CRUdJ", "LS0tLS1CRUdJ"),
        ("it is known-to-me.", "known-to-me"),
    ],
)
def test_a_secret_is_taken_out(text: str, secret: str) -> None:
    """And counted; its place is marked."""
    assert secret in text
    found, count = Redaction(["known-to-me"]).text(text)
    assert secret not in found
    assert LEFT_OUT in found
    assert count > 0


@pytest.mark.parametrize(
    "text",
    [
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "i-0123456789abcdef0 is in service after 41.2 s",
        "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/mine-Api/0123456789abcdef",
        "mine-ControlPlane-MasterAGroup-1ABCDEFGHIJKL",
        "/var/lib/kubelet/pods/6d3f4c5a-1111-2222-3333-444455556666/volumes",
        "https://api.example.internal:6443/readyz?verbose",
        "2027-01-15T12:00:00.123456+00:00 kubelet[123]: I0115 12:00:00.1 kubelet.go:2000] node is ready",
        "registry.example/coredns/coredns:v1.12.0@sha256:9f86d081884c7d659a2feaa0c55ad015",
        "kube-apiserver-i-0123456789abcdef0_6d3f4c5a",
        "ExportsOutputFnGetAttFirewallLoadBalancerBFBE6103GroupIdC2BFF41E",
        "FirewallMastersfromlocalNetworkFirewallMastersDA2C6F22UDP4789C6A911A9",
        "local-Network-NetworkVpcprivateSubnet3RouteTableAssocia-F74E7",
        "local-Network/NetworkVpcprivateSubnet3RouteTable8F14EDD2",
        "s3://assets/local-Addons/6c5fefb324d8b2a9f41b6a58f02d8bd96b719095bcb38b83a2ad22410f0702aa.json",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Ids, sums, names and times are what a dump is for."""
    assert Redaction().text(text) == (text, 0)


def test_short_known_values_are_left_alone() -> None:
    """The emulated AWS has keys such as `test`, which is in many words."""
    assert Redaction(["test", ""]).text("a test") == ("a test", 0)


def _cleaned(document: Any) -> Any:
    return json.loads(to_text(document, Redaction())[0])


def test_names_and_places_give_secrets_away() -> None:
    """In documents, whatever the value looks like."""
    found = _cleaned(
        {
            "DbPassword": "plain",
            "Outputs": [
                {"OutputKey": "ApiToken", "OutputValue": "plain"},
                {"OutputKey": "A", "OutputValue": "b"},
            ],
            "Tags": [{"Key": "secret-of-ours", "Value": "plain"}, {"Key": "Name", "Value": "kept"}],
            "env": [{"name": "COLOUR", "value": "plain"}, {"name": "X", "valueFrom": {"a": "b"}}],
            "args": ["--admin-token", "plain", "--level", "kept"],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "plain", "x": "y"},
            "managedFields": [{"manager": "plain"}],
            "items": [{"kind": "Secret", "data": {"a": "plain"}}],
            "volumes": [{"secret": {"secretName": "kept"}}],
        }
    )
    assert "plain" not in json.dumps(found)
    assert found["Outputs"][1] == {"OutputKey": "A", "OutputValue": "b"}
    assert found["Tags"][1]["Value"] == "kept"
    assert found["env"] == [{"name": "COLOUR", "value": LEFT_OUT}, {"name": "X", "valueFrom": {"a": "b"}}]
    assert found["args"] == ["--admin-token", LEFT_OUT, "--level", "kept"]
    assert found["annotations"] == {"x": "y"}
    assert found["volumes"] == [{"secret": {"secretName": "kept"}}]


def test_long_texts_take_no_time() -> None:
    """No pattern is slower than linear: a log has megabytes, and lines of any kind."""
    for line in ("word " * 20, "a" * 100, "A1b" * 33 + "-", "token", "://", "--x", '\\"', "eyJ"):
        text = f"{line}\n" * (400_000 // (len(line) + 1))
        for each in (text, text.replace("\n", "")):
            begun = time.process_time()
            Redaction().text(each)
            assert time.process_time() - begun < 10, line


def test_keys_without_a_name_are_found() -> None:
    """Nearly all of a thousand random ones of each length: without any form it is a matter of likelihood."""
    random = Random(1)
    for size, least in ((30, 990), (32, 990), (48, 999), (256, 1000)):
        keys = [base64.b64encode(random.randbytes(size)).decode() for _ in range(1000)]
        assert sum(LEFT_OUT in Redaction().text(f"saw {key}, then")[0] for key in keys) >= least, size


def test_fields_that_only_sound_secret_stay() -> None:
    """They are in every description of an instance, and in every event of a stack."""
    document = {"HttpTokens": "required", "ClientRequestToken": "cdk-1", "secretName": "web"}
    assert _cleaned(document) == document
