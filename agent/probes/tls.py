"""TLS as a client: contexts that targets share, and when a certificate ends."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

VERSION, GENERALIZED_TIME = 0xA0, 0x18
"""DER tags."""


class TlsContexts:
    """One context for each way to verify: with the system's authorities it takes a megabyte and some milliseconds."""

    def __init__(self) -> None:
        self._made: dict[tuple[bool, Path | None], ssl.SSLContext] = {}

    def context(self, verify: bool, ca_file: Path | None) -> ssl.SSLContext:
        """Trusts `ca_file` alone if it is given, else the system's authorities; OSError if the file cannot be used."""
        key = (verify, ca_file if verify else None)
        if key not in self._made:
            self._made[key] = _verifying(ca_file) if verify else _trusting()
        return self._made[key]


def _verifying(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # SSLError among them, which would read as the server's fault
        raise OSError(f"ca_file {ca_file}: {error.strerror}") from None


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # must go before verify_mode
    context.verify_mode = ssl.CERT_NONE
    return context


def expiry(certificate: bytes) -> float | None:
    """When a DER certificate ends, in seconds since 1970; None if it cannot be read.

    The standard library decodes only certificates it verified, and an unverified one (an intranet service of our own)
    runs out as well. The way to it (RFC 5280, 4.1): Certificate > TBSCertificate > [version], serial, algorithm,
    issuer, validity.
    """
    try:
        _, certificate, _ = _element(certificate)
        _, rest, _ = _element(certificate)
        tag, _, after = _element(rest)
        rest = after if tag == VERSION else rest
        for _ in ("serial", "algorithm", "issuer"):
            _, _, rest = _element(rest)
        _, validity, _ = _element(rest)
        _, _, rest = _element(validity)
        tag, stamp, _ = _element(rest)
        return _seconds(tag, stamp.decode("ascii"))
    except (IndexError, ValueError):
        return None


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """Tag and content of the first element of `der`, and what follows it."""
    tag, length, start = der[0], der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start], "big")
    return tag, der[start : start + length], der[start + length :]


def _seconds(tag: int, stamp: str) -> float:
    if tag != GENERALIZED_TIME:  # UTCTime has two digits of the year, up to 2049
        stamp = ("20" if stamp[:2] < "50" else "19") + stamp
    return datetime.strptime(stamp, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
