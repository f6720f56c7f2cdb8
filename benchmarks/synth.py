"""Synthesis of the large cluster, compared with that of an empty CDK app on the same computer."""

import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.figures import Context, Figure, Measurement
from kubequorum_cli.errors import CommandError
from lab import environment
from lab.toolchain import Toolchain

_RUNS = 5
# As empty as CloudFormation allows: a stack needs a resource, and this one costs nothing. It is a plain app:
# how app.py sets up Python and Node is part of the measurement.
_EMPTY_APP = """\
import aws_cdk

app = aws_cdk.App(analytics_reporting=False)
aws_cdk.CfnWaitConditionHandle(aws_cdk.Stack(app, "Empty"), "Nothing")
app.synth()
"""


def measure(context: Context) -> Mapping[str, float]:
    """Medians of several runs; the apps alternate, so that a slow moment of the computer hits both."""
    apps = {
        "empty": (_empty_app(context), []),
        "ha": (context.settings.app, ["--context", "cluster=clusters/ha.yaml"]),
    }
    durations: dict[str, list[float]] = {name: [] for name in apps}
    with context.progress.stage("Synthesise clusters/ha.yaml and an empty app (cdk synth)") as stage:
        # The first run of each does not count: it fills the caches (compiled Python, jsii packages) for both.
        for number in range(_RUNS + 1):
            for name, (app, arguments) in apps.items():
                stage.detail(f"{name}, run {number} of {_RUNS}")
                output = context.scratch / "cdk.out"
                shutil.rmtree(output, ignore_errors=True)
                seconds = _synth(context.tools, app, [*arguments, "--output", str(output)])
                if number > 0:
                    durations[name].append(seconds)
        medians = {name: statistics.median(values) for name, values in durations.items()}
        stage.line(f"empty app {medians['empty']:.2f} s, ha.yaml {medians['ha']:.2f} s")
    return {
        "synth_ratio": medians["ha"] / medians["empty"],
        "synth_seconds": medians["ha"],
        "synth_empty_seconds": medians["empty"],
    }


def _empty_app(context: Context) -> Path:
    folder = context.scratch / "empty"
    folder.mkdir()
    (folder / "app.py").write_text(_EMPTY_APP)
    # The same settings as ours, so that only the apps differ.
    ours = json.loads((context.settings.app / "cdk.json").read_text())
    (folder / "cdk.json").write_text(json.dumps({**ours, "app": "python3 app.py"}))
    return folder


def _synth(tools: Toolchain, app: Path, arguments: list[str]) -> float:
    # Invalid credentials: a synthesis that calls AWS fails.
    variables = {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    began = time.monotonic()
    done = subprocess.run(
        [tools.node, tools.cdk.resolve(), "synth", "--quiet", "--no-color", *arguments],
        cwd=app,
        env=environment.for_children(variables, tools),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise CommandError(f"`cdk synth` failed in {app}", why="\n".join(done.stdout.splitlines()[-15:]))
    return seconds


MEASUREMENT = Measurement(
    figures=(
        Figure(name="synth_ratio", unit="ratio", aim=1.5),
        Figure(name="synth_seconds", unit="s", aim=None),
        Figure(name="synth_empty_seconds", unit="s", aim=None),
    ),
    run=measure,
)
