"""Reads how the collector is: the disk under its store, how far judging lags, whether writing fails."""

from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import disk_usage

from collector.alerts.deciding.health import Health
from shared.clock import Clock

FAILED = "store-failed"
"""The reason for which ingest refuses batches while the store cannot be written."""


class Vitals:
    """Called for the collector's Health (blocks). `refused`: batches by reason, since the start."""

    def __init__(
        self,
        folder: Path,
        *,
        lag_s: Callable[[], float],
        refused: Callable[[], Mapping[str, int]],
        damage: Callable[[], list[str]],
        clock: Clock,
    ) -> None:
        self._folder, self._lag_s, self._refused, self._damage, self._clock = folder, lag_s, refused, damage, clock
        self._failures = 0
        self._failed_ms = 0

    def __call__(self) -> Health:
        failures = self._refused().get(FAILED, 0)
        if failures > self._failures:
            self._failures, self._failed_ms = failures, self._clock.wall_ms()
        disk = disk_usage(self._folder)
        return Health(
            disk_free_bytes=disk.free,
            disk_bytes=disk.total,
            lag_s=self._lag_s(),
            store_failed_ms=self._failed_ms,
            damage=len(self._damage()),
        )
