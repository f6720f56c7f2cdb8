"""The service on every master that answers kubelets' certificate requests; several may answer one.

Nothing elects one of them: they come to the same answer, and the API accepts the first.
"""

import json
import random
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.approver import instances
from kubequorum_node.approver.verdict import Decision, Request, Verdict, is_pending, judge
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import credentials, events, identity_proof
from kubequorum_node.kubernetes.api_access import CertificateFile
from kubequorum_node.kubernetes.api_connection import HttpsConnection
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.approver_role import APPROVER
from kubequorum_node.kubernetes.path_client import PathClient
from kubequorum_node.log import info, warning
from kubequorum_node.node import WORK_FOLDER, Node

CERTIFICATE = f"{WORK_FOLDER}/node-approver.pem"
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
_VALID = timedelta(hours=24)
_RENEW_SECONDS = 12 * 3600.0
_WATCH_SECONDS = 240
"""After that all requests are listed again: a missed event is made up for."""
_WAIT_SECONDS = 1.0
_PAUSE_SECONDS = 2.0
_UNAUTHORIZED = 401
_DECIDED = frozenset({404, 409})
"""Another master was first, or the request is gone."""


class NodeApprover:
    """Answers requests through this master's own API server, as a user that may do nothing else."""

    def __init__(self, node: Node, api: PathClient | None = None) -> None:
        self._node = node
        access = CertificateFile(CERTIFICATE)
        self._api = api or PathClient(HttpsConnection(node.host, server=node.identity.address, access=access))
        self._renewed = float("-inf")

    def run(self) -> None:
        """Answer forever; failures are retried."""
        while True:
            try:
                self.turn()
            except (NodeError, BotoCoreError, ClientError) as error:
                if isinstance(error, ApiError) and error.status == _UNAUTHORIZED:
                    self._renewed = float("-inf")
                warning(f"requests of kubelets: {error}")
                self._node.clock.sleep(_PAUSE_SECONDS)

    def turn(self) -> None:
        """Answer what is there, then wait until something comes.

        Raises:
            NodeError: the API server does not answer.
            ClientError: AWS does not; nothing is approved then.

        """
        self._renew()
        listed = self._api.get(_REQUESTS)
        pending = [item for item in listed["items"] if is_pending(item)]
        # Other masters have the same list: most of it is answered once.
        random.shuffle(pending)
        if pending and self._answer(pending):
            self._node.clock.sleep(_WAIT_SECONDS)
        else:
            self._follow(str(listed["metadata"]["resourceVersion"]))

    def _follow(self, version: str) -> None:
        path = f"{_REQUESTS}?watch=1&resourceVersion={version}&timeoutSeconds={_WATCH_SECONDS}"
        for event in self._api.watch(path, timeout=_WATCH_SECONDS + 30):
            if event["type"] == "ERROR":
                # The version is too old: list again.
                return
            item = event["object"]
            if event["type"] != "DELETED" and is_pending(item) and self._answer([item]):
                # It must wait: the next turn asks again.
                return

    def _answer(self, items: list[dict[str, Any]]) -> bool:
        """Decide about requests; whether one of them must wait."""
        now = self._node.host.time()
        requests = [(item, Request.of(item, now)) for item in items]
        own_id = self._node.identity.instance_id
        asked = [request.instance_id for _, request in requests if request.instance_id]
        known = instances.find(self._node, [own_id, *asked])
        if own_id not in known:
            raise NodeError(f"EC2 does not know this master yet ({own_id}): no request is answered")
        waiting = False
        for item, request in requests:
            claimed = request.instance_id or ""
            instance = known.get(claimed)
            # Only of instances that are there: a made-up name costs no request to S3.
            proof = identity_proof.read(self._node, claimed) if request.is_first and instance else None
            verdict = judge(request, instance=instance, proof=proof, own=known[own_id])
            if verdict.decision is Decision.WAIT:
                waiting = True
            else:
                self._write(item, request, verdict)
        return waiting

    def _write(self, item: dict[str, Any], request: Request, verdict: Verdict) -> None:
        now = self._node.host.time().strftime("%Y-%m-%dT%H:%M:%SZ")
        condition = {
            "type": verdict.decision.value,
            "status": "True",
            "reason": verdict.reason,
            "message": f"{verdict.message}.",
            "lastUpdateTime": now,
        }
        status = {**(item.get("status") or {}), "conditions": [condition]}
        try:
            self._api.update(f"{_REQUESTS}/{request.name}/approval", {**item, "status": status})
        except ApiError as error:
            if error.status in _DECIDED:
                return
            raise
        if verdict.decision is Decision.APPROVE:
            info(f"{request.name} of {request.username} approved: {verdict.message}")
            return
        warning(f"{request.name} of {request.username} denied: {verdict.reason}: {verdict.message}")
        self._report(request, verdict)

    def _report(self, request: Request, verdict: Verdict) -> None:
        """An Event about the node whose name was used: its owner may want to know."""
        event = events.event(
            request.instance_id or self._node.identity.node_name,
            reporter=self._node.identity.node_name,
            component="kubequorum-node-approver",
            reason="CertificateDenied",
            message=f"{request.name} of {request.username}: {verdict.reason}: {verdict.message}",
            is_warning=True,
            now=self._node.host.time(),
        )
        try:
            self._api.create(events.EVENTS, json.loads(event))
        except ApiError as error:
            warning(f"the denial of {request.name} is in no Event: {error}")

    def _renew(self) -> None:
        """Issue this service's own credentials, long before they expire."""
        now = self._node.clock.now()
        if now - self._renewed >= _RENEW_SECONDS:
            pem = credentials.client_certificate(self._node, APPROVER, valid=_VALID)
            self._node.host.write(CERTIFICATE, pem, mode=0o600)
            self._renewed = now


def run(node: Node) -> None:
    """Answer kubelets' certificate requests until it is stopped."""
    NodeApprover(node).run()
