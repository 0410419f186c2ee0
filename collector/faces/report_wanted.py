"""What somebody asks of reports, by page or API, and whether they may: kinds, formats, period, scope.

What cannot be asked is refused in the words of `texts`: the page's reader's, or English for programs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aiohttp import web

from collector.faces.guard import Refused, needs, who_of
from collector.figures.periods import BadPeriod, Period, parse
from collector.figures.totals import SCOPES, asked_of
from collector.people import Role, Who
from collector.registry import Site
from collector.reports.kinds import PACKS, REPORTS
from collector.reports.press import ZIP
from collector.reports.source import Wanted
from collector.reports.writing.formats import FORMATS
from shared.texts import Texts

DAY_MS = 86_400_000
OLDEST = 2000
"""Nobody measured before."""
ZIP_TYPE = "application/zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A report that is to be a file. `who` asked for it; `wanted.sites` are all that they may know of."""

    who: Who
    kind: str
    form: str
    language: str
    wanted: Wanted

    @property
    def same(self) -> tuple[object, ...]:
        """What two orders have in common that ask for the same file."""
        wanted = self.wanted
        return owner_of(self.who), self.kind, self.form, self.language, wanted.period.name, wanted.scope, wanted.of


def owner_of(who: Who) -> tuple[str, str, bool]:
    """Whose a file is: of a person or a token, as long as they see the same part of the province."""
    return who.name, who.regency, bool(who.csrf)


def kinds_for(who: Who) -> list[str]:
    """The reports and packs that `who` may read."""
    return [kind for kind in (*REPORTS, *PACKS) if who.may(role_of(kind))]


def role_of(kind: str) -> Role:
    """From which on people may read it; Refused if there is no such report."""
    found = REPORTS.get(kind) or PACKS.get(kind)
    if found is None:
        raise Refused(404, "unknown-report", f"there is no report {kind!r}; use one of {', '.join((*REPORTS, *PACKS))}")
    return found.role


def allowed(request: web.Request) -> str:
    """The kind of report that `request` names, if whoever asks may read it; else Refused, or on to the log-in."""
    kind = request.match_info["kind"]
    role = role_of(kind)
    if not who_of(request).may(role):
        needs(request, role)
    return kind


def formats_of(kind: str) -> Sequence[str]:
    """The formats that it can be written in."""
    return (ZIP,) if kind in PACKS else tuple(FORMATS)


def content_type_of(form: str) -> str:
    """Of a file in that format."""
    return ZIP_TYPE if form == ZIP else FORMATS[form].content_type


def wanted_of(asked: Mapping[str, str], sites: Sequence[Site], today: date, texts: Texts, who: Who) -> Wanted:
    """`period`, `scope` and `of` as they were asked. Whoever asks for something of which none of `sites` is, is told
    that there is no such thing: of others, nobody is told what there is. "All" of whoever sees one regency alone is
    that regency, and the report says so."""
    scope = asked.get("scope") or "all"
    if scope not in SCOPES:
        raise Refused(400, "bad-scope", texts.say("reports_page.bad_scope", given=scope, known=", ".join(SCOPES)))
    period = period_of(asked.get("period", "").strip(), today, texts)
    of = "" if scope == "all" else asked.get("of", "").strip()
    if scope == "all" and who.regency:
        scope, of = "regency", who.regency
    within = who.regency if scope not in ("all", "regency", "site") else ""
    wanted = Wanted(period=period, sites=sites, scope=scope, of=of, by=who.name, within=within)
    if scope != "all" and not of:
        raise Refused(400, "bad-of", texts.say("reports_page.which", scope=texts.say(f"indicators.scope.{scope}")))
    if scope != "all" and not any(wanted.touches(site) for site in sites):
        said = texts.say("reports_page.unknown_of", scope=texts.say(f"indicators.scope.{scope}"), of=of)
        raise Refused(404, f"unknown-{scope}", said)
    if scope != "all" and not any(wanted.touches(site) and wanted.finds(site) for site in sites):
        raise Refused(400, "closed", texts.say("reports_page.closed", of=of))
    return wanted


def period_of(name: str, today: date, texts: Texts) -> Period:
    """The period of that name, if it has begun."""
    try:
        period = parse(name)
        if isinstance(period.start, date) and period.start.year < OLDEST:
            raise BadPeriod
    except BadPeriod:
        raise Refused(400, "bad-period", texts.say("indicators.bad_period", given=name)) from None
    if isinstance(period.start, date) and period.start > today:
        raise Refused(400, "bad-period", texts.say("indicators.not_begun", period=name))
    return period


def site_days(wanted: Wanted, now_ms: int) -> int:
    """Roughly how much there is to add up: days that began, of every site in the scope."""
    spans = (asked_of(site, wanted.period.span(site.timezone), now_ms) for site in wanted.sites if wanted.touches(site))
    return sum(-((asked.from_ms - asked.to_ms) // DAY_MS) for asked in spans if asked)
