"""`make run`: one collector and one agent on this machine, with a first configuration if there is none.

Writes into .run/ only (configuration, token, measurements), so deleting that folder starts afresh. Ctrl-C stops both.
"""

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import FrameType

HOME = Path(__file__).resolve().parent.parent / ".run"
BIN = Path(sys.executable).parent
PAGE = "http://127.0.0.1:8817/"
AGENT = "http://127.0.0.1:9817/"
STATUS_EVERY_S = 15.0

COLLECTOR_TOML = """\
# Made by `make run`. Every key with its meaning: config/collector.full.toml
store = "sqlite:///kentongan.db"
listen = "127.0.0.1:8817"
"""

SITES_CSV = """\
code,name,kind,medium
komputer-ini,Komputer ini / this machine,other,other
"""

AGENT_TOML = """\
# Made by `make run`. Every key with its meaning: config/agent.full.toml
site = "komputer-ini"
gateway = "auto"
state_dir = "agent-state"

[collector]
url = "http://127.0.0.1:8817"
token_file = "agent.token"
interval_s = 10                    # 60 is usual; here you want to see something soon

# Internet: several public anchors, so that the failure of one is not taken for an outage.
[[targets]]
name = "cloudflare"
group = "internet"
probe = "icmp"
address = "1.1.1.1"

[[targets]]
name = "google-dns"
group = "internet"
probe = "icmp"
address = "8.8.8.8"

[[targets]]
name = "quad9"
group = "internet"
probe = "icmp"
address = "9.9.9.9"

[[targets]]
name = "nama"
group = "internet"
probe = "dns"
server = "1.1.1.1"
query = "kaltimprov.go.id"

[[targets]]
name = "halaman-204"               # a captive portal answers in its place: outcome `intercepted`
group = "internet"
probe = "http"
url = "http://connectivitycheck.gstatic.com/generate_204"
expected_status = [204]
intercept_check = true

# Intranet: put the addresses of your jaringan intra here. This example watches the collector itself.
[[targets]]
name = "kolektor"
group = "intranet"
probe = "http"
url = "http://127.0.0.1:8817/-/healthy"
"""


def main() -> int:
    HOME.mkdir(exist_ok=True)
    configure()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, interrupt)
    with contextlib.ExitStack() as running:
        collector = start(running, "collector")
        if not wait_for(PAGE + "-/ready", collector):
            return 2
        agent = start(running, "agent")
        if not wait_for(AGENT + "-/healthy", agent):
            return 2
        print(f"\n  The page: {PAGE}   Metrics: {PAGE}metrics and {AGENT}metrics")
        print(f"  Logs and settings: {HOME}/   Ctrl-C stops both.\n", flush=True)
        return watch(collector, agent)


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Both are stopped in order once; who presses Ctrl-C again must not leave one of them running."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def configure() -> None:
    """Write the first configuration; what is there already is left alone."""
    write_once("collector.toml", COLLECTOR_TOML)
    write_once("sites.csv", SITES_CSV)
    write_once("agent.toml", AGENT_TOML)
    token = HOME / "agent.token"
    if not token.exists():
        settings = ["--config", "collector.toml"]
        call("kentongan-collector", "sites", "import", "sites.csv", "--yes", *settings)
        made = call(
            "kentongan-collector",
            "tokens",
            "create",
            "--agent",
            "komputer-ini-1",
            "--site",
            "komputer-ini",
            "--quiet",
            *settings,
        )
        token.touch(mode=0o600)
        token.write_text(made.strip() + "\n", encoding="utf-8")
        print(f"wrote a first configuration for this machine to {HOME}/", flush=True)


def write_once(name: str, text: str) -> None:
    path = HOME / name
    if not path.exists():
        path.write_text(text, encoding="utf-8")


def call(program: str, *arguments: str) -> str:
    done = subprocess.run([BIN / program, *arguments], cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{program} {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def start(running: contextlib.ExitStack, side: str) -> "subprocess.Popen[bytes]":
    """The process of one side; it is stopped when `running` closes, the last started first."""
    log = running.enter_context((HOME / f"{side}.log").open("ab"))
    command: list[str | Path] = [BIN / f"kentongan-{side}", "run", "--config", f"{side}.toml"]
    # A session of its own, so that Ctrl-C reaches this program alone, which then stops both in order.
    process = subprocess.Popen(command, cwd=HOME, stdout=log, stderr=log, start_new_session=True)
    running.callback(stop, side, process)
    return process


def stop(side: str, process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    print(f"{side} stopped", flush=True)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> bool:
    """Whether `url` answers before its process ends or 30 s pass."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if fetch(url) is not None:
            return True
        time.sleep(0.2)
    side = Path(str(process.args[0])).name  # type: ignore[index]  # we started it with a list
    print(f"{side} did not start. The end of its log:\n", file=sys.stderr)
    log = HOME / f"{side.removeprefix('kentongan-')}.log"
    print("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]), file=sys.stderr)
    return False


def fetch(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310  our own address
            body: bytes = answer.read()
            return body
    except OSError:
        return None


def watch(collector: "subprocess.Popen[bytes]", agent: "subprocess.Popen[bytes]") -> int:
    """Say what is going on until Ctrl-C, or until one of the two ends by itself."""
    try:
        while collector.poll() is None and agent.poll() is None:
            print(time.strftime("%H:%M:%S"), summary(), flush=True)
            time.sleep(STATUS_EVERY_S)
    except KeyboardInterrupt:
        print()
        return 0
    ended = "collector" if collector.poll() is not None else "agent"
    print(f"the {ended} ended by itself; see {HOME}/{ended}.log", file=sys.stderr)
    return 1


def summary() -> str:
    status = json.loads(fetch(AGENT + "status.json") or b"{}")
    states = [target.get("state", "unknown") for target in status.get("targets", [])]
    counted = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    site = json.loads(fetch(PAGE + "api/v1/sites/komputer-ini") or b"{}")
    waiting = status.get("agent", {}).get("spool", {}).get("results", "?")
    condition = site.get("site", {}).get("condition", "unobserved")
    return f"site: {condition}   targets: {counted or 'starting'}   waiting to be sent: {waiting}"


if __name__ == "__main__":
    sys.exit(main())
