"""A wrong configuration tells everything that is wrong with it; the two shipped ones are right and complete."""

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import tomli
from pydantic import BaseModel

from collector.config import CollectorConfig, load_config
from shared.settings import BadSettings

CONFIG = Path(__file__).parent.parent / "config"


def written(folder: Path, text: str) -> Path:
    path = folder / "collector.toml"
    path.write_text(text, encoding="utf-8")
    return path


def tables_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings that a key holds: itself, or None, or by name."""
    if get_origin(annotation) in (Union, types.UnionType, dict):
        for part in get_args(annotation):
            yield from tables_in(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def missing_keys(table: dict[str, Any], model: type[BaseModel], path: str = "") -> list[str]:
    """The keys of `model` that `table` does not show."""
    missing = []
    for name, field in model.model_fields.items():
        inner = table.get(name)
        if inner is None:
            missing.append(path + name)
            continue
        for kind in tables_in(field.annotation):
            by_name = get_origin(field.annotation) is dict
            for key, one in inner.items() if by_name else [("", inner)]:
                missing += missing_keys(one, kind, f"{path}{name}.{key + '.' if by_name else ''}")
    return missing


def test_the_shipped_configuration_works() -> None:
    config = load_config(CONFIG / "collector.toml")
    assert (config.province, config.port, config.open_to_read) == ("Kalimantan Timur", 8817, True)


def test_the_full_configuration_is_valid_and_says_the_defaults() -> None:
    path = CONFIG / "collector.full.toml"
    assert load_config(path).model_copy(update={"store": ""}) == CollectorConfig().model_copy(update={"store": ""})


def test_the_full_configuration_shows_every_key() -> None:
    text = (CONFIG / "collector.full.toml").read_text(encoding="utf-8")
    shown = tomli.loads(re.sub(r"^#(?=[a-z_]+ =|\[)", "", text, flags=re.MULTILINE))
    assert missing_keys(shown, CollectorConfig) == []


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, 'lisen = ":1"\ntimezone = "Asia/Samarinda"\nlisten = "8817"\n[judge]\nfail_after = "x"\n')
    with pytest.raises(BadSettings) as bad:
        load_config(path)
    assert len(bad.value.lines) == 4
    assert "collector.toml: lisen is not a known key. Did you mean listen?" in bad.value.lines
    assert all(line.startswith("collector.toml: ") for line in bad.value.lines)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, 'store = "sqlite:///x.db"\n[tls]\ncert = "a.crt"\nkey = "/b.key"\n'))
    assert config.store == f"sqlite:///{tmp_path}/x.db"
    assert config.tls is not None
    assert (config.tls.cert, config.tls.key) == (tmp_path / "a.crt", Path("/b.key"))


def test_the_default_store_lies_beside_the_file_too(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "")).store == f"sqlite:///{tmp_path}/kentongan.db"


def test_an_absolute_store_stays_where_it_is(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, 'store = "sqlite:////var/x.db"')).store == "sqlite:////var/x.db"


@pytest.mark.parametrize("store", ["kentongan.db", "sqlite:///", "postgres://db", "sqlite://x.db"])
def test_a_store_that_is_none_is_refused(tmp_path: Path, store: str) -> None:
    with pytest.raises(BadSettings, match="is not a store; use sqlite:///file"):
        load_config(written(tmp_path, f'store = "{store}"'))


@pytest.mark.parametrize(
    ("listen", "public", "open_to_read"),
    [
        ("127.0.0.1:1", False, True),
        ("127.1.2.3:1", False, True),
        ("[::1]:1", False, True),
        ("localhost:1", False, True),
        (":1", False, False),
        ("0.0.0.0:1", False, False),
        ("[::]:1", False, False),
        ("10.0.0.1:1", False, False),
        ("127.pantau.example:1", False, False),
        ("10.0.0.1:1", True, True),
    ],
)
def test_only_loopback_or_public_reads_without_a_token(listen: str, public: bool, open_to_read: bool) -> None:
    assert CollectorConfig(listen=listen, public=public).open_to_read is open_to_read


def test_the_external_url_needs_a_scheme_and_loses_its_last_slash() -> None:
    assert CollectorConfig(external_url="https://pantau.example/").url == "https://pantau.example"
    with pytest.raises(ValueError, match="must begin with http"):
        CollectorConfig(external_url="pantau.example")
