"""PromQL that more than one dashboard asks. A ratio is divided once, after everything was added."""

CHOSEN = 'regency=~"$regency",provider=~"$provider",medium=~"$medium"'
"""The series of sites that the variables choose."""


def share_up(metric: str, matchers: str = "") -> str:
    """Sites that are up or degraded, of those observed."""
    rest = f",{matchers}" if matchers else ""
    return f'sum({metric}{{condition=~"up|degraded"{rest}}}) / (sum({metric}{{condition!="unobserved"{rest}}}) > 0)'


def share_observed(metric: str, matchers: str = "") -> str:
    """Sites observed, of all."""
    rest = f",{matchers}" if matchers else ""
    return f'sum({metric}{{condition!="unobserved"{rest}}}) / (sum({metric}{{{matchers}}}) > 0)'


def of_scope(metric: str, scope: str, matchers: str = "", period: str = "$period") -> str:
    """A figure of a period by regency, provider or medium, under the label that the variable has."""
    rest = f",{matchers}" if matchers else ""
    series = f'{metric}{{scope="{scope}",of=~"${scope}",period="{period}"{rest}}}'
    return f'max by ({scope}) (label_replace({series}, "{scope}", "$1", "of", "(.*)"))'


def of_sites(metric: str, matchers: str = "", period: str = "$period") -> str:
    """A figure of a period by site, with what the registry knows of the site; of the chosen sites."""
    rest = f",{matchers}" if matchers else ""
    series = f'label_replace({metric}{{scope="site",period="{period}"{rest}}}, "site", "$1", "of", "(.*)")'
    known = f"group by (site, name, regency, provider, medium) (kentongan_site_condition{{{CHOSEN}}})"
    return f"sum by (site) ({series}) * on (site) group_left (name, regency, provider, medium) {known}"


def of_limit(metric: str, limit: str) -> str:
    """What sites measure, divided by what their medium may do."""
    return f"{metric} / on (medium) group_left () max by (medium) ({limit})"


RTT_LIMIT = "kentongan_medium_rtt_limit_seconds"
LOSS_LIMIT = "kentongan_medium_loss_limit_ratio"
