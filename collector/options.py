"""The command line as argparse knows it. Every command names the function that does it."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib.metadata import version
from typing import Any

from collector.acts import CauseCode, ExclusionKind
from collector.arguments import (
    Command,
    command,
    common,
    count,
    exporting,
    formats,
    group,
    human,
    importing,
    span,
    store_file,
)
from collector.commands import (
    acts,
    alerts,
    anchor,
    chain,
    check,
    contracts,
    people,
    reports,
    simulate,
    sites,
    store,
    tokens,
)
from collector.figures.totals import SCOPES
from collector.people import Role
from collector.register.regions import LEVELS
from collector.reports.writing.formats import FORMATS

EXAMPLES = """\
examples:
  kentongan-collector check                                   is the configuration right?
  kentongan-collector sites import sites.csv --dry-run        what would this file change?
  kentongan-collector tokens create --agent pc-1 --site 64.07.05.2017
  kentongan-collector tokens create --read                    for Prometheus, Grafana, a browser
  kentongan-collector users add budi --role administrator     the first who may log in
  kentongan-collector backup /srv/cadangan/kentongan.db       while it runs
  kentongan-collector report bulanan --format pdf              last month, for the whole province
  kentongan-collector anchor --output anchor.svg              what to keep elsewhere, against later editing
  kentongan-collector run --config /etc/kentongan/collector.toml

