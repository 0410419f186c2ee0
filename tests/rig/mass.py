"""`python -m tests.rig.mass [--story NAME ...] [--quick] [--seed N] [--keep]`: forty villages fall within 20 s.

They have one provider, and two of them had been told by themselves before. What people must get: one mass alert that
names and counts them, told anew as it grows and once when it is over; the end of the two; nothing else. Alertmanager
and its webhook are looked at, and a receiver of messages. Exit code 1 when a limit is broken, 2 when there can be no
rig here.

The order and the times of falling are drawn, from the same seed unless another is given. The agents find out by
themselves: with four targets every 20 s the internet is asked every 10 s, and three failures are a fall, so that it is
known 5 to 15 s after it happened; the table says how long it took.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import median

from shared.clock import SystemClock
from tests.rig import mass_verdict, netns, peers
from tests.rig.evidence import Say
from tests.rig.lines import TERRESTRIAL
from tests.rig.mass_verdict import MASS, Limits, Message, Seen, told_after_s
from tests.rig.report import table
from tests.rig.scenarios import Action, Pace, Plan, SitePlan
from tests.rig.sites import targets
from tests.rig.world import World

VILLAGES, EARLY, FALL_WITHIN_S, SEED = 40, 2, 20.0, 4
LOOK_S = 0.5
PROVIDER, OTHER = "Rig Satelit", "Rig Serat"
REGENCIES = ("Berau", "Kutai Barat", "Mahakam Ulu", "Paser")
PROBED = frozenset({"anchor1", "anchor2", "office-ping"})
"""Few targets: forty-eight agents share two cores with everything else."""
PACE = Pace(interval_s=20, push_s=20, warm_up_s=90, settle_s=120, quick=True)
RECEIVER: Mapping[str, object] = {
    "name": "rig",
    "urls": [peers.MESSAGES],
    # Shorter than the usual 10 s and 60 s: when a message goes out is then when it was decided.
    "group_wait_s": 1,
    "group_interval_s": 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How the many fall, and which alert each of the early ones had before."""

    name: str
    says: str
    falls: Action
    early: Sequence[tuple[Action, str]]
    silent: bool
    limits: Limits


_INTERNET_GONE = (Action.INTERNET_GONE, "SiteDown")
STORIES = {
    story.name: story
    for story in (
        Story(
            name="internet",
            says="the provider has no internet; the intranet lives, and agents push the news at once",
            falls=Action.INTERNET_GONE,
            early=(_INTERNET_GONE, _INTERNET_GONE),
            silent=False,
            limits=Limits(told_s=45, over_s=60, early_over_s=45),
        ),
        Story(
            name="cut",
            says="the whole line is cut: nobody can push, and nothing is known but that there is no word",
            falls=Action.CUT,
            early=(_INTERNET_GONE, (Action.CUT, "SiteSilent")),
            silent=True,
            limits=Limits(told_s=60, over_s=75, early_over_s=60),
        ),
    )
}


def village(number: int) -> str:
    return f"desa{number:02d}"


def plan(controls: int) -> Plan:
    """Forty villages of one provider in four regencies, and a few of another one beside them."""
    fall = [(village(n), PROVIDER) for n in range(1, VILLAGES + 1)]
    stay = [(f"tetap{n}", OTHER) for n in range(1, controls + 1)]
    sites = (
        SitePlan(name, TERRESTRIAL, (), provider=provider, regency=REGENCIES[n % len(REGENCIES)])
        for n, (name, provider) in enumerate((*fall, *stay))
    )
    return Plan(tuple(sites), PACE)


def falls(random: Random) -> list[tuple[float, str]]:
    """(seconds after the first, village) of those that fall together: in any order, at any time within the 20 s."""
    codes = [village(n) for n in range(EARLY + 1, VILLAGES + 1)]
    random.shuffle(codes)
    times = sorted(random.uniform(0, FALL_WITHIN_S) for _ in codes)
    return [(at_s - times[0], code) for at_s, code in zip(times, codes, strict=True)]


