"""The command line as argparse knows it. Every command names the function that does it."""

from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agent import commands
from shared.texts import LANGUAGES

EXAMPLES = """\
examples:
  kentongan-agent check                                    is the configuration right, and what does it mean?
  kentongan-agent probe gateway                            probe one target now, and tell what happens
  kentongan-agent run --config /etc/kentongan/agent.toml
  kentongan-agent status                                   what the running agent knows

exit codes: 0 all is well, 1 found a problem, 2 cannot run
"""

Command = Callable[..., int]


def parser(run: Command) -> ArgumentParser:
    """The parser; `run` is what the command of that name does, the others are in commands.py."""
    top = ArgumentParser(
        prog="kentongan-agent",
        description="Measures the line of a site, keeps every result, and sends it to the collector.",
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"kentongan-agent {version('kentongan')}")
    _common(top, default=None)
    under = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add(under, "run", run, "measure until SIGTERM or Ctrl-C")
    _add(under, "check", commands.check, "check the configuration and what this host allows; changes nothing")
    probe = _add(under, "probe", commands.probe, "probe one target once and tell each step")
    probe.add_argument(
        "target", metavar="TARGET", help="its name in the configuration; `gateway` for the default gateway"
    )
    _add(under, "status", commands.status, "ask the running agent and show a table")
    return top


def _add(under: Any, name: str, command: Command, told: str) -> ArgumentParser:
    made: ArgumentParser = under.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
    made.set_defaults(command=command)
    _common(made, default=SUPPRESS)  # so that the options may stand before and after the command
    return made


def _common(to: ArgumentParser, default: object) -> None:
    to.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=default,
        help="the configuration; else ./agent.toml, else /etc/kentongan/agent.toml",
    )
    to.add_argument("--lang", choices=LANGUAGES, default=default, help="language of what is said; else as configured")
