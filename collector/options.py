"""The command line as argparse knows it. Every command names the function that does it."""

from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from collector.acts import CauseCode, ExclusionKind
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
from shared.texts import LANGUAGES

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

Command = Callable[..., int]


def parser(run: Command) -> ArgumentParser:
    """The parser; `run` is what the command of that name does, the others are in commands/."""
    top = ArgumentParser(
        prog="kentongan-collector",
        description="Takes in what the agents measured, judges it, shows it, alerts.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"kentongan-collector {version('kentongan')}")
    _common(top, default=None)
    under = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add(under, "run", run, "start the collector")
    _add(under, "check", check.check, "check the configuration and say what it means")
    _sites(_group(under, "sites", "the places with a line"))
    _contracts(_group(under, "contracts", "what providers promised"))
    _tokens(_group(under, "tokens", "who may push and read"))
    _users(_group(under, "users", "the people who may log in"))
    _exclusions(_group(under, "exclusions", "spans that are taken out of the account"))
    _causes(_group(under, "causes", "what people say an outage came from"))
    _alerts(_group(under, "alerts", "what fires, who took note, and whether messages get through"))
    _report(_add(under, "report", reports.report, "make a report, or a pack of them; the collector may run"))
    _audit(_group(under, "audit", "the log of all human acts"))
    _add(under, "compact", store.compact, "fold the log into hourly chunks now")
    _simulate(_add(under, "simulate", simulate.simulate, "fill a store with a province whose truth is known"))
    _verify(_add(under, "verify", chain.verify, "compare a simulated province with the truth, or check the evidence"))
    _anchor(_add(under, "anchor", anchor.anchor, "what to keep elsewhere, so that later editing of the store shows"))
    anew = _add(under, "rebuild", store.rebuild, "make flips and kept days anew from the results")
    anew.add_argument("--check", action="store_true", help="only compare; exit code 1 if anything is another")
    copy = _add(under, "backup", store.backup, "copy the store into a new file, checked; the collector may run")
    copy.add_argument("file", metavar="FILE", help="where to; it must not be there yet")
    return top


def _sites(under: Any) -> None:
    _importing(
        _add(under, "import", sites.sites_import, "import sites from CSV or XLSX, after showing what it changes")
    )
    _formats(_add(under, "list", sites.sites_list, "list the sites"))
    _exporting(_add(under, "export", sites.sites_export, "write all sites into a file that `import` reads again"))
    ready = _add(under, "template", sites.sites_template, "write a ready sheet of all villages of a province")
    ready.add_argument("--province", metavar="CODE", required=True, help="as Kemendagri numbers them, for example 64")
    ready.add_argument("--level", choices=LEVELS, default=LEVELS[0])
    ready.add_argument("--with-kelurahan", action="store_true", help="with --level desa: also the kelurahan of towns")
    ready.add_argument("--output", metavar="FILE.xlsx|FILE.csv", help="default: CSV on the terminal")
    ready.add_argument("--force", action="store_true", help="write over a file that is there")


def _contracts(under: Any) -> None:
    file = _add(
        under, "import", contracts.contracts_import, "import contracts from CSV or XLSX, as `sites import` does"
    )
    _importing(file, example="contracts")
    _formats(_add(under, "list", contracts.contracts_list, "list all versions of all contracts"))
    _exporting(_add(under, "export", contracts.contracts_export, "write them into a file that `import` reads again"))
    remove = _add(under, "remove", contracts.contracts_remove, "take one version out; the audit log keeps it")
    remove.add_argument("number", metavar="NUMBER")
    remove.add_argument("begins", metavar="DATE", help="its first day, for example 2026-01-01")
    remove.add_argument("--why", metavar="TEXT", required=True)
    remove.add_argument("--yes", action="store_true", help="do not ask")


def _importing(to: ArgumentParser, example: str = "sites") -> None:
    to.add_argument("file", metavar="FILE", help=f"CSV or XLSX; columns: see config/{example}.example.csv")
    to.add_argument("--sheet", metavar="NAME", default="", help="which sheet of a workbook; default: the first")
    to.add_argument(
        "--partial", action="store_true", help="import the rows that are right, list the others, exit with 1"
    )
    to.add_argument("--yes", action="store_true", help="do not ask")
    to.add_argument("--dry-run", action="store_true", help="only show what it would change")


def _exporting(to: ArgumentParser) -> None:
    to.add_argument("file", metavar="FILE", help="FILE.xlsx to edit in a spreadsheet, FILE.csv for programs")
    to.add_argument("--force", action="store_true", help="write over a file that is there")


def _tokens(under: Any) -> None:
    create = _add(under, "create", tokens.tokens_create, "make a token; its secret is shown once")
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
    _add(under, "list", tokens.tokens_list, "list the tokens, without their secrets")
    _add(under, "revoke", tokens.tokens_revoke, "end a token").add_argument("id", metavar="ID")


def _users(under: Any) -> None:
    add = _add(under, "add", people.users_add, "add a user; a terminal asks for the password")
    add.add_argument("name", metavar="NAME", help="what they log in with; an e-mail address is a name too")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.VIEWER.value)
    add.add_argument("--regency", metavar="NAME", help="sees and changes the sites of this regency alone")
    _password(add).add_argument("--oidc", action="store_true", help="no password: logs in by the OIDC provider alone")
    change = _add(under, "change", people.users_change, "change role, regency or full name, and log out everywhere")
    change.add_argument("name", metavar="NAME")
    change.add_argument("--role", choices=[role.value for role in Role])
    where = change.add_mutually_exclusive_group()
    where.add_argument("--regency", metavar="NAME")
    where.add_argument("--province", action="store_true", help="sees the whole province from now on")
    for to in (add, change):
        to.add_argument("--title", metavar="TEXT", help="the full name")
    _add(under, "list", people.users_list, "list the users")
    word = _add(under, "password", people.users_password, "set a new password, and log out everywhere")
    word.add_argument("name", metavar="NAME")
    _password(word)
    _add(under, "disable", people.users_disable, "log out a user for good").add_argument("name", metavar="NAME")
    _add(under, "enable", people.users_enable, "let a user log in again").add_argument("name", metavar="NAME")


