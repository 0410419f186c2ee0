"""Stands in a pack as `recompute.py`. Recomputes every figure of it from its raw data:
`python3 -I recompute.py [PACK.zip|FOLDER]`.

Standard library only, Python 3.11 or newer. What it does stands in the folder `recompute` beside this file (or, where
there is none, in the pack that is named); begin with `recompute/main.py`.
"""

import sys
from pathlib import Path

NO_PACK = """Cara memakai / usage: python3 -I recompute.py PAKET.zip|FOLDER
  Bukan paket audit, atau tidak dapat dibaca: {named}
  Not an audit pack, or not readable: {named}"""
"""In both languages: which one the pack speaks is not known before it is read."""


def modules(here: Path, arguments: list[str]) -> str:
    """Where the folder `recompute` is."""
    return str(here) if (here / "recompute" / "main.py").is_file() or not arguments else arguments[0]


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  auditors run it by whatever Python they have
        sys.exit("Python 3.11 or newer is needed / dibutuhkan Python 3.11 atau lebih baru")
    here = Path(__file__).resolve().parent
    sys.dont_write_bytecode = True  # the pack stays as it is
    sys.path.insert(0, modules(here, sys.argv[1:]))
    try:
        from recompute.main import main  # type: ignore[import-not-found]
    except ImportError:
        print(NO_PACK.format(named=" ".join(sys.argv[1:]) or "-"), file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:], here))
