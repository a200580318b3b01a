"""The mailed “unsubscribe”: a reply or a message that says so."""

import re

from groundwork import addresses
from outbox.inbound_message import InboundMessage
from subscribers.leaving import leave_by_mail

# The whole of the subject or of the first line: a sentence about unsubscribing goes to
# the readers after this one, and a person confirms what it asks for.
SAYS_STOP = re.compile(
    r"(please )?(unsubscribe|stop|remove|opt[ -]?out)( me)?( please)?[.! ]*",
    re.IGNORECASE,
)
SUBJECT_LIMIT = 200


def read_unsubscribe(message: InboundMessage) -> bool:
    """Claim a reader's “unsubscribe”; a machine's message is never obeyed, and a
    stranger's is passed on: they may read under another address."""
    if message.is_automatic or not message.sender or not says_stop(message):
        return False
    return leave_by_mail(addresses.digest(message.sender))


def says_stop(message: InboundMessage) -> bool:
    subject = re.sub(r"^((re|aw|fwd?):\s*)+", "", message.subject, flags=re.IGNORECASE)
    first_line = message.text.partition("\n")[0]
    return any(
        SAYS_STOP.fullmatch(words[:SUBJECT_LIMIT].strip())
        for words in (subject, first_line)
    )
