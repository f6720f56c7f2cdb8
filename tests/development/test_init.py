"""`init`: the file that it writes, what it looks up, and what it says where nobody knows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from development.app import build_app
from development.commands import init as command
from development.init import defaults
from development.init.account import Account
from development.init.answers import Answers, Size
from development.init.document import check, write
from emulator.tests.api.emulator import REGION, running_emulator
from kubequorum.config import Cluster, load_cluster
from kubequorum_cli.errors import CommandError, UsageError
from tests.development.recorded_account import ZONES, RecordedSession, everything

Run = Callable[..., tuple[Cluster, str, str]]


@pytest.fixture
def session() -> RecordedSession:
    """The account, in which nothing is short."""
    return RecordedSession()


@pytest.fixture(autouse=True)
def _no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(session: RecordedSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run it with options, or with answers of a person; the cluster, the file's text, and what was noted."""

    def run(*answers: str, **options: Any) -> tuple[Cluster, str, str]:
        path = tmp_path / "cluster.yaml"
        ask = _person(*answers) if answers else None
        command.init(
            options,
            output=path,
            force=False,
            yes=ask is None,
            find_account=lambda region: Account(region, session),
            ask=ask,
        )
        said = capsys.readouterr()
        assert said.out == f"{path}\n"
        return load_cluster(path), path.read_text(encoding="utf-8"), said.err

    return run


def _person(*answers: str) -> Callable[[str, str], str]:
    """Types these; `.` takes the default."""
    left = iter(answers)

    def ask(question: str, default: str) -> str:
        del question
        return default if (typed := next(left)) == "." else typed

    return ask


def test_what_aws_knows_is_in_the_file(run: Run) -> None:
    """Account, zones, image; and nothing is left to change, or to say."""
    cluster, text, noted = run(name="mine", region="eu-central-1")
    assert cluster.name == "mine"
    assert cluster.account == "444455556666"
    assert cluster.zones == ZONES
    assert cluster.image.amd64 == "ami-0aaaaaaaaaaaaaaaa"
    assert cluster.masters.instance_type == "m7i.large"
    assert str(cluster.network.vpc_cidr) == "10.20.0.0/16"
    assert cluster.api.exposure == "internal"
    assert cluster.dns.zone_name == "mine.kubequorum.internal"
    assert cluster.dns.hosted_zone_id is None
    assert "CHANGE THIS" not in text
    assert noted == ""


def test_a_small_one(run: Run, session: RecordedSession) -> None:
    """One zone, arm64 and its image, a spot worker."""
    session.answers["GetParameter"] = lambda request: (
        {"Parameter": {"Value": "ami-0bbbbbbbbbbbbbbbb"}} if b"arm64" in request["body"] else "NotFound"
    )
    cluster, _, _ = run(size="dev")
    assert cluster.zones == ZONES[:1]
    assert cluster.image.arm64 == "ami-0bbbbbbbbbbbbbbbb"
    assert cluster.masters.instance_type == "t4g.medium"
    assert cluster.worker_groups[0].spot_percent == 100
    assert cluster.network.nat == "single"


def test_types_are_those_that_all_zones_offer(run: Run, session: RecordedSession) -> None:
    """A zone without the best type is passed over if there are others, or the next type is taken."""
    offers = [
        offer
        for offer in everything()["DescribeInstanceTypeOfferings"]["InstanceTypeOfferings"]
        if not (offer["InstanceType"] == "m7i.large" and offer["Location"] == ZONES[0])
    ]
    session.answers["DescribeInstanceTypeOfferings"] = {"InstanceTypeOfferings": offers}
    cluster, _, _ = run()
    assert cluster.zones == ZONES
    assert cluster.masters.instance_type == "m6i.large"
    assert cluster.worker_groups[0].instance_types == ("m7i.xlarge",)
    four = [{"ZoneName": zone} for zone in (*ZONES, "eu-central-1d")]
    session.answers["DescribeAvailabilityZones"] = {"AvailabilityZones": four}
    offers += [{"InstanceType": "m7i.large", "Location": "eu-central-1d"}]
    found = defaults.zones(Account("eu-central-1", session), "eu-central-1", Answers(size=Size.HA).plan)
    assert found == (*ZONES[1:], "eu-central-1d")


