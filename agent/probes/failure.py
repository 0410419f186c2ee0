"""Which outcome a failed exchange has: the one place where errors of sockets, TLS and names become outcomes.

    refused        somebody answered "no": connection refused, or reset or closed by the peer during the exchange
    timeout        nothing came back in time
    unreachable    the way is missing: no route, no interface, no address to send from, "unreachable" from a router
    tls_failure    the handshake or the certificate
    error          our own fault: no file handles, no memory, a local firewall, a wrong setting; never evidence

IPv6 reports "administratively prohibited" by a distant router as EACCES, which cannot be told from our own firewall:
`error`, since a false outage is worse than a second without evidence.
"""

import errno
import os
import ssl

from agent.probes.kit import ResolveError
from shared.result import Outcome

UNREACHABLE = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.EHOSTDOWN,
        errno.EADDRNOTAVAIL,  # no address of this family left to send from
        errno.ENODEV,
        errno.ENXIO,
    }
)
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})

NOT_YET_VALID = 9
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID."""


class Failure(Exception):  # noqa: N818  it is a finding, not an error: the network failed, not we
    """The exchange ended without what was wanted. Asking again is the schedule's business."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


def failure_of(error: Failure | ResolveError | OSError) -> Failure:
    """`error` as outcome and reason in words."""
    match error:
        case Failure():
            return error
        case ResolveError():
            return Failure(error.outcome, str(error))
        case ssl.SSLCertVerificationError():
            return _bad_certificate(error)
        case ssl.SSLError():
            return Failure(Outcome.TLS_FAILURE, (error.reason or str(error)).replace("_", " ").lower())
        case TimeoutError():
            return Failure(Outcome.TIMEOUT, "no answer in time")
        case ConnectionError():  # the system's, and asyncio's own without a number
            return Failure(Outcome.REFUSED, os.strerror(error.errno or errno.ECONNRESET))
        case _:
            outcome = Outcome.UNREACHABLE if error.errno in UNREACHABLE else Outcome.ERROR
            return Failure(outcome, os.strerror(error.errno) if error.errno else str(error))


def _bad_certificate(error: ssl.SSLCertVerificationError) -> Failure:
    """A certificate from the future is a clock from the past: an office PC without a battery wakes up in 2012."""
    if error.verify_code == NOT_YET_VALID:
        return Failure(Outcome.ERROR, "the certificate is not yet valid; is the clock of this machine right?")
    return Failure(Outcome.TLS_FAILURE, error.verify_message or str(error))
