"""Who gets an answer of the live page's server, and what it says."""

import http.client
import json
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from kubequorum_cli.picture import assets
from tests.kubequorum_cli.picture.serving import TOKEN, Serving, serving
from tests.kubequorum_cli.picture.states import MASTER_DEAD, WELL


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    """One that has seen a cluster that is well."""
    with serving() as started:
        started.history.add(WELL)
        yield started


def _ask(
    server: Serving, path: str, *, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        # As a browser does: not the Host that http.client would add.
        connection.putrequest(method, path, skip_host=True)
        sent = {"Host": f"127.0.0.1:{server.port}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        for name, value in sent.items():
            connection.putheader(name, value.format(port=server.port))
        connection.endheaders()
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"/{TOKEN}/", {}, 200),
        (f"/{TOKEN}/", {"Host": "localhost:{port}"}, 200),
        (f"/{TOKEN}/", {"Origin": "http://127.0.0.1:{port}", "Sec_Fetch_Site": "same-origin"}, 200),
        (f"/{TOKEN}/", {"Sec_Fetch_Site": "none"}, 200),
        # Another name for loopback: DNS rebinding.
        (f"/{TOKEN}/", {"Host": "evil.example:{port}"}, 421),
        (f"/{TOKEN}/", {"Host": "127.0.0.1:1"}, 421),
        (f"/{TOKEN}/", {"Host": ""}, 421),
        # Another web page.
        (f"/{TOKEN}/moments/1", {"Origin": "http://evil.example"}, 403),
        (f"/{TOKEN}/moments/1", {"Origin": "null"}, 403),
        (f"/{TOKEN}/moments/1", {"Origin": "http://127.0.0.1:1"}, 403),
        (f"/{TOKEN}/", {"Sec_Fetch_Site": "cross-site"}, 403),
        (f"/{TOKEN}/", {"Sec_Fetch_Site": "same-site"}, 403),
        # No token, or a wrong one.
        ("/", {}, 404),
        ("/events", {}, 404),
        ("/moments/1", {}, 404),
        (f"/{TOKEN}x/", {}, 404),
        (f"/{TOKEN[:-1]}/", {}, 404),
        (f"//{TOKEN}/", {}, 404),
        ("/*", {}, 404),
    ],
)
def test_who_gets_an_answer(server: Serving, path: str, headers: dict[str, str], status: int) -> None:
    """Whoever was given the address, from the page itself; everybody else learns nothing."""
    answer, body = _ask(server, path, **headers)
    assert answer.status == status
    if status != 200:
        assert body.decode() == f"{HTTPStatus(status).phrase}\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(server: Serving, method: str) -> None:
    """It reads, and there is no other method; a question for permission of another site gets none."""
    answer, _ = _ask(server, f"/{TOKEN}/", method=method)
    assert answer.status == 405
    assert answer.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("path", [f"/{TOKEN}/", f"/{TOKEN}/app.mjs", f"/{TOKEN}/moments/1", "/", "/else"])
def test_every_answer_is_kept_to_its_own_site(server: Serving, path: str) -> None:
    """Refusals, too: no script, style, picture or connection of anybody else, in no frame, in no cache."""
    answer, _ = _ask(server, path)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == policy["style-src"] == policy["img-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_files_beside_the_page_are_not_served(server: Serving) -> None:
    """Only those that were loaded at the start, by their names."""
    for path in ("../server.py", "..%2fserver.py", "library/", "page/app.mjs", "nothing.mjs"):
        answer, _ = _ask(server, f"/{TOKEN}/{path}")
        assert answer.status == 404, path
    answer, body = _ask(server, f"/{TOKEN}/library/preact.mjs")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert body == assets.load()["library/preact.mjs"].content


def test_the_page_is_small() -> None:
    """All that a browser loads."""
    assert sum(len(asset.content) for asset in assets.load().values()) <= 150_000


def test_a_moment_is_found_by_its_number(server: Serving) -> None:
    """And one that is not kept is not found."""
    answer, body = _ask(server, f"/{TOKEN}/moments/1")
    assert answer.status == 200
    assert json.loads(body)["picture"]["cluster"] == "ha"
    answer, _ = _ask(server, f"/{TOKEN}/moments/999")
    assert answer.status == 404


class _Events:
    """The stream of events, as a page reads it."""

    def __init__(self, server: Serving) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self._connection.request("GET", f"/{TOKEN}/events")
        self._answer = self._connection.getresponse()
        assert self._answer.headers["Content-Type"].startswith("text/event-stream")

    def __enter__(self) -> "_Events":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rest(self) -> bytes:
        """What comes until the server ends the stream; fails if it is only cut off."""
        return self._answer.read()

    def next(self, wanted: str) -> Any:
        """The next event of this name."""
        while True:
            name = self._answer.readline().decode().strip().removeprefix("event: ")
            data = self._answer.readline().decode().strip().removeprefix("data: ")
            assert self._answer.readline() == b"\n"
            if name == wanted:
                return json.loads(data)


def test_pages_hear_of_what_happens() -> None:
    """First what is kept, then what is new; each of several pages."""
    with serving() as server:
        server.history.add(WELL)
        with _Events(server) as one, _Events(server) as other:
            for page in (one, other):
                assert [entry["number"] for entry in page.next("history")] == [1]
                assert page.next("moment")["picture"]["marks"] == []
                assert page.next("status")["problem"] == ""
            server.history.add(MASTER_DEAD)
            for page in (one, other):
                moment = page.next("moment")
                assert (moment["number"], moment["bad"]) == (2, 1)
            server.history.fail("nobody answers")
            while one.next("status")["problem"] != "nobody answers":
                pass


def test_a_status_is_sent_only_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that are open for hours get nothing while nothing happens."""
    monkeypatch.setattr("kubequorum_cli.picture.server._PAUSE_SECONDS", 0.01)
    with serving() as server:
        server.history.add(WELL)
        with _Events(server) as page:
            page.next("status")
            # Many times as long as between two looks of the server.
            time.sleep(0.5)
            server.history.fail("nobody answers")
            assert page.next("status")["problem"] == "nobody answers"


def test_a_page_that_is_open_does_not_hold_up_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    """Its stream ends as it should, and nothing complains."""
    with serving() as server:
        server.history.add(WELL)
        page = _Events(server)
        page.next("status")
    with page:
        assert page.rest() == b""
    assert capfd.readouterr().err == ""
