"""Who is notified of alarms, in a cluster file."""

from pathlib import Path

import pytest

from tests.unit.config.cluster_files import KeyPath, Mistake, accepted, assert_reported, changed

OWN = "arn:aws:sns:eu-central-1:111122223333:on-call"
KEY: KeyPath = ("alarms", "topic_arn")


def test_a_topic_of_the_region_is_accepted(tmp_path: Path) -> None:
    """Of any account: its policy lets CloudWatch publish."""
    accepted(tmp_path, changed(KEY, OWN))


MISTAKES: list[Mistake] = [
    ("no ARN", KEY, "on-call", ("alarms.topic_arn = on-call", "ARN of an SNS topic")),
    ("a subscription", KEY, f"{OWN}:0a1b2c3d", ("alarms.topic_arn", "ARN of an SNS topic")),
    (
        "another region",
        KEY,
        OWN.replace("eu-central-1", "eu-west-1"),
        ("the topic is in eu-west-1", "alarms are in eu-central-1", "use a topic of eu-central-1"),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_other_topics_are_refused(tmp_path: Path, mistake: Mistake) -> None:
    """No ARN of a topic, or one that an alarm of this region cannot notify."""
    assert_reported(tmp_path, mistake)