def test_ranges_and_zones_that_exist_count(run: Run, session: RecordedSession) -> None:
    """The VPC's range is free; a public zone of the name is used."""
    taken = [{"CidrBlock": "10.20.0.0/15"}, {"CidrBlockAssociationSet": [{"CidrBlock": "10.22.4.0/24"}]}]
    session.answers["DescribeVpcs"] = {"Vpcs": taken}
    private = {"Id": "/hostedzone/ZPRIVATE", "Name": "k8s.example.com.", "Config": {"PrivateZone": True}}
    public = {
        "Id": "/hostedzone/Z0123456789ABC",
        "Name": "k8s.example.com.",
        "Config": {"PrivateZone": False},
    }
    session.answers["ListHostedZonesByName"] = {"HostedZones": [private, public]}
    cluster, text, _ = run(zone_name="k8s.example.com", exposure="public", allowed_cidrs="198.51.100.0/24")
    assert str(cluster.network.vpc_cidr) == "10.23.0.0/16"
    assert cluster.dns.hosted_zone_id == "Z0123456789ABC"
    assert "An existing public zone" in text
    assert [str(cidr) for cidr in cluster.api.allowed_cidrs] == ["198.51.100.0/24"]


def test_quotas_that_do_not_suffice_are_named(run: Run, tmp_path: Path, session: RecordedSession) -> None:
    """With what is needed, and what is used; one without a value of the account's has AWS's default."""
    own = {b"L-1216C47A": 32.0, b"L-34B43A08": 5.0}
    session.answers["GetServiceQuota"] = lambda request: next(
        ({"Quota": {"Value": value}} for code, value in own.items() if code in request["body"]),
        "NoSuchResourceException",
    )
    session.answers["GetAWSDefaultServiceQuota"] = {"Quota": {"Value": 5.0}}
    session.answers["DescribeAddresses"] = {"Addresses": [{}, {}, {}]}
    session.answers["DescribeVpcs"] = {"Vpcs": [{"CidrBlock": "172.31.0.0/16"}] * 5}
    _, _, noted = run()
    assert "Quota: 46 vCPUs on demand when all workers run, and the quota is 32" in noted
    assert "Quota: 3 Elastic IPs for NAT gateways, beside 3 that are in use, and the quota is 5" in noted
    assert "Quota: 1 VPC beside 5, and the quota is 5" in noted
    sizes = {"t4g.medium": 2, "t4g.large": 2}
    session.answers["DescribeInstanceTypes"] = {
        "InstanceTypes": [
            {"InstanceType": type_, "VCpuInfo": {"DefaultVCpus": count}} for type_, count in sizes.items()
        ]
    }
    (tmp_path / "cluster.yaml").unlink()
    _, _, noted = run(size="dev")
    assert "on demand" not in noted
    assert "Quota: 6 vCPUs of spot instances when all workers run, and the quota is 5" in noted


@pytest.mark.parametrize("answer", ["AccessDenied", {}])
def test_an_account_that_says_nothing(run: Run, session: RecordedSession, answer: Any) -> None:
    """Defaults do, each is named, and what must be changed is marked in the file, too."""
    session.answers = dict.fromkeys(everything(), answer)
    cluster, text, noted = run(region="eu-west-1")
    assert cluster.zones == ("eu-west-1a", "eu-west-1b", "eu-west-1c")
    assert 'account: "111122223333"  # CHANGE THIS' in text
    assert "amd64: ami-0123456789abcdef0  # CHANGE THIS" in text
    for what in ("the account", "availability zones", "Debian's image for amd64", "the quota of VPCs"):
        assert what in noted
    assert "AWS did not say, so this is a guess: " in noted
    assert "Change before you deploy: account" in noted
    assert "Change before you deploy: image" in noted


def test_the_emulated_aws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has zones, VPCs and an account; images, offers and quotas it refuses."""
    with running_emulator(tmp_path) as emulator:

        class Session:
            def client(self, service: str, **arguments: Any) -> Any:
                return boto3.client(  # type: ignore[call-overload]
                    service,
                    region_name=REGION,
                    endpoint_url=emulator.url,
                    aws_access_key_id="000000000000",
                    aws_secret_access_key="test",
                    **arguments,
                )

        path = tmp_path / "mine.yaml"
        command.init(
            {"region": REGION},
            output=path,
            force=False,
            yes=True,
            find_account=lambda region: Account(region, Session()),
        )
    cluster = load_cluster(path)
    assert cluster.account == "000000000000"
    assert cluster.zones == (f"{REGION}a", f"{REGION}b", f"{REGION}c")
    noted = capsys.readouterr().err
    assert "Debian's image for amd64" in noted
    assert "which zones offer which instance types" in noted


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
    """Then it must be told to take defaults."""
    del checkout
    done = CliRunner().invoke(build_app(), ["init"], input="mine\n")
    assert isinstance(done.exception, UsageError)
    assert "--yes" in done.exception.remedy
