"""Findings of rule checkers that were looked at and accepted, each where its cause is."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, findings: dict[str, str]) -> None:
    """Accept findings on a construct and all below it.

    Args:
        construct: where the cause is.
        findings: rule id, with its checker's prefix, to the reason why it may stand.

    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=rule, reason=reason) for rule, reason in findings.items())
    )
