"""What is shown of the CDK's output."""

import io

from kubequorum_cli.console import Stage
from lab.cdk import _show


class Recorder(Stage):
    """A stage that only remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.details: list[str] = []

    def line(self, text: str) -> None:
        """Remember a line."""
        self.lines.append(text)

    def detail(self, text: str) -> None:
        """Remember a detail."""
        self.details.append(text)


CDK_OUTPUT = """\
✨  Synthesis time: 3.18s
Small: start: Publishing Small Template (000000000000-us-east-1-4121ec6a)
Small: deploying... [1/2]
Small | 0/3 | 8:07:10 PM | CREATE_IN_PROGRESS   | AWS::S3::Bucket            | B (B08E7C7AF)
Small | 1/3 | 8:07:11 PM | CREATE_FAILED        | AWS::S3::Bucket            | B (B08E7C7AF) it exists
Small |  1 | 8:07:12 PM | ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack | Small
 ✅  Other
"""


def test_stacks_and_failures_are_kept_and_events_are_not() -> None:
    """Begin and end of a stack and failures stay on the screen; everything goes into the log."""
    stage, log = Recorder(), io.StringIO()
    for line in CDK_OUTPUT.splitlines():
        _show(line, stage, log.write)
    assert stage.lines == [
        "Small: deploying... [1/2]",
        "Small 1/3 CREATE_FAILED AWS::S3::Bucket            | B (B08E7C7AF) it exists",
        "Small 1 ROLLBACK_IN_PROGRESS AWS::CloudFormation::Stack | Small",
        "✅  Other",
    ]
    assert any("CREATE_IN_PROGRESS" in detail for detail in stage.details)
    assert log.getvalue() == CDK_OUTPUT
