"""YAML without its surprises: duplicate keys, deep nesting and values that only look like dates."""

from collections.abc import Hashable
from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"
"""Tag of `<<`. Keys of a merged mapping may be repeated: the explicit one overrides."""


_DEEPEST = 50
"""Levels of nesting, far more than the model has. Without a limit of our own it would be Python's, which
other code in the process may have changed."""


class StrictLoader(yaml.SafeLoader):
    """YAML silently uses the last of duplicate keys; here they are an error, and so is deep nesting."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, not deeper than the limit."""
        if self._depth == _DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # it has no types
            raise yaml.composer.ComposerError(None, None, f"nested too deeply (over {_DEEPEST} levels)", mark)
        self._depth += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is there twice, or is not a string."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, "a key is not a string", key_node.start_mark
                )
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping", node.start_mark, "a key is not a string", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping",
                    node.start_mark,
                    f"duplicate key {key!r}",
                    key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Report a value that only looks like a number or a date, such as 2027-02-30, with its place."""
        try:
            return super().construct_object(node, deep=deep)
        except yaml.YAMLError:
            raise
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"not a valid value ({error}); put it in quotes if it is a string",
                node.start_mark,
            ) from error
