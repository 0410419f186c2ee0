"""Pure: what spreadsheets do to codes: 0064 becomes 64, 64.10 becomes 64.1, 64.07.05.2017 becomes 6407052017."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

KEMENDAGRI_DIGITS = re.compile(r"\d{10}")
"""A village's code without its dots: 2, 2, 2 and 4 digits."""
LONG = 6


@dataclass(slots=True)
class Codes:
    """All codes there are, known ones and those of the file, and what each would be after a spreadsheet's care."""

    codes: Iterable[str]
    _by_damage: Mapping[str, Mapping[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[str, dict[str, str]] = {reason: {} for reason in DAMAGE}
        for code in sorted(self.codes):
            for reason, damage in DAMAGE.items():
                if (damaged := damage(code)) != code:
                    found[reason].setdefault(damaged, code)
        self._by_damage = found

    def whole(self, code: str) -> tuple[str, str] | None:
        """(what happened, the code as it was) if another code would look like `code` afterwards."""
        found = ((reason, self._by_damage[reason].get(code)) for reason in DAMAGE)
        return next(((reason, whole) for reason, whole in found if whole), None)


def dotted(code: str) -> str:
    """6407052017 as Kemendagri writes it; "" for what has not the digits of a village."""
    return f"{code[:2]}.{code[2:4]}.{code[4:6]}.{code[6:]}" if KEMENDAGRI_DIGITS.fullmatch(code) else ""


def _without_leading_zeros(code: str) -> str:
    return code.lstrip("0") if re.fullmatch(r"[\d.]+", code) else code


def _without_trailing_zeros(code: str) -> str:
    return re.sub(r"\.?0+$", "", code) if re.fullmatch(r"\d+\.\d+", code) else code


def _without_dots(code: str) -> str:
    """Short ones are left alone: 1.2 and 12 may well be two sites."""
    bare = code.replace(".", "")
    return bare if bare.isdecimal() and len(bare) >= LONG else code


DAMAGE = {
    "lost_leading_zero": _without_leading_zeros,
    "lost_trailing_zero": _without_trailing_zeros,
    "lost_dots": _without_dots,
}
