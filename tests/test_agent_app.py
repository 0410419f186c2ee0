"""The command line of the agent as a technician uses it, and the whole agent as a process."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from random import Random
from time import monotonic
from urllib.request import urlopen

import pytest
from aiohttp import web

from agent.app import main, serve_until
from agent.commands import Desk
from agent.config import load_config
from agent.host import HostWatch
from shared.clock import SystemClock
from shared.result import Outcome
from shared.texts import Texts
from tests import fake_collector
from tests.daemons import free_port, serving
from tests.fake_collector import TOKEN, FakeCollector

ROOT = Path(__file__).resolve().parent.parent
DEADLINE_S = 60


class Pc:
    """A computer at a site: a configuration, a port that its one target looks at, and somebody who types commands."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder, self.path = folder, folder / "agent.toml"
        self.listen, self.shop = f"127.0.0.1:{free_port()}", socket.create_server(("127.0.0.1", 0))
        self.path.write_text(
            f'language = "en"\ngateway = "off"\nlisten = "{self.listen}"\nstate_dir = "state"\ninterval_s = 1\n{more}\n'
            f'[[targets]]\nname = "shop"\ngroup = "service"\nprobe = "tcp"\ntimeout_s = 0.5\n'
            f'address = "127.0.0.1"\nport = {self.shop.getsockname()[1]}\n'
        )

    def types(self, *argv: str) -> int:
        return main([*argv, "--config", str(self.path)])

    @contextmanager
    def agent(self) -> Iterator["subprocess.Popen[str]"]:
        """A running agent that has said where it is."""
        command = [sys.executable, "-m", "agent.app", "run", "--config", str(self.path)]
        process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"Agent is running: 1 targets, http://{self.listen}\n"
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            process.communicate()

    def get(self, path: str, until: Callable[[str], bool] = bool) -> str:
        """What the agent answers, asked again and again until it is what is waited for."""
        deadline_s = monotonic() + DEADLINE_S
        while monotonic() < deadline_s:
            with urlopen(f"http://{self.listen}{path}", timeout=DEADLINE_S) as answer:
                body = str(answer.read().decode())
            if until(body):
                return body
        raise TimeoutError(body)

    def until_known(self) -> None:
        self.get("/metrics", lambda body: "kentongan_target_up{" in body)


@pytest.fixture
def pc(tmp_path: Path) -> Iterator[Pc]:
    made = Pc(tmp_path)
    yield made
    made.shop.close()


def test_an_agent_runs_tells_and_stops_within_two_seconds(pc: Pc) -> None:
    with pc.agent() as process:
        metrics = pc.get("/metrics", lambda body: 'kentongan_target_up{target="shop",group="service"} 1' in body)
        assert 'probe_success{target="shop",group="service"} 1' in metrics
        assert pc.get("/-/ready") == "ready\n"
        assert pc.types("status") == 0
        told_s = monotonic()
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=DEADLINE_S)
        assert monotonic() - told_s < 2
    assert (process.returncode, output) == (0, "Agent stopped.\n")
    assert not re.search("Traceback|Task was destroyed|never awaited|level=ERROR", errors)
    assert last_stop(pc) == "clean"


def waiting(metrics: str) -> int:
    """Results in the spool."""
    return sum(int(float(n)) for n in re.findall(r"^kentongan_spool_results (\S+)$", metrics, re.MULTILINE))


def last_stop(pc: Pc) -> str:
    return HostWatch(SystemClock(), pc.folder / "state", "test", 60_000).last_stop


def test_an_agent_that_is_killed_keeps_what_it_measured_and_says_so_afterwards(
    pc: Pc, capsys: pytest.CaptureFixture[str]
) -> None:
    with pc.agent() as process:
        pc.until_known()
        before = waiting(pc.get("/metrics"))
        process.kill()
        process.wait()
    with pc.agent():
        assert waiting(pc.get("/metrics")) >= before >= 1
        pc.types("status")
    assert "before that: the agent died" in capsys.readouterr().out


