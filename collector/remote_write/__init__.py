"""The history of every site for remote-write stores, with its original times, backlog too.

    history.py   pure: flips and results of a site -> what is told of it at each instant of a grid
    message.py   pure: series and samples -> a remote-write request
    address.py   one store that takes remote writes: sends, tries again, sets aside what it refuses
    sink.py      what each store is still owed, in rounds

What a Prometheus scrapes of the collector has a hole wherever a line was down. These series have none: when the agent
is back, its results are judged and the hole is filled. They are another family of names (`kentongan_history_...`) than
those that are scraped, because one series must not have two writers.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from collector.outgoing import Outgoing, http_url


class RemoteWriteSettings(Outgoing):
    """`[[remote_write]]`: a store that takes Prometheus remote write 1.0.

    `name` stands for what was sent already: with another one everything is sent anew. `step_s`: the grid.
    `backfill_days`: how far back the history goes when the store is told for the first time; `oldest_days`: nothing
    older is ever sent, because the store would not take it (Prometheus: `out_of_order_time_window`).
    """

    url: str
    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")] = "default"
    labels: dict[str, str] = Field(default_factory=dict)
    step_s: Annotated[int, Field(ge=10, le=300)] = 60
    every_s: Annotated[float, Field(ge=10, le=3600)] = 60.0
    backfill_days: Annotated[int, Field(ge=0, le=400)] = 1
    oldest_days: Annotated[int, Field(ge=1, le=4000)] = 31
    batch: Annotated[int, Field(ge=100, le=100_000)] = 10_000
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 30.0

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        return http_url(url, "http://127.0.0.1:9090/api/v1/write")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if find_spec("cramjam") is None:
            raise ValueError("needs the extra remote-write: pip install 'kentongan[remote-write]'")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkTold:
    """What a remote-write store was told and is owed."""

    sink: str
    sent: int
    refused: int
    failed: int
    lag_s: float
    waiting: int
