"""What is refused, as a page of its own: in the reader's language, what is wrong, what can be written instead, and the
way back.

All that is refused to people ends here: by the page itself (Refused, Unfit), by the guard before it, by the store, by
the server, which knows no such address; and a mistake of the program, of which the log tells more under the number that
stands on the page. Programs get a problem instead, which guard.py makes.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from collector.faces.guard import CHALLENGES, Refused
from collector.store import StoreError
from shared.clock import Clock
from shared.texts import Texts

log = logging.getLogger(__name__)

MACHINES = ("/api/", "/-/", "/metrics", "/open.")
"""Where programs ask."""
TOLD = frozenset({
    "bad-csrf", "bad-form", "bad-origin", "forbidden", "internal-error", "not-found", "method-not-allowed",
    "store-unavailable", "too-large", "unauthorized", "unsupported-media-type",
})  # fmt: skip
"""Refusals that have a sentence in each language, `refused.<kind>`. Of the others the page tells what they say, and who
raises them says it in the language of the reader."""
KINDS = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
"""What the server itself refuses, by status."""
HEADINGS = frozenset({400, 401, 403, 404, 405, 409, 413, 415, 500, 503})
"""Those that have a heading of their own, `refused.heading.<status>`."""

REMEDIES = {
    401: [(hdrs.WWW_AUTHENTICATE, challenge) for challenge in CHALLENGES],  # a browser asks for another password
    503: [(hdrs.RETRY_AFTER, "10")],
}
"""What an answer of that status has beside the page, as the problem that programs get."""

ToPage = Callable[[web.Request, Refused], Awaitable[web.Response]]


class Unfit(Refused):
    """Something in an address that cannot be. The page tells it in the reader's language, with links to `known`, what
    can be written instead; nothing: a number from 1 on. `path`: where that leads, if not to the same page."""

    def __init__(self, name: str, given: str, known: Sequence[str] = (), *, path: str = "", status: int = 400) -> None:
        use = f"use one of {', '.join(known)}" if known else "use a number from 1 on"
        super().__init__(status, f"{'unknown' if path else 'bad'}-{name}", f"{name} is {given!r}; {use}")
        self.name, self.given, self.known, self.path = name, given, known, path

    def said(self, texts: Texts) -> str:
        form = "refused.choice" if self.known else "refused.number"
        return texts.say(form, name=self.name, given=self.given)

    def choices(self, home: str, query: Mapping[str, str]) -> list[tuple[str, str]]:
        """(word, address) of everything that can be asked instead, all else as it was asked."""
        if self.path:
            return [(one, f"{home}{self.path}/{quote(one)}") for one in self.known]
        return [(one, "?" + urlencode({**query, self.name: one})) for one in self.known]


def refusal_parts(refused: Refused, texts: Texts, home: str, query: Mapping[str, str]) -> Mapping[str, Any]:
    """What refused.html needs."""
    problem = refused.problem
    heading = problem.status if problem.status in HEADINGS else "other"
    unfit = refused if isinstance(refused, Unfit) else None
    number = problem.detail if problem.type == "internal-error" else ""
    told = texts.say(f"refused.{problem.type}", number=number) if problem.type in TOLD else problem.detail
    return {
        "status": problem.status,
        "heading": texts.say(f"refused.heading.{heading}"),
        "told": unfit.said(texts) if unfit else told or texts.say("refused.unsaid"),
        "choices": unfit.choices(home, query) if unfit else [],
    }


def refusal_pages(to_page: ToPage, clock: Clock) -> Middleware:
    """The middleware that makes pages of refusals, for whoever looks with a browser."""

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        allow = ""
        try:
            return await handler(request)
        except (Refused, StoreError, web.HTTPException) as error:
            refused = refused_by(error)
            if refused is None or not for_people(request):
                raise
            allow = error.headers.get(hdrs.ALLOW, "") if isinstance(error, web.HTTPException) else ""
        except Exception as error:  # a request's boundary: who asked is told a number, the log has the rest
            if has_begun(request):
                raise
            refused = failed(request, clock.wall_ms())
            if not for_people(request):
                raise refused from error
        response = await to_page(request, refused)
        if allow:
            response.headers[hdrs.ALLOW] = allow
        for name, value in REMEDIES.get(response.status, ()):
            response.headers.add(name, value)
        return response

    return tell


def refused_by(error: Refused | StoreError | web.HTTPException) -> Refused | None:
    """`error` as a refusal; None for what leads elsewhere."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, StoreError):
        return Refused(503, "store-unavailable", str(error))
    if error.status < HTTPStatus.BAD_REQUEST:
        return None
    return Refused(error.status, KINDS.get(error.status, "unsaid"))


def failed(request: web.Request, number: int) -> Refused:
    """A mistake of the program, logged; called where it is handled."""
    path = request.rel_url.raw_path  # as it was sent: with no line break that would look like another event
    log.exception("event=request_failed number=%d method=%s path=%s", number, request.method, path)
    return Refused(500, "internal-error", str(number))


def for_people(request: web.Request) -> bool:
    """Whether a browser asks for a page."""
    return "text/html" in request.headers.get(hdrs.ACCEPT, "") and not request.path.startswith(MACHINES)


def has_begun(request: web.Request) -> bool:
    """Whether some of the answer is sent already, or nobody is there to get one."""
    return request.transport is None or request.writer.output_size > 0
