"""Pure: which alerts, and which sites, are a receiver's business."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from collector.alerts.deciding.rules import MASS_OUTAGE
from collector.registry import Site
from collector.store import SentAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a receiver asked for; an empty filter asks for everything."""

    regencies: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    alertnames: frozenset[str] = frozenset()

    def takes(self, alert: SentAlert) -> bool:
        """Whether `alert` is told. One of no regency or provider in particular passes only where none is asked for,
        with one exception: a mass outage takes the place of alerts of single sites, and whose sites are among them has
        to hear of it.
        """
        labels = alert.labels
        if not (_in(self.severities, labels, "severity") and _in(self.alertnames, labels, "alertname")):
            return False
        if labels.get("alertname") != MASS_OUTAGE:
            return _in(self.regencies, labels, "regency") and _in(self.providers, labels, "provider")
        here = _in(self.regencies, labels, "regency") or ("regency" not in labels and self._touched_by(alert))
        return here and (_in(self.providers, labels, "provider") or "provider" not in labels)

    def narrowed(self, alert: SentAlert) -> SentAlert:
        """`alert` as this receiver may read it: of a mass outage in several regencies no names of the others' sites,
        and of its size only what is here."""
        if not self.regencies or "regencies" not in alert.annotations or alert.ends_at_ms is not None:
            return alert
        touched = _counts(alert)
        if not touched.keys() - self.regencies:
            return alert
        own = {name: n for name, n in touched.items() if name in self.regencies}
        notes = alert.annotations
        said = (notes.get("summary", ""), ", ".join(f"{name} {n}" for name, n in own.items()), notes.get("call", ""))
        kept = {name: notes[name] for name in ("summary", "link") if name in notes}
        told = {"description": ". ".join(part for part in said if part), "sites": str(sum(own.values()))}
        return replace(alert, annotations=kept | told)

    def covers(self, site: Site) -> bool:
        """Whether the morning digest speaks of `site`."""
        here = not self.regencies or site.regency in self.regencies
        return here and (not self.providers or site.provider in self.providers)

    @property
    def everywhere(self) -> bool:
        """Whether it is the whole province's."""
        return not self.regencies and not self.providers

    def _touched_by(self, alert: SentAlert) -> bool:
        touched = _counts(alert)
        return not touched or bool(touched.keys() & self.regencies)


def _in(wanted: frozenset[str], labels: Mapping[str, str], name: str) -> bool:
    return not wanted or labels.get(name) in wanted


def _counts(alert: SentAlert) -> dict[str, int]:
    """Sites of a mass outage by regency, of its annotation `regencies` ("Paser 12, Berau 8"); empty of other alerts."""
    parts = (part.rpartition(" ") for part in alert.annotations.get("regencies", "").split(", "))
    return {name: int(n) for name, _, n in parts if name and n.isdecimal()}
