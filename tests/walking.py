"""A province of two regencies, and everybody who may ask about it: what tests/test_every_route.py walks with.

Routes are taken from the application itself. A parameter in a path is filled from VALUES, a form or body from BODIES; a
route that these do not know fails the test, so that no route is added without being walked.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientResponse, encode_basic_auth, hdrs

from collector.acts import CauseCode, Exclusion, ExclusionKind, GivenCause
from collector.faces.guard import COOKIE, csrf_of
from collector.followups import FollowUp, FollowUpState, Step
from collector.people import PeopleSettings, Role, User, opened
from collector.registry import Site, hash_token
from shared.wire import Context, TargetSpec
from tests.deliveries import CONTEXT, RECEIVED_MS, deliver, run_of
from tests.faces import HOUR, MINUTE, Faces, faces
from tests.fakes import FakeClock

BERAU, KUBAR = "Berau", "Kutai Barat"
OURS = Site(
    code="64.03.06.2001",
    name="Tasuk",
    kind="village",
    opd="Dinas Kesehatan",
    regency=BERAU,
    district="Gunung Tabur",
    provider="Comtelindo",
    contract="B/2026/1",
)
THEIRS = Site(
    code="64.07.05.2017",
    name="Long Iram Bayan",
    kind="village",
    opd="Kecamatan Tering",
    regency=KUBAR,
    district="Long Iram",
    provider="Mahakam Data",
    contract="K/2026/77",
)
OTHERS = tuple(
    Site(code=f"64.07.09.{2000 + n}", name=f"Melak {n}", kind="village", regency=KUBAR, provider="Mahakam Data")
    for n in range(1, 8)
)
"""They go down with THEIRS: a mass outage."""
SHARED = Site(code="64.07.11.2003", name="Damai", opd="Dinas Kesehatan", regency=KUBAR, provider="Comtelindo")
"""Theirs too, but of an OPD and a provider that both regencies have."""
DOWN_AGO_MS = 2 * HOUR

SECRETS: Mapping[str, str] = {
    "code": THEIRS.code,
    "name": THEIRS.name,
    "regency": KUBAR,
    "opd": THEIRS.opd,
    "district": THEIRS.district,
    "provider": THEIRS.provider,
    "contract": THEIRS.contract,
    "another code": OTHERS[0].code,
    "another name": OTHERS[0].name,
    "a site of a shared provider": SHARED.name,
    "agent": "pc-tering-1",
    "target": "gw-tering",
    "address": "10.77.0.1",
    "version": "0.1.77",
    "cause note": "tikus menggigit kabel",
    "exclusion": "gardu diganti PLN",
    "withdrawal": "hujan terus sehari",
    "follow-up": "ganti kabel yang digigit",
    "owner": "Seksi Telematika Tering",
    "step": "kabel sudah dipesan",
    "operator": "operator-kutai-barat",
}
"""What of the other regency must not be read, searched for, counted or guessed in Berau."""

VALUES: Mapping[str, str] = {
    "code": THEIRS.code,
    "start_ms": str(RECEIVED_MS - DOWN_AGO_MS),
    "id": "1",
    "user": "operator-kutai-barat",
    "version": "any",
    "name": "page.css",
    "kind": "gangguan",
    "job": "nobody-can-guess-it",
}
"""What stands in paths: always something of Kutai Barat, where it is anybody's."""

QUERIES = (
    "",
    "format=csv",
    f"regency={KUBAR}&q={THEIRS.name}&provider={THEIRS.provider}&opd={THEIRS.opd}&condition=line_down",
    f"site={THEIRS.code}&period=2026-09&format=csv",
    f"site={THEIRS.code}&period=2026-09",
    *(f"scope={scope}&period=2026-09" for scope in ("site", "opd", "regency", "provider", "all")),
    f"scope=regency&of={KUBAR}&period=2026-09&format=csv",
    f"scope=site&of={THEIRS.code}&period=2026-09",
    "state=all&tab=withdrawn&span=30d&from=2026-09-01&to=2026-10-01",
    "lang=en&view=list&all=1",
)
"""Ways to ask for what is not one's business; a page that does not know a word of it takes no notice, or refuses."""

