"""The environment of child processes: the embedded AWS and no other."""

import pytest

from lab import environment


def test_the_users_aws_settings_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles, keys and endpoints of real AWS never reach the CDK; everything else is kept."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "CDK_DEFAULT_ACCOUNT"):
        monkeypatch.setenv(name, "the user's")
    monkeypatch.setenv("EDITOR", "ed")
    ours = environment.administrator(api_url="http://127.0.0.1:1", account="123456789012", region="eu-west-1")
    child = environment.for_children(ours)
    assert "the user's" not in child.values()
    assert child["EDITOR"] == "ed"
    assert child["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert child["AWS_ACCESS_KEY_ID"] == "123456789012"
    assert child["AWS_REGION"] == child["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert child["AWS_CONFIG_FILE"] == child["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_env_unsets_what_would_override_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint for one service overrides the endpoint for all, so `env` unsets it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere")
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} <= set(environment.conflicting())
