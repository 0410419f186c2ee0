"""Pure: the timeline of a site in words: marks with links, axes with limits, summaries, and the same as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from collector.accounting.calendars import Span
from collector.accounting.spells import Spell
from collector.acts import Exclusion
from collector.alerts.deciding.words import duration
from collector.condition import SILENT_ROWS, Row
from collector.faces.pages.charts import Mark, Plot, nice, plot, strip, swatch
from collector.faces.pages.reasons import decimal, exact
from collector.faces.pages.shell import Reader
from collector.faces.pages.timeline import (
    CELLS,
    SCALES,
    Bins,
    Picture,
    Stretch,
    least,
    most,
    stretches,
    ticks_of,
)
from collector.faces.pages.view import DAY_MS, View
from collector.judging.quality import Limits
from collector.registry import Site

LISTED = 100
"""Rows of the table that tells the strip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What was fetched for a timeline. `service` None: it is always due. `lasts`: the picture ends now, not because the
    site was closed."""

    site: Site
    picture: Picture
    spells: Sequence[Spell]
    bins: Sequence[Bins]
    service: Sequence[Span] | None
    exclusions: Sequence[Exclusion]
    limits: Limits
    lasts: bool


def word_of(row: Row, view: View) -> str:
    """A row of the ledger in words: a condition, or why nothing was measured."""
    return view.texts.say(f"site.row.{row.value}") if row in SILENT_ROWS else view.word(row.value)


def timeline_parts(told: Timeline, reader: Reader, view: View) -> Mapping[str, Any]:
    """What templates/site.html lays out of it; `view` in the zone of the site."""
    picture, say = told.picture, view.texts.say
    found = stretches(told.spells, picture)
    spells = [one for one in told.spells if one.end_ms > picture.from_ms and one.start_ms < picture.to_ms]
    ticks = ticks_of(picture)
    marks = [_mark(stretch, told.site.code, reader, view) for stretch in found]
    above = [_excluded(one, picture, view) for one in told.exclusions]
    below = [_mark_of(span, "service", picture) for span in told.service or ()]
    kinds = sorted({stretch.row for stretch in found}, key=list(Row).index)
    bin_ms = SCALES[picture.span].bin_ms
    return {
        "spans": [
            (name, say(f"site.span.{name}"), reader.again(f"sites/{told.site.code}", span=name), name == picture.span)
            for name in SCALES
        ],
        "span_word": say(f"site.span.{picture.span}"),
        "summary": summary(spells, picture, view),
        "strip": strip(marks, above, below, ticks),
        "legend": [(swatch(kind), word_of(kind, view)) for kind in kinds]
        + ([(swatch("excluded"), say("site.timeline.excluded.legend"))] if above else [])
        + ([(swatch("service"), say("site.timeline.service"))] if told.service is not None else []),
        "always": told.service is None,
        "column": duration((picture.to_ms - picture.from_ms) // CELLS // 1000 * 1000, view.texts),
        "plots": [one for bins in told.bins for one in _plots(bins, told, ticks, view)],
        "bin": duration(bin_ms or DAY_MS, view.texts),
        "spells": [_row(one, told, reader, view) for one in reversed(spells)][:LISTED],
        "more_spells": max(0, len(spells) - LISTED),
        "bins": _table(told.bins, view),
        "bin_groups": [say(f"page.group.{bins.group}") for bins in told.bins],
    }


def summary(spells: Sequence[Spell], picture: Picture, view: View) -> str:
    """The whole strip in a sentence: the share of each row, the largest first."""
    span = {"from": view.at(picture.from_ms)}
    spent: dict[Row, int] = {}
    for one in spells:
        ms = min(one.end_ms, picture.to_ms) - max(one.start_ms, picture.from_ms)
        spent[one.row] = spent.get(one.row, 0) + ms
    whole = picture.to_ms - picture.from_ms
    parts = [
        view.texts.say("site.timeline.part", word=word_of(row, view), share=_percent(ms / whole, view))
        for row, ms in sorted(spent.items(), key=lambda item: -item[1])
    ]
    if set(spent) <= {Row.UNKNOWN}:
        return view.texts.say("site.timeline.nothing", **span)
    return view.texts.say("site.timeline.summary", parts=", ".join(parts), **span)


def _percent(share: float, view: View) -> str:
    """Rounded, but never to nothing and never to everything."""
    return decimal(min(max(round(100 * share, 1), 0.1), 99.9 if share < 1 else 100), view)


def _mark(stretch: Stretch, code: str, reader: Reader, view: View) -> Mark:
    """A link for whatever is not as it should be."""
    word, spells = word_of(stretch.row, view), stretch.spells
    times = {"word": word, "start": view.at(spells[0].start_ms), "end": view.at(min(spells[-1].end_ms, view.now_ms))}
    said = view.texts.say("site.timeline.marks" if len(spells) > 1 else "site.timeline.mark", n=len(spells), **times)
    return Mark(
        start=stretch.first / CELLS,
        end=stretch.behind / CELLS,
        kind=stretch.row,
        said=said,
        href="" if stretch.row is Row.UP else _explain(spells[0], code, reader),
    )


def _explain(spell: Spell, code: str, reader: Reader) -> str:
    return reader.href(f"sites/{code}/explain", at=spell.start_ms)


def _mark_of(span: Span, kind: str, picture: Picture, said: str = "") -> Mark:
    return Mark(start=picture.share(span[0]), end=picture.share(span[1]), kind=kind, said=said)


def _excluded(one: Exclusion, picture: Picture, view: View) -> Mark:
    return _mark_of(
        (one.from_ms, one.to_ms), "excluded", picture, view.texts.say("site.timeline.excluded", why=one.why)
    )


def _row(spell: Spell, told: Timeline, reader: Reader, view: View) -> dict[str, str]:
    end_ms = min(spell.end_ms, told.picture.to_ms)
    blur_ms = spell.start_ms - spell.not_earlier_ms
    return {
        "word": word_of(spell.row, view),
        "kind": spell.row.value,
        "start": exact(spell.start_ms, view),
        "blur": view.texts.say("site.outages.begin", span=duration(blur_ms, view.texts))
        if 1000 <= blur_ms < DAY_MS
        else "",
        "end": view.texts.say("page.lasts") if told.lasts and end_ms == told.picture.to_ms else exact(end_ms, view),
        "lasted": duration(end_ms - spell.start_ms, view.texts),
        "href": _explain(spell, told.site.code, reader),
    }


def _plots(bins: Bins, told: Timeline, ticks: Sequence[Any], view: View) -> list[Any]:
    return [_titled(one) for one in (_latency(bins, told, ticks, view), _loss(bins, told, ticks, view))]


def _titled(one: Plot) -> dict[str, Any]:
    return {"title": one.title, "summary": one.summary, "picture": plot(one)}


def _counts(bins: Bins, values: Sequence[float]) -> dict[str, int]:
    return {"n": sum(not isnan(value) for value in values), "all": len(values)}


def _latency(bins: Bins, told: Timeline, ticks: Sequence[Any], view: View) -> Plot:
    say, limit = view.texts.say, told.limits.rtt_ms
    top = nice(max(1.15 * limit, min(most(bins.p95_ms), 3 * limit)))
    return Plot(
        name=f"latency-{bins.group}",
        title=say("site.plot.latency", group=say(f"page.group.{bins.group}")),
        summary=say(
            "site.plot.latency.summary",
            least=decimal(least(bins.median_ms), view),
            most=decimal(most(bins.median_ms), view),
            p95=decimal(most(bins.p95_ms), view),
            **_said(told, f"{limit:g}", view),
            **_counts(bins, bins.median_ms),
        ),
        edges=[told.picture.share(at_ms) for at_ms in bins.edges_ms],
        line=bins.median_ms,
        low=bins.median_ms,
        high=bins.p95_ms,
        top=top,
        top_text=f"{top:g} ms",
        limit=limit,
        limit_text=say("site.plot.limit", limit=f"{limit:g} ms"),
        ticks=ticks,
    )


def _said(told: Timeline, limit: str, view: View) -> dict[str, str]:
    bin_ms = SCALES[told.picture.span].bin_ms or DAY_MS
    medium = view.texts.say(f"medium.{told.site.medium.value}")
    return {"bin": duration(bin_ms, view.texts), "medium": medium, "limit": limit}


def _loss(bins: Bins, told: Timeline, ticks: Sequence[Any], view: View) -> Plot:
    say, limit = view.texts.say, 100 * told.limits.loss_ratio
    loss = [100 * value for value in bins.loss]
    top = min(nice(max(1.5 * limit, most(loss))), 100)
    return Plot(
        name=f"loss-{bins.group}",
        title=say("site.plot.loss", group=say(f"page.group.{bins.group}")),
        summary=say(
            "site.plot.loss.summary",
            most=decimal(most(loss), view),
            **_said(told, f"{limit:g}", view),
            **_counts(bins, loss),
        ),
        edges=[told.picture.share(at_ms) for at_ms in bins.edges_ms],
        line=loss,
        low=[value * 0 for value in loss],
        high=loss,
        top=top,
        top_text=f"{top:g} %",
        limit=limit,
        limit_text=say("site.plot.limit", limit=f"{limit:g} %"),
        ticks=ticks,
    )


def _table(drawn: Sequence[Bins], view: View) -> list[dict[str, Any]]:
    """By bin, the newest first; all groups have the same bins."""
    if not drawn:
        return []
    return [
        {
            "from": view.at(drawn[0].edges_ms[i]),
            "cells": [
                cell
                for bins in drawn
                for cell in (
                    _value(bins.median_ms[i], view),
                    _value(bins.p95_ms[i], view),
                    _value(100 * bins.loss[i], view, " %"),
                )
            ],
        }
        for i in reversed(range(len(drawn[0].median_ms)))
    ]


def _value(value: float, view: View, unit: str = "") -> str:
    return "–" if isnan(value) else decimal(value, view) + unit
