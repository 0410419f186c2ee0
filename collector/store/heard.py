"""What is known of the agents from their last deliveries. Follows from the frames of the log."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from collector.registry import AgentState, Token
from collector.store.group import Frame
from shared.wire import Context


@dataclass(slots=True)
class _Heard:
    """The state that was written out, and what came since: turned into a state only when somebody asks."""

    state: AgentState
    frame: Frame | None = None
    context: Context | None = None

    def now(self) -> AgentState:
        state = self.state
        if self.context:
            state = _in_context(state, self.context)
        return _with_frame(state, self.frame) if self.frame else state


class Agents:
    """By name. Not thread-safe; the store's lock guards it."""

    def __init__(self, saved: Iterable[AgentState]) -> None:
        self._heard = {state.name: _Heard(state) for state in saved}

    def hear(self, frame: Frame, context: Context | None) -> None:
        """A delivery was committed. One from the backlog says nothing about the context that the agent is in now."""
        heard = self._heard.get(frame.agent)
        if heard is None:
            heard = self._heard[frame.agent] = _Heard(AgentState(name=frame.agent, site=frame.site))
        heard.frame = frame
        if frame.newest and context:
            heard.context = context

    def states(self) -> list[AgentState]:
        return [heard.now() for _, heard in sorted(self._heard.items())]

    def unsaved(self) -> list[AgentState]:
        """The states that have changed since they were written out."""
        return [heard.now() for heard in self._heard.values() if heard.frame]

    def saved(self, states: Iterable[AgentState]) -> None:
        """They were written out, and nothing was heard since."""
        self._heard |= {state.name: _Heard(state) for state in states}


def known_agents(heard: Iterable[AgentState], cloned: Collection[str], tokens: Iterable[Token]) -> list[AgentState]:
    """By name, those that were heard and those that have a token that may push. `cloned` are several hosts each."""
    states = {state.name: replace(state, cloned=True) if state.name in cloned else state for state in heard}
    for token in tokens:
        if token.kind == "agent" and token.revoked_at_ms is None:
            states.setdefault(token.agent, AgentState(name=token.agent, site=token.site))
    return [states[name] for name in sorted(states)]


def _in_context(state: AgentState, context: Context) -> AgentState:
    return replace(
        state,
        push_interval_ms=context.push_interval_ms,
        boot_at_ms=context.boot_at_ms,
        run_at_ms=context.run_at_ms,
        last_stop=context.last_stop,
        version=context.version,
    )


def _with_frame(state: AgentState, frame: Frame) -> AgentState:
    state = replace(state, site=frame.site, heard_at_ms=max(state.heard_at_ms, frame.received_ms))
    host = frame.host
    if host is None:
        return state
    return replace(
        state,
        clock_offset_ms=host.sent_wall_ms - frame.received_ms,
        spool_results=host.spool_results,
        dropped=sum(host.dropped.values()),
        set_aside=host.set_aside,
    )
