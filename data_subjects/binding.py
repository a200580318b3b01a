"""What a restriction binds, kept by the database (UK GDPR Art. 18(2)).

While a person's data is restricted it is stored and nothing else. The verbs of the house
say so in words; what stands here holds for every statement, whoever wrote it:

- triggers refuse to change what the rows say of the person, or to remove them;
- row-level security hides from the mail worker what must not be sent, and from a list
  or a count whoever must not be in it;
- what was still to be sent is withheld (withhold).

The few verbs that may change something all the same, and the lists and counts that leave
people out, say so by groundwork.restricted_rows. All of it is made from one table,
settings.RESTRICTION_BINDS: an entry for each holding (data_subjects.binding_sql).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from groundwork.holdings import Holding, holdings

ALL_FIELDS = ("*",)
# The function that withholds what waits in a table is called so.
WITHHOLD = "casedesk_withhold_"


@dataclass(frozen=True)
class Binding:
    """How a restriction binds the rows of one holding.

    because: why it does not bind more, in words; empty only where it binds everything.
    edits: the fields that nobody changes meanwhile, and with them the one that leads to
    the person. is_kept: no row is removed. path:
    how a row leads to its person, where that is not what its model declares; is_digest:
    it ends at the keyed digest of an address. leaves_uses: lists and counts that use the
    data leave the rows out, and the mail worker does not see them. is_mail: the rows are
    messages, held back where they are of these classes (of all, where none is named);
    within: a condition by which the few that still wait are found quickly. mailer_sees:
    why the mail worker may read the rows all the same.
    """

    because: str = ""
    edits: tuple[str, ...] = ALL_FIELDS
    is_kept: bool = True
    path: str = ""
    is_digest: bool = False
    leaves_uses: bool = False
    is_mail: bool = False
    classes: tuple[str, ...] = ()
    within: str = ""
    mailer_sees: str = ""

    @property
    def binds_rows(self) -> bool:
        return bool(self.edits) or self.is_kept

    @property
    def is_hidden(self) -> bool:
        return self.leaves_uses or self.is_mail

    def held_back(self, row: str) -> str:
        """As SQL, whether this row is a message that a restriction holds back."""
        if not self.classes:
            return "true"
        # As PostgreSQL itself would write it, so that it comes out of a dump unchanged.
        listed = ", ".join(f"'{name}'::text" for name in self.classes)
        return f"{row}.message_class::text = ANY (ARRAY[{listed}])"


@lru_cache(maxsize=4)
def _table(path: str) -> Mapping[str, Binding]:
    found: Mapping[str, Binding] = import_string(path)
    return found


def bindings() -> list[tuple[Holding, Binding]]:
    """Every holding with how it is bound; what is in no list yet is bound wholly."""
    table = _table(settings.RESTRICTION_BINDS)
    return [(holding, table.get(holding.key, Binding())) for holding in holdings()]


def withhold(table: str) -> int:
    """Settle what a restriction holds back of the messages that still wait in this
    table; returns how many. The mail worker cannot do it by itself: it does not see
    them."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{WITHHOLD}{table}"()')  # a table of ours
        return int(cursor.fetchone()[0])
