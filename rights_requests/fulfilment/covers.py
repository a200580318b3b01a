"""What stands on the pages of everything that is put together for a case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from processing_register.notices import current_controller

# What is told after each place: how many records it held.
Told = Callable[[int], None]


@dataclass(frozen=True)
class Cover:
    """The case that is answered, and when it was put together."""

    reference: str
    made_at: datetime

    @property
    def context(self) -> dict[str, Any]:
        """For the templates. Raises Controller.DoesNotExist."""
        return {
            "controller": current_controller(),
            "reference": self.reference,
            "made_at": self.made_at,
        }
