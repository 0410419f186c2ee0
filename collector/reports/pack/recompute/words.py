"""What the script says, in the language of the pack: the sentences are in it."""

import re

from .reading import Pack, Unreadable

PLACE = re.compile(r"\{(\w+)\}")


class Words:
    """Of one pack; a sentence that is not there is said by its name and its values."""

    def __init__(self, pack: Pack) -> None:
        try:
            self._sentences: dict[str, object] = pack.json("data/words.json")
        except Unreadable:
            self._sentences = {}

    def say(self, name: str, **values: object) -> str:
        sentence = self._sentences.get(name)
        if not isinstance(sentence, str):
            return plain(" ".join([name, *(f"{key}={value}" for key, value in values.items())]))
        return plain(PLACE.sub(lambda found: str(values.get(found[1], found[0])), sentence))


def plain(text: str) -> str:
    """Without what a terminal would obey: a pack has names in it that anybody may have chosen."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
