"""What was built, asked of the AWS API alone, and how it is shown."""

from kubequorum_cli.report.collect import collect, groups, load_balancers, stacks, volumes
from kubequorum_cli.report.collector import Collector
from kubequorum_cli.report.model import Report
from kubequorum_cli.report.names import names
from kubequorum_cli.report.tables import show

__all__ = ["Collector", "Report", "collect", "groups", "load_balancers", "names", "show", "stacks", "volumes"]
