"""Makes a plan: what the app wants beside what is deployed, and what follows from the difference."""

import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_cli import validate
from kubequorum_cli.errors import CommandError, UsageError, reason_of
from kubequorum_cli.plan import assembly, change_sets, evidence, kinds, reading, rules, versions
from kubequorum_cli.plan.assembly import Assembly
from kubequorum_cli.plan.bundles import Bundle, BundlePair, Bundles
from kubequorum_cli.plan.causes import Cause, Keys
from kubequorum_cli.plan.changes import StackChanges
from kubequorum_cli.plan.document import Duration, MachineStep, Plan, VersionStep
from kubequorum_cli.plan.figures import WORKERS_UNKNOWN, Figure, figures_of
from kubequorum_cli.plan.machines import END, LAUNCH, ROLL, GroupStep, steps_of
from kubequorum_cli.plan.stacks import stack_steps, volume_lines
from kubequorum_cli.plan.versions import Versions
from kubequorum_cli.resources import IN_SERVICE, Resources
from kubequorum_cli.target import STACKS, Target
from kubequorum_cli.validate import Finding, Severity, Snapshot

Described = Mapping[str, Mapping[str, Any]]
"""Groups by name, as Auto Scaling describes them."""


def make(target: Target, cluster_file: Path, *, allow: Collection[str] = ()) -> Plan:
    """Plan the deployment of a cluster file.

    Args:
        target: the cluster.
        cluster_file: what to deploy.
        allow: ids of refusals that are meant.

    Raises:
        UsageError: the file is another cluster's.
        CommandError: it cannot be synthesised, or CloudFormation refuses to plan it.
    """
    with tempfile.TemporaryDirectory(prefix="kubequorum-plan-") as folder:
        target.synthesize(cluster_file, Path(folder))
        wanted = assembly.read(Path(folder))
        _require_same(target, wanted, cluster_file)
        stacks = change_sets.ask(target, wanted)
        return _Planner(target, wanted, stacks).plan(allow)


def _require_same(target: Target, wanted: Assembly, cluster_file: Path) -> None:
    """Refuse a file of another cluster: it would be made beside this one, and this one would stay."""
    own = (target.cluster, target.session.region_name)
    theirs = (wanted.cluster, wanted.stacks[0].region)
    account = str(target.client("sts").get_caller_identity()["Account"])
    if own == theirs and account == wanted.stacks[0].account:
        return
    raise UsageError(
        f"{cluster_file} is not of cluster {target.cluster}",
        why=f"it says name {theirs[0]}, region {theirs[1]}, account {wanted.stacks[0].account}; the cluster "
        f"that is looked at is {own[0]} in {own[1]}, account {account}",
        remedy="a cluster cannot be renamed or moved: put name, region and account back, or name the cluster "
        "that you mean (KUBEQUORUM_CLUSTER, AWS_REGION, AWS_PROFILE)",
    )


