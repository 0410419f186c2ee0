"""What the registry says that judging needs: what medium a site has, and how often an agent pushes."""

from collections.abc import Set

from collector.registry import AgentState, Medium, Site
from collector.store import Store


class Known:
    """As it was read last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.mediums: dict[str, Medium] = {}
        """By site."""
        self._pushes_ms: dict[str, int] = {}

    def read(self) -> tuple[list[Site], list[AgentState], set[str]]:
        """All sites, all agents, and at which sites something is another matter than before."""
        sites, agents = self._store.sites(), self._store.agents()
        mediums = {site.code: site.medium for site in sites}
        pushes_ms = {agent.name: agent.push_interval_ms for agent in agents if agent.heard_at_ms}
        changed = {code for code, medium in mediums.items() if self.medium(code) != medium}
        changed |= {a.site for a in agents if self._pushes_ms.get(a.name) != pushes_ms.get(a.name)}
        self.mediums, self._pushes_ms = mediums, pushes_ms
        return sites, agents, changed

    def medium(self, site: str) -> Medium:
        return self.mediums.get(site, Medium.OTHER)

    def push_ms(self, agents: Set[str]) -> int | None:
        """How long the slowest of `agents` waits between two pushes; None if there are none or one was never heard."""
        if not agents or not agents <= self._pushes_ms.keys():
            return None
        return max(self._pushes_ms[agent] for agent in agents)
