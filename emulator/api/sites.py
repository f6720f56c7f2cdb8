"""Host names of AWS that serve documents to the world: a request is known by its header Host."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Site = Callable[[str, str], Mapping[str, Any] | None]
"""The JSON document at a host and path; None if there is none."""


class Sites:
    """Sites by the end of their host names."""

    def __init__(self) -> None:
        self._sites: dict[str, Site] = {}

    def add(self, suffix: str, site: Site) -> None:
        """Serve all hosts whose names end in `suffix`."""
        self._sites[suffix] = site

    def before(self, app: App) -> App:
        """An ASGI application that serves the sites, and leaves other requests to another one."""

        async def serve(scope: Message, receive: Receive, send: Send) -> None:
            site = self._site(host := _host(scope)) if scope["type"] == "http" else None
            if site is None:
                await app(scope, receive, send)
                return
            document = site(host, scope["path"]) if scope["method"] in {"GET", "HEAD"} else None
            body = json.dumps(document).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            status = 404 if document is None else 200
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

        return serve

    def _site(self, host: str) -> Site | None:
        return next((site for suffix, site in self._sites.items() if host.endswith(suffix)), None)


def _host(scope: Message) -> str:
    """The name in a request's Host header, without a port."""
    found = next((value for name, value in scope.get("headers", ()) if name.lower() == b"host"), b"")
    return str(found.decode("latin-1").partition(":")[0].lower())
