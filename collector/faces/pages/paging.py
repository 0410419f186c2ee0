"""Pure: which page of a long table is asked for, and what stands on it. page_links.html leads from one to the next."""

from dataclasses import dataclass

from collector.faces.guard import Refused
from collector.faces.pages.refusals import Unfit

MOST_DIGITS = 6


def number_of(text: str) -> int | None:
    """The number that `text` is; None if it is none, or one that no table reaches."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def wanted_page(text: str, problem: str = "") -> int:
    """The page, from 1 on; Refused with `problem` if `text` is none."""
    number = number_of(text)
    if not number:
        raise Refused(400, "bad-page", problem) if problem else Unfit("page", text)
    return number


@dataclass(frozen=True, slots=True)
class Sheet:
    """Page `number` of `count`, with up to `rows` rows each."""

    number: int
    count: int
    rows: int

    @classmethod
    def of(cls, wanted: int, total: int, rows: int) -> "Sheet":
        """The page that is wanted, or the nearest that there is: a table may have become shorter since."""
        count = max(1, -(-total // rows))
        return cls(min(max(wanted, 1), count), count, rows)

    @property
    def span(self) -> slice:
        """What of all rows stands on it."""
        return slice((self.number - 1) * self.rows, self.number * self.rows)

    @property
    def parts(self) -> dict[str, int]:
        """What page_links.html needs."""
        return {"page_number": self.number, "pages": self.count}
