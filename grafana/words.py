"""Names and colours that all dashboards share. Conditions and media are called what the catalogue calls them."""

from collections.abc import Mapping, Sequence

from collector.condition import DOWN, Condition
from collector.registry import Medium
from shared.texts import Texts

GREEN, YELLOW, ORANGE, RED = "#009E73", "#F0E442", "#E69F00", "#D55E00"
BLUE, GREY = "#0072B2", "#999999"
COLOURS: Mapping[Condition, str] = {
    Condition.UP: GREEN,
    Condition.DEGRADED: YELLOW,
    Condition.LINE_DOWN: RED,
    Condition.INTERNET_DOWN: ORANGE,
    Condition.INTRANET_DOWN: "#CC79A7",
    Condition.LOCAL_DOWN: "#56B4E9",
    Condition.INTERCEPTED: BLUE,
    Condition.UNREACHABLE: "#882255",
    Condition.UNOBSERVED: GREY,
}
"""Colours that the colour-blind can tell apart (Okabe and Ito)."""
_TEXTS = Texts("id")
NAMES: Mapping[Condition, str] = {
    one: _TEXTS.say(f"alert.condition.{one.value}" if one in DOWN else f"condition.{one.value}") for one in COLOURS
}
MEDIA: Mapping[str, str] = {one.value: _TEXTS.say(f"medium.{one.value}") for one in Medium}

Steps = Sequence[tuple[str, float | None]]
"""Colours, each from a value on; the first from None."""
ONE_COLOUR: Steps = ((GREEN, None),)
SHARE_UP: Steps = ((RED, None), (ORANGE, 0.9), (GREEN, 0.98))
COVERAGE: Steps = ((GREY, None), (ORANGE, 0.5), (GREEN, 0.9))
"""Below one half no figure is told at all (accounting.coverage_floor)."""
OF_LIMIT: Steps = ((GREEN, None), (ORANGE, 0.8), (RED, 1.0))
"""Of what is divided by the limit of its medium: a VSAT at 600 ms is well within its own."""
ABOVE_TARGET: Steps = ((RED, None), (GREEN, 0.0))
NONE_WANTED: Steps = ((GREEN, None), (RED, 1.0))

DOWN_PATTERN = "|".join(one.value for one in COLOURS if one in DOWN)
"""The conditions in which a site is down, for a PromQL matcher."""