class _Planner:
    def __init__(self, target: Target, wanted: Assembly, stacks: Sequence[StackChanges]) -> None:
        self._target, self._wanted, self._stacks = target, wanted, stacks
        self._by_name = {stack.stack: stack for stack in stacks}
        self._bundles = Bundles(target, wanted)
        settings = [assembly.settings_in(stack.old) for stack in stacks]
        old = next((each for each in settings if each is not None), None)
        self._keys = Keys(old, wanted.settings)
        self._figures = figures_of(target)
        self._pairs: dict[str, BundlePair | None] = {}
        """By slot, of masters whose launch template changes; None where a bundle is not found."""

    def plan(self, allow: Collection[str]) -> Plan:
        waves = steps_of(self._stacks)
        described = self._groups()
        machines = [
            self._machine_step(step, number, described)
            for number, wave in enumerate(waves, 1)
            for step in wave
        ]
        snapshot = validate.collect(self._target) if self._is_deployed else None
        of_masters = versions.of_masters(
            [*self._pairs.values()], self._new_bundle(), is_deployed=self._is_deployed
        )
        steps = [step for wave in waves for step in wave]
        findings = list(self._findings(steps, machines, of_masters, snapshot, described))
        findings.sort(key=lambda found: found.severity is not Severity.ERROR)
        refused_ids = {found.id for found in findings if found.severity is Severity.ERROR}
        masters = [each for each in machines if each.slot and each.action == ROLL]
        return Plan(
            cluster=self._target.cluster,
            stacks=stack_steps(self._stacks),
            machines=machines,
            changed_keys=[str(key) for key in self._keys.all()] if self._keys.are_known else None,
            volumes=volume_lines(self._stacks, masters=[each.slot for each in masters]),
            versions=_version_step(of_masters, snapshot),
            masters_seconds=_duration(self._figures.master.times(len(masters))) if masters else None,
            client_gap_seconds=self._gap(masters),
            findings=findings,
            allowed=sorted(refused_ids & set(allow)),
        )

    @property
    def _is_deployed(self) -> bool:
        return any(not stack.is_new and stack.stack.endswith("-ControlPlane") for stack in self._stacks)

    def _groups(self) -> Described:
        return {str(g["AutoScalingGroupName"]): g for g in Resources(self._target).all_groups()}

    def _machine_step(self, step: GroupStep, order: int, described: Described) -> MachineStep:
        group = described.get(step.physical_id, {})
        ends = [] if step.action == LAUNCH else [str(i["InstanceId"]) for i in group.get("Instances", [])]
        figure = self._figures.master if step.slot and step.action == ROLL else None
        return MachineStep(
            order=order,
            stack=step.stack,
            group=step.physical_id,
            slot=step.slot,
            worker_group=step.worker_group,
            action=step.action,
            instances=ends,
            launches=0 if step.action == END else max(len(ends), step.launches),
            gated=step.one_at_a_time and step.action == ROLL,
            why=[str(cause) for cause in self._why(step)],
            seconds=(figure.least, figure.most) if figure else None,
            seconds_from=figure.source if figure else WORKERS_UNKNOWN if step.worker_group else "",
        )

    def _why(self, step: GroupStep) -> list[Cause]:
        stack = self._by_name[step.stack]
        if stack.is_new:
            return [Cause(kind="property", name=f"stack {stack.stack} is new")]
        if step.action in (LAUNCH, END):
            return self._keys.of_new_or_gone(slot=step.slot, worker_group=step.worker_group)
        seen, pair = evidence.of_group(stack, step, self._bundles)
        if step.slot and step.launch_template in stack.changes:
            self._pairs[step.slot] = pair
        return self._keys.causes(seen, slot=step.slot, worker_group=step.worker_group)

    def _new_bundle(self) -> Bundle | None:
        """That of new masters: all slots have the same."""
        stack = next((each for each in self._stacks if each.stack.endswith("-ControlPlane")), None)
        for resource in (stack.new.get("Resources") or {}).values() if stack else ():
            if resource["Type"] == "AWS::EC2::LaunchTemplate":
                return self._bundles.wanted(resource)
        return None

    def _findings(
        self,
        steps: Sequence[GroupStep],
        machines: Sequence[MachineStep],
        of_masters: Sequence[Versions],
        snapshot: Snapshot | None,
        described: Described,
    ) -> Iterator[Finding]:
        yield from rules.state(self._stacks)
        yield from rules.slots(steps)
        yield from rules.imports(self._stacks)
        yield from self._left_behind()
        for each in of_masters:
            yield from versions.judge(each)
        if self._is_deployed and not all(each.kubernetes_before for each in of_masters):
            why = (
                "the bundle of a master that is to be replaced cannot be found: its versions are not compared"
            )
            yield kinds.UNKNOWN.of("part", "versions", why)
        if snapshot is None:
            return
        bundle = self._new_bundle()
        if bundle is not None:
            try:
                yield from reading.fixed_settings(self._target, bundle)
            except (CommandError, BotoCoreError, ClientError) as error:
                yield kinds.UNKNOWN.of("part", "fixed-settings", reason_of(error))
        yield from _moving(machines, described)
        yield from reading.health(snapshot, replaces_masters=any(m.slot for m in machines))
        has_kubernetes = self._target.no_kubernetes is None
        ending = [id_ for m in machines if m.worker_group for id_ in m.instances]
        found, problems = reading.kubernetes(self._target, ending, read=has_kubernetes)
        yield from found
        for problem in problems:
            yield kinds.UNKNOWN.of("part", "kubernetes", problem)

    def _left_behind(self) -> Iterator[Finding]:
        wanted = {stack.stack for stack in self._stacks}
        for stack in STACKS:
            name = self._target.stack_name(stack)
            if name not in wanted and self._target.stack(stack) is not None:
                yield kinds.STACK_LEFT.of("stack", name, "the app has no such stack any more")

    def _gap(self, masters: Sequence[MachineStep]) -> Duration | None:
        if not masters:
            return None
        all_masters = len(Resources(self._target).groups)
        # With no other master the API is away for all of its replacement.
        return _duration(self._figures.client_gap if all_masters > 1 else self._figures.master)


def _version_step(of_masters: Sequence[Versions], snapshot: Snapshot | None) -> VersionStep:
    nodes = (snapshot.nodes.value or []) if snapshot else []
    texts = {
        field.name: ", ".join(sorted({getattr(each, field.name) for each in of_masters} - {""}))
        for field in fields(Versions)
    }
    return VersionStep(**texts, kubelets=dict(Counter(node.version for node in nodes)))


def _moving(machines: Sequence[MachineStep], described: Described) -> Iterator[Finding]:
    # Workers come and go all the time.
    for step in [each for each in machines if each.slot]:
        instances = described.get(step.group, {}).get("Instances", [])
        states = [f"{i['InstanceId']} {i['LifecycleState']}" for i in instances]
        if any(not state.endswith(f" {IN_SERVICE}") for state in states):
            yield kinds.BUSY.of("group", step.group, ", ".join(states))


def _duration(figure: Figure) -> Duration:
    return Duration(least=figure.least, most=figure.most, source=figure.source)
