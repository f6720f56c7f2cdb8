"""The admission policy that gives pods the role of their service account, in a real API server."""

import time
from typing import Any

import pytest

from kubequorum_node.kubernetes.service_account_roles import FOLDER, NAME, VOLUME, manifest
from tests.api_server.servers import ApiServer

ROLE = "arn:aws:iam::111122223333:role/orders"
ANNOTATION = "eks.amazonaws.com/role-arn"
DURATION = "eks.amazonaws.com/token-expiration"
NAMES = [
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
]
_SECONDS = 60.0


@pytest.fixture(scope="module")
def api(server: ApiServer) -> ApiServer:
    """The policy, and service accounts with and without a role in two namespaces."""
    _apply(server, endpoint=None)
    for name in ("shop", "other"):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        reply = server.post("/api/v1/namespaces", namespace)
        assert reply.status == 201, reply
    for account in (
        _account("shop", "orders", ROLE),
        _account("shop", "empty", ""),
        _account("shop", "short", ROLE, **{DURATION: "600"}),
        _account("shop", "nonsense", ROLE, **{DURATION: "a day"}),
        _account("shop", "two-hours", ROLE, **{DURATION: "7200"}),
        _account("shop", "default", None),
        _account("other", "orders", None),
        _account("other", "default", None),
    ):
        reply = server.post(f"/api/v1/namespaces/{account['metadata']['namespace']}/serviceaccounts", account)
        assert reply.status == 201, reply
    # Policies and their parameters reach admission by watches.
    deadline = time.monotonic() + _SECONDS
    while not _environment(_created(server, _pod("orders"))["spec"]["containers"][0]):
        assert time.monotonic() < deadline, "the policy has no effect"
        time.sleep(0.2)
    return server


def _apply(server: ApiServer, *, endpoint: str | None) -> None:
    for item in manifest(region="eu-central-1", endpoint=endpoint):
        reply = server.apply(item)
        assert reply.status in {200, 201}, reply


def _created(server: ApiServer, pod: dict[str, Any]) -> dict[str, Any]:
    """A pod as the API server has made it."""
    reply = server.post(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods", pod)
    assert reply.status == 201, reply
    made: dict[str, Any] = reply.body
    return made


def _account(namespace: str, name: str, role: str | None, **annotations: str) -> dict[str, Any]:
    annotated = {**annotations, **({} if role is None else {ANNOTATION: role})}
    metadata = {"name": name, "namespace": namespace, "annotations": annotated}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def _pod(account: str | None, *, namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "pod-", "namespace": namespace},
        "spec": {
            "containers": [{"name": "main", "image": "main"}],
            **({} if account is None else {"serviceAccountName": account}),
            **spec,
        },
    }


def _environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container.get("env", [])}


