"""Which changes of versions are refused, and which are final, by the skew policies of Kubernetes and etcd.

https://kubernetes.io/releases/version-skew-policy/ and https://etcd.io/docs/v3.6/upgrades/upgrade_3_6/
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubequorum_cli.plan import kinds
from kubequorum_cli.plan.bundles import Bundle, BundlePair
from kubequorum_cli.validate import Finding

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
Minor = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Versions:
    """Of the masters, before and after; empty where they are not known."""

    kubernetes_before: str = ""
    kubernetes_after: str = ""
    emulated_before: str = ""
    """The minor version as which the control plane behaves; empty for its own."""
    emulated_after: str = ""
    etcd_before: str = ""
    etcd_after: str = ""


def of_masters(
    changed: Sequence[BundlePair | None], new: Bundle | None, *, is_deployed: bool
) -> list[Versions]:
    """The versions of masters, each combination once: an update that was interrupted leaves several.

    Args:
        changed: the bundles of each master whose launch template changes; None where they are
            not found.
        new: what new masters run.
        is_deployed: whether there are masters.
    """
    olds: list[Bundle | None] = [None]
    if is_deployed:
        # Masters whose launch template stays run what new ones would.
        olds = [pair.old if pair else None for pair in changed] or [new]
    return list(dict.fromkeys(_step(old, new) for old in olds))


def _step(old: Bundle | None, new: Bundle | None) -> Versions:
    return Versions(
        kubernetes_before=old.kubernetes_version if old else "",
        kubernetes_after=new.kubernetes_version if new else "",
        emulated_before=old.emulated_version if old else "",
        emulated_after=new.emulated_version if new else "",
        etcd_before=old.etcd_version if old else "",
        etcd_after=new.etcd_version if new else "",
    )


def judge(versions: Versions) -> list[Finding]:
    """Findings about the step from one to the other: what is refused, else what cannot be taken back."""
    return list(_refused(versions)) or list(_final(versions))


def _refused(versions: Versions) -> Iterator[Finding]:
    before, after = _minor(versions.kubernetes_before), _minor(versions.kubernetes_after)
    etcd_before, etcd_after = _minor(versions.etcd_before), _minor(versions.etcd_after)
    kubernetes = f"{versions.kubernetes_before} → {versions.kubernetes_after}"
    etcd = f"{versions.etcd_before} → {versions.etcd_after}"
    if before and after:
        if after < before and after != _minor(f"{versions.emulated_before}.0"):
            yield kinds.KUBERNETES_DOWNGRADE.of("cluster", "kubernetes.version", kubernetes)
        elif after > before and (after[0] != before[0] or after[1] - before[1] > 1):
            yield kinds.MINOR_SKIPPED.of("cluster", "kubernetes.version", kubernetes)
        elif after > before and versions.emulated_before:
            seen = f"{kubernetes}, while emulated_version is {versions.emulated_before}"
            yield kinds.UPDATE_UNFINISHED.of("cluster", "kubernetes.version", seen)
        elif after == before and versions.emulated_after and not versions.emulated_before:
            seen = f"{versions.kubernetes_before} → {versions.emulated_after}"
            yield kinds.EMULATION_AGAIN.of("cluster", "kubernetes.emulated_version", seen)
    if etcd_before and etcd_after:
        if etcd_after < etcd_before:
            yield kinds.ETCD_DOWNGRADE.of("cluster", "etcd", etcd)
        elif etcd_after != etcd_before:
            if before != after:
                yield kinds.TWO_MINORS.of("cluster", "etcd", f"etcd {etcd}, Kubernetes {kubernetes}")
            elif etcd_after[0] != etcd_before[0] or etcd_after[1] - etcd_before[1] > 1:
                yield kinds.TWO_MINORS.of("cluster", "etcd", etcd)


def _final(versions: Versions) -> Iterator[Finding]:
    before, after = _minor(versions.kubernetes_before), _minor(versions.kubernetes_after)
    if not before or not after or versions.emulated_after:
        return
    if after > before:
        seen = f"{versions.kubernetes_before} → {versions.kubernetes_after}"
        yield kinds.NO_WAY_BACK.of("cluster", "kubernetes.version", seen)
    elif after == before and versions.emulated_before:
        seen = f"{versions.emulated_before} → {versions.kubernetes_after}"
        yield kinds.EMULATION_ENDS.of("cluster", "kubernetes.emulated_version", seen)


def _minor(version: str) -> Minor | None:
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2])) if found else None
