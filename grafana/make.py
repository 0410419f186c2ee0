"""Writes dashboards/*.json: `python -m grafana.make`, from the root of a checkout. `--check` only looks: exit code 1
if a file is not what would be written.

Grafana loads the JSON and never sees this code. One module of boards/ makes one dashboard; panels.py has the panels,
frame.py what stands around them, words.py names and colours.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from grafana.boards import BOARDS

FOLDER = Path(__file__).resolve().parent / "dashboards"


def files() -> Iterator[tuple[Path, str]]:
    """Where each dashboard belongs and what the file says."""
    for name, made in BOARDS.items():
        yield FOLDER / f"{name}.json", json.dumps(made(), ensure_ascii=False, indent=1) + "\n"


def main(argv: Sequence[str]) -> int:
    stale = [(path, text) for path, text in files() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path, text in stale:
        print(f"{path.name} {'is not what grafana/ makes' if '--check' in argv else 'written'}")
        if "--check" not in argv:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in argv else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
