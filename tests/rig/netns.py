"""Network namespaces and the processes inside them. Needs root, iproute2 and util-linux."""

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

CLONE_NEWNET = 0x40000000
PREFIX = "kr"
"""Namespaces are named kr<pid>-<name>, so that two rigs do not meet and leftovers of a killed one are known."""
ANSWER_S = 30
"""Bounds a failure: whoever does not answer by then is dead."""


def missing() -> str:
    """Why there can be no rig here; empty when there can."""
    if os.geteuid() != 0:
        return "needs root"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    if subprocess.run(["ip", "netns", "list"], capture_output=True).returncode:
        return "needs iproute2 and network namespaces"
    return ""


def ip(lines: Sequence[str], namespace: str = "") -> None:
    """Run `ip` commands as one batch; CalledProcessError with what it said when one fails."""
    inside = ["-n", namespace] if namespace else []
    done = subprocess.run(["ip", *inside, "-batch", "-"], input="\n".join(lines), text=True, capture_output=True)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, f"ip {inside} {list(lines)}", done.stdout, done.stderr)


def name_of(part: str) -> str:
    """The name of this process's namespace `part`."""
    return f"{PREFIX}{os.getpid()}-{part}"


def device_of(part: str) -> str:
    """A device name for `part` that no other rig uses; the kernel allows 15 characters."""
    return f"{PREFIX}{os.getpid()}{part}"[:15]


def create(namespace: str, sysctls: Mapping[str, str]) -> None:
    ip([f"netns add {namespace}"])
    ip(["link set lo up"], namespace)
    subprocess.run(
        ["ip", "netns", "exec", namespace, "sysctl", "-q", "-w", *(f"{k}={v}" for k, v in sysctls.items())], check=True
    )


def delete_ours() -> None:
    """Delete this process's namespaces and those of rigs that are no more."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for line in listed.splitlines():
        name = line.split()[0]
        owner = name.removeprefix(PREFIX).partition("-")[0]
        ours = name.startswith(PREFIX) and owner.isdigit()
        if ours and (int(owner) == os.getpid() or not Path("/proc", owner).exists()):
            subprocess.run(["ip", "netns", "del", name])


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread's new sockets belong to `namespace`, for as long as they live."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(there)
        os.close(home)


def request(
    namespace: str, method: str, address: tuple[str, int], path: str, headers: Mapping[str, str] | None = None
) -> bytes:
    """One HTTP exchange made inside `namespace`; OSError when it cannot be had, or not with a 2xx."""
    connection = http.client.HTTPConnection(*address, timeout=ANSWER_S)
    with inside(namespace):
        connection.sock = socket.create_connection(address, timeout=ANSWER_S)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()
    if response.status // 100 != 2:
        raise OSError(f"{method} {path}: {response.status} {body[:500]!r}")
    return body


def entry_point(name: str) -> list[str]:
    """The command `name` of this Python's environment, installed or not."""
    script = Path(sys.executable).with_name(name)
    module = name.removeprefix("kentongan-")
    return [str(script)] if script.exists() else [sys.executable, "-c", f"from {module}.app import main; exit(main())"]


class Process:
    """A process in a namespace, with its output in a file; it dies with the rig even if the rig is killed."""

    def __init__(self, name: str, namespace: str, arguments: Sequence[str], directory: Path, **settings: str) -> None:
        self.name, self.log = name, directory / f"{name}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "ip", "netns", "exec", namespace, *arguments],
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **settings},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._process.kill()
        self._close(30)

    def stop(self, within_s: float = 30) -> bool:
        """SIGTERM; True when it ended by itself in time, else it is killed."""
        self._process.terminate()
        try:
            self._close(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def _close(self, within_s: float) -> None:
        self._process.wait(within_s)
        if self._process.stdin:
            self._process.stdin.close()

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def wait_for_output(process: Process, wanted: str, within_s: float) -> None:
    """Block until `wanted` stands in the output; RuntimeError when the process ends or the time is up."""
    until = monotonic() + within_s
    while wanted not in process.log.read_text(errors="replace"):
        if not process.alive() or monotonic() > until:
            raise RuntimeError(f"{process.name} did not say {wanted!r} in {within_s} s:\n{process.tail()}")
        try:
            process._process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
