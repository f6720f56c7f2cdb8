"""Asks AWS and Kubernetes about a cluster, once or again and again."""

import threading
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli.backups import state as backups
from kubequorum_cli.backups.state import BackupState
from kubequorum_cli.errors import CommandError, reason_of
from kubequorum_cli.kubernetes import (
    Access,
    NodeList,
    find_access,
    has_kubernetes,
    look,
    look_at_addons,
    look_at_control_plane,
)
from kubequorum_cli.picture.compose import compose
from kubequorum_cli.picture.history import History
from kubequorum_cli.picture.model import Picture
from kubequorum_cli.picture.observation import Kubernetes, Observation
from kubequorum_cli.picture.pace import Pace
from kubequorum_cli.picture.places import Places
from kubequorum_cli.report import Collector, Report
from kubequorum_cli.target import Target

_SELDOM_SECONDS = 120.0
"""For what hardly changes: about 25 requests of AWS each time."""
_AWS_PAUSE_SECONDS = 4.0
"""Between two looks of four or five requests; `Pace` makes it longer if need be."""
_KUBERNETES_PAUSE_SECONDS = 2.0


class Watch:
    """Looks at one cluster, for all who want to see it."""

    def __init__(self, target: Target, history: History, pace: Pace | None = None) -> None:
        (pace or Pace()).keep(target)
        self._target = target
        self._history = history
        self._places = Places()
        self._collector = Collector(self._target, keep_seconds=_SELDOM_SECONDS)
        self._kubernetes_source = _KubernetesSource(self._target)
        self._report: Report | None = None
        self._kubernetes: Kubernetes | None = None
        self._problems: dict[str, str] = {}
        """The last one of each of the two that are asked; empty if it has answered."""
        self._lock = threading.Lock()
        self._over = threading.Event()

    def look(self) -> Picture:
        """Look once; errors of botocore are not handled."""
        self._kubernetes = self._kubernetes_source.ask()
        self._report = self._collector.collect()
        return self._compose(self._report, self._kubernetes)

    def start(self) -> None:
        """Look until `stop`, in threads of its own: a Kubernetes API that is silent holds up nothing else."""
        for ask, pause in (
            (self._ask_aws, _AWS_PAUSE_SECONDS),
            (self._ask_kubernetes, _KUBERNETES_PAUSE_SECONDS),
        ):
            threading.Thread(target=self._repeat, args=(ask, pause), daemon=True, name=ask.__name__).start()

    def stop(self) -> None:
        """End the threads; not the requests that are under way."""
        self._over.set()

    def _repeat(self, ask: Callable[[], None], pause: float) -> None:
        while not self._over.is_set():
            self._round(ask)
            self._over.wait(pause)

    def _round(self, ask: Callable[[], None]) -> None:
        """Ask one of the two, and tell what is known of both."""
        problem = "the look at the cluster has ended with an error: see the terminal"
        try:
            ask()
            problem = ""
        except (BotoCoreError, ClientError) as error:
            problem = f"the AWS API refused a request, or did not answer it: {error}"
        except CommandError as error:
            problem = reason_of(error)
        finally:
            with self._lock:
                self._problems[ask.__name__] = problem
                self._tell("; ".join(filter(None, self._problems.values())))

    def _ask_aws(self) -> None:
        self._report = self._collector.collect()

    def _ask_kubernetes(self) -> None:
        self._kubernetes = self._kubernetes_source.ask()

    def _tell(self, problem: str) -> None:
        """Add the picture, as soon as both have answered."""
        if self._report is None or self._kubernetes is None:
            self._history.fail(problem)
        else:
            self._history.add(self._compose(self._report, self._kubernetes), problem)

    def _compose(self, report: Report, kubernetes: Kubernetes) -> Picture:
        observation = Observation(
            cluster=self._target.cluster,
            region=self._target.session.region_name,
            report=report,
            kubernetes=kubernetes,
        )
        return compose(observation, self._places)


class _KubernetesSource:
    """Asks Kubernetes, with an access that is renewed now and then: AWS has it."""

    def __init__(self, target: Target, now: Callable[[], float] = time.monotonic) -> None:
        self._target = target
        self._now = now
        self._asked: float | None = None
        self._access: Access | None = None
        self._obstacle = Kubernetes()
        self._backups: BackupState | None = None

    def ask(self) -> Kubernetes:
        """Ask once; what fails is the problem of the answer. Errors of botocore are not handled."""
        if self._asked is None or self._now() - self._asked >= _SELDOM_SECONDS:
            self._find_access()
        if self._access is None:
            return self._obstacle
        return Kubernetes(
            nodes=look(self._access),
            addons=look_at_addons(self._access),
            control_plane=look_at_control_plane(self._access),
            backups=self._backups,
        )

    def _find_access(self) -> None:
        self._access = None
        if not has_kubernetes(self._target):
            obstacle = self._target.no_kubernetes
            self._obstacle = Kubernetes(absent=obstacle.why if obstacle else "no control plane is deployed")
        else:
            try:
                self._access = find_access(self._target)
            except CommandError as error:
                self._obstacle = Kubernetes(nodes=NodeList(problem=reason_of(error)))
            self._backups = backups.look(self._target)
        # A cluster that comes up gets its credentials soon; a change of them must not be missed for long.
        self._asked = self._now() if self._access else self._now() - _SELDOM_SECONDS * 0.75