PUBLIC = ("/static/", "/open")
"""What everybody may see."""
STREAMS = ("/events",)
OWN = ("/login", "/logout", "/account", "/api/v1/batches", "/reports/jobs", "/reports/jobs/{job}/cancel")
"""What changes nothing but the asker's own; or, of agents, has its own check and its own tests."""
SPAN = {"from": "2026-12-01T08:00:00+08:00", "to": "2026-12-01T10:00:00+08:00"}
FORM = {
    "scope": "site",
    "of_site": THEIRS.code,
    "from": "2026-12-01T08:00",
    "to": "2026-12-01T10:00",
    "kind": "maintenance",
    "why": "kabel",
    "do": "enter",
    "what": "periksa kabel",
    "cause": "listrik",
    "state": "done",
    "note": "selesai",
    "member": f"{THEIRS.code}/{VALUES['start_ms']}",
    "title": "Budi",
    "role": "viewer",
    "regency": "",
    "password": "sandi yang panjang",
    "again": "sandi yang panjang",
}
"""A form that says everything, all of it about Kutai Barat: each page takes what it knows."""
BODIES: Mapping[str, Mapping[str, Any]] = {
    "/api/v1/exclusions": {"scope": "site", "of": THEIRS.code, "kind": "maintenance", "why": "kabel", **SPAN},
    "/api/v1/exclusions/{id}/withdraw": {"why": "hujan"},
    "/api/v1/followups": {"scope": "site", "of": THEIRS.code, "what": "periksa kabel"},
    "/api/v1/followups/{id}/steps": {"note": "selesai", "state": "done"},
    "/api/v1/acknowledgements": {"note": "dilihat"},
    "/api/v1/causes": {
        "site": THEIRS.code,
        "start": "2026-09-21T08:00:00Z",
        "end": "2026-09-21T09:00:00Z",
        "cause": "listrik",
    },
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with a session or a token. `csrf`: what their forms bring along."""

    name: str
    regency: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    csrf: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, as far as it can tell anything."""

    status: int
    text: str
    asked: str

    def secrets(self) -> list[str]:
        """What it tells of SECRETS and was not in the question already."""
        return [what for what, secret in SECRETS.items() if secret in self.text and secret not in self.asked]


class Walk:
    """The province and its askers."""

    def __init__(self, face: Faces, folder: Path) -> None:
        self.face, self._db = face, folder / "faces.db"
        sent = face.parts.alerts.sent().values()
        [self.alert] = [alert.key for alert in sent if alert.labels.get("site") == THEIRS.code]

    def routes(self, safe: bool) -> Iterator[tuple[str, str]]:
        """(method, path with parameters) of every route that there is."""
        app = self.face.client.app
        assert app
        for route in app.router.routes():
            assert route.resource, "a route without a resource cannot be named, and not be guarded"
            if (route.method in (hdrs.METH_GET, hdrs.METH_HEAD)) is safe:
                yield route.method, route.resource.canonical

    def askers(self) -> dict[str, Asker]:
        """Every role, of the province and of Berau; and those who may do nothing."""
        people = [self._signed_in(role, "") for role in Role]
        people += [self._signed_in(role, BERAU) for role in Role]
        tokens = [
            Asker(f"{kind} token {regency}".strip(), regency, self._bearer(kind, regency))
            for kind in ("read", "operator")
            for regency in ("", BERAU)
        ]
        secret = self.face.token("operator", "", "op")
        basic = Asker("operator token as a password", "", {hdrs.AUTHORIZATION: encode_basic_auth("op", secret)})
        nobody, agent = Asker("nobody"), Asker("agent token", "", self._bearer("agent", ""))
        return {asker.name: asker for asker in (*people, *tokens, basic, agent, nobody)}

    def _signed_in(self, role: Role, regency: str) -> Asker:
        people, now_ms = self.face.parts.store.people, self.face.clock.wall_ms()
        name = f"{role}-{regency.lower()}" if regency else role.value
        people.add_user(User(name=name, role=role, regency=regency, created_ms=now_ms), by="test", at_ms=now_ms)
        secret = f"session-of-{name}"
        people.open_session(opened(hash_token(secret), name, now_ms, PeopleSettings()))
        return Asker(f"{role} {regency}".strip(), regency, {hdrs.COOKIE: f"{COOKIE}={secret}"}, csrf_of(secret))

    def _bearer(self, kind: str, regency: str) -> dict[str, str]:
        return {hdrs.AUTHORIZATION: f"Bearer {self.face.token(kind, regency)}"}

    async def ask(self, asker: Asker, method: str, path: str, query: str = "") -> Told:
        address = f"{filled(path)}?{query}"
        async with self.face.client.request(method, address, headers=asker.headers, allow_redirects=False) as answer:
            return Told(answer.status, f"{answer.headers} {await _text(answer)}", address)

    async def send(self, asker: Asker, method: str, path: str, csrf: str = "") -> Told:
        """What changes something of Kutai Barat, if it is let."""
        headers, address = dict(asker.headers) | ({"X-CSRF-Token": csrf} if csrf else {}), filled(path)
        alert = {"key": self.alert}
        body: dict[str, Any] = {"data": form_of(path) | alert}
        if path.startswith("/api/"):
            body = {"json": dict(BODIES[path]) | (alert if "acknowledgements" in path else {})}
        async with self.face.client.request(method, address, headers=headers, allow_redirects=False, **body) as answer:
            return Told(answer.status, f"{answer.headers} {await answer.text()}", f"{address} {body}")

    async def raw(self, path: str) -> Told:
        """The answer to `path` as it stands, of which a client would make something better."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.face.client.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        text = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        return Told(int(text.split()[1]), text, path)

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the store holds, but for when a session was used last."""
        with closing(sqlite3.connect(self._db)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names if name != "sessions"}


async def _text(answer: ClientResponse) -> str:
    """The body; of a stream that never ends, what it says first."""
    if answer.content_type == "text/event-stream":
        return (await answer.content.readany()).decode()
    return await answer.text()


def filled(path: str) -> str:
    """`path` with something of Kutai Barat in place of its parameters; KeyError for one that VALUES does not know."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: VALUES[found[1]], path)


def form_of(path: str) -> dict[str, str]:
    """FORM, with the name of a user who is not there yet where users are added."""
    return {**FORM, "name": "budi"} if path == "/users" else dict(FORM)


def public(path: str) -> bool:
    return path.startswith(PUBLIC)


@asynccontextmanager
async def province(folder: Path, **settings: object) -> AsyncIterator[Walk]:
    """Two regencies in which all happened that there are pages for."""
    async with faces(folder, FakeClock(RECEIVED_MS), **settings) as face:
        for site, agent, marks in ((OURS, "pc-tasuk-1", ("gw-tasuk", "10.3.0.1")), (THEIRS, "pc-tering-1", GATEWAY)):
            _measured(face, site, agent, *marks)
        face.know(OURS, THEIRS, SHARED, *OTHERS)
        for site in (OURS, SHARED):
            face.history(site, (5 * HOUR, "up"), (4 * HOUR, "line_down"), (3 * HOUR, "up"))
        face.history(THEIRS, (5 * HOUR, "up"), (DOWN_AGO_MS, "line_down"))
        await _alerted(face)
        for site in OTHERS:
            face.history(site, (5 * HOUR, "up"), (DOWN_AGO_MS, "line_down"))
        _said(face)
        yield Walk(face, folder)


GATEWAY = (SECRETS["target"], SECRETS["address"])


async def _alerted(face: Faces) -> None:
    """THEIRS was told of alone, before the others went down: somebody may take note of it."""
    for _ in range(2):
        await face.parts.alerts.tick()
        face.clock.advance(10)


def _measured(face: Faces, site: Site, agent: str, target: str, address: str) -> None:
    """An agent at `site` was heard just now, with results of the last minutes."""
    first = TargetSpec(name=target, group=CONTEXT.targets[0].group, kind="icmp", interval_ms=30_000, address=address)
    version = SECRETS["version"] if site is THEIRS else "0.1.0"
    third = TargetSpec(name="hub", group=CONTEXT.targets[2].group, kind="icmp", interval_ms=30_000)
    targets = (first, CONTEXT.targets[1], third)
    booted_ms = RECEIVED_MS - HOUR
    times = {"boot_at_ms": booted_ms, "run_at_ms": booted_ms + MINUTE, "clock_base_ms": booted_ms}
    context: Context = msgspec.structs.replace(CONTEXT, targets=targets, version=version, **times)
    batch = run_of(330, 353, context=context.name)
    face.parts.store.append(deliver(batch, agent, site.code, context=context)).result()


def _said(face: Faces) -> None:
    """People of Kutai Barat said and did something about it."""
    store, now_ms, by = face.parts.store, face.clock.wall_ms(), SECRETS["operator"]
    store.people.add_user(User(name=by, role=Role.OPERATOR, regency=KUBAR, created_ms=now_ms), by="test", at_ms=now_ms)
    exclusion = Exclusion(
        id=0,
        scope="regency",
        of=KUBAR,
        from_ms=now_ms + HOUR,
        to_ms=now_ms + 2 * HOUR,
        kind=ExclusionKind.MAINTENANCE,
        why=SECRETS["exclusion"],
        by=by,
        entered_ms=now_ms,
    )
    for _ in range(2):
        added = store.acts.add_exclusion(exclusion)
    store.acts.withdraw(added.id, by=by, why=SECRETS["withdrawal"], at_ms=now_ms)
    cause = GivenCause(
        id=0,
        site=THEIRS.code,
        start_ms=now_ms - DOWN_AGO_MS,
        end_ms=now_ms,
        code=CauseCode.PERANGKAT_LOKAL,
        note=SECRETS["cause note"],
        by=by,
        entered_ms=now_ms,
    )
    store.acts.give_cause(cause)
    followup = FollowUp(
        id=0,
        scope="site",
        of=THEIRS.code,
        what=SECRETS["follow-up"],
        owner=SECRETS["owner"],
        by=by,
        entered_ms=now_ms,
        outage_ms=now_ms - DOWN_AGO_MS,
    )
    added_to = store.followups.add(followup).id
    step = Step(
        id=0, followup=added_to, state=FollowUpState.OPEN, note=SECRETS["step"], by=by, entered_ms=now_ms + MINUTE
    )
    store.followups.step(step)
