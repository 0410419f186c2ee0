"""What an answer to a push means. Pure: a status, a content type and a body in, an Answer out.

Nothing counts as an acknowledgement but a receipt that we can read. A captive portal answers 200 to everything, a spent
quota redirects, a proxy has opinions of its own: their word is never taken for the collector's. The same goes for
refusals: only a problem document (RFC 9457) may condemn results.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto

import msgspec

from shared.wire import Problem, Receipt

LONGEST_WAIT_S = 3_600.0
"""A Retry-After beyond it is somebody's mistake; the backlog would be lost over it."""


class Verdict(Enum):
    STORED = auto()
    UNKNOWN_CONTEXT = auto()
    """Send it again, with the context in full."""
    TOO_LARGE = auto()
    """Send it again, in parts."""
    REFUSED = auto()
    """Something in it will never be taken."""
    FAILED = auto()
    """Send it again, later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`reason` is the label of the failure counter, `detail` a sentence for a person."""

    verdict: Verdict
    reason: str = ""
    detail: str = ""
    receipt: Receipt | None = None
    retry_after_s: float | None = None
    slowly: bool = False


def failed(reason: str, detail: str) -> Answer:
    return Answer(verdict=Verdict.FAILED, reason=reason, detail=detail)


def judge(status: int, headers: Mapping[str, str], body: bytes, *, sent: int, wall_ms: int) -> Answer:
    """What the collector said to `sent` results; `wall_ms` is now, for a Retry-After that is a date."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if status == 200:
        return _stored(kind, body, sent)
    problem = _problem(kind, body)
    said = f"{status} {problem.title}: {problem.detail}".rstrip(": ") if problem else f"{status} {kind or 'no content'}"
    wait_s = retry_after(headers.get("Retry-After", ""), wall_ms)
    match status:
        case 401 | 403:
            reason = "unauthorised" if status == 401 else "forbidden"
            return Answer(verdict=Verdict.FAILED, reason=reason, detail=said, retry_after_s=wait_s, slowly=True)
        case 409 if problem and problem.type.rpartition("/")[2] == "unknown-context":
            return Answer(verdict=Verdict.UNKNOWN_CONTEXT, reason="unknown_context", detail=said)
        case 408:
            return failed("timeout", said)
        case 413:
            return Answer(verdict=Verdict.TOO_LARGE, reason="too_large", detail=said)
        case 400 | 422 if problem:
            return Answer(verdict=Verdict.REFUSED, reason="refused", detail=said)
        case 429 | 503:
            return Answer(verdict=Verdict.FAILED, reason="told_to_wait", detail=said, retry_after_s=wait_s)
    if status >= 500:
        return Answer(verdict=Verdict.FAILED, reason="server_error", detail=said, retry_after_s=wait_s)
    return failed("unexpected", f"{said}: this is not an answer of a collector")


def retry_after(value: str, wall_ms: int) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; None if it says nothing that can be followed."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(value).timestamp()
    except ValueError:
        return None
    return min(max(0.0, until - wall_ms / 1000), LONGEST_WAIT_S)


def _stored(kind: str, body: bytes, sent: int) -> Answer:
    receipt = _decode(kind, body)
    if receipt is None:
        return failed("unexpected", f"200 with {kind or 'no content type'}: this is not a receipt (a captive portal?)")
    if receipt.stored + receipt.duplicates + receipt.set_aside != sent:
        return failed("unexpected", f"200, but the receipt is not for {sent} results: {receipt}")
    return Answer(verdict=Verdict.STORED, receipt=receipt)


def _decode(kind: str, body: bytes) -> Receipt | None:
    try:
        if kind == "application/json":
            return msgspec.json.decode(body, type=Receipt)
        if kind in ("application/msgpack", "application/x-msgpack"):
            return msgspec.msgpack.decode(body, type=Receipt)
    except msgspec.DecodeError:
        pass
    return None


def _problem(kind: str, body: bytes) -> Problem | None:
    if kind != "application/problem+json":
        return None
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.DecodeError:
        return None
