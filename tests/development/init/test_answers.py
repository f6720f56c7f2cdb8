"""`init`: what people and options say, and the file that comes of it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from development.app import build_app
from development.commands import init as command
from development.init.account import Account
from development.init.answers import Answers, Size
from development.init.document import check, write
from kubequorum.config import load_cluster
from kubequorum_cli.errors import CommandError, UsageError
from tests.development.init.recorded_account import RecordedSession, everything
from tests.development.init.running import Run


def test_a_person_is_asked_again(run: Run) -> None:
    """With what is wrong; the default of each question is taken by Enter."""
    cluster, _, noted = run(
        *("Upper Case", "shop"),
        *("nowhere", "eu-central-1"),
        ".",
        *("huge", "ha"),
        *("eu-central-1a,eu-central-1a,eu-central-1b", "."),
        *("open", "public"),
        *("", "junk", "198.51.100.0/24, 203.0.113.0/24"),
        *("cluster.local", "."),
        *("junk", "."),
    )
    assert cluster.name == "shop"
    assert cluster.dns.zone_name == "shop.kubequorum.internal"
    assert [str(cidr) for cidr in cluster.api.allowed_cidrs] == ["198.51.100.0/24", "203.0.113.0/24"]
    for wrong in (
        "Upper Case",
        "nowhere",
        "'huge' is none of ha, dev",
        "'open' is none of",
        "junk",
        "CoreDNS",
    ):
        assert wrong in noted


def test_what_an_option_says_is_not_asked_for(run: Run) -> None:
    """All others are."""
    cluster, _, _ = run(".", ".", ".", ".", ".", ".", name="shop", zones="eu-central-1b")
    assert cluster.name == "shop"
    assert cluster.zones == ("eu-central-1b",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "UPPER"}, "--name 'UPPER'"),
        ({"name": ""}, "--name ''"),
        ({"region": "nowhere"}, "--region"),
        ({"region": "cn-north-1"}, "endpoints"),
        ({"account": "12"}, "--account"),
        ({"size": "big"}, "none of ha, dev"),
        ({"zones": "eu-central-1a,eu-central-1b"}, "--zones"),
        ({"zones": "us-east-1a"}, "--zones"),
        ({"exposure": "open"}, "none of internal, public"),
        ({"exposure": "public"}, "no range outside the VPC"),
        ({"exposure": "public", "allowed_cidrs": "10.0.0.1/8"}, "--allowed-cidrs"),
        ({"zone_name": "amazonaws.com"}, "hides"),
        ({"hosted_zone_id": "junk"}, "--hosted-zone-id"),
    ],
)
def test_options_that_cannot_be(run: Run, tmp_path: Path, options: dict[str, str], said: str) -> None:
    """By the checks of cluster files; nothing is written."""
    with pytest.raises(UsageError) as caught:
        run(**options)
    assert said in f"{caught.value.what} {caught.value.why}"
    assert list(tmp_path.iterdir()) == []


_TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["no", "1e3", "null", "~", "0x1f", "a: b", "[", "#", "a\nb", "\udc80", "{x}", "on", "1_0"]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(["name", "region", "account", "zones", "zone_name", "hosted_zone_id"]), text=_TEXTS
)
def test_any_text_is_said_or_refused(
    session: RecordedSession, tmp_path_factory: pytest.TempPathFactory, field: str, text: str
) -> None:
    """A value that is accepted is what the file says, whatever YAML makes of it without quotes."""
    path = tmp_path_factory.mktemp("any") / "cluster.yaml"
    try:
        command.init(
            {field: text},
            output=path,
            force=False,
            yes=True,
            find_account=lambda region: Account(region, session),
        )
    except UsageError:
        return
    if field == "name":
        assert load_cluster(path).name == text.strip()


@pytest.mark.parametrize("size", list(Size))
@pytest.mark.parametrize("name", ["no", "null", "mine"])
def test_words_of_yaml_are_names(size: Size, name: str) -> None:
    """Norway is a name, and so is nothing."""
    zones = ("eu-central-1a", "eu-central-1b", "eu-central-1c")[: Answers(size=size).plan.zones]
    cluster, problems = check(write(Answers(name=name, size=size, zones=zones), schema=True))
    assert problems == ()
    assert cluster is not None
    assert cluster.name == name


def test_a_file_is_never_replaced_unasked(run: Run, tmp_path: Path, session: RecordedSession) -> None:
    """Nobody is asked anything then; --force replaces it, and nothing else is left in the folder."""
    path = tmp_path / "cluster.yaml"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is there already") as caught:
        run()
    assert "--force" in caught.value.remedy
    assert (path.read_text(), session.asked) == ("mine", [])
    command.init({}, output=path, force=True, yes=True, find_account=lambda region: Account(region, session))
    assert load_cluster(path).name == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_who_is_quicker_keeps_his_file(run: Run, tmp_path: Path, session: RecordedSession) -> None:
    """A file that appears while questions are asked is not replaced either."""
    path = tmp_path / "cluster.yaml"

    def appear(_: object) -> dict[str, Any]:
        path.write_text("theirs")
        found: dict[str, Any] = everything()["DescribeVpcs"]
        return found

    session.answers["DescribeVpcs"] = appear
    with pytest.raises(CommandError, match="is there already"):
        run()
    assert path.read_text() == "theirs"


def test_a_folder_that_is_not_there(tmp_path: Path, session: RecordedSession) -> None:
    """Is said before anybody is asked."""
    path = tmp_path / "none" / "cluster.yaml"
    with pytest.raises(CommandError, match="cannot be written"):
        command.init(
            {}, output=path, force=False, yes=True, find_account=lambda region: Account(region, session)
        )
    assert session.asked == []


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with clusters in it, and an account that refuses."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "schema.json").write_text("{}")
    return tmp_path


def test_the_command_line(checkout: Path) -> None:
    """Beside the other cluster files, with their schema; the environment's region; a profile of nobody."""
    done = CliRunner().invoke(build_app(), ["init", "--yes", "--name", "shop", "--size", "dev"])
    assert done.exit_code == 0, done.output
    assert done.stdout == "clusters/shop.yaml\n"
    path = checkout / "clusters" / "shop.yaml"
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    assert load_cluster(path).zones == ("eu-west-1a",)
    assert "of-nobody" in done.stderr
    # A line for each reason, not for each thing.
    assert done.stderr.count("AWS did not say") == 1


def test_without_a_terminal_nobody_answers(checkout: Path) -> None:
    """Then `--yes` must say that defaults are taken."""
    del checkout
    done = CliRunner().invoke(build_app(), ["init"], input="mine\n")
    assert isinstance(done.exception, UsageError)
    assert "--yes" in done.exception.remedy
