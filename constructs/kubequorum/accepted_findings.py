"""Accepts findings of rule checkers, each at its cause and with a reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, findings: dict[str, str]) -> None:
    """Accept findings on a construct and all below it.

    Args:
        construct: where the cause is.
        findings: rule id, with its checker's prefix, to the reason why it is accepted.

    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=rule, reason=reason) for rule, reason in findings.items())
    )
