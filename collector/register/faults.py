"""Pure: mistakes. A remark has the form of a fault and stops nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: the row as the spreadsheet numbers it (header = 1; 0: the file), column, value and why.

    `reason` names a sentence of the catalogue under `import.`, `detail` is what it may quote: what to write instead.
    """

    row: int
    column: str
    value: str
    reason: str
    detail: str = ""


class Wrong(Exception):  # noqa: N818  it reads as what it is: `raise Wrong(...)`
    """What stands in a cell cannot be. Retrying helps only after an edit."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class BadSheet(Exception):  # noqa: N818  it reads as what it is: `except BadSheet`
    """A file of which no row can be judged. `faults` has every mistake; retrying helps only after an edit."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults
