"""The CDK app: `cdk deploy --all -c cluster=clusters/ha.yaml`."""

import gc
import os
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# The CDK creates a million objects that live to the end: garbage collection only costs time.
gc.disable()
# The CDK itself runs in its own Node process. Its default of four threads for compiling and collecting takes
# processors from the synthesis. The user's own options come last and override.
os.environ["NODE_OPTIONS"] = (
    f'--v8-pool-size=1 --require "{(_HERE / "cdk-node.cjs").as_posix()}" {os.environ.get("NODE_OPTIONS", "")}'
)
# constructs/ and userdata/ are source roots: they contain packages, they are not packages.
sys.path[:0] = [str(_HERE / folder) for folder in ("constructs", "userdata")]

from aws_cdk import App  # noqa: E402

from kubequorum.config import ClusterFileError, load_cluster  # noqa: E402
from kubequorum.node_program import build_bundle  # noqa: E402
from stacks import add_cluster  # noqa: E402


def main() -> None:
    """Synthesise the cluster of the context key `cluster`."""
    app = App(analytics_reporting=False)
    cluster_file = app.node.try_get_context("cluster")
    if not cluster_file:
        sys.exit("no cluster file given: use -c cluster=clusters/NAME.yaml, for example clusters/ha.yaml")
    try:
        cluster = load_cluster(Path(cluster_file))
    except ClusterFileError as error:
        sys.exit(str(error))
    add_cluster(app, cluster, build_bundle)
    app.synth()


main()
# Without this Python would collect garbage once more at its end.
gc.freeze()