class Telling:
    """Lets a story happen in a world and brings home what was said of it."""

    def __init__(self, world: World, story: Story, drawn: Sequence[tuple[float, str]], say: Say) -> None:
        self._world, self._story, self._drawn, self._say = world, story, drawn, say
        fallen = [site for site in world.plan.sites if site.provider == PROVIDER]
        self._fell_ms: dict[str, int] = {}
        self._known_ms: dict[str, int] = {}
        self._mended_ms: dict[str, int] = {}
        self._seen = Seen(
            provider=PROVIDER,
            regencies={site.name: site.regency for site in fallen},
            fell_ms=self._fell_ms,
            known_ms=self._known_ms,
            early={village(n): name for n, (_, name) in enumerate(story.early, 1)},
            controls=[site.name for site in world.plan.sites if site.provider != PROVIDER],
            mended_ms=self._mended_ms,
            silent=story.silent,
        )

    def tell(self) -> Seen:
        self._say(f"{self._story.name}: {self._story.says}")
        self._wait(self._all_up, self._world.plan.pace.warm_up_s, "all are up")
        for number, (action, _) in enumerate(self._story.early, 1):
            self._fall(village(number), action)
        self._wait(self._early_told, 90, "those that fell before are told")
        self._all_fall()
        self._wait(self._all_told, 90, "the mass alert counts all of them")
        for code in self._fell_ms:
            self._mended_ms[code] = self._world.perform(code, self._story.name, Action.MEND).wall_ms
        self._wait(self._is_over, self._world.plan.pace.settle_s, "all is over")
        self._wait(lambda: False, 10, "")  # who is late would be told by now
        return self._evidence()

    def _all_fall(self) -> None:
        begun_s = time.monotonic()
        for at_s, code in self._drawn:
            time.sleep(max(0.0, begun_s + at_s - time.monotonic()))
            self._fall(code, self._story.falls)
            self._all_up()
        self._say(f"{len(self._fell_ms)} villages are down, the last after {time.monotonic() - begun_s:.1f} s")
        for code in self._seen.early:  # whose internet was gone loses the rest of its line as well
            self._world.perform(code, self._story.name, self._story.falls)

    def _fall(self, code: str, action: Action) -> None:
        self._fell_ms[code] = self._world.perform(code, self._story.name, action).wall_ms

    def _wait(self, holds: Callable[[], bool], within_s: float, what: str) -> None:
        """What does not come is a finding. The story goes on. Nothing is awaited if `what` is empty."""
        try:
            self._world.until(holds, within_s, what)
        except RuntimeError:
            if what:
                self._seen.faults.append(f"not within {within_s:.0f} s: {what}")
                self._say(self._seen.faults[-1])
        else:
            self._say(what)

    def _all_up(self) -> bool:
        """It is noted as well who is known not to be up."""
        sites = self._world.api("/api/v1/sites?limit=1000")["sites"]
        away = {site["code"] for site in sites if site["condition"] != "up"}
        now_ms = SystemClock().wall_ms()
        for code in away & self._fell_ms.keys():
            self._known_ms.setdefault(code, now_ms)
        return not away

    def _early_told(self) -> bool:
        told = {(word.site, word.name) for word in peers.delivered(self._world.deliveries)}
        said = "".join(post["title"] + post["message"] for post in peers.kept(self._world.messages))
        return all(one in told and f"({one[0]}):" in said for one in self._seen.early.items())

    def _all_told(self) -> bool:
        time.sleep(LOOK_S)
        self._all_up()
        told = [word.annotations.get("sites") for word in self._world.alerts.words() if word.name == MASS]
        return str(VILLAGES) in told

    def _is_over(self) -> bool:
        over = {word.about for word in peers.delivered(self._world.deliveries) if word.status == "resolved"}
        return not self._world.alerts.firing() and {word.about for word in self._world.alerts.words()} <= over

    def _evidence(self) -> Seen:
        messages = [
            Message(at_ms=post["wall_ms"], title=post["title"], text=post["message"])
            for post in peers.kept(self._world.messages)
        ]
        return replace(
            self._seen,
            looked=self._world.alerts.words(),
            delivered=peers.delivered(self._world.deliveries),
            messages=messages,
            firing=self._world.alerts.firing(),
        )


def tell(story: Story, controls: int, directory: Path, say: Say, seed: int = SEED) -> Seen:
    """The story in a world of its own."""
    probed = [target for target in targets() if target["name"] in PROBED]
    with World(plan(controls), directory, probed, alerts={}, receivers=[RECEIVER]) as world:
        return Telling(world, story, falls(Random(seed)), say).tell()


def render(story: Story, seen: Seen, found: Sequence[str]) -> str:
    """Markdown."""
    return "\n".join(
        [
            *table("story|what|value", ([story.name, what, value] for what, value in _figures(seen))),
            *(f"BROKEN  {line}" for line in found),
            f"{len(found)} limits broken" if found else "all limits kept",
        ]
    )


def _figures(seen: Seen) -> Iterator[tuple[str, str]]:
    after = told_after_s(seen)
    for where, late_s in after.items():
        yield f"first cut to the mass alert in {where}", _seconds(late_s)
    known_s = [(seen.known_ms[c] - at_ms) / 1000 for c, at_ms in seen.fell_ms.items() if c in seen.known_ms]
    if known_s:
        yield "fall to known by the collector", f"median {_seconds(median(known_s))}, at most {_seconds(max(known_s))}"
    yield "villages it counted", ", ".join(f"{n} after {_seconds(at_s)}" for at_s, n in seen.sizes) or "-"
    yield "last mending to resolved in the webhook", _seconds(mass_verdict.over_after_s(seen))
    for code, name in seen.early.items():
        over = [word for word in seen.delivered if (word.site, word.status) == (code, "resolved")]
        late_s = (over[0].at_ms - seen.mended_ms[code]) / 1000 if over else None
        yield f"mending of {code} to {name} resolved", _seconds(late_s)
    yield "alerts delivered to the webhook", str(len(seen.delivered))
    yield "messages to the receiver", str(len(seen.messages))
    for message in seen.messages:
        yield f"message at {_seconds((message.at_ms - seen.first_cut_ms) / 1000)}", message.title


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rig.mass", description="Forty villages fall at once.")
    parser.add_argument("--story", nargs="+", choices=sorted(STORIES), metavar="NAME", help=", ".join(STORIES))
    parser.add_argument("--quick", action="store_true", help="fewer villages that stay up")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="another order, and other times")
    parser.add_argument("--keep", action="store_true", help="keep the logs and the store")
    arguments = parser.parse_args()
    if lacking := netns.missing() or peers.missing():
        print(f"the rig cannot run here: {lacking}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that a terminated rig cleans up as well
    is_broken = False
    for name in arguments.story or STORIES:
        directory = Path(tempfile.mkdtemp(prefix="kentongan-rig-"))
        try:
            seen = tell(STORIES[name], 3 if arguments.quick else 8, directory, print, arguments.seed)
        finally:
            if arguments.keep:
                print(f"kept in {directory}")
            else:
                shutil.rmtree(directory)
        found = mass_verdict.broken(seen, STORIES[name].limits)
        print(render(STORIES[name], seen, found))
        is_broken = is_broken or bool(found)
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main())
