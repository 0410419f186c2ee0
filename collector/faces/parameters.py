"""Parameters of the API, as they are described."""

from dataclasses import dataclass
from typing import Any

from collector.faces import acts_api
from collector.faces.api import FILTERS, MAX_LIMIT
from collector.reports.kinds import PACKS, REPORTS
from shared.texts import LANGUAGES


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the query or, with `where="path"`, in the path."""

    name: str
    text: str
    where: str = "query"
    schema: tuple[tuple[str, Any], ...] = (("type", "string"),)


CODE = Parameter("code", "code of the site", "path")
FROM = Parameter("from", "RFC 3339, or a date in the collector's time zone; 24 hours before `to` when missing")
TO = Parameter("to", "RFC 3339 or a date, exclusive; now when missing")
CONDITION = Parameter("condition", "only sites in it", schema=(("type", "string"), ("enum", [*FILTERS])))
REGENCY = Parameter("regency", "only sites of this kabupaten/kota")
PROVIDER = Parameter("provider", "only sites of this provider")
CLOSED = Parameter("closed", "1: the sites that are closed, instead of those that are not")
LIMIT = Parameter("limit", "sites a page", schema=(("type", "integer"), ("minimum", 1), ("maximum", MAX_LIMIT)))
ENTRIES = (("type", "integer"), ("minimum", 1), ("maximum", acts_api.MAX_ENTRIES))
OUTAGES = Parameter("limit", "outages a page; all when missing", schema=LIMIT.schema)
AFTER = Parameter("after", "`next` of the page before")

PERIOD = Parameter("period", "2026-11-22, 2026-W47, 2026-11, 2026-Q4 or 2026, in each site's time zone; or from and to")
SINCE = Parameter("from", "instead of `period`: RFC 3339, or a date in the time zone of each site")
UNTIL = Parameter("to", "with `from`: its end, exclusive; what lies ahead of now is left out")
AS_OF = Parameter("as_of", "RFC 3339: as closed days were told then")
FORMAT = Parameter("format", "csv: RFC 4180 with a header", schema=(("type", "string"), ("enum", ["json", "csv"])))
SITE_OF = Parameter("site", "code of the site")

LANGUAGE = Parameter(
    "lang", "language of the report; the collector's when missing", schema=(("type", "string"), ("enum", [*LANGUAGES]))
)
KIND = Parameter("kind", "name of the report", "path", (("type", "string"), ("enum", [*REPORTS, *PACKS])))
