"""How long to wait before something is tried again: waits that double, less some chance, and begin anew after it went well
for long. Without clock or timers. Supervisors wait by the same rules; `tests/vectors/supervisor/restarts.json` has cases."""

from __future__ import annotations

import random
from dataclasses import dataclass

ROLLS = 1_000
"""A roll of chance is below this."""
AFTER_AT_LEAST = 0.001
"""Whoever wants to be asked at once again is asked after this, in seconds."""


@dataclass(frozen=True, slots=True)
class WaitPolicy:
    """The rules of waits. Times are seconds."""

    initial: float = 0.1
    """The first wait."""
    longest: float = 5.0
    """No wait is longer."""
    factor: float = 2
    """Each wait is so many times the one before."""
    jitter_percent: float = 20
    """By so many percent, 100 at most, each wait is shortened at most, by chance: so those who wait do not come back
    together."""
    steady: float = 10.0
    """After it went well for so long, the next wait is the first one again."""


class Waits:
    """The waits of one thing that is tried again."""

    def __init__(self, policy: WaitPolicy) -> None:
        self._policy = policy
        self._streak = 0
        """Waits since it was last well."""

    def next(self, well: float = 0.0, roll: int | None = None) -> float:
        """The wait that is due, in seconds, after it went well for `well` seconds. `roll` is a whole number below `ROLLS`,
        and chance when it is left out."""
        policy = self._policy
        if well >= policy.steady:
            self._streak = 0
        wait = min(policy.initial, policy.longest)
        for _ in range(self._streak):
            longer = min(wait * max(policy.factor, 1), policy.longest)
            # It grows no more, however many turns are left.
            if longer == wait:
                break
            wait = longer
        self._streak += 1
        rolled = random.randrange(ROLLS) if roll is None else min(roll, ROLLS - 1)
        return wait * (1 - min(policy.jitter_percent, 100) * rolled / (100 * ROLLS))
