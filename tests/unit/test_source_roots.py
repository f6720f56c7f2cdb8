"""constructs/ shares its name with the pip package `constructs`: neither may hide the other."""

import constructs

from tests.synthesis import REPOSITORY


def test_the_pip_package_is_what_import_constructs_finds() -> None:
    """`import constructs` is the CDK's base library."""
    assert "site-packages" in str(constructs.__file__)
    assert not (REPOSITORY / "constructs" / "__init__.py").exists()
