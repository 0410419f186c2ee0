"""The body of a push: read and decompressed with every size known before anything is allocated for it."""

import asyncio
import zlib
from types import MappingProxyType

import zstandard
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from collector.faces.guard import Refused
from shared.wire import MAX_BODY_BYTES, MAX_DECODED_BYTES, dictionary

BODY_S = 30.0
"""How long a body may take to arrive; at the 35 kB/s of a poor line a full one does."""
ENCODINGS = "zstd, gzip, identity"


async def read_body(request: web.Request, timeout_s: float) -> bytes:
    """The body as it was sent. Refused 413 by its announced length before reading, else as soon as it is too long."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large(f"the body has {request.content_length} bytes")
    if request.content.is_eof():  # the usual case: it came in one packet with its head
        body = request.content.read_nowait(-1)
        if len(body) > MAX_BODY_BYTES:
            raise _too_large("the body is longer")
        return body
    try:
        async with asyncio.timeout(timeout_s):
            return await _read_on(request)
    except TimeoutError:
        raise Refused(408, "too-slow", f"the body did not arrive within {timeout_s:g} s") from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
        raise Refused(400, "incomplete", "the body stopped before its end") from None


async def _read_on(request: web.Request) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large("the body is longer")
    return bytes(body)


class Decompressor:
    """Undoes Content-Encoding. Belongs to one thread."""

    def __init__(self) -> None:
        shipped = dictionary()
        self._zstd = MappingProxyType(
            {
                0: zstandard.ZstdDecompressor(),
                shipped.dict_id(): zstandard.ZstdDecompressor(dict_data=shipped),
            }
        )

    def decompress(self, body: bytes, encoding: str) -> bytes:
        """The decoded body; Refused 413 if it would be too large, 400 if it is damaged, 415 if we cannot read it."""
        match encoding:
            case "" | "identity":
                return body
            case "zstd":
                return self._unzstd(body)
            case "gzip":
                return _gunzip(body)
        raise Refused(415, "unsupported-encoding", f"Content-Encoding {encoding[:40]!r} is none of {ENCODINGS}")

    def _unzstd(self, body: bytes) -> bytes:
        try:
            frame = zstandard.get_frame_parameters(body)
            if frame.content_size != zstandard.CONTENTSIZE_UNKNOWN and frame.content_size > MAX_DECODED_BYTES:
                raise _too_large(f"the body decompresses to {frame.content_size} bytes")
            if frame.dict_id not in self._zstd:
                raise Refused(415, "unknown-dictionary", f"zstd dictionary {frame.dict_id} is not known here")
            return self._zstd[frame.dict_id].decompress(body, max_output_size=MAX_DECODED_BYTES, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise Refused(
                400, "malformed", f"the body is not zstd of at most {MAX_DECODED_BYTES} bytes: {error}"
            ) from None


def _gunzip(body: bytes) -> bytes:
    gzip = zlib.decompressobj(wbits=31)
    try:
        decoded = gzip.decompress(body, MAX_DECODED_BYTES + 1)
    except zlib.error as error:
        raise Refused(400, "malformed", f"the body is not gzip: {error}") from None
    if len(decoded) > MAX_DECODED_BYTES:
        raise _too_large("the body decompresses to more")
    if not gzip.eof or gzip.unused_data:
        raise Refused(400, "malformed", "the body is not one whole gzip stream")
    return decoded


def _too_large(what: str) -> Refused:
    limits = f"{MAX_BODY_BYTES} bytes compressed and {MAX_DECODED_BYTES} decompressed are taken"
    return Refused(413, "too-large", f"{what}; {limits}: split the batch")


def encoding_of(request: web.Request) -> str:
    return request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
