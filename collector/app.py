"""The command line of the collector and the wiring of its parts, nothing else. Start reading here.

`serve` is the running collector: every part is made here and handed what it needs. It stops in the opposite order: first no new
requests, then the background work, the store last.
"""

import asyncio
import errno
import logging
import signal
import ssl
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from argparse import _SubParsersAction as Commands
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from importlib.metadata import version
from pathlib import Path

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from collector import commands, ingest, metrics, openapi
from collector.alerts.deliver import Alerts
from collector.api import Api
from collector.commands import CANNOT_RUN, OK, CannotRun, Desk, Terminal
from collector.config import DEFAULT_PATHS, CollectorConfig, load_config
from collector.guard import Tokens, reading, refusals
from collector.live import Live
from collector.page import Page
from collector.rejudge import Rejudge
from collector.store import Store, StoreError, open_store
from shared.clock import Clock, SystemClock
from shared.settings import BadSettings
from shared.texts import LANGUAGES, Texts
from shared.wire import MAX_BODY_BYTES
