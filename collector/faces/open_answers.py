"""Pure: what everybody may see: how it is set, what /open.json and /open.csv answer, and how records become that.

Nothing of agents, evidence, causes, notes, providers or contracts is in it, whatever is set. Times are RFC 3339; a
ratio is between 0 and 1; null means "not known", never zero; what is not set public is left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import Field

from collector.faces.answers import Ratio, Time
from collector.faces.indicator_answers import AvailabilityAnswer, IndicatorAnswer
from collector.faces.tables import Cell, written
from collector.live import SiteNow
from shared.settings import Settings

Shown = Literal["condition", "availability", "coverage"]
Kind = Literal["opd", "village", "service", "hub", "other"]
DIGITS = 6


class OpenDataSettings(Settings):
    """The table [open_data]."""

    enabled: bool = False
    show: tuple[Shown, ...] = ("condition", "availability", "coverage")
    kinds: tuple[Kind, ...] = ("village", "service")
    licence: Annotated[str, Field(max_length=80)] = "CC BY 4.0"
    licence_url: Annotated[str, Field(pattern="^https?://[!-~]+$")] = "https://creativecommons.org/licenses/by/4.0/"
    publisher: Annotated[str, Field(max_length=120)] = ""
    contact: Annotated[str, Field(max_length=120)] = ""


class OpenLicence(msgspec.Struct, frozen=True, kw_only=True):
    """Under which licence, by whom, and whom to ask."""

    name: str
    url: str
    publisher: str
    contact: str


class OpenSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site as everybody may see it. `condition`: what it is in now. `availability`: the share of the observed time of
    the month so far in which people could use the network, between `_low` and `_high`; `coverage`: what was observed
    of it, since the day of the first result of the site."""

    code: str
    name: str
    kind: str
    regency: str
    district: str
    condition: str | UnsetType = UNSET
    availability: Ratio | UnsetType | None = UNSET
    availability_low: Ratio | UnsetType | None = UNSET
    availability_high: Ratio | UnsetType | None = UNSET
    coverage: Ratio | UnsetType | None = UNSET


class OpenRegency(msgspec.Struct, frozen=True, kw_only=True):
    """All public sites of a regency together. `conditions`: how many are in each."""

    regency: str
    sites: int
    conditions: dict[str, int] | UnsetType = UNSET
    availability: Ratio | UnsetType | None = UNSET
    availability_low: Ratio | UnsetType | None = UNSET
    availability_high: Ratio | UnsetType | None = UNSET
    coverage: Ratio | UnsetType | None = UNSET


class OpenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is public. Figures are of [`from`, `to`), dates of each site's time zone; conditions of `as_of`.
    `simulated`: nothing of it was really measured."""

    title: str
    as_of: Time
    from_: str = msgspec.field(name="from")
    to: str
    simulated: bool
    licence: OpenLicence
    formulas: dict[str, str]
    regencies: list[OpenRegency]
    sites: list[OpenSite]


Told = dict[str, float | None]
NOTHING: Told = {"availability": None, "availability_low": None, "availability_high": None, "coverage": None}


def told_of(one: IndicatorAnswer) -> Told:
    """The figures of a site or regency."""
    ratio = next((told for told in one.availability if told.name == "experienced"), None)
    return {
        "availability": _rounded(ratio.value if ratio else None),
        "availability_low": _rounded(ratio.low if ratio else None),
        "availability_high": _rounded(ratio.high if ratio else None),
        "coverage": _rounded(one.coverage),
    }


def open_sites(
    sites: Sequence[tuple[SiteNow, str]], figures: Mapping[str, Told], settings: OpenDataSettings
) -> list[OpenSite]:
    """Of (site, what it is shown as): those whose kind is public, with what of them is."""
    return [
        OpenSite(
            code=now.site.code,
            name=now.site.name,
            kind=now.site.kind,
            regency=now.site.regency,
            district=now.site.district,
            condition=key if "condition" in settings.show else UNSET,
            **_shown(figures.get(now.site.code, NOTHING), settings),
        )
        for now, key in sites
        if now.site.kind in settings.kinds
    ]


def open_regencies(
    sites: Sequence[OpenSite], figures: Mapping[str, Told], settings: OpenDataSettings
) -> list[OpenRegency]:
    """The public sites by regency. `figures` must be of those sites alone."""
    of: dict[str, list[OpenSite]] = {}
    for site in sites:
        of.setdefault(site.regency, []).append(site)
    return [
        OpenRegency(
            regency=name,
            sites=len(those),
            conditions=dict(Counter(str(site.condition) for site in those)) if "condition" in settings.show else UNSET,
            **_shown(figures.get(name, NOTHING), settings),
        )
        for name, those in sorted(of.items())
    ]


def open_table(answer: OpenAnswer) -> bytes:
    """One row for each site; a row stands by itself, so it repeats the licence."""
    told = [name for name in OPTIONAL if any(getattr(site, name) is not UNSET for site in answer.sites)]
    about: tuple[Cell, ...] = (
        answer.from_,
        answer.to,
        answer.as_of,
        answer.simulated,
        answer.licence.name,
        answer.licence.url,
        answer.licence.publisher,
    )
    header = (*ALWAYS, *told, "from", "to", "as_of", "simulated", "licence", "licence_url", "publisher")
    rows = ((*(getattr(site, name) for name in (*ALWAYS, *told)), *about) for site in answer.sites)
    return written(header, rows)


ALWAYS = ("code", "name", "kind", "regency", "district")
OPTIONAL = ("condition", "availability", "availability_low", "availability_high", "coverage")


def _shown(told: Told, settings: OpenDataSettings) -> dict[str, float | UnsetType | None]:
    return {name: value if name.partition("_")[0] in settings.show else UNSET for name, value in told.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def availability_of(one: OpenSite | OpenRegency) -> AvailabilityAnswer | None:
    """For those who tell it in words; None if it is not public."""
    if isinstance(one.availability, UnsetType):
        return None
    low, high = ((None if isinstance(end, UnsetType) else end) for end in (one.availability_low, one.availability_high))
    return AvailabilityAnswer(name="experienced", value=one.availability, low=low, high=high, part_s=0, whole_s=0)