def _password(to: ArgumentParser) -> Any:
    ways = to.add_mutually_exclusive_group()
    ways.add_argument("--password-file", metavar="FILE", help="the password is its first line")
    ways.add_argument("--generate", action="store_true", help="make a password and show it once")
    return ways


def _exclusions(under: Any) -> None:
    add = _add(under, "add", acts.exclusions_add, "take a span out of the account, after showing what it touches")
    what = add.add_mutually_exclusive_group(required=True)
    what.add_argument("--site", metavar="CODE")
    for scope in ("opd", "regency", "provider"):
        what.add_argument(f"--{scope}", metavar="NAME", help=f"every site of this {scope}")
    what.add_argument("--all", action="store_true", help="every site")
    _span(add, required=True)
    add.add_argument("--kind", choices=[kind.value for kind in ExclusionKind], default=ExclusionKind.MAINTENANCE.value)
    add.add_argument("--why", metavar="TEXT", required=True)
    _human(add)
    _formats(_add(under, "list", acts.exclusions_list, "list all, also those that were withdrawn"))
    withdraw = _add(under, "withdraw", acts.exclusions_withdraw, "let an exclusion count no more")
    withdraw.add_argument("id", metavar="ID", type=int)
    withdraw.add_argument("--why", metavar="TEXT", required=True)
    _human(withdraw)


def _causes(under: Any) -> None:
    give = _add(under, "set", acts.causes_set, "say what an outage came from; what was measured stays beside it")
    give.add_argument("--site", metavar="CODE", required=True)
    give.add_argument("--at", metavar="TIME", help="any time within the outage")
    _span(give, required=False)
    give.add_argument("--cause", choices=[code.value for code in CauseCode], required=True)
    give.add_argument("--note", metavar="TEXT", default="")
    _human(give)
    listing = _formats(_add(under, "list", acts.causes_list, "list all that were given"))
    listing.add_argument("--site", metavar="CODE", help="only of this site")


