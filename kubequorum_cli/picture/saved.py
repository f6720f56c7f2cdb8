"""The page as one file, with one picture in it: to keep, or to send to somebody."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from kubequorum_cli.picture.assets import INDEX, Asset, import_map, script_hash

_START = 'import "page/app.mjs";'
_RELATIVE = re.compile(rb'(\bfrom\s+|\bimport\s+)"\./([\w-]+\.mjs)"')
"""How modules of the page name each other."""


def page(assets: Mapping[str, Asset], moment: Mapping[str, Any]) -> str:
    """The HTML: needs no server, asks nobody, and has no address or token of the live page in it."""
    text = assets[INDEX].content.decode()
    for name in re.findall(r'<link rel="stylesheet" href="([\w.]+)" />', text):
        style = assets[name].content.decode()
        text = text.replace(f'<link rel="stylesheet" href="{name}" />', f"<style>{style}</style>")
    icon = _data_url(assets["icon.svg"])
    text = text.replace('href="icon.svg"', f'href="{icon}"')
    modules = json.dumps({"imports": _modules(assets)})
    text = text.replace(import_map(assets[INDEX].content), modules)
    text = text.replace(
        '<script type="module" src="app.mjs"></script>', f'<script type="module">{_START}</script>'
    )
    # No "</script>" in it: a JSON string may have any letter as an escape.
    document = json.dumps(moment).replace("<", "\\u003c")
    place = '<div id="app">'
    text = text.replace(place, f'<script type="application/json" id="saved">{document}</script>{place}')
    policy = (
        f"default-src 'none'; script-src data: {script_hash(modules)} {script_hash(_START)}; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return text.replace(
        '<meta charset="utf-8" />',
        f'<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="{policy}" />',
    )


def _modules(assets: Mapping[str, Asset]) -> dict[str, str]:
    """An import map with the modules in it: the page's own by names, as a data URL has no neighbours."""
    imports = {}
    for name, path in json.loads(import_map(assets[INDEX].content))["imports"].items():
        imports[name] = _data_url(assets[path.removeprefix("./")])
    for name, asset in assets.items():
        if name.endswith(".mjs") and "/" not in name:
            content = _RELATIVE.sub(rb'\1"page/\2"', asset.content)
            imports[f"page/{name}"] = _data_url(Asset(content=content, media_type=asset.media_type))
    return imports


def _data_url(asset: Asset) -> str:
    media_type = asset.media_type.replace("; ", ";")
    return f"data:{media_type};base64,{base64.b64encode(asset.content).decode()}"
