"""The reference of the cluster file: a page and a JSON schema, both generated from the model."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from kubequorum.config.checks import reserved
from kubequorum.config.model import Cluster
from kubequorum.config.section import Section, is_list, nested_section

SCHEMA_LINE = "# yaml-language-server: $schema=schema.json"
"""First line of a cluster file beside the schema, by which editors complete and check it."""
COMMAND = "./kubequorum reference"

_INTRODUCTION = f"""\
# Cluster file

Generated from `constructs/kubequorum/config/` by `{COMMAND}`; change it there.

A cluster file describes one cluster. `cdk deploy --all -c cluster=clusters/ha.yaml` deploys it. Examples:
[local.yaml](../clusters/local.yaml), [dev.yaml](../clusters/dev.yaml), [ha.yaml](../clusters/ha.yaml).

Editors with a YAML language server complete and check the file when its first line names
[the schema](../clusters/schema.json):

```yaml
{SCHEMA_LINE}
```

Synthesis checks more than the schema can: it compares values with each other, and reports all mistakes of a
file at once, each with its remedy. `-` in the column *default* means that the key is required.
"""
_EXTRA_SETTINGS = """\
## Extra settings that are refused

`extra_args`, `extra_env` and `extra_config` are merged with what Kubequorum and kubeadm set. The
keys below are refused, because the cluster depends on them. All others are passed on. Unknown ones
are reported by the component itself: a component of the control plane, or etcd, does not start with
an unknown flag, so the boot of the new master fails and the deploy is rolled back, with the
component's message in `/var/log/pods` of that master; the kubelet ignores unknown fields; containerd
ignores unknown keys and warns of each (`journalctl -u containerd`). `enable-admission-plugins` of
the API server always keeps `NodeRestriction` and `DenyServiceExternalIPs`.

Extra settings are part of the node program's bundle: a change replaces the instances that it
concerns, masters one at a time. A change of `kubernetes.kubelet` or `kubernetes.containerd`
concerns all of them, `masters.kubelet` the masters only, and `worker_groups[].kubelet` that group
only.
"""
_REFUSED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "kubernetes.api_server.extra_args": reserved.API_SERVER,
        "kubernetes.controller_manager.extra_args": reserved.CONTROLLER_MANAGER,
        "kubernetes.scheduler.extra_args": reserved.SCHEDULER,
        "kubernetes.etcd.extra_args": reserved.ETCD,
        "kubelet.extra_config": reserved.KUBELET,
        "kubernetes.containerd.extra_config": {
            ".".join(path): reason for path, reason in reserved.CONTAINERD.items()
        },
    }
)


def schema() -> str:
    """The JSON schema, the same text for the same model."""
    document = Cluster.model_json_schema()
    ordered = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Kubequorum cluster file",
        **_without_titles(document),
    }
    return json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """The reference page, as Markdown."""
    parts = [_INTRODUCTION, *_sections("", Cluster, {}), _EXTRA_SETTINGS, *_refused()]
    return "\n".join(parts)


def _without_titles(node: Any) -> Any:
    """Without the titles that pydantic makes of field names; a key `title` of the file would be a mapping."""
    if isinstance(node, dict):
        return {
            key: _without_titles(value)
            for key, value in node.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_without_titles(item) for item in node] if isinstance(node, list) else node


def _sections(path: str, section: type[Section], described: dict[type[Section], str]) -> Iterator[str]:
    """A table for a section and one for each section below it, each kind of section once."""
    described[section] = path
    lines = [f"## {f'`{path}`' if path else 'Top level'}", "", f"{_first_line(section)}.", ""]
    lines += ["| key | default | meaning |", "|---|---|---|"]
    nested: dict[str, type[Section]] = {}
    for name, field in section.model_fields.items():
        found = nested_section(field)
        meaning = _meaning(field, found)
        if found is not None:
            below = f"{path}.{name}" if path else name
            if found in described or found in nested.values():
                first = described.get(found) or next(key for key, value in nested.items() if value is found)
                meaning += f"; keys as in `{first}`"
            else:
                nested[f"{below}[]" if is_list(field) else below] = found
        lines.append(f"| `{name}` | {_default(field)} | {meaning} |")
    yield "\n".join([*lines, ""])
    for below, found in nested.items():
        yield from _sections(below, found, described)


def _first_line(section: type[Section]) -> str:
    return (section.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "-"
    default = to_jsonable_python(field.get_default(call_default_factory=True))
    if default in (None, "", [], {}) or nested_section(field) is not None:
        return "none" if default in (None, "", [], {}) else "as below"
    return f"`{json.dumps(default) if isinstance(default, bool) else default}`"


def _meaning(field: FieldInfo, found: type[Section] | None) -> str:
    text = field.description or (_first_line(found)[:1].lower() + _first_line(found)[1:] if found else "")
    examples = field.examples or []
    shown = f"; for example `{_example(examples[0])}`" if examples and found is None else ""
    return f"{text}{shown}".replace("|", "\\|")


def _example(value: object) -> str:
    if isinstance(value, str):
        return " ".join(value.split()) if "\n" in value else value
    return json.dumps(value)


def _refused() -> Iterator[str]:
    for key, reasons in _REFUSED.items():
        grouped: dict[str, list[str]] = {}
        for name, reason in reasons.items():
            grouped.setdefault(reason, []).append(f"`{name}`")
        rows = [f"| {', '.join(names)} | {reason} |" for reason, names in grouped.items()]
        yield "\n".join([f"### `{key}`", "", "| refused | reason |", "|---|---|", *rows, ""])
