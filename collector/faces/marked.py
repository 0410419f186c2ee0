"""Every answer from a store that is simulated says so in a header, whoever asks: the page, the API, /metrics."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from collector.store import Store

HEADER = "Kentongan-Simulated"


def says_simulated(store: Store) -> Middleware:
    """The middleware. Outermost, so that refusals say it too."""

    @web.middleware
    async def mark(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if request.method == "GET" and store.marks.simulated:
            response.headers[HEADER] = "yes"
        return response

    return mark
