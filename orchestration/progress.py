"""What somebody who watches a run is told."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Progress:
    """A phase with its number of steps, each step as it ends, and sentences."""

    phase: Callable[[str, int], None] = lambda name, steps: None
    step: Callable[[str], None] = lambda name: None
    say: Callable[[str], None] = lambda sentence: None
