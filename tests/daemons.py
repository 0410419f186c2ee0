"""Real programs for tests: started on loopback in a directory of their own, waited for, and always killed."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import TypeVar

import aiohttp
import pytest
from aiohttp import web

T = TypeVar("T")
START_S, UNTIL_S = 60.0, 60.0
"""They bound a failure; what works is ready in a second, on a busy machine in a few."""


def found(program: str) -> str:
    """Its path. Without it the test is skipped, but fails where CI is set: there everything must have run."""
    path = shutil.which(program)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{program} is not installed, and CI must not skip")
    if path is None:
        pytest.skip(f"{program} is not installed (Debian: prometheus, prometheus-alertmanager)")
    return path


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody uses, below those that kernels hand out: no connection takes it meanwhile."""
    random = Random()
    while True:
        port = random.randrange(10_000, 16_000)
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@asynccontextmanager
async def running(argv: Sequence[str], ready_url: str, folder: Path) -> AsyncIterator[None]:
    """`argv` while the block runs, entered once `ready_url` answers 200; its output is in `folder`/output."""
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(*argv, stdout=output, stderr=output, cwd=folder)
    try:
        async with asyncio.timeout(START_S):
            while not await _answers(ready_url):
                assert process.returncode is None, (folder / "output").read_text()
                await asyncio.sleep(0.05)  # another process: there is nothing to wait on
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def until(look: Callable[[], Awaitable[T]], within_s: float = UNTIL_S) -> T:
    """The first true answer of `look`, asked again and again; TimeoutError when none comes."""
    async with asyncio.timeout(within_s):
        while not (answer := await look()):
            await asyncio.sleep(0.05)  # another process: there is nothing to wait on
        return answer


@asynccontextmanager
async def serving(*routes: web.RouteDef, port: int = 0, **site: object) -> AsyncIterator[str]:
    """A web server with `routes` on loopback; gives its address without a slash at the end."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, **site).start()  # type: ignore[arg-type]  # ssl_context and the like
        scheme = "https" if "ssl_context" in site else "http"
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
