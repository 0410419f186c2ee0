"""The agent's faces over HTTP: /metrics, /-/healthy, /-/ready, /status.json, and / with links to them."""

import errno
import os
import socket
from collections.abc import Callable

import msgspec
from aiohttp import web

from agent.metrics import CONTENT_TYPE, Board
from agent.status import AgentNow, Status

Ready = Callable[[], str]
"""Why the agent is not ready; empty when it is."""

LANDING = """<!doctype html><meta charset="utf-8"><title>Kentongan</title><h1>Kentongan agent</h1>
<ul><li><a href="/status.json">/status.json</a><li><a href="/metrics">/metrics</a>
<li><a href="/-/healthy">/-/healthy</a><li><a href="/-/ready">/-/ready</a></ul>
"""


class CannotListen(Exception):  # noqa: N818  it reads as what it is
    """The address is in use (`taken`) or cannot be had; retrying helps only after somebody has changed something."""

    def __init__(self, error: OSError) -> None:
        super().__init__(os.strerror(error.errno) if error.errno and error.errno > 0 else str(error))
        self.taken = error.errno == errno.EADDRINUSE


def application(board: Board, agent: Callable[[], AgentNow], ready: Ready) -> web.Application:
    """The routes over what `board`, `agent` and `ready` tell at that moment."""

    async def landing(_request: web.Request) -> web.Response:
        return web.Response(text=LANDING, content_type="text/html")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=board.render(), headers={"Content-Type": CONTENT_TYPE})

    async def status(_request: web.Request) -> web.Response:
        body = msgspec.json.encode(Status(agent=agent(), targets=board.targets()))
        return web.Response(body=body, content_type="application/json")

    async def healthy(_request: web.Request) -> web.Response:
        return web.Response(text="healthy\n")  # a loop that can say so is alive

    async def is_ready(_request: web.Request) -> web.Response:
        why_not = ready()
        return web.Response(text=f"{why_not or 'ready'}\n", status=503 if why_not else 200)

    app = web.Application(client_max_size=1024)
    app.add_routes([web.get("/", landing), web.get("/metrics", metrics), web.get("/status.json", status)])
    app.add_routes([web.get("/-/healthy", healthy), web.get("/-/ready", is_ready)])
    return app


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to `host` ("": every address) and `port`. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host or (not host and socket.has_dualstack_ipv6()) else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=family is socket.AF_INET6 and not host)
    except OSError as error:
        raise CannotListen(error) from None


async def serve(app: web.Application, sock: socket.socket) -> web.AppRunner:
    """Serves on `sock` until `cleanup()` of what it returns."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handle_signals=False)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    return runner
