"""Both catalogues say the same things."""

import tomllib
from pathlib import Path
from string import Formatter

import pytest

import shared.texts
from shared.texts import LANGUAGES, Texts


def files(language: str) -> dict[str, dict[str, str]]:
    folder = Path(shared.texts.__file__).with_name("texts") / language
    return {file.name: tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.toml"))}


def catalogue(language: str) -> dict[str, str]:
    return {name: said for file in files(language).values() for name, said in file.items()}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_both_catalogues_hold_the_same_names_in_the_same_files() -> None:
    names = {language: {file: list(said) for file, said in files(language).items()} for language in LANGUAGES}
    assert names["id"] == names["en"]


def test_no_name_is_in_two_files() -> None:
    assert len(catalogue("id")) == sum(len(said) for said in files("id").values())


def test_a_sentence_has_the_same_placeholders_in_both_languages() -> None:
    id_, en = catalogue("id"), catalogue("en")
    assert [name for name, said in id_.items() if placeholders(said) != placeholders(en[name])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty(language: str) -> None:
    assert [name for name, sentence in catalogue(language).items() if not sentence.strip()] == []


def test_a_sentence_is_said_with_its_values() -> None:
    assert Texts("id").say("alert.minutes", n=5) == "5 menit"


def test_an_unknown_language_speaks_english() -> None:
    assert Texts("fr").language == "en"


def test_an_unknown_name_is_a_bug_not_an_empty_line() -> None:
    with pytest.raises(KeyError):
        Texts("en").say("no.such.sentence")
