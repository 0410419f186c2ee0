"""What reports can be told: the tables [reports] and [[targets]] of collector.toml."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.settings import FilePath, Settings

Year = Annotated[str, Field(pattern=r"^(19|20|21)\d\d$")]
Share = Annotated[float, Field(ge=0, le=1)]


class ReportSettings(Settings):
    """The table [reports]."""

    agency: Annotated[str, Field(max_length=200)] = ""
    """Stands on every sheet; empty: the province."""
    city: Annotated[str, Field(max_length=80)] = ""
    """Where minutes are signed."""
    connected_window_days: Annotated[int, Field(ge=1, le=366)] = 7
    connected_at_least_s: Annotated[int, Field(ge=1, le=86_400)] = 3_600
    league_at_least_sites: Annotated[int, Field(ge=1)] = 10
    league_limit: Share = 0.95
    """A line below it counts as poor where no contract promises anything."""
    worst: Annotated[int, Field(ge=1, le=100)] = 10
    """How many of the worst and best sites are named."""
    evaluation: FilePath | None = None
    """Another evaluation map than the one that comes with the program."""
    keep_hours: Annotated[float, Field(gt=0, le=720)] = 24
    """How long a report that was made on the page can be fetched."""


class TargetSettings(Settings):
    """One of [[targets]]: what an indicator should reach, year by year (RPJMD, IKU). `kind`: only sites of this kind;
    "": all. `indicator` `connected` is the share of the registered sites of that kind that are connected."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    source: Annotated[str, Field(max_length=200)] = ""
    indicator: Literal["line", "experienced", "internet", "intranet", "connected"]
    hours: Literal["all", "service"] = "all"
    kind: str = ""
    years: Annotated[dict[Year, Share], AfterValidator(lambda years: dict(sorted(years.items())))]

    def in_year(self, year: int) -> float | None:
        """The target of `year`; None where there is none."""
        return self.years.get(str(year))
