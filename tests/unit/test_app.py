"""app.py as the CDK's command line starts it: a program of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.deployment import copy_app
from tests.synthesis import REPOSITORY, stacks_of

_PROBE = """\
require("node:fs").writeFileSync(process.env.PROBE, JSON.stringify(process.env.NODE_OPTIONS));
"""


def _run(app: Path, *, context: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run app.py as `cdk synth` does: context and output folder stand in the environment."""
    settings = json.loads((app / "cdk.json").read_text(encoding="utf-8"))["context"]
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=app,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps(settings | context), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_app_runs_from_any_folder_with_the_users_node_options(tmp_path: Path) -> None:
    """A space in the path does not split Node's options, and the user's own options apply."""
    app = tmp_path / "a folder" / "app"
    copy_app(app)
    probe, probed = tmp_path / "probe.cjs", tmp_path / "probed.json"
    probe.write_text(_PROBE, encoding="utf-8")
    done = _run(
        app,
        context={"cluster": "clusters/dev.yaml"},
        CDK_OUTDIR=str(tmp_path / "out"),
        NODE_OPTIONS=f"--require {probe}",
        PROBE=str(probed),
    )
    assert done.returncode == 0, done.stderr
    assert {f"dev-{name}.template.json" for _, name in stacks_of("dev")} <= set(os.listdir(tmp_path / "out"))
    assert str(app / "cdk-node.cjs") in json.loads(probed.read_text(encoding="utf-8"))


def test_synthesis_reports_a_template_that_breaks_a_rule(tmp_path: Path) -> None:
    """The CDK's rules are checked, and findings are printed, with the app's Node options."""
    app = tmp_path / "app"
    copy_app(app)
    volume = app / "constructs" / "kubequorum" / "etcd_volume.py"
    source = volume.read_text(encoding="utf-8")
    assert 'volume_type="gp3"' in source
    volume.write_text(source.replace('volume_type="gp3"', 'volume_type="gp33"'), encoding="utf-8")
    done = _run(app, context={"cluster": "clusters/dev.yaml"}, CDK_OUTDIR=str(tmp_path / "out"))
    assert "'gp33' is not one of" in done.stderr
    report = json.loads((tmp_path / "out" / "validation-report.json").read_text(encoding="utf-8"))
    assert "gp33" in json.dumps(report)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({}, "no cluster file given: use -c cluster=clusters/NAME.yaml"),
        ({"cluster": "clusters/none.yaml"}, "clusters/none.yaml: 1 mistake"),
    ],
)
def test_a_mistake_is_reported_without_a_traceback(
    tmp_path: Path, context: dict[str, str], said: str
) -> None:
    """A missing or wrong cluster file is answered with what to do and nothing else."""
    done = _run(REPOSITORY, context=context, CDK_OUTDIR=str(tmp_path / "out"))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
