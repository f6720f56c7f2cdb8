"""Who gets an answer: a browser of this computer whose user was given the address, and no other web page."""

import secrets
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMES = ("127.0.0.1", "localhost")
_OWN_SITES = ("same-origin", "none")
"""Values of Sec-Fetch-Site: the page itself, or a person who opened the address
(https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header)."""


class Guard:
    """Checks each request before the application sees it, and adds what browsers enforce to each answer."""

    def __init__(self, app: ASGIApp, *, token: str, port: int, security_policy: str) -> None:
        """`token` is the first part of every path; `port` is where the server listens."""
        self._app = app
        self._token = token.encode()
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        self._origins = {f"http://{host}" for host in self._hosts}
        self._headers = {
            "content-security-policy": security_policy,
            "x-content-type-options": "nosniff",
            # The address has the token in it.
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            # Nothing here needs the server's lifespan, and there are no web sockets.
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        status = self._refused(scope)
        app: ASGIApp = self._app
        if status is not None:
            app = PlainTextResponse(f"{status.phrase}\n", status_code=status)
        await app(scope, receive, send_with_headers)

    def _refused(self, scope: Scope) -> HTTPStatus | None:
        headers = Headers(scope=scope)
        # A name that somebody else's DNS lets point to loopback is not ours (DNS rebinding).
        if headers.get("host") not in self._hosts:
            return HTTPStatus.MISDIRECTED_REQUEST
        if headers.get("origin", next(iter(self._origins))) not in self._origins:
            return HTTPStatus.FORBIDDEN
        if headers.get("sec-fetch-site", "none") not in _OWN_SITES:
            return HTTPStatus.FORBIDDEN
        first = scope["path"].split("/")[1].encode()
        if not secrets.compare_digest(first, self._token):
            return HTTPStatus.NOT_FOUND
        return None
