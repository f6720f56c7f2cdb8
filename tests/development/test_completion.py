"""Completion of the whole command line, by Tab in real shells, and of names that only the cluster knows."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from development.app import build_app
from emulator.tests.api.emulator import Emulator, Stack, running_emulator
from kubequorum_cli import completion, program
from lab.faults import candidates
from tests.synthesis import REPOSITORY

_PATIENCE_SECONDS = 30.0
_PROMPT = "ready> "
_BASH = ["bash", "--norc", "--noprofile", "-i"]
_ZSH = ["zsh", "-f", "-i"]
_BEGIN = {
    "bash": "",
    "zsh": f"PS1='{_PROMPT}'; autoload -Uz compinit; compinit -u -d $HOME/dump; ",
}


class _Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, words: list[str], home: Path) -> None:
        self._own, theirs = pty.openpty()
        self._process = subprocess.Popen(
            words,
            cwd=REPOSITORY,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "dumb", "HOME": str(home), "PS1": _PROMPT, "COLUMNS": "200"},
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, text: str, *, until: str) -> str:
        """Type something; what the shell shows until it has shown a pattern."""
        os.write(self._own, text.encode())
        shown, end = "", time.monotonic() + _PATIENCE_SECONDS
        while not re.search(until, shown):
            ready, _, _ = select.select([self._own], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                pytest.fail(f"{until!r} was not shown, but {shown!r}")
            shown += os.read(self._own, 65536).decode(errors="replace")
        return shown

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        os.close(self._own)


@pytest.fixture(params=["bash", "zsh"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[_Terminal]:
    """A shell that has read the script."""
    shell = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    started = _Terminal(_BASH if shell == "bash" else _ZSH, tmp_path)
    try:
        started.type("", until=f"{_PROMPT}|[#%] ")
        line = f"{_BEGIN[shell]}source <(./kubequorum completion {shell}); echo is''set\n"
        started.type(line, until=r"isset[\s\S]*" + _PROMPT)
        yield started
    finally:
        started.close()


def test_tab_completes_commands_options_faults_and_cluster_files(terminal: _Terminal) -> None:
    """Of the program as it is called in a checkout. A single candidate is written out."""
    terminal.type("./kubequorum stat\t", until=r"kubequorum status")
    terminal.type("\x15./kubequorum fault power-l\t", until=r"power-loss")
    terminal.type("\x15./kubequorum validate --wa\t", until=r"--wait")
    terminal.type("\x15./kubequorum roll --launched-b\t", until=r"--launched-before")
    terminal.type("\x15./kubequorum up --cluster clusters/d\t", until=r"clusters/dev\.yaml")
    terminal.type("\x15./kubequorum plan --cluster clusters/h\t", until=r"clusters/ha\.yaml")
    terminal.type("\x15./kubequorum fault part\t\t\t", until=r"partition-zone")


def test_names_of_the_cluster(tmp_path: Path) -> None:
    """Slots and instances for ssh and roll, from AWS alone."""
    with running_emulator(tmp_path) as emulator:
        # Nothing is deployed: no names, and no word beside the prompt.
        assert _ssh(emulator, "") == ("", "")
        stack = Stack(emulator, "mine-ControlPlane")
        stack.create(_TEMPLATE)
        assert stack.status == "CREATE_COMPLETE"
        emulator.client("ec2").run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="m7i.large",
            SubnetId=stack.outputs["MasterBGroupName"],
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "kubequorum:cluster", "Value": "mine"}]}
            ],
        )
        said, error = _ssh(emulator, "")
        assert error == ""
        slots, instance = said.split()[:2], said.split()[2]
        assert slots == ["a", "b"]
        assert instance.startswith("i-")
        assert _ssh(emulator, "b") == ("b\n", "")
        assert _ssh(emulator, "i-")[0] == f"{instance}\n"
        assert _complete(emulator, "roll", "--slot", "b") == ("b\n", "")


_TEMPLATE = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.4.0.0/16}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.4.1.0/24, AvailabilityZone: us-east-1b}
Outputs:
  MasterAGroupName: {Value: !Ref Vpc}
  MasterBGroupName: {Value: !Ref Subnet}
"""


def _ssh(emulator: Emulator, word: str) -> tuple[str, str]:
    return _complete(emulator, "ssh", word)


def _complete(emulator: Emulator, *words: str) -> tuple[str, str]:
    done = subprocess.run(
        [str(REPOSITORY / ".venv/bin/python"), "-m", "kubequorum_cli"],
        cwd=REPOSITORY,
        env={
            "PATH": "/usr/bin:/bin",
            "KUBEQUORUM_CLUSTER": "mine",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "000000000000",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": emulator.url,
            "_KUBEQUORUM_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(["kubequorum", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.lstrip("\n"), done.stderr


def test_who_does_not_answer_does_not_hold_up_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there in time counts; what fails is nothing."""
    monkeypatch.setattr(completion, "_LIMIT_SECONDS", 0.2)

    def slow() -> Iterator[str]:
        yield "a"
        time.sleep(60)
        yield "b"

    begun = time.monotonic()
    assert completion.names(slow)("") == ["a"]
    assert time.monotonic() - begun < 10

    def broken() -> list[str]:
        raise TypeError

    assert completion.names(broken)("") == []


def test_cluster_files_are_those_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what is typed; those of clusters/ without it."""
    (tmp_path / "clusters").mkdir()
    for name in ("clusters/a.yaml", "clusters/b.yml", "clusters/x.json", "c.yaml"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    assert completion.cluster_files("") == ["clusters/a.yaml", "clusters/b.yml"]
    assert completion.cluster_files("clusters/a") == ["clusters/a.yaml"]
    assert completion.cluster_files("c") == ["c.yaml"]
    assert completion.cluster_files(f"{tmp_path}/clusters/") == [
        f"{tmp_path}/clusters/{name}" for name in ("a.yaml", "b.yml")
    ]
    assert completion.cluster_files("none/x") == []


def test_faults_know_machines_and_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments of faults are completed from what the emulator says; without one, by nothing."""

    class Client:
        def machines(self) -> list[object]:
            return [type("Machine", (), {"instance_id": "i-1", "zone": "z-a"})]

        def active(self) -> list[object]:
            return [type("Active", (), {"fault_id": "api-3"})]

    monkeypatch.setattr(candidates, "client", Client)
    assert candidates.OF_ARGUMENTS["instance_id"]("i") == ["i-1"]
    assert candidates.OF_ARGUMENTS["zone"]("z") == ["z-a"]
    assert candidates.active("") == ["api-3"]
    monkeypatch.setattr(candidates, "client", lambda: 1 / 0)
    assert candidates.active("") == []


@pytest.mark.parametrize("arguments", [["completion", "fish"], ["completion", ""]])
def test_another_shell_is_wrong_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With those that there are."""
    monkeypatch.setattr("sys.argv", ["kubequorum", *arguments])
    with pytest.raises(SystemExit) as ended:
        program.run(build_app())
    assert ended.value.code == 2
    assert "choose from: bash, zsh" in capsys.readouterr().err
