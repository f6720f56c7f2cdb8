"""The live page's server: on loopback, for whoever has its address, and without a way to change anything."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from kubequorum_cli.picture.assets import INDEX, Asset, security_policy
from kubequorum_cli.picture.guard import Guard
from kubequorum_cli.picture.history import History

_PAUSE_SECONDS = 0.5
"""Between two glances at the history, which asks nobody."""
_STOP_SECONDS = 2
"""How long requests may hold up the end: those for events end within `_PAUSE_SECONDS`."""


def build_server(history: History, assets: Mapping[str, Asset], *, token: str, port: int) -> uvicorn.Server:
    """The server, which does not listen yet.

    Args:
        history: what is shown; somebody else adds to it.
        assets: the files of the page.
        token: the first part of every path; whoever does not know it gets nothing.
        port: where it will listen: in `Host` and `Origin` of every request of a browser that means it.
    """
    app = _build_app(history, assets, token=token, port=port, is_over=lambda: server.should_exit)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    return server


def _build_app(
    history: History,
    assets: Mapping[str, Asset],
    *,
    token: str,
    port: int,
    is_over: Callable[[], bool],
) -> ASGIApp:
    policy = security_policy(assets[INDEX].content)

    async def file(request: Request) -> Response:
        asset = assets.get(request.path_params["name"] or INDEX)
        if asset is None:
            return PlainTextResponse("There is no such file.\n", status_code=404)
        return Response(asset.content, media_type=asset.media_type)

    async def moment(request: Request) -> Response:
        found = history.moment(request.path_params["number"])
        if found is None:
            return PlainTextResponse("This moment is not kept any more.\n", status_code=404)
        return JSONResponse(found.document())

    async def events(_: Request) -> Response:
        return StreamingResponse(_events(history, is_over), media_type="text/event-stream")

    routes = [
        Route("/events", events, methods=["GET"]),
        Route("/moments/{number:int}", moment, methods=["GET"]),
        Route("/{name:path}", file, methods=["GET"]),
    ]
    return Guard(
        Starlette(routes=[Mount(f"/{token}", routes=routes)]), token=token, port=port, security_policy=policy
    )


async def _events(history: History, is_over: Callable[[], bool]) -> AsyncIterator[str]:
    """What a page needs: first everything that is kept, then what is new, as Server-Sent Events.

    Ends with the server.
    """
    yield _event("history", [moment.entry() for moment in history.moments()])
    known, sent = 0, None
    while not is_over():
        if new := history.moments(after=known):
            # Of several at once the page draws the last; it has the lines of the others from here.
            for each in new[:-1] if known else []:
                yield _event("moment", each.document())
            known = new[-1].number
            yield _event("moment", new[-1].document())
        if (status := history.status()) != sent:
            sent = status
            yield _event("status", status)
        await asyncio.sleep(_PAUSE_SECONDS)


def _event(name: str, data: Any) -> str:
    # JSON has no line end in it, so this is one line, as the format wants
    # (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
