"""What stands on the pages of everything that is put together for a case."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from groundwork.holdings import Holding
from groundwork.zip_stream import Member, Written
from processing_register.notices import current_controller

# What is told after each place: which it was, and how many records it held.
Told = Callable[[Holding, int], None]


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

    def manifest(self, written: Mapping[str, Written]) -> Iterator[Member]:
        """The last file: size and SHA-256 of each other one, by which a changed file
        shows."""
        files = {
            path: {"bytes": one.size, "sha256": one.sha256}
            for path, one in written.items()
        }
        told = {"made_at": self.made_at.isoformat(), "files": files}
        yield Member("manifest.json", [json.dumps(told, indent=2).encode() + b"\n"])
