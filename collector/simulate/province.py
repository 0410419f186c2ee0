"""Pure: which sites a simulated province has, and what kind of place each is.

Counts, providers and media are those of Kalimantan Timur at the end of 2025 (desa by regency: Kepmendagri 2025; village
points by provider: November 2025). Codes have the form of Kemendagri's; every name says that it is simulated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from collector.registry import Medium, Site

OFFICES = 37
REGENCIES = (
    ("64.01", "Paser", 10, 139),
    ("64.02", "Kutai Kartanegara", 20, 193),
    ("64.03", "Berau", 13, 100),
    ("64.07", "Kutai Barat", 16, 190),
    ("64.08", "Kutai Timur", 18, 139),
    ("64.09", "Penajam Paser Utara", 4, 30),
    ("64.11", "Mahakam Ulu", 5, 50),
)
"""Code, name, districts, villages."""
PROVIDERS = (
    ("Telkomsel IndiHome", Medium.FIBER, 152),
    ("Telkom WMS", Medium.WIRELESS, 147),
    ("Telkomsel Orbit", Medium.CELLULAR, 131),
    ("Comtelindo WMS", Medium.WIRELESS, 84),
    ("Telkomsat Starlink", Medium.LEO, 78),
    ("Icon+", Medium.FIBER, 48),
    ("Bestcamp Starlink", Medium.LEO, 32),
)
"""Name, medium, village points."""
TIMEZONE = "Asia/Makassar"
CALENDAR = "kaltim-5hari"
"""Of the offices, if the configuration knows it (config/calendars/kaltim.toml); else service is always due."""


class Role(StrEnum):
    """What stands at a site and measures."""

    SERVER = "server"
    """Always on; the first one watches the routers of other sites from outside."""
    PC = "pc"
    """Switched off when the office closes."""
    LAPTOP = "laptop"
    """As a PC, and it sleeps over lunch."""
    BOX = "box"
    """A small computer at a village, as steady as its electricity."""
    WATCHED = "watched"
    """Nothing measures there; its router is watched from outside."""


class Timekeeping(StrEnum):
    """How a host's clock goes wrong."""

    GOOD = "good"
    NO_RTC = "no_rtc"
    """Every boot begins in 2012, until NTP sets the clock."""
    AHEAD = "ahead"
    """Two weeks ahead, and nobody sets it."""
    BEHIND = "behind"
    """A few seconds behind, and more every day, until NTP steps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site and how things are there."""

    site: Site
    role: Role
    clock: Timekeeping
    cuts_daily: bool
    """Whether the electricity goes every day."""


FIRST_ROLES = (Role.SERVER, Role.BOX, Role.PC, Role.WATCHED, Role.LAPTOP)
"""What the first sites of any province are, so that even the smallest has one of each."""


def generated(count: int, rng: Random) -> list[Site]:
    """`count` sites: of every 878, 37 are offices and 841 villages."""
    whole = [*_offices(), *_villages(rng)]
    offices = min(OFFICES, max(3, round(count * OFFICES / len(whole))))
    villages = rng.sample(whole[OFFICES:], min(len(whole) - OFFICES, max(0, count - offices)))
    return sorted([*whole[: min(offices, count)], *villages], key=lambda site: site.code)


def _offices() -> list[Site]:
    return [
        Site(
            code=f"64.72.opd.{number:02d}",
            name=f"Simulasi OPD {number:02d}",
            kind="opd",
            opd=f"Simulasi OPD {number:02d}",
            regency="Samarinda",
            district="",
            provider="Icon+",
            medium=Medium.FIBER,
            timezone=TIMEZONE,
            calendar=CALENDAR,
        )
        for number in range(1, OFFICES + 1)
    ]


def _villages(rng: Random) -> list[Site]:
    names, weights = [one[:2] for one in PROVIDERS], [one[2] for one in PROVIDERS]
    sites: list[Site] = []
    for code, regency, districts, villages in REGENCIES:
        for number in range(villages):
            district = number % districts + 1
            ((provider, medium),) = rng.choices(names, weights)
            full = f"{code}.{district:02d}.{2001 + number // districts}"
            sites.append(
                Site(
                    code=full,
                    name=f"Simulasi desa {full}",
                    kind="village",
                    regency=regency,
                    district=f"Simulasi kecamatan {code}.{district:02d}",
                    provider=provider,
                    medium=medium,
                    timezone=TIMEZONE,
                )
            )
    return sites


def places(sites: Sequence[Site], rng: Random) -> list[Place]:
    """What stands at each site, by code; the first is the server that watches those of role WATCHED."""
    offices = [site for site in sites if site.kind != "village"]
    villages = [site for site in sites if site.kind == "village"]
    roles: dict[str, Role] = {}
    for role in FIRST_ROLES:  # one of each kind first
        fitting, others = (villages, offices) if role in (Role.BOX, Role.WATCHED) else (offices, villages)
        pool = [site for site in (*fitting, *others) if site.code not in roles]
        if pool:
            roles[pool[0].code] = role
    return [_place(site, roles.get(site.code), rng) for site in sorted(sites, key=lambda site: site.code)]


def _place(site: Site, role: Role | None, rng: Random) -> Place:
    forced = role is not None
    if role is None:
        choice = ((Role.BOX, 19), (Role.WATCHED, 1)) if site.kind == "village" else ((Role.PC, 5), (Role.LAPTOP, 2))
        (role,) = rng.choices([one for one, _ in choice], [weight for _, weight in choice])
    clock, odd = Timekeeping.GOOD, rng.random()
    if role in (Role.PC, Role.LAPTOP, Role.BOX) and (odd < 0.06 or (forced and role is not Role.PC)):
        clock = rng.choice((Timekeeping.NO_RTC, Timekeeping.AHEAD, Timekeeping.BEHIND))
    return Place(site=site, role=role, clock=clock, cuts_daily=role is Role.BOX and (forced or rng.random() < 0.25))