def _volumes(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [volume for volume in pod["spec"].get("volumes", []) if volume["name"] == VOLUME]


def _seconds(pod: dict[str, Any]) -> int:
    (volume,) = _volumes(pod)
    (source,) = volume["projected"]["sources"]
    return int(source["serviceAccountToken"]["expirationSeconds"])


def test_a_pod_gets_the_role_of_its_service_account(api: ApiServer) -> None:
    """Token volume, mount and variables; what the pod has of its own stays."""
    own = {"name": "main", "image": "main", "env": [{"name": "A", "value": "b"}], "command": ["x"]}
    made = _created(api, _pod("orders", containers=[own, {"name": "second", "image": "second"}]))
    (volume,) = _volumes(made)
    assert volume["projected"]["sources"] == [
        {
            "serviceAccountToken": {
                "audience": "sts.amazonaws.com",
                "expirationSeconds": 86400,
                "path": "token",
            }
        }
    ]
    main, second = made["spec"]["containers"]
    assert sorted(_environment(second)) == NAMES
    assert sorted(_environment(main)) == ["A", *NAMES]
    assert _environment(main)["AWS_ROLE_ARN"] == ROLE
    assert _environment(main)["AWS_WEB_IDENTITY_TOKEN_FILE"] == f"{FOLDER}/token"
    assert _environment(main)["AWS_REGION"] == "eu-central-1"
    assert main["command"] == ["x"]
    for container in (main, second):
        mounts = [mount for mount in container["volumeMounts"] if mount["name"] == VOLUME]
        assert mounts == [{"name": VOLUME, "mountPath": FOLDER, "readOnly": True}]
        # The API server's own token is still there.
        assert len(container["volumeMounts"]) == 2


def test_init_containers_and_sidecars_get_it_too(api: ApiServer) -> None:
    """Those that run first, and those that stay."""
    first = {"name": "first", "image": "x"}
    sidecar = {"name": "sidecar", "image": "x", "restartPolicy": "Always"}
    made = _created(api, _pod("orders", initContainers=[first, sidecar]))
    for container in made["spec"]["initContainers"]:
        assert sorted(_environment(container)) == NAMES
        assert VOLUME in [mount["name"] for mount in container["volumeMounts"]]
    assert [c.get("restartPolicy") for c in made["spec"]["initContainers"]] == [None, "Always"]


def test_a_pod_without_the_api_servers_token_gets_it(api: ApiServer) -> None:
    """It has no list of volumes and no list of mounts to begin with."""
    made = _created(api, _pod("orders", automountServiceAccountToken=False))
    assert [volume["name"] for volume in made["spec"]["volumes"]] == [VOLUME]
    assert [m["name"] for m in made["spec"]["containers"][0]["volumeMounts"]] == [VOLUME]


@pytest.mark.parametrize(
    ("account", "namespace"), [(None, "shop"), ("default", "shop"), ("empty", "shop"), ("orders", "other")]
)
def test_other_pods_stay_as_they_are(api: ApiServer, account: str | None, namespace: str) -> None:
    """No service account, one without a role, one with an empty one, the same name in another namespace."""
    made = _created(api, _pod(account, namespace=namespace))
    assert not _volumes(made)
    assert not _environment(made["spec"]["containers"][0])


def test_what_a_pod_says_itself_is_respected(api: ApiServer) -> None:
    """A volume of that name, a mount at that place, and variables: each stays, and the others are added."""
    volume = {"name": VOLUME, "emptyDir": {}}
    container = {
        "name": "main",
        "image": "main",
        "env": [{"name": "AWS_ROLE_ARN", "value": "mine"}, {"name": "AWS_REGION", "value": "eu-west-1"}],
        "volumeMounts": [{"name": VOLUME, "mountPath": "/mine"}],
    }
    made = _created(api, _pod("orders", volumes=[volume], containers=[container]))
    (kept,) = _volumes(made)
    assert "emptyDir" in kept
    (main,) = made["spec"]["containers"]
    assert [m["mountPath"] for m in main["volumeMounts"] if m["name"] == VOLUME] == ["/mine"]
    environment = _environment(main)
    assert (environment["AWS_ROLE_ARN"], environment["AWS_REGION"]) == ("mine", "eu-west-1")
    assert sorted(environment) == NAMES


def test_it_is_idempotent(api: ApiServer) -> None:
    """A pod that has all of it, as one that is created from another's manifest, gets nothing twice."""
    first = _created(api, _pod("orders"))
    again = _pod("orders")
    again["spec"]["volumes"] = _volumes(first)
    (container,) = first["spec"]["containers"]
    again["spec"]["containers"] = [{**container, "volumeMounts": container["volumeMounts"][-1:]}]
    second = _created(api, again)
    assert _volumes(second) == _volumes(first)
    assert second["spec"]["containers"][0]["env"] == container["env"]
    assert len(second["spec"]["containers"][0]["volumeMounts"]) == len(container["volumeMounts"])


@pytest.mark.parametrize(("account", "seconds"), [("short", 3600), ("nonsense", 86400), ("two-hours", 7200)])
def test_the_tokens_duration_is_the_service_accounts(api: ApiServer, account: str, seconds: int) -> None:
    """Between an hour and a day; what is no number is ignored."""
    assert _seconds(_created(api, _pod(account))) == seconds


def test_a_pod_with_a_variable_twice_is_still_created(api: ApiServer) -> None:
    """Kubernetes accepts such pods."""
    twice = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    made = _created(api, _pod("orders", containers=[{"name": "main", "image": "x", "env": twice}]))
    assert [e["value"] for e in made["spec"]["containers"][0]["env"] if e["name"] == "A"][-1:] == ["2"]
    assert _volumes(made)


def test_an_images_endpoint_reaches_pods(api: ApiServer) -> None:
    """Where AWS's API has another address, pods with a role get it; with it quoted as it must be."""
    url = "http://169.254.200.1/it's"
    _apply(api, endpoint=url)
    deadline = time.monotonic() + _SECONDS
    while True:
        environment = _environment(_created(api, _pod("orders"))["spec"]["containers"][0])
        if environment.get("AWS_ENDPOINT_URL") == url:
            return
        assert time.monotonic() < deadline, environment
        time.sleep(0.2)


def test_the_same_policy_is_no_change(api: ApiServer) -> None:
    """Every master applies it in every boot."""
    path = f"/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies/{NAME}"
    _apply(api, endpoint=None)
    before = api.ask("GET", path).body["metadata"]["generation"]
    _apply(api, endpoint=None)
    assert api.ask("GET", path).body["metadata"]["generation"] == before
