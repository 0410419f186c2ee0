"""Pure: numbers as people write them: 12,5 and 12.5, Rp 1.250.000,00, 98,5 %. What can mean two things is refused.

Every function raises Wrong. `exact` is for cells that a spreadsheet kept as a number: there a point is a point.
"""

import re
from decimal import Decimal

from collector.register.faults import Wrong

NUMBER = re.compile(r"[+-]?\d[\d.,]*")
GROUPS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
RUPIAH = re.compile(r"^(?:rp\.?|idr)\s*|\s*(?:rupiah|idr)$|[.,]-+$", re.IGNORECASE)
SPEED = re.compile(r"^(.*?)\s*(k|m|g)(?:bps|bit/s|b/s)$", re.IGNORECASE)
PER_MBPS = {"k": Decimal("0.001"), "m": Decimal(1), "g": Decimal(1000)}
SECONDS = re.compile(
    r"^(\d{1,9})\s*(s|dtk|detik|sec|seconds?|m|mnt|menit|min|minutes?|j|jam|h|hours?)?$", re.IGNORECASE
)
PER_SECOND = {"s": 1, "d": 1, "m": 60, "j": 3600, "h": 3600}
MAX_MBPS = Decimal(1_000_000)
MAX_RUPIAH = 10**13
MAX_SECONDS = 31 * 86_400


def number(text: str, *, groups: bool) -> Decimal:
    """`groups`: whether thousands may be marked; then 1.250 is 1250 or 1.25, and refused."""
    plain = re.sub(r"\s", "", text).replace("\u2212", "-")
    if not NUMBER.fullmatch(plain):
        raise Wrong("not_number")
    sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain.lstrip("+"))
    marks = re.sub(r"\d", "", digits)
    if not marks:
        return Decimal(sign + digits)
    whole, _, part = digits.rpartition(marks[-1])
    if len(marks) == 1:
        if groups and len(part) == 3 and GROUPS.fullmatch(digits) and whole != "0":
            raise Wrong("ambiguous_number", f"{sign}{whole}{part} / {sign}{whole}.{part}".rstrip("0").rstrip("."))
        return Decimal(f"{sign}{whole}.{part}") if part else _refused()
    if groups and len(set(marks)) == 1 and GROUPS.fullmatch(digits):
        return Decimal(sign + re.sub(r"\D", "", digits))
    if (
        groups
        and len(set(marks)) == 2
        and marks[:-1] == marks[0] * (len(marks) - 1)
        and GROUPS.fullmatch(whole)
        and part
    ):
        return Decimal(f"{sign}{re.sub(r'[.,]', '', whole)}.{part}")
    return _refused()


def _refused() -> Decimal:
    raise Wrong("bad_number")


def mbps(text: str, *, exact: bool = False) -> float:
    """12,5 or 12.5, 50 Mbps, 1 Gbps, 512 Kbps."""
    unit = SPEED.match(text)
    plain, factor = (unit[1], PER_MBPS[unit[2].lower()]) if unit else (text, Decimal(1))
    speed = (Decimal(plain) if exact else number(plain, groups=True)) * factor
    if not 0 < speed <= MAX_MBPS:
        raise Wrong("bad_mbps")
    return float(speed)


def rupiah(text: str, *, exact: bool = False) -> int:
    """Rp 1.250.000,00 or 1.250.000 or 1250000: whole rupiah, none of them negative."""
    plain = RUPIAH.sub("", RUPIAH.sub("", text.strip())).strip()
    amount = Decimal(plain) if exact else number(plain, groups=True)
    if amount != int(amount):
        raise Wrong("not_whole_rupiah")
    if not 0 <= amount <= MAX_RUPIAH:
        raise Wrong("bad_rupiah")
    return int(amount)


def share(text: str, *, exact: bool = False) -> Decimal:
    """98,5 % or 98.5 or 0.985 -> 0.985. Without a percent sign, what is neither from 0.5 to 1 nor from 50 to 100 could
    be both, and so could 1: a spreadsheet's own 1 is its 100 %."""
    plain, percent = text.rstrip("%").strip(), text.rstrip().endswith("%")
    found = Decimal(plain) if exact else number(plain, groups=False)
    if not 0 < found <= 100:
        raise Wrong("bad_share")
    if percent:
        return (found / 100).normalize()
    if exact and found == 1:
        return Decimal(1)
    if Decimal("0.5") <= found < 1:
        return found.normalize()
    if found >= 50:
        return (found / 100).normalize()
    as_share = f" / {(found * 100).normalize():f} %" if found <= 1 else ""
    raise Wrong("ambiguous_share", f"{plain} %{as_share}")


def degrees(text: str, least: float, most: float, *, exact: bool = False) -> float:
    """Decimal degrees within Indonesia's box: south is negative."""
    try:
        found = Decimal(text) if exact else number(text, groups=False)
    except Wrong:
        raise Wrong("not_degrees") from None
    if not Decimal(str(least)) <= found <= Decimal(str(most)):
        raise Wrong("outside_indonesia", f"{least:g} … {most:g}")
    return float(found)


def seconds(text: str) -> int:
    """300, 300 s, 5 menit, 1 jam."""
    found = SECONDS.match(text.strip())
    if not found:
        raise Wrong("bad_seconds")
    counted = int(found[1]) * PER_SECOND[(found[2] or "s")[0].lower()]
    if counted > MAX_SECONDS:
        raise Wrong("bad_seconds")
    return counted