def test_status_finds_what_is_down(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.shop.close()
    with pc.agent():
        pc.until_known()
        assert pc.types("status") == 1
    assert re.search(r"shop +service +down \(refused\) +- +100%", capsys.readouterr().out)


def test_status_without_an_agent_says_how_to_start_it(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    assert pc.types("status") == 2
    said = f"No agent is running at {pc.listen}. Start it: kentongan-agent run --config {pc.path}\n"
    assert capsys.readouterr().err == said


async def test_status_of_another_program_says_so(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    async def other(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serving(web.get("/status.json", other), port=int(pc.listen.split(":")[1])):
        assert await asyncio.to_thread(pc.types, "status") == 2
    assert "Something else than a Kentongan agent" in capsys.readouterr().err


def test_a_wrong_configuration_is_three_lines_and_no_traceback(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    text = pc.path.read_text().replace("timeout_s", "timeut_s").replace("interval_s = 1", "interval_s = 0")
    pc.path.write_text(text.replace('probe = "tcp"', 'probe = "tcp"\nadress = "x"'))
    assert pc.types("run") == 2
    assert capsys.readouterr().err.splitlines() == [
        "agent.toml: interval_s must be greater than or equal to 1 (given: 0)",
        "agent.toml: targets[1].adress is not a known key. Did you mean address?",
        "agent.toml: targets[1].timeut_s is not a known key. Did you mean timeout_s?",
    ]


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; from agent.app import main; sys.exit(main(['check']))"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 2
    assert "agent.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_told_and_ends_the_second_agent(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", int(pc.listen.split(":")[1]))):
        assert pc.types("run") == 2
    assert f"{pc.listen} is in use by another program" in capsys.readouterr().err
    assert not (pc.folder / "state").exists()


def test_a_second_agent_leaves_the_state_of_the_first_alone(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    with pc.agent():
        alive = (pc.folder / "state/host.json").read_bytes()
        pc.path.write_text(pc.path.read_text().replace(pc.listen, f"127.0.0.1:{free_port()}"))
        assert pc.types("run") == 2
        assert (pc.folder / "state/host.json").read_bytes() == alive
    assert "is in use by another agent" in capsys.readouterr().err


def test_check_says_what_the_configuration_means_and_touches_nothing(
    pc: Pc, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pc.types("check") == 0
    said = capsys.readouterr().out
    assert said.splitlines()[:2] == [f"OK: {pc.path}", "1 targets: service 1"]
    assert re.search(r"enough for [\d.]+ days at 1 results a second", said)
    assert sorted(path.name for path in pc.folder.iterdir()) == ["agent.toml"]


def test_check_finds_a_token_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pc = Pc(tmp_path, '[collector]\nurl = "https://kolektor.example"\ntoken_file = "agent.token"\n')
    pc.shop.close()
    assert pc.types("check") == 1
    assert "The collector's token cannot be used" in capsys.readouterr().out


def test_probe_tells_each_step_and_what_came_of_it(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    assert pc.types("probe", "shop") == 0
    said = capsys.readouterr().out.splitlines()
    assert all(re.match(r" *\d+\.\d{3} ms  ", line) for line in said[:-1])
    assert re.match(r"shop: up, 1 of 1 packets came back; round trip [\d.]+ / [\d.]+ / [\d.]+ ms", said[-1])


def test_probe_of_what_is_down_finds_a_problem(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    pc.shop.close()
    assert pc.types("probe", "shop") == 1
    expected = "shop: refused, 0 of 1 packets came back; Connection refused"
    assert capsys.readouterr().out.splitlines()[-1] == expected


def test_probe_of_an_unknown_target_names_the_known_ones(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    assert pc.types("probe", "shoop") == 2
    assert capsys.readouterr().err == "There is no target shoop. There are: shop\n"


def test_the_options_may_stand_before_the_command_too(pc: Pc, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "id", "--config", str(pc.path), "probe", "nix"]) == 2
    assert capsys.readouterr().err == "Tidak ada sasaran nix. Yang ada: shop\n"


@asynccontextmanager
async def running(pc: Pc) -> AsyncIterator[None]:
    """The agent in this process."""
    config = load_config(pc.path)
    desk = Desk(config=config, path=pc.path, texts=Texts("en"), clock=SystemClock(), rng=Random(1), environ={})
    stop, started = asyncio.Event(), asyncio.Event()
    agent = asyncio.create_task(serve_until(desk, stop, lambda _url, _n: started.set()))
    await asyncio.wait_for(started.wait(), DEADLINE_S)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(agent, DEADLINE_S)
        pc.shop.close()


async def test_a_flip_is_pushed_at_once_and_not_with_the_next_beat(tmp_path: Path) -> None:
    collector = FakeCollector()

    def told(outcome: Outcome) -> int:
        return sum(row[2] is outcome for row in collector.stored.values())

    async with fake_collector.serving(collector) as url:
        pc = Pc(tmp_path, f'[collector]\nurl = "{url}"\ntoken = "{TOKEN}"\ninterval_s = 3600\n')
        async with running(pc):
            await asyncio.to_thread(pc.until_known)
            assert told(Outcome.OK) == 0  # the usual first success is no news
            pc.shop.close()
            await collector.until(lambda: told(Outcome.REFUSED) >= 3)
            assert told(Outcome.OK) >= 1
    assert len(collector.batches) <= 5
    assert [context.targets[0].kind for context in collector.contexts.values()] == ["tcp"]


async def test_what_is_left_at_the_end_is_sent_before_the_agent_stops(tmp_path: Path) -> None:
    collector = FakeCollector()
    async with fake_collector.serving(collector) as url:
        pc = Pc(tmp_path, f'[collector]\nurl = "{url}"\ntoken = "{TOKEN}"\ninterval_s = 3600\n')
        async with running(pc):
            await asyncio.to_thread(pc.get, "/metrics", lambda body: waiting(body) >= 2)
            assert collector.stored == {}
    assert len(collector.stored) >= 2
