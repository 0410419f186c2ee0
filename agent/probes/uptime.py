"""uptime: how long has a device (a village's router) been running? Read from its own counter by SNMP, v2c or v3.

A counter that began anew inside a gap tells the collector that the gap was a power cut, and no fault of the line.

hrSystemUptime is asked for and taken where a device has it: it counts from the start of the device. sysUpTime counts
from the start of its SNMP service, which is the same thing on a router. Both are hundredths of a second in 32 bits
and begin anew after 497 days. An exchange by v2c is one datagram each way; v3 needs two more each way before it, to
learn the device's engine and its clock, every time: a device that restarted has others.

Version 3 keeps the passwords, and with `priv` the counter, off the wire. It does not prove who answered: the library
(gufo-snmp 0.13) does not look at the signature of answers. Ask by a network that the provider of the line cannot write
to, if the provider could gain by a counter that began anew.

    timeout      nothing came back. A wrong community, or a wrong password of privacy, looks the same: devices do not
                 answer whom they do not know
    refused      "port unreachable": the device is there and runs no SNMP
    bad_status   an answer that is not SNMP
    error        our own fault, and no evidence: the device refuses our user or password (v3), or does not show us
                 the counters
"""

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from socket import AF_INET6, socket
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from agent.probes.exchange import Exchange, Host, Port, aim, course, host_port
from agent.probes.failure import Failure
from agent.probes.kit import Kit, TargetSettings
from shared.result import Outcome, Result
from shared.settings import FilePath

if TYPE_CHECKING:  # the extra `snmp`; imported by the first probe, so that only an agent with such a target needs it
    from gufo.snmp.aio import SnmpSession
    from gufo.snmp.user import User

HR_SYSTEM_UPTIME, SYS_UPTIME = "1.3.6.1.2.1.25.1.1.0", "1.3.6.1.2.1.1.3.0"
TICKS_PER_S = 100
LEAST_PASSWORD = 8
"""Characters of a password of v3 (RFC 3414, section 11.2)."""
NO_LIBRARY = 'probe uptime needs the SNMP library, which is not installed: pip install "kentongan[snmp]"'
AUTH_KEYS = {"sha": "Sha1Key"} | {f"sha{bits}": f"Sha{bits}Key" for bits in (224, 256, 384, 512)}
PRIV_KEYS = {f"aes{bits}": f"Aes{bits}Key" for bits in (128, 192, 256)}
"""What the library calls them."""
BY_VERSION = {"2c": ("community", "community_file"), "3": ("user", "auth_password_file", "priv_password_file")}
"""The keys that only one version has."""


class UptimeTarget(TargetSettings):
    """A device and what it wants to know of who asks. Files with secrets are read once, when the agent starts."""

    probe: Literal["uptime"]
    address: Host
    port: Port = 161
    version: Literal["2c", "3"] = "2c"
    community: SecretStr | None = None
    community_file: FilePath | None = None
    user: Annotated[str, Field(max_length=32)] = ""
    auth: Literal["sha", "sha224", "sha256", "sha384", "sha512"] = "sha256"
    """MD5 is not offered: it is broken, and every device that has v3 has SHA."""
    auth_password_file: FilePath | None = None
    priv: Literal["aes128", "aes192", "aes256"] = "aes128"
    """DES is not offered, for the same reason."""
    priv_password_file: FilePath | None = None
    """None: nothing is encrypted."""
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 5.0

    @field_validator("community")
    @classmethod
    def _can_be_said(cls, community: SecretStr | None) -> SecretStr | None:
        if community is not None:
            _usable(community.get_secret_value(), 1)
        return community

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if not _library_is_there():
            raise ValueError(NO_LIBRARY)
        for version, keys in BY_VERSION.items():
            if version != self.version and (strange := [key for key in keys if getattr(self, key)]):
                raise ValueError(f'{strange[0]} belongs to version = "{version}"')
        if self.version == "2c" and (self.community is None) is (self.community_file is None):
            raise ValueError("needs one of community_file and community")
        if self.version == "3" and not (self.user and self.auth_password_file):
            raise ValueError("version 3 needs user and auth_password_file")
        _ = self.secrets  # a file that cannot be read is told now, not at the first probe
        return self

    @cached_property
    def secrets(self) -> tuple[str, str]:
        """(community, "") or (password of authentication, password of privacy or ""). Raises ValueError."""
        if self.version == "2c":
            given = self.community.get_secret_value() if self.community else ""
            return _read(self.community_file, "community_file", 1) if self.community_file else given, ""
        auth = _read(self.auth_password_file, "auth_password_file", LEAST_PASSWORD)
        return auth, _read(self.priv_password_file, "priv_password_file", LEAST_PASSWORD)

    @cached_property
    def snmp_user(self) -> "User":
        """The user of v3. Its keys are made once: it takes two milliseconds to make them from passwords."""
        from gufo.snmp import user

        auth_kind = getattr(user, AUTH_KEYS[self.auth])
        priv_kind = getattr(user, PRIV_KEYS[self.priv])
        auth, priv = (auth_kind.get_master_key(secret.encode()) if secret else b"" for secret in self.secrets)
        master = user.KeyType.Master
        return user.User(
            self.user, auth_key=auth_kind(auth, master), priv_key=priv_kind(priv, master) if priv else None
        )

    @property
    def where(self) -> str:
        return f"snmp://{host_port(self.address, self.port)}"


