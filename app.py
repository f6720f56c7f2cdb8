"""The CDK app: `cdk deploy --all -c cluster=clusters/ha.yaml`."""

import gc
import os
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# The CDK makes a million objects that all stay: looking for garbage among them only costs time.
gc.disable()
# The CDK itself runs in a Node of its own. Four threads for compiling and collecting, its default, take the
# processors from the synthesis that they should speed up. Options of the user's come last and win.
os.environ["NODE_OPTIONS"] = (
    f'--v8-pool-size=1 --require "{(_HERE / "cdk-node.cjs").as_posix()}" {os.environ.get("NODE_OPTIONS", "")}'
)
# constructs/ and userdata/ are source roots: they hold packages, they are none.
sys.path[:0] = [str(_HERE / folder) for folder in ("constructs", "userdata")]

from aws_cdk import App  # noqa: E402

from kubequorum.config import ClusterFileError, load_cluster  # noqa: E402
from kubequorum.node_program import build_bundle  # noqa: E402
from stacks import add_cluster  # noqa: E402


def main() -> None:
    """Synthesise the cluster that the context names."""
    app = App(analytics_reporting=False)
    cluster_file = app.node.try_get_context("cluster")
    if not cluster_file:
        sys.exit("no cluster file named: use -c cluster=clusters/NAME.yaml, for example clusters/ha.yaml")
    try:
        cluster = load_cluster(Path(cluster_file))
    except ClusterFileError as error:
        sys.exit(str(error))
    add_cluster(app, cluster, build_bundle)
    app.synth()


main()
# Python looks for garbage once more when it ends, unless it is told that all objects are there to stay.
gc.freeze()
