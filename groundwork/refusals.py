"""How a verb says that something may not be done, in words for a person.

A function named why_not_… gives the reason, so that a greyed button and the refusal say
the same; empty when nothing stands in the way.
"""


class NotAllowed(Exception):
    """It may not be done, and nothing was changed; `reasons` say why to a person."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def refuse(*reasons: str) -> None:
    """Raise NotAllowed with these reasons; nothing when each of them is empty."""
    if standing := [reason for reason in reasons if reason]:
        raise NotAllowed(*standing)
