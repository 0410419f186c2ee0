"""Sides of another measure: the same before, the change, the distance from a target, the part of the whole."""

from ..subjects import Unknown
from .asked import Asked, Evidence, Told


def of_side(known: Evidence, asked: Asked) -> Told:
    raise Unknown(asked.measure)
