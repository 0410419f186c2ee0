"""What the register says of a site: it is in the pack as it was entered, and rests on no account."""

from ..subjects import Unknown
from .asked import Asked, Evidence, Told

FIGURES = ("bandwidth_mbps",)


def of_register(known: Evidence, asked: Asked) -> Told:
    if asked.what not in FIGURES:
        raise Unknown(asked.measure)
    [site] = known.owners.sites(asked.subject)
    return Told(site["register"][asked.what], raw=True)
