"""Listeners of network load balancers, and which target groups they make use of."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.api.load_balancing import store
from emulator.api.wire import ApiError, Request, Response


def create_listener(request: Request) -> Response:
    """Create a listener of a network load balancer. Whoever asks again for the same one gets it.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html

    Raises:
        ApiError: there is no such balancer or target group, or the port is taken.
    """
    balancer_arn = request["LoadBalancerArn"]
    if balancer_arn not in store.BALANCERS.get():
        raise ApiError("LoadBalancerNotFound", f"Load balancer '{balancer_arn}' not found")
    settings = {
        "LoadBalancerArn": balancer_arn,
        "Port": request.get("Port"),
        "Protocol": request.get("Protocol", "TCP"),
        "DefaultActions": request["DefaultActions"],
    }
    if (there := _on_port(balancer_arn, settings["Port"])) is not None:
        if settings.items() <= there.items():
            return {"Listeners": [there]}
        raise _taken()
    _use(balancer_arn, settings["DefaultActions"])
    arn = f"{balancer_arn.replace(':loadbalancer/', ':listener/')}/{secrets.token_hex(8)}"
    store.LISTENERS.get()[arn] = {"ListenerArn": arn, **settings}
    store.TAGS.get()[arn] = request.get("Tags") or []
    return {"Listeners": [store.LISTENERS.get()[arn]]}


def modify_listener(request: Request) -> Response:
    """Change a listener's port, protocol or target group: what it no longer forwards to is not in use by it.

    Raises:
        ApiError: there is no such listener or target group, or the port is taken.
    """
    listener = _listener(request["ListenerArn"])
    balancer_arn = listener["LoadBalancerArn"]
    other = _on_port(balancer_arn, request.get("Port", listener["Port"]))
    if other is not None and other["ListenerArn"] != listener["ListenerArn"]:
        raise _taken()
    before = listener["DefaultActions"]
    if actions := request.get("DefaultActions"):
        _use(balancer_arn, actions)
    listener.update(
        {name: request[name] for name in ("Port", "Protocol", "DefaultActions") if request.get(name)}
    )
    _release(balancer_arn, before)
    return {"Listeners": [listener]}


def delete_listener(request: Request) -> Response:
    """Delete a listener; its target groups stay, and the balancer no longer uses them.

    Raises:
        ApiError: there is no such listener.
    """
    _delete(_listener(request["ListenerArn"]))
    return {}


def delete_all_of(balancer_arn: str) -> None:
    """Delete the listeners of a load balancer."""
    for listener in list(store.LISTENERS.get().values()):
        if listener["LoadBalancerArn"] == balancer_arn:
            _delete(listener)


def _delete(listener: store.Record) -> None:
    store.LISTENERS.get().pop(listener["ListenerArn"], None)
    store.TAGS.get().pop(listener["ListenerArn"], None)
    _release(listener["LoadBalancerArn"], listener["DefaultActions"])


def _listener(arn: str) -> store.Record:
    listener: store.Record | None = store.LISTENERS.get().get(arn)
    if listener is None:
        raise ApiError("ListenerNotFound", f"One or more listeners not found: {arn}")
    return listener


def _taken() -> ApiError:
    return ApiError("DuplicateListener", "A listener already exists on this port for this load balancer")


def _on_port(balancer_arn: str, port: int | None) -> store.Record | None:
    for listener in list(store.LISTENERS.get().values()):
        if (listener["LoadBalancerArn"], listener["Port"]) == (balancer_arn, port):
            found: store.Record = listener
            return found
    return None


def _use(balancer_arn: str, actions: Iterable[Mapping[str, Any]]) -> None:
    """Note that the balancer uses the target groups of these actions.

    Raises:
        ApiError: there is no such target group.
    """
    groups = [store.target_group(str(action.get("TargetGroupArn"))) for action in actions]
    for group in groups:
        if balancer_arn not in group["LoadBalancerArns"]:
            group["LoadBalancerArns"].append(balancer_arn)


def _release(balancer_arn: str, actions: Iterable[Mapping[str, Any]]) -> None:
    """Note which target groups of these actions the balancer uses no more."""
    for action in actions:
        arn = str(action.get("TargetGroupArn"))
        used = any(
            listener["LoadBalancerArn"] == balancer_arn for listener in store.listeners_forwarding_to(arn)
        )
        if not used and store.target_group_exists(arn):
            group = store.target_group(arn)
            group["LoadBalancerArns"] = [one for one in group["LoadBalancerArns"] if one != balancer_arn]
