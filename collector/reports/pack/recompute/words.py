"""What the script says, in the language of the pack: the sentences are in it."""

from .reading import Pack, Unreadable


class Words:
    """Of one pack; a sentence that is not there is said by its name and its values."""

    def __init__(self, pack: Pack) -> None:
        try:
            self._sentences: dict[str, str] = pack.json("data/words.json")
        except Unreadable:
            self._sentences = {}

    def say(self, name: str, **values: object) -> str:
        sentence = self._sentences.get(name)
        if sentence is None:
            return " ".join([name, *(f"{key}={value}" for key, value in values.items())])
        return sentence.format(**values)
