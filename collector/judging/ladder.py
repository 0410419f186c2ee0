"""Pure: states of groups -> the condition of the site. The first rung that matches counts."""

from collections.abc import Mapping

from collector.condition import Condition, State
from collector.judging.groups import LINE_GROUPS, OUTSIDE
from collector.judging.tracks import Turn
from shared.result import Group

LADDER_GROUPS = (Group.GATEWAY, *LINE_GROUPS, OUTSIDE)


def condition(groups: Mapping[str, Turn], *, is_degraded: bool) -> Condition:
    """The ladder. `groups` has the turn that each group is in; a group that is not there has no targets."""
    state = {name: turn.state for name, turn in groups.items()}
    line = [state.get(name, State.UNOBSERVED) for name in LINE_GROUPS]
    answers = State.UP in line or State.INTERCEPTED in line
    if state.get(Group.GATEWAY) is State.DOWN and not answers and not _is_mute(groups):
        return Condition.LOCAL_DOWN
    if State.DOWN in line and not answers:
        return Condition.LINE_DOWN
    if State.DOWN in line:
        return Condition.INTERNET_DOWN if state[Group.INTERNET] is State.DOWN else Condition.INTRANET_DOWN
    if not answers:
        return _from_outside(state.get(OUTSIDE, State.UNOBSERVED), is_degraded=is_degraded)
    if State.INTERCEPTED in line:
        return Condition.INTERCEPTED
    return Condition.DEGRADED if is_degraded else Condition.UP


def _from_outside(outside: State, *, is_degraded: bool) -> Condition:
    """Nothing was measured inside."""
    if outside is State.DOWN:
        return Condition.UNREACHABLE
    if outside is State.UNOBSERVED:
        return Condition.UNOBSERVED
    return Condition.DEGRADED if is_degraded else Condition.UP


def _is_mute(groups: Mapping[str, Turn]) -> bool:
    """A gateway that was silent while the line behind it still worked does not answer pings at all: it proves no
    local fault."""
    gateway = groups[Group.GATEWAY]
    return any(
        turn.state is State.DOWN and gateway.at_ms < turn.proof_ms
        for name in LINE_GROUPS
        if (turn := groups.get(name)) is not None
    )


def why(groups: Mapping[str, Turn]) -> str:
    """The evidence in one line, e.g. `gateway up, intranet down, internet down`; what nobody observed is none."""
    seen = [(name, groups[name].state) for name in LADDER_GROUPS if name in groups]
    return ", ".join(f"{name} {state}" for name, state in seen if state is not State.UNOBSERVED)
