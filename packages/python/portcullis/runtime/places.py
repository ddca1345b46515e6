"""Places for handlers of notifications: the hub counts none of these, so one caller could take all."""

from __future__ import annotations


class Places:
    """So many; one caller of many has half of them at most. Callers are told apart by label, which outlives a connection."""

    def __init__(self, max: int) -> None:
        self._max = max
        self._taken = 0
        self._by: dict[str, int] = {}

    def take(self, label: str | None) -> bool:
        """Takes one; false when there is none."""
        if self._taken >= self._max:
            return False
        if label is not None:
            taken = self._by.get(label, 0)
            if taken >= (self._max + 1) // 2:
                return False
            self._by[label] = taken + 1
        self._taken += 1
        return True

    def give(self, label: str | None) -> None:
        """Gives one back."""
        self._taken -= 1
        if label is None:
            return
        left = self._by[label] - 1
        if left:
            self._by[label] = left
        else:
            del self._by[label]
