"""What the tests of API, page and commands share: a collector's faces over a real store, no background work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_urlsafe

from aiohttp.test_utils import TestClient, TestServer

from collector.condition import Flip
from collector.config import CollectorConfig
from collector.faces.guard import COOKIE, csrf_of
from collector.faces.server import application
from collector.live import Judged
from collector.parts import Parts
from collector.people import PeopleSettings, Role, User, opened
from collector.registry import Site, hash_token, new_token
from collector.store import open_store
from tests.fakes import FakeClock

BAYAN = Site(code="64.07.05.2017", name="Long Iram Bayan", kind="village", regency="Kutai Barat", provider="Icon+")
TASUK = Site(code="64.03.06.2001", name="Tasuk", kind="village", regency="Berau", provider="Comtelindo WMS")
MINUTE = 60_000
HOUR = 60 * MINUTE


class Faces:
    """A collector that a test tells what happened; `client` asks it over HTTP."""

    def __init__(self, folder: Path, clock: FakeClock, config: CollectorConfig) -> None:
        self.clock = clock
        self.parts = Parts.of(config, clock, open_store(f"sqlite:///{folder}/faces.db"))
        self.client = TestClient(TestServer(application(self.parts)))

    def know(self, *sites: Site) -> None:
        """These sites are registered."""
        store = self.parts.store
        store.put_sites(sites)
        self.parts.live.set_registry(store.sites(), store.agents())

    def history(self, site: Site, *turns: tuple[int, str]) -> None:
        """The site's flips: (milliseconds ago, condition), each proven 2 s before; the last of them holds now."""
        was, flips = "unobserved", []
        for ago_ms, now in turns:
            at_ms = self.clock.wall_ms() - ago_ms
            flips.append(_flip(site, at_ms, was, now))
            was = now
        self.parts.store.replace_flips(site.code, 0, 1 << 62, flips)
        ends_ms = self.clock.wall_ms() + MINUTE
        self.parts.live.judged(site.code, Judged(standing=flips[-1], groups={"internet": "up"}, ends_ms=ends_ms))

    def token(self, kind: str, regency: str = "", agent: str = "") -> str:
        """The secret of a new token."""
        agent = agent or ("pc-1" if kind == "agent" else "")
        token, secret = new_token(kind, agent, "", self.clock.wall_ms(), regency)
        self.parts.store.put_token(token)
        self.parts.tokens.refresh()
        return secret

    def sign_in(self, role: Role = Role.OPERATOR, regency: str = "") -> str:
        """Somebody of that role signs in with `client`; returns what every form of theirs brings along as `csrf`."""
        people, now_ms = self.parts.store.people, self.clock.wall_ms()
        name, secret = f"{role} {regency}".strip().replace(" ", "-").lower(), token_urlsafe()
        user = User(name=name, title=name.title(), role=role, regency=regency, created_ms=now_ms)
        if people.user(name) is None:
            people.add_user(user, by="test", at_ms=now_ms)
        people.open_session(opened(hash_token(secret), name, now_ms, PeopleSettings()))
        self.client.session.cookie_jar.update_cookies({COOKIE: secret}, self.client.make_url("/"))
        return csrf_of(secret)


def _flip(site: Site, at_ms: int, was: str, now: str) -> Flip:
    return Flip(
        site=site.code, scope="site", at_ms=at_ms, not_earlier_than_ms=at_ms - 2000, was=was, now=now, why=f"saw {now}"
    )


@asynccontextmanager
async def faces(folder: Path, clock: FakeClock | None = None, /, **settings: object) -> AsyncIterator[Faces]:
    """Faces with `settings` over the defaults, on a free loopback port."""
    face = Faces(folder, clock or FakeClock(), CollectorConfig.model_validate(settings))
    try:
        async with face.client:
            yield face
    finally:
        await face.parts.alerts.close()
        face.parts.store.close()
