"""Who watches whom from outside. While its own line is down, a watcher is blind."""

from collections.abc import Iterable, Iterator, Sequence

from collector.columns import Series
from collector.condition import Flip
from collector.judging.examine import FOREVER_MS, blind_spans
from collector.judging.judge import SITE
from collector.judging.owed import Range
from collector.store import Replacement, Store


class Watchers:
    """By the site of a watcher, the places that it watches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched: dict[str, set[int]] = {}

    def __contains__(self, site: str) -> bool:
        return site in self._watched

    def load(self) -> None:
        """Those that are known to the store."""
        for watcher, seen in self._store.watched():
            self._watched.setdefault(watcher, set()).add(seen)

    def take_note(self, place: int, series: Iterable[Series]) -> Iterator[str]:
        """The sites of watchers that are new to `place`, which `series` concern."""
        for watcher in {one.agent_site for one in series if one.outside}:
            watched = self._watched.setdefault(watcher, set())
            if place not in watched:
                watched.add(place)
                yield watcher

    def doubted(self, before: Sequence[Flip], change: Replacement) -> Iterator[tuple[int, Range]]:
        """By place, what is to be judged once more when the flips `before` of a site become those of `change`: what a
        watcher could see of others then is another matter."""
        site, from_ms, _, after = change
        if site not in self._watched:
            return
        opening = [flip for flip in self._store.state_at(site, from_ms - 1) if flip.scope == SITE]
        differing = {*blind_spans([*opening, *before])} ^ {*blind_spans([*opening, *after])}
        for place in self._watched[site] if differing else ():
            known = self._store.span(self._store.site_of(place)) or (FOREVER_MS, 0)
            start_ms = max(known[0], min(start for start, _ in differing))
            end_ms = min(known[1], max(end for _, end in differing))
            if start_ms <= end_ms:
                yield place, (start_ms, end_ms)