def _alerts(under: Any) -> None:
    listing = _add(under, "list", alerts.alerts_list, "list what fires now, and who took note")
    listing.add_argument("--format", choices=("table", "json"), default="table")
    ack = _add(under, "ack", alerts.alerts_ack, "take note of an alert: no reminder and no escalation of it any more")
    ack.add_argument("key", metavar="KEY", help="as `alerts list` shows it")
    ack.add_argument("--note", metavar="TEXT", default="")
    ack.add_argument("--by", metavar="NAME", default="", help="in whose name; default: who is logged in")
    sample = _add(under, "test", alerts.alerts_test, "send a sample by every channel and say whether it got through")
    sample.add_argument("--receiver", metavar="NAME", help="only by this channel")
    digest = _add(under, "digest", alerts.alerts_digest, "print the morning digest as it would be now")
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
    listing = _formats(_add(under, "list", acts.audit_list, "list the entries"))
    listing.add_argument("--after", metavar="ID", type=int, default=0, help="only entries with a higher number")
    listing.add_argument("--limit", metavar="N", type=int, default=1_000, help="at most so many; default: 1000")
    _add(under, "verify", acts.audit_verify, "check that nothing was changed or cut out")


def _span(to: ArgumentParser, required: bool) -> None:
    to.add_argument(
        "--from",
        dest="begin",
        metavar="TIME",
        required=required,
        help='"2026-11-22 08:00" where the site is (else in the configured zone), or RFC 3339',
    )
    to.add_argument("--to", dest="end", metavar="TIME", required=required)


def _human(to: ArgumentParser) -> None:
    to.add_argument("--by", metavar="NAME", default="", help="in whose name; default: who is logged in")
    to.add_argument("--yes", action="store_true", help="do not ask")


def _simulate(to: ArgumentParser) -> None:
    to.add_argument("--days", type=_count, default=30, metavar="N", help="whole days; default: 30")
    to.add_argument("--sites", type=_sites_wanted, default="878", metavar="N|registry", help="default: 878 made ones")
    to.add_argument("--from", dest="begin", metavar="DATE", help="the first day; default: the last is yesterday")
    to.add_argument("--seed", type=int, default=1, metavar="N", help="another number is another province; default: 1")
    to.add_argument("--interval", type=_count, default=300, metavar="S", help="of the agents' probes; default: 300")
    to.add_argument("--pace", type=_count, default=60, metavar="S", help="how often they ask what is down; default: 60")
    to.add_argument("--order", type=int, default=0, metavar="N", help="another order in which batches arrive")
    to.add_argument("--until-now", action="store_true", help="go on until now, in the middle of things; not verified")
    to.add_argument("--no-web", action="store_true", help="no web check: a quarter fewer results, none intercepted")
    to.add_argument("--yes", action="store_true", help="do not ask")
    _store(to)


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
    _store(to)
    _formats(to)


def _anchor(to: ArgumentParser) -> None:
    to.add_argument("--output", metavar="FILE", help="write it there; its ending says the format")
    to.add_argument("--format", choices=("txt", "json", "svg", "png"), help="default: txt")


def _store(to: ArgumentParser) -> None:
    to.add_argument("--store", metavar="FILE", help="default: the configuration's")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _sites_wanted(text: str) -> str:
    return text if text == "registry" else str(_count(text))


def _formats(to: ArgumentParser) -> ArgumentParser:
    to.add_argument("--format", choices=("table", "csv", "json"), default="table")
    return to


def _group(under: Any, name: str, text: str) -> Any:
    return under.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="COMMAND")


def _add(under: Any, name: str, command: Command, text: str) -> ArgumentParser:
    added: ArgumentParser = under.add_parser(name, help=text, description=text)
    added.set_defaults(command=command)
    _common(added, default=SUPPRESS)  # given before the command or after it, it means the same
    return added


def _common(to: ArgumentParser, default: str | None) -> None:
    to.add_argument(
        "--config", metavar="FILE", default=default, help="default: collector.toml here or in /etc/kentongan"
    )
    to.add_argument(
        "--lang", choices=LANGUAGES, default=default, help="language of messages; default: the configuration's"
    )
