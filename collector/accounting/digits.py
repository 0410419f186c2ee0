"""Pure: a row of numbers as a blob, and thousands of such blobs added in a few passes of numpy.

A blob is pairs of key and digit (u16 each, little-endian, by rising key). A key says which number it is, and in the
bits from PLACE_BITS up which of its digits to the base 65,536; what is 0 is not written. So adding digit by digit adds
the numbers, and the same numbers always give the same bytes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

PLACE_BITS = 13
DIGITS, DIGIT_BITS = 4, 16
MAX_NUMBERS = 1 << PLACE_BITS


def pack(numbers: Numbers) -> bytes:
    """Of one row of at most MAX_NUMBERS, none below 0."""
    digits = numbers.astype("<i8").view("<u2").reshape(-1, DIGITS).T
    digit, place = np.nonzero(digits)
    return np.column_stack((digit << PLACE_BITS | place, digits[digit, place])).astype("<u2").tobytes()


def unpack(blob: bytes, width: int) -> Numbers:
    """The row of `width` numbers that `pack` packed."""
    return added([[blob]], width).reshape(width)


def added(blobs_of: Sequence[Sequence[bytes]], width: int) -> Numbers:
    """The sum of each owner's blobs, [owner, number]. One owner after the other, because that fits into the cache."""
    sums = np.zeros((len(blobs_of), width), np.int64)
    for row, blobs in zip(sums, blobs_of, strict=True):
        add(row, blobs)
    return sums


def add(row: Numbers, blobs: Sequence[bytes]) -> None:
    """The numbers of all blobs to `row`."""
    pairs = np.frombuffer(b"".join(blobs), "<u2").reshape(-1, 2)
    # float64 counts exactly up to 2^53, which is more 16-bit digits than there will ever be
    by_key = np.bincount(pairs[:, 0], pairs[:, 1]).astype(np.int64)
    for digit in range(DIGITS):
        part = by_key[digit << PLACE_BITS :][: len(row)]
        row[: len(part)] += part << DIGIT_BITS * digit
