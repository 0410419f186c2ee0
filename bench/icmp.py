"""Round trips and CPU of the echo engine beside ping, fping and blackbox_exporter, in one run.

    python -m bench.icmp [--seconds 8] [--targets 10,100,1000]

Needs root. Everything happens in a network namespace of its own, which ends with the process. One TUN device leads to a
process that answers every echo request after 20 ms. What is right is what the kernel stamped on packets as they passed
that device, so the answerer need not be exact. "Busy" means an endless loop for every core. ping and fping print three
digits, which is up to 50 us of their error at 20 ms. Peers that are not installed are left out.

CPU is user and system time of all threads of a process, by the scheduler's own account, over the stated seconds.
"""

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from bench.icmp_line import DEVICE, Truth, address, answer_echoes
from bench.icmp_tools import SPACING_S, blackbox, blackbox_exporter, fping, load, ours, ping, role, scrape, train

WARM_UP_S = 2.0


def cpu_s(pid: int) -> float:
    """CPU of all living threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def peak_mib(pid: int) -> float:
    return int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


def cost(process: subprocess.Popen[bytes], echoes_per_s: float, seconds: float) -> str:
    """CPU per 1,000 echoes and memory of a process that makes `echoes_per_s` by itself; ends it."""
    try:
        time.sleep(WARM_UP_S)
        before = cpu_s(process.pid)
        time.sleep(seconds)
        return told(cpu_s(process.pid) - before, echoes_per_s * seconds, process.pid)
    finally:
        process.kill()
        process.wait()


def told(cpu: float, echoes: float, pid: int) -> str:
    return f"{cpu * 1000 / echoes:.3f} s, {peak_mib(pid):.0f} MiB"


def cost_of_ours(targets: int, interval_s: float, packets: int, seconds: float) -> str:
    process = subprocess.Popen(role("load", str(targets), str(interval_s), str(packets)))
    return cost(process, targets * packets / interval_s, seconds)


def cost_of_fping(targets: int, period_s: float, seconds: float) -> str:
    hosts = "\n".join(address(number) for number in range(targets))
    command = [
        "fping",
        "-l",
        "-q",
        "-p",
        str(round(period_s * 1000)),
        "-i",
        str(max(1, round(period_s * 1000 / targets))),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(hosts.encode())
    process.stdin.close()
    return cost(process, targets / period_s, seconds)


def cost_of_blackbox(targets: int, seconds: float) -> str:
    with blackbox_exporter() as pid:
        asyncio.run(scrape(targets, WARM_UP_S))
        before = cpu_s(pid)
        echoes = asyncio.run(scrape(targets, seconds))
        return told(cpu_s(pid) - before, echoes, pid)


@contextmanager
def busy_cores() -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def error_of(tool: Callable[[str, int], list[float]], host: str, count: int, truth: Truth) -> str:
    """Mean and p99 of reported minus true round trips, in microseconds."""
    truth.round_trips_us(host)
    reported = tool(host, count)
    wire = truth.round_trips_us(host)
    if len(reported) != len(wire) or not wire:
        return f"? ({len(reported)} reported, {len(wire)} on the wire)"
    errors = [mine - true for mine, true in zip(reported, wire, strict=True)]
    return f"{statistics.mean(errors):.0f} / {sorted(map(abs, errors))[int(len(errors) * 0.99)]:.0f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print(flush=True)


def compare_accuracy(seconds: float) -> None:
    tools = {"kentongan": ours, "ping": ping, "fping": fping, "blackbox_exporter": blackbox}
    commands = {"blackbox_exporter": "prometheus-blackbox-exporter"}
    tools = {
        name: tool for name, tool in tools.items() if name == "kentongan" or shutil.which(commands.get(name, name))
    }
    truth, count = Truth(), round(seconds / SPACING_S)
    cells: dict[str, list[str]] = {name: [] for name in tools}
    for busy in (False, True):
        for number, (name, tool) in enumerate(tools.items()):
            with blackbox_exporter() if tool is blackbox else nullcontext(), busy_cores() if busy else nullcontext():
                cells[name].append(error_of(tool, address(number), count, truth))
    print(f"Reported minus wire, mean / p99 in us, {count} echoes on a 20 ms line:\n")
    table(["tool", "idle", "both cores busy"], [[name, *found] for name, found in cells.items()])


def compare_cost(sizes: Sequence[int], seconds: float) -> None:
    rows = [["kentongan", *(cost_of_ours(size, 1, 1, seconds) for size in sizes)]]
    if shutil.which("fping"):
        rows.append(["fping", *(cost_of_fping(size, 1, seconds) for size in sizes)])
    if shutil.which("prometheus-blackbox-exporter"):
        rows.append(["blackbox_exporter", *(cost_of_blackbox(size, seconds) for size in sizes)])
    print("CPU per 1,000 echoes and peak memory, one echo a second and target:\n")
    table(["tool", *(f"{size} targets" for size in sizes)], rows)
    hub = [["kentongan", cost_of_ours(1000, 30, 4, 1.5 * seconds)]]
    if shutil.which("fping"):
        hub.append(["fping", cost_of_fping(1000, 7.5, 1.5 * seconds)])
    print("The same at a hub's pace, 133 echoes a second (1,000 targets, 4 packets every 30 s):\n")
    table(["tool", "1000 targets"], hub)


def inside(seconds: float, sizes: Sequence[int]) -> None:
    """In the namespace: bring up the line, compare, take it down."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    line = subprocess.Popen(role("line"), stdout=subprocess.PIPE)
    try:
        assert line.stdout is not None
        line.stdout.readline()
        commands = f"addr add 10.9.255.254/16 dev {DEVICE}\nlink set {DEVICE} up txqueuelen 10000\n"
        subprocess.run(["ip", "-batch", "-"], input=commands, text=True, check=True)
        compare_accuracy(seconds)
        compare_cost(sizes, seconds)
    finally:
        line.kill()
        line.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seconds", type=float, default=8, help="length of one measurement (default 8: 4 minutes in all)"
    )
    parser.add_argument("--targets", default="10,100,1000", help="numbers of targets for the CPU table")
    parser.add_argument("--role", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.targets.split(",")]
    match arguments.role:
        case None if os.geteuid() != 0:
            sys.exit("bench/icmp.py needs root: for a network namespace and a TUN device")
        case None:
            own = [
                "unshare",
                "--net",
                *role("inside"),
                "--seconds",
                str(arguments.seconds),
                "--targets",
                arguments.targets,
            ]
            sys.exit(subprocess.run(own).returncode)
        case ["inside"]:
            inside(arguments.seconds, sizes)
        case ["line"]:
            answer_echoes()
        case ["train", host, count]:
            asyncio.run(train(host, int(count)))
        case ["load", targets, interval_s, packets]:
            asyncio.run(load(int(targets), float(interval_s), int(packets)))


if __name__ == "__main__":
    main()
