"""Pure: what is said of a picture: its axis, its target, and the whole of it for those who do not see it."""

from collector.reports.document import Chart, Line, Unit
from collector.reports.writing.axes import axis_of
from collector.reports.writing.words import MINUTE_MS, SPACE, place, said, trimmed
from shared.texts import Texts


def summary(chart: Chart, texts: Texts) -> str:
    """The whole picture in sentences, for those who do not see it."""
    lines = [_line_words(line, chart, texts) for line in chart.lines]
    target = [f"{target_words(chart, texts)}."] if chart.target is not None else []
    return texts.say("sheets.chart.summary", title=chart.title, lines=" ".join([*lines, *target]))


def _line_words(line: Line, chart: Chart, texts: Texts) -> str:
    known = [(value, at) for value, at in zip(line.values, chart.places, strict=True) if value is not None]
    if not known:
        return texts.say("sheets.chart.line_none", label=line.label)
    (low, low_at), (high, high_at) = min(known), max(known)
    return texts.say(
        "sheets.chart.line",
        label=line.label,
        n=len(known),
        all=len(chart.places),
        low=value_words(low, chart.unit, texts),
        low_at=place(low_at, texts),
        high=value_words(high, chart.unit, texts),
        high_at=place(high_at, texts),
    )


def target_words(chart: Chart, texts: Texts) -> str:
    """`Target RPJMD: 95 %`; a label that ends in the value already stays as it is."""
    label = chart.target_label or texts.say("sheets.chart.plain_target")
    value = tick_words(chart.target or 0, chart.unit, texts)
    same = label.replace(SPACE, " ").endswith(value.replace(SPACE, " "))
    return label if same else texts.say("sheets.chart.target", label=label, value=value)


def tick_words(value: float, unit: Unit, texts: Texts) -> str:
    """A value of an axis: as `said`, without decimals that say nothing."""
    match unit:
        case Unit.SHARE | Unit.POINTS:
            return texts.say("sheets.unit.share", n=trimmed(100 * value, 3, texts)).replace(" ", SPACE)
        case Unit.LATENCY if abs(value) < MINUTE_MS:
            return texts.say("sheets.unit.latency", n=trimmed(value, 2, texts)).replace(" ", SPACE)
    return value_words(value, unit, texts)


def value_words(value: float | None, unit: Unit, texts: Texts) -> str:
    """A value of a line, which may be a float also where its unit counts."""
    whole = value is not None and unit in (Unit.COUNT, Unit.RUPIAH, Unit.DURATION)
    return said(round(value) if whole and value is not None else value, unit, texts)


def axis_note(chart: Chart, texts: Texts) -> str:
    """Said under a picture whose axis does not begin at nothing; "" for others."""
    axis = axis_of(chart)
    if axis is None or axis.low <= 0:
        return ""
    return texts.say("sheets.chart.axis", **{"from": tick_words(axis.low, chart.unit, texts)})
