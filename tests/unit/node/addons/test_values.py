"""Values that only the deployment knows: filled in by masters, and another set when they change."""

from kubequorum_node.addon_set import Addon, AddonSet, AddonSetLocation, placeholder, sha256_of

_SET = AddonSet(
    addons=(
        Addon(
            name="balancers",
            version="1",
            objects=(
                {
                    "kind": "ConfigMap",
                    "data": {"conf": f"vpc = {placeholder('VpcId')}\nrole = {placeholder('Role')}"},
                    "list": [{"name": placeholder("Role")}, placeholder("Other"), 3, None],
                },
            ),
        ),
    )
)


def _location(values: dict[str, str]) -> AddonSetLocation:
    sha256 = sha256_of(_SET.to_json().encode())
    return AddonSetLocation(bucket="b", key="k", sha256=sha256, stack="ha-Addons", values=values)


def _read(values: dict[str, str]) -> Addon:
    (addon,) = _location(values).verified(_SET.to_json().encode()).addons
    return addon


def test_values_are_filled_in_wherever_they_are_named() -> None:
    """In texts and lists; what has no value, and what is no text, stays as it is."""
    (found,) = _read({"VpcId": "vpc-1", "Role": 'arn:"quoted"'}).objects
    assert found["data"]["conf"] == 'vpc = vpc-1\nrole = arn:"quoted"'
    assert found["list"] == [{"name": 'arn:"quoted"'}, placeholder("Other"), 3, None]


def test_another_value_is_another_generation() -> None:
    """So masters apply the addon again, although the file is the same."""
    one, same, other = (_read({"VpcId": value}).generation for value in ("vpc-1", "vpc-1", "vpc-2"))
    assert one == same != other


def test_a_location_without_values_is_read_by_earlier_masters() -> None:
    """They know no such member; with values it makes the whole way."""
    assert "values" not in _location({}).to_json()
    location = _location({"VpcId": "vpc-1"})
    assert AddonSetLocation.from_json(location.to_json()) == location
