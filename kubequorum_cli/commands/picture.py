"""`picture`: the cluster as a live diagram, on a loopback port of this computer, or in a file."""

import secrets
import socket
import webbrowser
from contextlib import suppress
from pathlib import Path

from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError
from kubequorum_cli.picture import assets, saved
from kubequorum_cli.picture.history import History
from kubequorum_cli.picture.watch import Watch
from kubequorum_cli.target import Target

_LOOPBACK = "127.0.0.1"
_TOKEN_BYTES = 24
_HELP = "It is reached from this computer only, until Ctrl-C, and nothing can be changed there."


def picture(target: Target, *, port: int, open_page: bool) -> None:
    """Serve the page until an interrupt.

    Args:
        target: the cluster.
        port: the local port; 0 takes a free one.
        open_page: whether to open it in this computer's browser.

    Raises:
        CommandError: the port cannot be used, or the page's library is not installed.
    """
    # Here, and not above: no other command needs a server.
    from kubequorum_cli.picture.server import build_server

    files = assets.load()
    with _listen(port) as listener:
        number = listener.getsockname()[1]
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        history = History()
        server = build_server(history, files, token=token, port=number)
        watch = Watch(target, history)
        watch.start()
        address = f"http://{_LOOPBACK}:{number}/{token}/"
        print(f"Picture: {address}\n\n{_HELP}", flush=True)
        if open_page:
            webbrowser.open(address)
        try:
            # uvicorn ends its work first, and then has the interrupt happen.
            with suppress(KeyboardInterrupt):
                server.run(sockets=[listener])
        finally:
            watch.stop()


def save(target: Target, path: Path) -> None:
    """Write the page with the cluster as it is now into one file.

    Raises:
        CommandError: the file cannot be written, or the page's library is not installed.
    """
    files = assets.load()
    history = History()
    with Progress().stage("looking at the cluster"):
        history.add(Watch(target, history).look())
    (moment,) = history.moments()
    try:
        path.write_text(saved.page(files, moment.document()), encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path} cannot be written", why=str(error), remedy="name another file with --save"
        ) from error
    print(path)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((_LOOPBACK, port))
    except OSError as error:
        raise CommandError(
            f"port {port} of this computer cannot be used",
            why=str(error),
            remedy="choose another one with --port, or none for any that is free",
        ) from error
