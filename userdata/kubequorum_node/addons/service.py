"""The service that keeps the cluster's addons as the stack Addons wants them; it runs on every master."""

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.addon_set import AddonSetError
from kubequorum_node.addons.install import Workshop
from kubequorum_node.addons.inventory import Inventories
from kubequorum_node.addons.reconcile import Reconciler, Result
from kubequorum_node.addons.report import StackReport, tell
from kubequorum_node.addons.wanted import DamagedSetError, Wanted, WantedState
from kubequorum_node.document import CALICO
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.api_access import Kubeconfig
from kubequorum_node.kubernetes.api_connection import Connection, HttpsConnection
from kubequorum_node.kubernetes.api_server import ADMIN_KUBECONFIG
from kubequorum_node.kubernetes.object_client import ObjectClient
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.system.object_packages import Packages

POLL_SECONDS = 10.0
_ANSWER_SECONDS = 20.0
"""Longer than others wait: objects of an addon may pass webhooks."""
_WARN_AGAIN_SECONDS = 1800.0
"""Kubernetes forgets an Event after an hour."""
_DAMAGED_AT_MOST = 3
"""Turns in which a set may be unusable before a deploy fails because of it."""


def run(node: Node) -> None:
    """Look at the addons again and again."""
    connection = HttpsConnection(
        node.host,
        server=node.identity.address,
        access=Kubeconfig(ADMIN_KUBECONFIG),
        seconds=_ANSWER_SECONDS,
        stays_open=True,
    )
    service = AddonService(node, connection)
    while True:
        service.turn()
        node.clock.sleep(POLL_SECONDS)


def refuse_other_network(wanted: Wanted, plugin: str) -> None:
    """Refuse a set for another pod network than this cluster's: applied, it would cut off all pods.

    Raises:
        DamagedSetError: names both.

    """
    has_calico = any(addon.name == CALICO for addon in wanted.addons.addons)
    if has_calico != (plugin == CALICO):
        raise DamagedSetError(
            wanted.location,
            wanted.written,
            # A stack shows the beginning only.
            f"network.plugin is {plugin}, of the set {CALICO if has_calico else 'not'}: applied, it would "
            "cut off all pods. Deploy with the network.plugin that the cluster began with",
        )


class AddonService:
    """The service of one master."""

    def __init__(self, node: Node, connection: Connection) -> None:
        api = ObjectClient(connection)
        self._packages = Packages(node)
        shop = Workshop(
            api=api,
            inventories=Inventories(api),
            objects_of=self._packages.objects_of,
            clock=node.clock,
            me=node.metadata.instance_id(),
            tell=lambda message: tell(node, message, is_warning=False),
        )
        self._runs_containers = node.supervisor.runs_containers
        self._wanted = WantedState(node)
        self._reconciler = Reconciler(shop, warn=self._warn)
        self._node = node
        self._warned: dict[str, float] = {}
        self._report = StackReport(node.aws)
        self._damaged = 0
        self._said = ""

    def turn(self) -> None:
        """Look once. What fails is logged, and tried again at the next turn."""
        try:
            wanted = self._wanted.read()
            if wanted is not None:
                self._answer(wanted, self._reconciled(wanted))
            self._damaged = 0
            self._said = ""
        except DamagedSetError as error:
            self._say(str(error))
            self._damaged += 1
            if self._damaged >= _DAMAGED_AT_MOST:
                self._report_damage(error)
        except (NodeError, AddonSetError, ClientError, BotoCoreError) as error:
            self._say(str(error))

    def _warn(self, message: str) -> None:
        """Tell people, and the same thing not again for a while: what fails is tried every minute."""
        now = self._node.clock.now()
        if now - self._warned.get(message, float("-inf")) >= _WARN_AGAIN_SECONDS:
            self._warned[message] = now
            tell(self._node, message, is_warning=True)

    def _reconciled(self, wanted: Wanted) -> Result:
        if not self._runs_containers:
            # A plain process has no cluster: it reports itself and nothing more, here, too.
            return Result(ready=True)
        refuse_other_network(wanted, self._node.document.network_plugin)
        self._packages.use(wanted.addons.addons)
        return self._reconciler.turn(wanted)

    def _answer(self, wanted: Wanted, result: Result) -> None:
        if result.failure:
            self._report.failed(wanted.location, wanted.written, result.failure)
        elif result.ready:
            self._report.ready(wanted.location, wanted.written)

    def _report_damage(self, error: DamagedSetError) -> None:
        try:
            self._report.failed(error.location, error.written, f"set of addons: {error}")
        except (ClientError, BotoCoreError) as failure:
            info(f"the stack could not be signalled: {failure}")

    def _say(self, message: str) -> None:
        """Log a failure once, however many turns it lasts."""
        if message != self._said:
            warning(f"addons: {message}")
            self._said = message
