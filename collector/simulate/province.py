"""Pure: which sites a simulated province has, and what kind of place each is.

Counts, providers and media are those of Kalimantan Timur at the end of 2025 (desa by regency: Kepmendagri 2025; village
points by provider: November 2025). Codes have the form of Kemendagri's; every name says that it is simulated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from collector.contracts import Contract, FeeOf, Formula
from collector.registry import Details, Medium, Network, Ownership, Site, Use

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
PROMISES = (
    ("Telkomsel IndiHome", "98%", 450_000, FeeOf.LINE, Formula.SHORTFALL),
    ("Telkom WMS", "98.5%", 1_250_000, FeeOf.LINE, Formula.PRORATED),
    ("Telkomsel Orbit", "95%", 300_000, FeeOf.LINE, Formula.PRORATA),
    ("Comtelindo WMS", "97%", 96_000_000, FeeOf.CONTRACT, Formula.PRORATA),
    ("Telkomsat Starlink", "95%", 950_000, FeeOf.LINE, Formula.SHORTFALL),
    ("Icon+", "99.5%", 12_500_000, FeeOf.LINE, Formula.PRORATED),
    ("Bestcamp Starlink", "", 900_000, FeeOf.LINE, Formula.NONE),
)
"""Provider, SLA, fee of a month, what it is for, formula: made up."""
AMENDED = "Telkom WMS"
"""Whose contract is amended in the middle of what is simulated: more is promised for more money."""
CENTRES = {
    "Paser": (-1.75, 116.2),
    "Kutai Kartanegara": (-0.25, 116.6),
    "Berau": (2.05, 117.4),
    "Kutai Barat": (-0.4, 115.8),
    "Kutai Timur": (1.0, 117.2),
    "Penajam Paser Utara": (-1.3, 116.6),
    "Mahakam Ulu": (0.7, 114.9),
    "Samarinda": (-0.5, 117.15),
}
"""Latitude and longitude, roughly in the middle."""
SPREAD = {"Samarinda": 0.06}
"""How far sites lie from there, in degrees; elsewhere WIDE."""
WIDE = 0.4
SPEEDS = {
    Medium.FIBER: (50.0, 100.0, 100.0),
    Medium.WIRELESS: (30.0, 50.0, 12.5),
    Medium.CELLULAR: (20.0, 30.0),
    Medium.LEO: (50.0, 100.0),
}
"""What the lines of a medium are sold with, in Mbps."""
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
            contract=number_of("Icon+"),
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
                    contract=number_of(provider),
                    timezone=TIMEZONE,
                )
            )
    return sites


def number_of(provider: str) -> str:
    """The number of the contract with that provider."""
    place = [name for name, *_ in PROMISES].index(provider) + 1
    return f"SIMULASI/PKS/{place:03d}"


def contracts_of(first: date, after: date) -> list[Contract]:
    """One for each provider, in force before `first` and beyond `after`; that of AMENDED changes in between, not on the
    first of a month."""
    begins = date(first.year - 1, 1, 1)
    half = first + timedelta(max(1, (after - first).days // 2))
    amended = half if half.day > 1 else half + timedelta(1)
    found: list[Contract] = []
    for provider, sla, fee, fee_of, formula in PROMISES:
        promised = Decimal(sla.rstrip("%")) / 100 if sla else None
        contract = Contract(
            number=number_of(provider),
            begins=begins,
            provider=provider,
            sla=promised,
            fee=fee,
            fee_of=fee_of,
            formula=formula,
            charge_after_s=300 if sla else None,
            note="Simulasi: kontrak rekaan",
        )
        found += _amended(contract, amended) if provider == AMENDED else [contract]
    return found


def _amended(contract: Contract, day: date) -> list[Contract]:
    """Until the day before, and from that day on."""
    return [
        replace(contract, ends=day - timedelta(1)),
        replace(contract, begins=day, sla=Decimal("0.99"), fee=1_400_000, note="Simulasi: adendum rekaan"),
    ]


def details_of(sites: Sequence[Site], rng: Random) -> list[Details]:
    """What a register says of these lines: made up, and every name says so."""
    return [_details(site, rng) for site in sites]


def _details(site: Site, rng: Random) -> Details:
    latitude, longitude = CENTRES.get(site.regency, CENTRES["Samarinda"])
    spread = SPREAD.get(site.regency, WIDE)
    office = site.kind == "opd"
    return Details(
        code=site.code,
        description=f"Simulasi saluran {site.code}",
        agency="Simulasi Pemerintah Provinsi",
        unit="Simulasi Bidang Infrastruktur",
        network=Network.INTRANET if office else Network.INTERNET,
        ownership=Ownership.FOREIGN if site.medium is Medium.LEO else Ownership.STATE_OWNED,
        owner=site.provider,
        bandwidth_mbps=200.0 if office else rng.choice(SPEEDS.get(site.medium, (20.0,))),
        use=Use.PRIMARY if rng.random() < 0.9 else Use.BACKUP,
        facility="Simulasi Pusat Data Provinsi" if office else "",
        latitude=round(latitude + rng.uniform(-spread, spread), 4),
        longitude=round(longitude + rng.uniform(-spread, spread), 4),
        contact=f"Simulasi narahubung {site.code}",
        phone="0000-0000-0000",
    )


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
