"""How much a reader has to read to know the whole app."""

import subprocess
from collections.abc import Mapping

from benchmarks.figures import Context, Figure, Measurement
from lab.settings import CHECKOUT

_READ = ("app.py", "cdk-node.cjs", "cdk.json", "stacks", "constructs", "userdata", "clusters")
"""The app itself; tests and local/ are not needed to understand it."""


def count_lines(context: Context) -> Mapping[str, float]:
    """Every line of every file in git below the app's folders, blank lines and comments included."""
    git = ["git", "ls-files", "-z", "--", *_READ]
    with context.progress.stage("Count the lines of the app"):
        listed = subprocess.run(git, cwd=CHECKOUT, capture_output=True, check=True).stdout.decode()
        files = [CHECKOUT / name for name in listed.split("\0") if name]
        lines = sum(len(file.read_bytes().splitlines()) for file in files if file.is_file())
    return {"source_lines": lines}


MEASUREMENT = Measurement(
    figures=(Figure(name="source_lines", unit="lines", aim=None),),
    run=count_lines,
)
