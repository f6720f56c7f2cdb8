"""Names in the condition key route53:ChangeResourceRecordSetsNormalizedRecordNames."""

import pytest

from emulator.api.iam.route53 import normalised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("db-a.example.com", "db-a.example.com"),
        ("DB-a.Example.com.", "db-a.example.com"),
        ("*.example.com", "\\052.example.com"),
        ("\\052.example.com", "\\052.example.com"),
        ("_acme.example.com", "_acme.example.com"),
        ("b\u00fccher.example.com", "b\\303\\274cher.example.com"),
    ],
)
def test_normalised(name: str, expected: str) -> None:
    """Lower case, no trailing dot, and octal escapes for all but letters, digits, hyphen and underscore."""
    assert normalised(name) == expected
