"""Pure: what people do about what was found, and who took note of an alert.

A follow-up says what is to be done, by whom and until when; steps say what was done, and the last of them whether it is
finished. Nothing is ever changed or deleted: steps are added, and each is in the audit log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from collector.acts import MAX_NAME, BadAct, check_instants, check_scope, check_text, check_texts, concerns
from collector.registry import Site

MAX_WHAT = 500
MAX_DUE_MS = 5 * 366 * 86_400_000
"""What is due later is a slip of the keyboard."""


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
        """Whether it is about `site`."""
        return concerns(self.scope, self.of, site)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A follow-up with its steps, by id."""

    followup: FollowUp
    steps: Sequence[Step]

    @property
    def state(self) -> FollowUpState:
        """What the last step says; open before the first."""
        return self.steps[-1].state if self.steps else FollowUpState.OPEN

    def overdue(self, now_ms: int) -> bool:
        """Whether it should have been finished by now."""
        due_ms = self.followup.due_ms
        return self.state is FollowUpState.OPEN and due_ms is not None and due_ms <= now_ms


def told(followups: Iterable[FollowUp], steps: Iterable[Step]) -> list[Matter]:
    """Each follow-up with its own of `steps`."""
    of: dict[int, list[Step]] = {}
    for step in steps:
        of.setdefault(step.followup, []).append(step)
    return [Matter(followup=one, steps=of.get(one.id, ())) for one in followups]


def acknowledged(firing: Mapping[str, int], given: Iterable[Acknowledgement]) -> dict[str, Acknowledgement]:
    """Who took note first of each alert that fires: `firing` is when each began, by key."""
    first: dict[str, Acknowledgement] = {}
    for one in given:
        if firing.get(one.key) == one.starts_at_ms:
            first.setdefault(one.key, one)
    return first


def check_followup(draft: FollowUp, sites: Iterable[Site]) -> None:
    """BadAct unless `draft` can stand: `sites` are all there are."""
    check_texts(by=draft.by)
    check_what(draft.what)
    check_owner(draft.owner)
    check_scope(draft.scope, draft.of, sites)
    if draft.outage_ms is not None and draft.scope != "site":
        raise BadAct("outage_of_site")
    check_instants(outage=draft.outage_ms or 0)
    check_due(draft.due_ms, draft.entered_ms)


def check_what(what: str) -> None:
    """BadAct unless it says what is to be done."""
    if not what.strip():
        raise BadAct("empty_what")
    if len(what) > MAX_WHAT:
        raise BadAct("text_too_long", name="what", most=MAX_WHAT)
    check_text("what", what)


def check_owner(owner: str) -> None:
    """BadAct unless it may stand for somebody, or for nobody."""
    if len(owner) > MAX_NAME or not owner.isprintable():
        raise BadAct("bad_owner", most=MAX_NAME)


def check_due(due_ms: int | None, now_ms: int) -> None:
    """BadAct unless that is still to come, and not too far away."""
    if due_ms is not None and not 0 < due_ms - now_ms <= MAX_DUE_MS:
        raise BadAct("bad_due")


def check_step(draft: Step, matter: Matter | None) -> None:
    """BadAct unless `draft` can follow what stands: a step says something, or moves it on."""
    check_texts(by=draft.by)
    if matter is None:
        raise BadAct("unknown_followup", id=draft.followup)
    check_note(draft.note)


def check_note(note: str) -> None:
    """BadAct unless it says what was done."""
    check_text("note", note)
    if not note.strip():
        raise BadAct("empty_note")


def check_acknowledgement(draft: Acknowledgement) -> None:
    """BadAct unless `draft` can stand; that its alert fires is for whoever knows the alerts to say."""
    check_texts(by=draft.by)
    check_text("note", draft.note)