async def probe(target: UptimeTarget, kit: Kit) -> Result:
    """Asks once for both counters. Phases: resolve, discover (v3), request. The reading is in whole seconds."""

    async def steps(exchange: Exchange) -> None:
        addresses = await exchange.resolve(target.address)
        with aim(exchange, addresses, target.port) as line:  # tells what is wrong with the way; the library would not
            there = _literal(line)
        ticks = await _ask(exchange, target, there)
        exchange.answered()
        exchange.reading = ticks // TICKS_PER_S
        exchange.facts["uptime_seconds"] = ticks / TICKS_PER_S
        kit.log(f"running for {ticks / TICKS_PER_S:.2f} s")

    return await course(target, kit, steps)


async def _ask(exchange: Exchange, target: UptimeTarget, address: str) -> int:
    """The counter in hundredths of a second; raises Failure with which outcome it is if there is none."""
    from gufo.snmp import SnmpAuthError, SnmpDecodeError

    try:
        session = _session(target, address)
        if target.version == "3":
            with exchange.phase("discover"):
                await session.refresh()
        with exchange.phase("request"):
            found = await session.get_many((HR_SYSTEM_UPTIME, SYS_UPTIME))
    except SnmpAuthError:
        reason = f"the device refuses user {target.user}, its password or its level of security"
        raise Failure(Outcome.ERROR, reason) from None
    except SnmpDecodeError as error:
        raise Failure(Outcome.BAD_STATUS, f"the answer is not SNMP: {error}") from None
    except TimeoutError as error:
        if str(error.__cause__) == "connection refused":  # that is how the library says it
            raise Failure(Outcome.REFUSED, "Connection refused") from None
        raise
    for oid in (HR_SYSTEM_UPTIME, SYS_UPTIME):
        if isinstance(ticks := found.get(oid), int):
            exchange.kit.log(f"{oid} is {ticks}")
            return ticks
    raise Failure(Outcome.ERROR, "the device shows neither hrSystemUptime nor sysUpTime; does its view allow them?")


def _session(target: UptimeTarget, address: str) -> "SnmpSession":
    """A session, and its socket, end with the last reference to it."""
    from gufo.snmp.aio import SnmpSession

    if target.version == "3":
        return SnmpSession(address, target.port, user=target.snmp_user, timeout=target.timeout_s)
    return SnmpSession(address, target.port, community=target.secrets[0], timeout=target.timeout_s)


def _literal(line: socket) -> str:
    """The address that `line` is connected to, the zone of a link-local one as a number."""
    there = line.getpeername()
    zone = there[3] if line.family is AF_INET6 else 0
    return f"{there[0].partition('%')[0]}%{zone}" if zone else str(there[0])


def _library_is_there() -> bool:
    try:
        return find_spec("gufo.snmp") is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


def _read(path: Path | None, key: str, least: int) -> str:
    """The secret in the file; "" without one. Raises ValueError, which never holds the secret."""
    if path is None:
        return ""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{key}: {path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    _usable(secret, least, f"{key}: {path} ")
    return secret


def _usable(secret: str, least: int, what: str = "") -> None:
    if len(secret) < least or not secret.isascii() or not secret.isprintable():
        raise ValueError(f"{what}must hold {least} or more printable ASCII characters")
