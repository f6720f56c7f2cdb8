"""What is wrong before a deployment: it refuses masters that would be replaced beside one that is away."""

import pytest

from kubequorum_cli.errors import CommandError
from kubequorum_cli.plan import reading
from kubequorum_cli.validate import Snapshot
from tests.kubequorum_cli.plan.recorded import bundle
from tests.kubequorum_cli.validate.healthy import ago, change, healthy

_AWAY = change("groups", "group-b", instances=[])


def _ids(snapshot: Snapshot, *, replaces_masters: bool = True) -> list[tuple[str, str]]:
    found = reading.health(snapshot, replaces_masters=replaces_masters)
    return [(finding.id, finding.seen.partition(":")[0]) for finding in found]


def test_a_healthy_cluster_speaks_against_nothing() -> None:
    """Neither errors nor warnings of validate are repeated."""
    assert _ids(healthy()) == []


def test_a_master_that_is_away_refuses_the_replacement_of_others() -> None:
    """It is a warning if workers alone are replaced."""
    away = _AWAY(healthy())
    assert ("masters-unwell", "slot-without-master") in _ids(away)
    assert ("not-well", "slot-without-master") in _ids(away, replaces_masters=False)


@pytest.mark.parametrize("replaces_masters", [True, False])
def test_backups_that_are_late_are_named(replaces_masters: bool) -> None:
    """Before anything dangerous; they refuse nothing."""
    late = change("backups", "", newest=ago(hours=1), newest_age_seconds=3600.0)(healthy())
    assert _ids(late, replaces_masters=replaces_masters) == [("backup-stale", "backup-late")]


def test_settings_whose_comparison_does_not_end_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure with a reason, as any other."""
    module = "import time; time.sleep(30)"
    monkeypatch.setattr(reading, "_LIMIT_SECONDS", 0.2)
    with pytest.raises(CommandError, match="cannot be compared") as slow:
        reading.compare_fixed(bundle("1.36.3", "3.6.14", fixed_settings=module), "{}")
    assert slow.value.why == "no answer in 0.2 s"
