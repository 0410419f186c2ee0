"""A wrong configuration is told whole, each mistake in one line that says what to do."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from shared.result import Group
from shared.settings import BadSettings, FilePath, Settings, check, load


class Drum(Settings):
    kind: Literal["drum"]
    name: str
    beats: Annotated[int, Field(ge=1, le=9)] = 3
    group: Group = Group.INTERNET


class Bell(Settings):
    kind: Literal["bell"]
    name: str
    tone_hz: float = 440.0


class Tower(Settings):
    height_m: float = 10
    token: Annotated[str, Field(min_length=8)] = "long enough"
    log_file: FilePath | None = None


class Village(Settings):
    """A file with every shape there is: a value, a table, a list of a union."""

    interval_s: Annotated[float, Field(ge=1)] = 30
    tower: Tower | None = None
    signals: tuple[Annotated[Drum | Bell, Field(discriminator="kind")], ...] = ()

    @classmethod
    def across(cls, table: Mapping[str, Any]) -> Iterator[str]:
        if "tower" in table and table.get("interval_s") == 5:
            yield "interval_s is too short for a tower"


DRUM = {"kind": "drum", "name": "a"}


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"intervall_s": 3}, "intervall_s is not a known key. Did you mean interval_s?"),
        ({"xyzzy": 3}, "xyzzy is not a known key."),
        ({"interval_s": 0}, "interval_s must be greater than or equal to 1 (given: 0)"),
        (
            {"interval_s": "soon"},
            "interval_s must be a valid number, unable to parse string as a number (given: 'soon')",
        ),
        ({"tower": {"hight_m": 3}}, "tower.hight_m is not a known key. Did you mean height_m?"),
        ({"tower": {"beats": 3}}, "tower.beats is not a known key. Did you mean beats?"),
        ({"tower": {"token": "hush"}}, "tower.token must have at least 8 characters"),
        ({"signals": [{"kind": "drum"}]}, "signals[1].name is missing"),
        ({"signals": [DRUM, DRUM | {"beatz": 1}]}, "signals[2].beatz is not a known key. Did you mean beats?"),
        ({"signals": [DRUM | {"beats": 10}]}, "signals[1].beats must be less than or equal to 9 (given: 10)"),
        (
            {"signals": [DRUM | {"group": "internt"}]},
            "signals[1].group must be one of gateway, intranet, internet, service (given: 'internt')."
            " Did you mean internet?",
        ),
        ({"signals": [{"name": "a"}]}, "signals[1].kind is missing; it must be one of bell, drum"),
        (
            {"signals": [{"kind": "dram"}]},
            "signals[1].kind must be one of bell, drum (given: 'dram'). Did you mean drum?",
        ),
        ({"signals": 3}, "signals must be a valid tuple (given: 3)"),
    ],
)
def test_each_mistake_is_one_line_that_says_what_to_do(table: dict[str, Any], line: str) -> None:
    with pytest.raises(BadSettings) as caught:
        check(table, Village, "village.toml")
    assert caught.value.lines == [f"village.toml: {line}"]


def test_a_misspelt_key_is_compared_with_its_own_table_first() -> None:
    with pytest.raises(BadSettings, match=r"signals\[1\].tone is not a known key. Did you mean tone_hz\?"):
        check({"signals": [{"kind": "bell", "name": "a", "tone": 3}]}, Village, "village.toml")


def test_all_mistakes_are_told_at_once_those_between_keys_too() -> None:
    with pytest.raises(BadSettings) as caught:
        check({"interval_s": 5, "tower": {"hight_m": 3}, "signals": [{"kind": "drum"}]}, Village, "v.toml")
    assert [line.split(" ")[1] for line in caught.value.lines] == ["tower.hight_m", "signals[1].name", "interval_s"]


def test_a_mistake_between_keys_alone_is_enough() -> None:
    with pytest.raises(BadSettings, match="too short for a tower"):
        check({"interval_s": 5, "tower": {}}, Village, "v.toml")


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "village.toml"
    file.write_text('tower = { log_file = "logs/a" }')
    village = load(file, Village)
    assert village.tower is not None
    assert village.tower.log_file == tmp_path / "logs/a"


def test_absolute_paths_stay(tmp_path: Path) -> None:
    file = tmp_path / "village.toml"
    file.write_text('tower = { log_file = "/var/log/a" }')
    village = load(file, Village)
    assert village.tower is not None
    assert village.tower.log_file == Path("/var/log/a")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "there is no such file"),
        (b"interval_s = ", "is not valid TOML: Invalid value (at end of document)"),
        (b"\xff\xfe", "cannot be read: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes | None, line: str) -> None:
    file = tmp_path / "village.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSettings) as caught:
        load(file, Village)
    assert caught.value.lines[0].startswith(f"{file}: {line}")
