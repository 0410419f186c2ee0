"""What people typed into a form, and what is wrong with it, to be shown beside the fields.

A handler makes a `Form` of the request, reads and checks all its fields, and acts if `form.good`. If not, it shows the
same page once more: `form.value` still has what was typed, `form.mistakes` a sentence for each field that is wrong.
templates/field.html lays both out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from collector.accounting.days import midnight_ms
from collector.acts import SCOPES, BadAct
from collector.faces.guard import posted
from shared.clock import utc
from shared.texts import Texts

MAX_TYPED = 4_000
"""Characters of a field that are read at all."""
FIELDS = {
    "to_before_from": "to",
    "too_long": "to",
    "empty_why": "why",
    "withdrawn_already": "why",
    "empty_what": "what",
    "bad_owner": "owner",
    "bad_due": "due",
    "empty_note": "note",
    "future_cause": "cause",
}
"""Which field a reason of BadAct is about, where that is not `of` and not named in it."""


SAVED = ("cause", "causes", "alert", "followup", "step", "exclusion", "withdrawal")
"""What may have been entered just before a page is asked for."""


@dataclass(frozen=True, slots=True)
class Form:
    """Of one request. `typed` has every field by name, with what was chosen several times several times."""

    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mistakes: dict[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether nothing that was read so far is wrong."""
        return not self.mistakes

    def wrong(self, *names: str) -> bool:
        """Whether something is wrong with one of these fields."""
        return not self.mistakes.keys().isdisjoint(names)

    def value(self, name: str, default: str = "") -> str:
        """What was typed; `default` if the form was not sent, or has no such field."""
        return self.typed[name][0] if self.typed.get(name) else default

    def chosen(self, name: str) -> Sequence[str]:
        """Of boxes that share a name, those that were ticked."""
        return self.typed.get(name, ())

    def text(self, name: str) -> str:
        """What was typed, without what nobody sees: blanks around it, and the \\r that browsers end lines with."""
        return self.value(name).replace("\r\n", "\n").strip()

    def one_of(self, name: str, known: Iterable[str], texts: Texts) -> str:
        """What was chosen; a mistake if it is none of `known`."""
        chosen = self.value(name)
        if chosen not in known:
            self.mistakes[name] = texts.say("form.choose")
        return chosen

    def instant(self, name: str, timezone: str, texts: Texts) -> int:
        """Milliseconds of what was typed into a datetime-local of that zone; 0 and a mistake if it is no time."""
        try:
            at = datetime.fromisoformat(self.text(name))
            return round((at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).timestamp() * 1000)
        except (ValueError, OverflowError):
            self.mistakes[name] = texts.say("form.bad_instant")
            return 0

    def end_of_day(self, name: str, timezone: str, texts: Texts) -> int | None:
        """When the day that was typed is over; None if none was, and a mistake if it is no day."""
        try:
            text = self.text(name)
            return midnight_ms(date.fromisoformat(text) + timedelta(1), timezone) if text else None
        except (ValueError, OverflowError):
            self.mistakes[name] = texts.say("form.bad_day")
            return None

    def scope(self, texts: Texts) -> tuple[str, str]:
        """What templates/scope.html asks for: what is meant, and which one, each kind from a field of its own."""
        scope = self.one_of("scope", SCOPES, texts)
        of = "" if scope == "all" else self.text(f"of_{scope}")
        if scope in SCOPES and scope != "all" and not of:
            self.mistakes["of"] = texts.say("form.empty_site" if scope == "site" else "form.choose")
        return scope, of

    def check(self, texts: Texts, check: Callable[[], object]) -> None:
        """Notes what `check` refuses: one of several, so that all that is wrong is said at once."""
        try:
            check()
        except BadAct as bad:
            self.refused(bad, texts)

    def refused(self, bad: BadAct, texts: Texts) -> None:
        """Notes what the store or a check said beside the field that it is about."""
        about = FIELDS.get(bad.reason) or str(bad.values.get("name", "of"))
        self.mistakes[about] = texts.say(f"acts.{bad.reason}", **bad.values)


async def filled(request: web.Request) -> Form:
    """The form that `request` brings."""
    post = await posted(request)
    return Form({name: [str(one)[:MAX_TYPED] for one in post.getall(name)] for name in post})


def once_more(response: web.Response) -> web.Response:
    """The page with the mistakes; what it says of itself: nothing was entered."""
    if response.status == web.HTTPOk.status_code:
        response.set_status(web.HTTPBadRequest.status_code)
    return response


def saved(asked: Mapping[str, str], texts: Texts) -> str:
    """What a page says after a form that came to it by `?saved=`; a word that none of ours says is no sentence."""
    word = asked.get("saved", "")
    return texts.say(f"form.saved.{word}") if word in SAVED else ""


def in_field(at_ms: int, timezone: str) -> str:
    """`at_ms` as a datetime-local field holds it."""
    return f"{utc(at_ms).astimezone(ZoneInfo(timezone)):%Y-%m-%dT%H:%M}"


def scope_parts(form: Form, sites: Iterable[Any], home: str, asked: Mapping[str, str]) -> dict[str, object]:
    """What templates/scope.html needs: `sites` are those that may be chosen from; `home` the regency of who chooses,
    whose choice is of its own sites alone. `asked`: what a link chose before anybody typed."""
    known = list(sites)
    given = next((scope for scope in SCOPES if asked.get(scope)), "")
    return {
        "scope": form.value("scope", given or ("regency" if home else "")),
        "of": {scope: form.value(f"of_{scope}", asked.get(scope, "")) for scope in SCOPES},
        "scopes": [scope for scope in SCOPES if not home or scope in ("site", "regency")],
        "choices": {
            scope: sorted({str(getattr(site, scope)) for site in known} - {""})
            for scope in ("opd", "regency", "provider")
        },
        "codes": [(site.code, site.name) for site in known] if len(known) <= MAX_LISTED else [],
    }


MAX_LISTED = 1_200
"""So many sites are offered by name; a list of more would be heavier than the page, and codes are typed."""