exit codes: 0 done, 1 found a problem, 2 cannot run
"""


def parser(run: Command) -> ArgumentParser:
    """The parser; `run` is what the command of that name does, the others are in commands/."""
    top = ArgumentParser(
        prog="kentongan-collector",
        description="Takes in what the agents measured, judges it, shows it, alerts.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"kentongan-collector {version('kentongan')}")
    common(top, default=None)
    under = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    command(under, "run", run, "start the collector")
    command(under, "check", check.check, "check the configuration and say what it means")
    _sites(group(under, "sites", "the places with a line"))
    _contracts(group(under, "contracts", "what providers promised"))
    _tokens(group(under, "tokens", "who may push and read"))
    _users(group(under, "users", "the people who may log in"))
    _exclusions(group(under, "exclusions", "spans that are taken out of the account"))
    _causes(group(under, "causes", "what people say an outage came from"))
    _alerts(group(under, "alerts", "what fires, who took note, and whether messages get through"))
    _report(command(under, "report", reports.report, "make a report, or a pack of them; the collector may run"))
    _audit(group(under, "audit", "the log of all human acts"))
    command(under, "compact", store.compact, "fold the log into hourly chunks now")
    _simulate(command(under, "simulate", simulate.simulate, "fill a store with a province whose truth is known"))
    _verify(
        command(under, "verify", chain.verify, "compare a simulated province with the truth, or check the evidence")
    )
    _anchor(command(under, "anchor", anchor.anchor, "what to keep elsewhere, so that later editing of the store shows"))
    anew = command(under, "rebuild", store.rebuild, "make flips and kept days anew from the results")
    anew.add_argument("--check", action="store_true", help="only compare; exit code 1 if anything is another")
    copy = command(under, "backup", store.backup, "copy the store into a new file, checked; the collector may run")
    copy.add_argument("file", metavar="FILE", help="where to; it must not be there yet")
    return top


def _sites(under: Any) -> None:
    importing(
        command(under, "import", sites.sites_import, "import sites from CSV or XLSX, after showing what it changes")
    )
    formats(command(under, "list", sites.sites_list, "list the sites"))
    exporting(command(under, "export", sites.sites_export, "write all sites into a file that `import` reads again"))
    ready = command(under, "template", sites.sites_template, "write a ready sheet of all villages of a province")
    ready.add_argument("--province", metavar="CODE", required=True, help="as Kemendagri numbers them, for example 64")
    ready.add_argument("--level", choices=LEVELS, default=LEVELS[0])
    ready.add_argument("--with-kelurahan", action="store_true", help="with --level desa: also the kelurahan of towns")
    ready.add_argument("--output", metavar="FILE.xlsx|FILE.csv", help="default: CSV on the terminal")
    ready.add_argument("--force", action="store_true", help="write over a file that is there")


def _contracts(under: Any) -> None:
    file = command(
        under, "import", contracts.contracts_import, "import contracts from CSV or XLSX, as `sites import` does"
    )
    importing(file, example="contracts")
    formats(command(under, "list", contracts.contracts_list, "list all versions of all contracts"))
    exporting(command(under, "export", contracts.contracts_export, "write them into a file that `import` reads again"))
    remove = command(under, "remove", contracts.contracts_remove, "take one version out; the audit log keeps it")
    remove.add_argument("number", metavar="NUMBER")
    remove.add_argument("begins", metavar="DATE", help="its first day, for example 2026-01-01")
    remove.add_argument("--why", metavar="TEXT", required=True)
    remove.add_argument("--yes", action="store_true", help="do not ask")


def _tokens(under: Any) -> None:
    create = command(under, "create", tokens.tokens_create, "make a token; its secret is shown once")
    who = create.add_mutually_exclusive_group(required=True)
    who.add_argument("--agent", metavar="NAME", help="a token with which the agent NAME may push")
    who.add_argument("--read", action="store_true", help="a token with which everything may be read")
    who.add_argument(
        "--operator", metavar="NAME", help="a token with which NAME may also enter exclusions and causes by the API"
    )
    create.add_argument("--site", metavar="CODE", default="", help="the site where the agent stands")
    create.add_argument(
        "--regency", metavar="NAME", default="", help="with --read or --operator: of this regency alone"
    )
    create.add_argument("--quiet", action="store_true", help="print the secret alone, for a script or a file")
    command(under, "list", tokens.tokens_list, "list the tokens, without their secrets")
    command(under, "revoke", tokens.tokens_revoke, "end a token").add_argument("id", metavar="ID")


def _users(under: Any) -> None:
    add = command(under, "add", people.users_add, "add a user; a terminal asks for the password")
    add.add_argument("name", metavar="NAME", help="what they log in with; an e-mail address is a name too")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.VIEWER.value)
    add.add_argument("--regency", metavar="NAME", help="sees and changes the sites of this regency alone")
    _password(add).add_argument("--oidc", action="store_true", help="no password: logs in by the OIDC provider alone")
    change = command(under, "change", people.users_change, "change role, regency or full name, and log out everywhere")
    change.add_argument("name", metavar="NAME")
    change.add_argument("--role", choices=[role.value for role in Role])
    where = change.add_mutually_exclusive_group()
    where.add_argument("--regency", metavar="NAME")
    where.add_argument("--province", action="store_true", help="sees the whole province from now on")
    for to in (add, change):
        to.add_argument("--title", metavar="TEXT", help="the full name")
    command(under, "list", people.users_list, "list the users")
    word = command(under, "password", people.users_password, "set a new password, and log out everywhere")
    word.add_argument("name", metavar="NAME")
    _password(word)
    command(under, "disable", people.users_disable, "log out a user for good").add_argument("name", metavar="NAME")
    command(under, "enable", people.users_enable, "let a user log in again").add_argument("name", metavar="NAME")


def _password(to: ArgumentParser) -> Any:
    ways = to.add_mutually_exclusive_group()
    ways.add_argument("--password-file", metavar="FILE", help="the password is its first line")
    ways.add_argument("--generate", action="store_true", help="make a password and show it once")
    return ways


def _exclusions(under: Any) -> None:
    add = command(under, "add", acts.exclusions_add, "take a span out of the account, after showing what it touches")
    what = add.add_mutually_exclusive_group(required=True)
    what.add_argument("--site", metavar="CODE")
    for scope in ("opd", "regency", "provider"):
        what.add_argument(f"--{scope}", metavar="NAME", help=f"every site of this {scope}")
    what.add_argument("--all", action="store_true", help="every site")
    span(add, required=True)
    add.add_argument("--kind", choices=[kind.value for kind in ExclusionKind], default=ExclusionKind.MAINTENANCE.value)
    add.add_argument("--why", metavar="TEXT", required=True)
    human(add)
    formats(command(under, "list", acts.exclusions_list, "list all, also those that were withdrawn"))
    withdraw = command(under, "withdraw", acts.exclusions_withdraw, "let an exclusion count no more")
    withdraw.add_argument("id", metavar="ID", type=int)
    withdraw.add_argument("--why", metavar="TEXT", required=True)
    human(withdraw)


def _causes(under: Any) -> None:
    give = command(under, "set", acts.causes_set, "say what an outage came from; what was measured stays beside it")
    give.add_argument("--site", metavar="CODE", required=True)
    give.add_argument("--at", metavar="TIME", help="any time within the outage")
    span(give, required=False)
    give.add_argument("--cause", choices=[code.value for code in CauseCode], required=True)
    give.add_argument("--note", metavar="TEXT", default="")
    human(give)
    listing = formats(command(under, "list", acts.causes_list, "list all that were given"))
    listing.add_argument("--site", metavar="CODE", help="only of this site")


def _alerts(under: Any) -> None:
    listing = command(under, "list", alerts.alerts_list, "list what fires now, and who took note")
    listing.add_argument("--format", choices=("table", "json"), default="table")
    ack = command(
        under, "ack", alerts.alerts_ack, "take note of an alert: no reminder and no escalation of it any more"
    )
    ack.add_argument("key", metavar="KEY", help="as `alerts list` shows it")
    ack.add_argument("--note", metavar="TEXT", default="")
    ack.add_argument("--by", metavar="NAME", default="", help="in whose name; default: who is logged in")
    sample = command(under, "test", alerts.alerts_test, "send a sample by every channel and say whether it got through")
    sample.add_argument("--receiver", metavar="NAME", help="only by this channel")
    digest = command(under, "digest", alerts.alerts_digest, "print the morning digest as it would be now")
    digest.add_argument("--receiver", metavar="NAME", help="as this receiver gets it; default: the whole province's")
    digest.add_argument("--send", action="store_true", help="send it, to everybody who has digest_at or --receiver")


def _report(to: ArgumentParser) -> None:
    to.add_argument("kind", metavar="KIND", nargs="?", default=reports.LIST, help="`list` (the default) says which")
    to.add_argument("--period", metavar="PERIOD", help="2026-10, 2026-Q4, 2026, 2026-W47, FROM/TO; default: last month")
    scopes = [scope for scope in SCOPES if scope != "all"]
    to.add_argument("--scope", choices=scopes, default="all", help="only of the sites of one of these: see --of")
    to.add_argument("--of", metavar="NAME", default="", help="which one; a site by its code")
    to.add_argument("--format", choices=[*FORMATS], help=f"default: {reports.DEFAULT_FORMAT}; a pack is always a ZIP")
    to.add_argument("--output", metavar="FILE|-|FOLDER/", help="default: a file here, named for what it is")
    to.add_argument("--force", action="store_true", help="write over a file that is there")


def _audit(under: Any) -> None:
    listing = formats(command(under, "list", acts.audit_list, "list the entries"))
    listing.add_argument("--after", metavar="ID", type=int, default=0, help="only entries with a higher number")
    listing.add_argument("--limit", metavar="N", type=int, default=1_000, help="at most so many; default: 1000")
    command(under, "verify", acts.audit_verify, "check that nothing was changed or cut out")


def _simulate(to: ArgumentParser) -> None:
    to.add_argument("--days", type=count, default=30, metavar="N", help="whole days; default: 30")
    to.add_argument("--sites", type=_sites_wanted, default="878", metavar="N|registry", help="default: 878 made ones")
    to.add_argument("--from", dest="begin", metavar="DATE", help="the first day; default: the last is yesterday")
    to.add_argument("--seed", type=int, default=1, metavar="N", help="another number is another province; default: 1")
    to.add_argument("--interval", type=count, default=300, metavar="S", help="of the agents' probes; default: 300")
    to.add_argument("--pace", type=count, default=60, metavar="S", help="how often they ask what is down; default: 60")
    to.add_argument("--order", type=int, default=0, metavar="N", help="another order in which batches arrive")
    to.add_argument("--until-now", action="store_true", help="go on until now, in the middle of things; not verified")
    to.add_argument("--no-web", action="store_true", help="no web check: a quarter fewer results, none intercepted")
    to.add_argument("--yes", action="store_true", help="do not ask")
    store_file(to)


def _verify(to: ArgumentParser) -> None:
    to.add_argument("--truth", metavar="FILE", help="default: truth.jsonl beside the store")
    to.add_argument("--chain", action="store_true", help="check the chain of evidence and all that it proves instead")
    to.add_argument(
        "--anchor",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="an anchor kept elsewhere; implies --chain",
    )
    store_file(to)
    formats(to)


def _anchor(to: ArgumentParser) -> None:
    to.add_argument("--output", metavar="FILE", help="write it there; its ending says the format")
    to.add_argument("--format", choices=("txt", "json", "svg", "png"), help="default: txt")


def _sites_wanted(text: str) -> str:
    return text if text == "registry" else str(count(text))
