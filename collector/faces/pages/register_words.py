"""Pure: what the register says of a site's line, as its page tells it. Personal data only to people who signed in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from collector.contracts import Contract, in_force, numbers_of
from collector.faces.pages.reasons import decimal
from collector.faces.pages.site_words import share
from collector.faces.pages.view import View
from collector.people import Who
from collector.registry import RAI_CODE, Details, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A site's details and the contracts that there are; `today` is the day at the site."""

    site: Site
    details: Details
    contracts: Sequence[Contract]
    today: date

    @property
    def contract(self) -> Contract | None:
        """The version that is in force today; None: none that is known."""
        return in_force(self.site, self.contracts, self.today) if self.today < self.site.after else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A fact. `href` opens it in a program of the reader's own: a map, a telephone."""

    label: str
    text: str
    href: str = ""


def register_lines(told: Registered, who: Who, view: View) -> list[Line]:
    """What is known; what nobody entered is left out."""
    facts = [*_contract(told, view), *_details(told, view)]
    if may_see_people(who):
        facts += _people(told.details, view)
    return [line for line in facts if line.text]


def may_see_people(who: Who) -> bool:
    """Somebody signed in with a browser. A token is no person, and who reads without a name is nobody."""
    return bool(who.csrf)


def _contract(told: Registered, view: View) -> Iterator[Line]:
    say, site, contract = view.texts.say, told.site, told.contract
    yield Line(label=say("site.register.provider"), text=site.provider)
    if contract is None:
        named = ", ".join(numbers_of(site))
        yield Line(
            label=say("site.register.contract"), text=named and say("site.register.not_in_force", contract=named)
        )
        return
    ends = say("site.register.until", day=contract.ends.isoformat()) if contract.ends else say("site.register.open")
    span = say("site.register.span", contract=contract.number, day=contract.begins.isoformat(), ends=ends)
    yield Line(label=say("site.register.contract"), text=span)
    promised = say("site.register.no_sla") if contract.sla is None else share(float(contract.sla), view)
    yield Line(label=say("site.register.sla"), text=promised)


def _details(told: Registered, view: View) -> Iterator[Line]:
    say, site, line = view.texts.say, told.site, told.details
    yield Line(label=say("site.register.last_day"), text=site.until.isoformat() if site.until else "")
    yield Line(label=say("site.register.medium"), text=say(f"medium.{site.medium}"))
    speed = "" if line.bandwidth_mbps is None else f"{decimal(line.bandwidth_mbps, view)} Mbps"
    yield Line(label=say("site.register.bandwidth"), text=speed)
    for name in ("use", "network", "ownership"):
        value = getattr(line, name)
        yield Line(label=say(f"site.register.{name}"), text=value and say(f"site.register.{name}.{value}"))
    for name in ("owner", "agency", "unit", "facility", "description"):
        yield Line(label=say(f"site.register.{name}"), text=getattr(line, name))
    if line != Details(code=site.code):
        yield Line(label=say("site.register.rai"), text=line.rai or say("site.register.rai_default", code=RAI_CODE))
    if line.latitude is not None and line.longitude is not None:
        place = f"{line.latitude}, {line.longitude}"
        yield Line(label=say("site.register.place"), text=place, href=f"geo:{line.latitude},{line.longitude}")


def _people(line: Details, view: View) -> Iterator[Line]:
    yield Line(label=view.texts.say("site.register.contact"), text=line.contact)
    digits = "".join(character for character in line.phone if character.isdigit() or character == "+")
    yield Line(label=view.texts.say("site.register.phone"), text=line.phone, href=f"tel:{digits}")
