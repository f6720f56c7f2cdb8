"""Settings from the environment."""

import pytest

from kubequorum_node import settings


def test_the_environment_of_etcd_is_read_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value may have a `=` in it; a part that is no pair is named."""
    monkeypatch.setenv("KUBEQUORUM_ETCD_ENVIRONMENT", "ETCD_UNSAFE_NO_FSYNC=true,ETCD_X=a=b")
    assert settings.etcd_environment() == {"ETCD_UNSAFE_NO_FSYNC": "true", "ETCD_X": "a=b"}
    monkeypatch.setenv("KUBEQUORUM_ETCD_ENVIRONMENT", "ETCD_UNSAFE_NO_FSYNC")
    with pytest.raises(settings.SettingError, match="KUBEQUORUM_ETCD_ENVIRONMENT has 'ETCD_UNSAFE_NO_FSYNC'"):
        settings.etcd_environment()


def test_without_settings_nothing_is_special(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty environment is that of a production host."""
    for name in ("FAIL_STEP", "ETCD_ENVIRONMENT", "IGNORE_PREFLIGHT_ERRORS", "SUPERVISOR"):
        monkeypatch.delenv(f"KUBEQUORUM_{name}", raising=False)
    settings.fail_if_injected("join")
    assert not settings.etcd_environment()
    assert settings.ignored_preflight_errors() == ()
    assert not settings.is_plain_process()
