"""Makes `shared/wire.dict`, the zstd dictionary both sides ship.

`python -m bench.dictionary [--write]`; without `--write` it prints the figures and leaves the file alone. Trained on
seeded synthetic batches, so that anybody gets the same bytes. A change of the file is a change of the wire: give it a
new DICT_ID and keep the old file for the agents that still send with it.
"""

import random
import sys
from pathlib import Path

import msgspec
import zstandard

from shared.result import Group, Outcome, Result
from shared.wire import Batch, Context, Host, TargetSpec, encode_planes

DICT_ID = 1
"""One byte in every frame header. It is also the version of the dictionary."""
DICT_BYTES = 4096
SEED = 20_260_817
INTERVAL_MS = 30_000
PATH = Path(__file__).parent.parent / "shared" / "wire.dict"

BASES_MS = {
    Group.GATEWAY: (0.6, 0.7),
    Group.INTRANET: (9.0, 0.8),
    Group.INTERNET: (32.0, 0.7),
    Group.SERVICE: (45.0, 0.6),
}
"""Median and sigma of the lognormal that a line's undisturbed round trip is drawn from, by group."""
SATELLITE_MS = 560.0
KINDS = {Group.GATEWAY: "icmp", Group.INTRANET: "icmp", Group.INTERNET: "icmp", Group.SERVICE: "http"}
GROUPS = (Group.GATEWAY, *[Group.INTRANET] * 3, *[Group.INTERNET] * 4, *[Group.SERVICE] * 2)


class SyntheticAgent:
    """An agent with targets probed evenly over 30 s, four packets each; about 1 % of the time its line is out."""

    def __init__(self, rng: random.Random, targets: int = 10) -> None:
        self._rng = rng
        groups = [GROUPS[i % len(GROUPS)] for i in range(targets)]
        satellite_ms = SATELLITE_MS if rng.random() < 0.15 else 0.0
        self._bases_ms = [_base_ms(rng, group, satellite_ms) for group in groups]
        self._out_until_ms = 0
        self.stream = f"{rng.getrandbits(64):016x}"
        self.boot_ms, self.seq = rng.randrange(60_000, 40 * 86_400_000), rng.randrange(2_000_000)
        self.context = Context(
            boot_id=f"{rng.getrandbits(128):032x}",
            boot_at_ms=1_790_000_000_000,
            run_at_ms=1_790_000_060_000,
            clock_base_ms=1_790_000_000_000 + rng.randrange(1000),
            push_interval_ms=60_000,
            targets=tuple(_target(rng, group, i) for i, group in enumerate(groups)),
            last_stop="clean",
            version="0.1.0",
        )

    def results(self, n: int) -> list[tuple[int, Result]]:
        """The next n results, in order of time."""
        step_ms, targets = INTERVAL_MS // len(self._bases_ms), len(self._bases_ms)
        made = [self._result(i % targets, self.boot_ms + i * step_ms) for i in range(n)]
        self.boot_ms += n * step_ms
        return made

    def _result(self, index: int, due_ms: int) -> tuple[int, Result]:
        rng, spec = self._rng, self.context.targets[index]
        if rng.random() < 0.0005:
            self._out_until_ms = due_ms + int(rng.expovariate(1 / 600_000))
        out = due_ms < self._out_until_ms and spec.group is not Group.GATEWAY
        packets = 4 if spec.kind == "icmp" else 1
        base_us = self._bases_ms[index] * 1000
        spread_us = base_us * 0.04 + 60
        rtts = [int(base_us + rng.gammavariate(1.5, spread_us)) for _ in range(packets) if rng.random() > 0.002 + out]
        return index, Result(
            target=spec.name,
            started_ms=due_ms + min(int(rng.expovariate(1.0)), 40),
            outcome=Outcome.OK if rtts else Outcome.TIMEOUT,
            sent=packets,
            received=len(rtts),
            rtt_min_us=min(rtts, default=0),
            rtt_avg_us=sum(rtts) // max(len(rtts), 1),
            rtt_max_us=max(rtts, default=0),
        )

    def batch(self, n: int, *, with_context: bool = False) -> Batch:
        """The next n results as a batch, as push.py makes it."""
        results = self.results(n)
        base_ms = min(result.started_ms for _, result in results)
        first_seq, self.seq = self.seq, self.seq + n
        wall_ms = self.context.clock_base_ms + self.boot_ms
        return Batch(
            stream=self.stream,
            first_seq=first_seq,
            floor_seq=first_seq,
            n=n,
            context=self.context.name,
            context_body=self.context if with_context else None,
            host=Host(sent_wall_ms=wall_ms, sent_boot_ms=self.boot_ms, spool_results=n),
            base_ms=base_ms,
            planes=encode_planes(results, [spec.interval_ms for spec in self.context.targets], base_ms),
        )


def _base_ms(rng: random.Random, group: Group, satellite_ms: float) -> float:
    median_ms, sigma = BASES_MS[group]
    return median_ms * rng.lognormvariate(0, sigma) + (0.0 if group is Group.GATEWAY else satellite_ms)


def _target(rng: random.Random, group: Group, number: int) -> TargetSpec:
    address = f"10.{rng.randrange(256)}.0.{number}"
    return TargetSpec(
        name=f"{group}-{number}", group=group, kind=KINDS[group], interval_ms=INTERVAL_MS, address=address
    )


def samples(seed: int, agents: int) -> list[bytes | bytearray | memoryview]:
    """Msgpack bodies of many agents; every tenth carries its context."""
    rng = random.Random(seed)
    bodies: list[bytes | bytearray | memoryview] = []
    for number in range(agents):
        agent = SyntheticAgent(rng)
        for n in (20, rng.randint(20, 100), 20, rng.randint(20, 100)):
            bodies.append(msgspec.msgpack.encode(agent.batch(n, with_context=number % 10 == 0)))
    return bodies


def train() -> bytes:
    """The bytes of the dictionary."""
    return zstandard.train_dictionary(DICT_BYTES, samples(SEED, 800), dict_id=DICT_ID, level=3, k=1024, d=8).as_bytes()


def bytes_per_result(dictionary: bytes, n: int, level: int = 3, batches: int = 400) -> float:
    """Compressed bytes a result on batches the training never saw."""
    rng = random.Random(SEED + 1)
    compressor = zstandard.ZstdCompressor(level=level, dict_data=zstandard.ZstdCompressionDict(dictionary))
    bodies = (msgspec.msgpack.encode(SyntheticAgent(rng).batch(n)) for _ in range(batches))
    return sum(len(compressor.compress(body)) for body in bodies) / (n * batches)


def main() -> None:
    data = train()
    for n in (20, 100, 1000):
        print(f"n={n} bytes_per_result={bytes_per_result(data, n, batches=40_000 // n):.2f}")
    if "--write" in sys.argv[1:]:
        PATH.write_bytes(data)
        print(f"wrote {PATH.name}: {len(data)} bytes, id {DICT_ID}")


if __name__ == "__main__":
    main()
