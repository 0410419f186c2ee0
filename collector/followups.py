"""Pure: what people do about what was found, and who took note of an alert.

A follow-up says what is to be done, by whom and until when; steps say what was done, and the last of them whether it is
finished. Nothing is ever changed or deleted: steps are added, and each is in the audit log.
"""

from dataclasses import dataclass
from enum import StrEnum

from collector.registry import Site


class FollowUpState(StrEnum):
    """Where a follow-up stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Something to be done about what `scope` and `of` name (as an exclusion does), or about one outage of a site that
    began at `outage_ms`. `due_ms`: until when, None if nobody said. `owner`: whose it is, as people write it."""

    id: int
    scope: str
    of: str
    what: str
    owner: str
    by: str
    entered_ms: int
    due_ms: int | None = None
    outage_ms: int | None = None

    def touches(self, site: Site) -> bool:
        return self.scope == "all" or self.of == str(getattr(site, "code" if self.scope == "site" else self.scope))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was done about the follow-up `followup`, and where that left it."""

    id: int
    followup: int
    state: FollowUpState
    note: str
    by: str
    entered_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """`by` took note of the alert `key` that began at `starts_at_ms`: no reminder and no escalation of it any more."""

    id: int
    key: str
    starts_at_ms: int
    note: str
    by: str
    entered_ms: int
