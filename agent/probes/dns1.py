"""As much of the DNS wire (RFC 1035) as a probe needs: one question, and what its answer holds. Pure."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType

HEADER = struct.Struct("!HHHHHH")
RECORD = struct.Struct("!HHIH")
"""Type, class, time to live and length of the data, behind a record's name."""
TYPES: Mapping[str, int] = MappingProxyType({"A": 1, "NS": 2, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28})
NAME_OF: Mapping[int, str] = MappingProxyType({number: name for name, number in TYPES.items()})
ADDRESS_BYTES: Mapping[str, int] = MappingProxyType({"A": 4, "AAAA": 16})
RCODES: Mapping[int, str] = MappingProxyType(
    {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
)
INTERNET = 1
RECURSION_DESIRED, IS_ANSWER, IS_TRUNCATED = 0x0100, 0x8000, 0x0200
POINTER = 0xC0
MAX_NAME_BYTES = 255


class NotAnAnswer(Exception):  # noqa: N818  a datagram is what it says
    """A message that does not answer our question, or nothing that can be read."""


def encode_name(name: str) -> bytes:
    """`name` as labels; ValueError if it cannot be a name. "." is the root, underscores are fine."""
    name = name.removesuffix(".")
    encoded = name if name.isascii() else name.encode("idna").decode("ascii")
    labels = encoded.encode("ascii").split(b".") if encoded else []
    wire = b"".join(bytes([len(label)]) + label for label in labels if len(label) < 64) + b"\0"
    if len(wire) != len(encoded) + (2 if encoded else 1) or len(wire) > MAX_NAME_BYTES or not all(labels):
        raise ValueError(f"{name!r} is not a name that can be asked for")
    return wire


@dataclass(frozen=True, slots=True)
class Question:
    """One question under one id."""

    id: int
    name: str
    record: str

    def message(self) -> bytes:
        return HEADER.pack(self.id, RECURSION_DESIRED, 1, 0, 0, 0) + self.asked()

    def asked(self) -> bytes:
        """The question section, which an answer repeats."""
        return encode_name(self.name) + struct.pack("!HH", TYPES[self.record], INTERNET)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: the response code, how many records, and of the answers their kinds and addresses."""

    rcode: int
    is_truncated: bool
    answers: int
    authorities: int
    additionals: int
    kinds: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()


def parse_answer(message: bytes, question: Question) -> Answer:
    """`message` as the answer to `question`; NotAnAnswer if it is none."""
    try:
        answer, at = _header(message, question)
        if answer.is_truncated or answer.rcode:
            return answer
        records = _records(message, at, answer.answers)
    except (struct.error, IndexError, ValueError):
        raise NotAnAnswer(f"a malformed message of {len(message)} bytes") from None
    kinds = frozenset(kind for kind, _ in records)
    addresses = tuple(str(ip_address(data)) for kind, data in records if len(data) == ADDRESS_BYTES.get(kind))
    return Answer(0, False, answer.answers, answer.authorities, answer.additionals, kinds, addresses)


def _header(message: bytes, question: Question) -> tuple[Answer, int]:
    """The header as an answer without records, and where the records begin."""
    number, flags, questions, answers, authorities, additionals = HEADER.unpack_from(message)
    if number != question.id or not flags & IS_ANSWER:
        raise NotAnAnswer("a message that answers no question of ours")
    answer = Answer(flags & 0xF, bool(flags & IS_TRUNCATED), answers, authorities, additionals)
    asked = question.asked()
    if questions == 0 and answer.rcode:
        return answer, HEADER.size  # a server that did not understand us may leave our question out
    repeated = message[HEADER.size : HEADER.size + len(asked)]
    if questions != 1 or repeated.lower() != asked.lower():
        raise NotAnAnswer("an answer to another question")
    return answer, HEADER.size + len(asked)


def _records(message: bytes, at: int, count: int) -> list[tuple[str, bytes]]:
    """Kind and data of `count` records from byte `at` on; kinds we never ask for have no name."""
    records = []
    for _ in range(count):
        kind, _, _, length = RECORD.unpack_from(message, at := _after_name(message, at))
        at += RECORD.size
        if at + length > len(message):
            raise ValueError("cut off")
        records.append((NAME_OF.get(kind, ""), message[at : at + length]))
        at += length
    return records


def _after_name(message: bytes, at: int) -> int:
    """Where the name at byte `at` ends. A pointer ends it: it is not followed, so it cannot lead us in a circle."""
    while length := message[at]:
        if length & POINTER == POINTER:
            return at + 2
        at += 1 + length
    return at + 1
