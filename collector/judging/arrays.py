"""Named columns that grow: what is known of things that have small numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Table:
    """Columns by name, zero until written. A view that was taken is stale once the table has grown."""

    def __init__(self, **types: Any) -> None:
        self._columns: dict[str, NDArray[Any]] = {name: np.zeros(0, dtype) for name, dtype in types.items()}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def reach(self, number: int) -> None:
        """Makes room for `number`."""
        if number >= self._size:
            self._size = max(1_024, number + number // 4 + 1)
            for name, old in self._columns.items():
                self._columns[name] = np.zeros(self._size, old.dtype)
                self._columns[name][: len(old)] = old
