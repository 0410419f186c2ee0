"""The board, live: the stream tells each reader what changed of what is theirs, and ends when the collector does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from aiohttp import ClientResponse, ClientSession, TCPConnector, hdrs

from collector.faces.pages import events
from collector.people import Role
from tests.faces import BAYAN, HOUR, TASUK, Faces, faces

WAIT_S = 60


class Stream:
    """What a browser hears of `/events`."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer

    async def hear(self, kind: str) -> str:
        """The data of the next event of that kind."""
        async with asyncio.timeout(WAIT_S):
            while (line := await self.answer.content.readline()) != f"event: {kind}\n".encode():
                assert line, "the stream ended"
            return (await self.answer.content.readline()).decode().removeprefix("data: ").strip()


@asynccontextmanager
async def listening(face: Faces, language: str = "id") -> AsyncIterator[Stream]:
    headers = {hdrs.ACCEPT_LANGUAGE: language, hdrs.ACCEPT_ENCODING: "gzip"}
    async with face.client.get("/events", headers=headers) as answer:
        assert answer.status == 200
        yield Stream(answer)


async def test_a_listener_is_told_what_changed_in_words(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        async with listening(face) as stream:
            before = await stream.hear("state")
            face.history(BAYAN, (HOUR, "line_down"))
            told = json.loads(await stream.hear("tiles"))
    assert told["tiles"].keys() == {BAYAN.code}
    look, label = told["tiles"][BAYAN.code]
    assert (look, label.startswith("Long Iram Bayan, jalur penyedia putus sejak ")) == ("line_down", True)
    assert told["state"] != before


async def test_the_state_is_the_one_that_the_page_was_made_with(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        async with listening(face) as stream:
            await stream.hear("state")
            face.history(BAYAN, (HOUR, "line_down"))
            told = json.loads(await stream.hear("tiles"))
            async with face.client.get("/") as answer:
                assert f'data-state="{told["state"]}"' in await answer.text()
        async with listening(face) as again:
            assert await again.hear("state") == told["state"]


async def test_the_time_is_told_so_that_silence_is_noticed(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        async with listening(face) as stream:
            first = await stream.hear("beat")
            face.clock.advance(events.BEAT_S + 60)
            second = await stream.hear("beat")
    assert first.endswith(" WITA")
    assert first != second


async def test_two_languages_hear_the_same_news(tmp_path: Path) -> None:
    async with faces(tmp_path) as face, AsyncExitStack() as open_streams:
        face.know(BAYAN)
        streams = [await open_streams.enter_async_context(listening(face, language)) for language in ("id", "en")]
        for stream in streams:
            await stream.hear("state")
        face.history(BAYAN, (HOUR, "line_down"))
        heard = [json.loads(await stream.hear("tiles"))["tiles"][BAYAN.code][1] for stream in streams]
    assert ["sejak" in heard[0], "since" in heard[1]] == [True, True]


async def test_nobody_hears_of_another_regency(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN, TASUK)
        face.sign_in(Role.VIEWER, "Berau")
        async with listening(face) as stream:
            await stream.hear("state")
            face.history(BAYAN, (HOUR, "line_down"))
            face.history(TASUK, (HOUR, "line_down"))
            assert json.loads(await stream.hear("tiles"))["tiles"].keys() == {TASUK.code}


async def test_new_sites_make_a_page_load_its_tiles_again(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        async with listening(face) as stream:
            before = await stream.hear("state")
            face.know(BAYAN, TASUK)
            assert await stream.hear("state") != before


async def test_a_site_leaves_open_boards_at_the_midnight_that_ends_its_last_day(tmp_path: Path) -> None:
    """FakeClock's now is 2026-09-21 22:13 there, and 23:13 where the other one is: nothing but the time changes."""
    async with faces(tmp_path) as face:
        face.know(
            replace(BAYAN, until=date(2026, 9, 21)), replace(TASUK, until=date(2026, 9, 21), timezone="Asia/Jayapura")
        )
        pages = []
        async with listening(face) as stream:
            states = [await stream.hear("state")]
            for _ in range(2):
                face.clock.advance(3600)
                states.append(await stream.hear("state"))
                async with face.client.get("/") as answer:
                    pages.append(await answer.text())
    assert [f'data-state="{state}"' in page for state, page in zip(states[1:], pages, strict=True)] == [True, True]
    assert [(BAYAN.name in page, TASUK.name in page) for page in pages] == [(True, False), (False, False)]
    assert len(set(states)) == 3


async def test_a_stream_is_neither_packed_nor_kept_back(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        async with listening(face) as stream:
            headers = stream.answer.headers
    assert hdrs.CONTENT_ENCODING not in headers
    assert headers["X-Accel-Buffering"] == "no"
    assert headers[hdrs.CACHE_CONTROL] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_a_stream_needs_somebody_who_may_read(tmp_path: Path) -> None:
    async with faces(tmp_path, listen="0.0.0.0:8817") as face:
        face.know(BAYAN)
        async with face.client.get("/events", headers={hdrs.ACCEPT: "text/event-stream"}) as answer:
            assert answer.status == 401


async def test_a_head_does_not_wait_for_ever(tmp_path: Path) -> None:
    async with faces(tmp_path) as face, face.client.head("/events") as answer:
        assert answer.status == 405


async def test_streams_end_at_once_when_the_collector_stops(tmp_path: Path) -> None:
    async with faces(tmp_path) as face:
        face.know(BAYAN)
        async with listening(face) as stream:
            await stream.hear("beat")
            app = face.client.app
            assert app is not None
            await app.shutdown()
            async with asyncio.timeout(WAIT_S):
                assert await stream.answer.content.read() == b"\n"


async def test_too_many_listeners_are_refused_not_served_badly(tmp_path: Path) -> None:
    async with (
        faces(tmp_path) as face,
        ClientSession(connector=TCPConnector(limit=0)) as browsers,
        AsyncExitStack() as open_answers,
    ):
        face.know(BAYAN)
        url = face.client.make_url("/events")
        wanted = [browsers.get(url) for _ in range(events.MAX_LISTENERS + 1)]
        answers = [await open_answers.enter_async_context(one) for one in wanted]
        assert [answer.status for answer in answers] == [200] * events.MAX_LISTENERS + [503]


async def test_a_listener_that_does_not_read_is_sent_away() -> None:
    listener = events.Listener(events.Audience("", "id"), asyncio.Queue(2))
    for message in (b"1", b"2", b"3"):
        listener.tell(message)
    assert listener.queue.get_nowait() is None
    assert listener.queue.empty()
