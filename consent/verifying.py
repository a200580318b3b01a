"""Hold a receipt that somebody hands in against the ledger it came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consent.models import ConsentEntry, CookieChoice
from groundwork import proof_check
from groundwork.ledger import LedgerEntry, LedgerSeal, covering_seal
from groundwork.proof_check import check_receipt
from groundwork.seal_keys import public_key

LEDGERS: dict[str, type[LedgerEntry]] = {
    book._meta.label_lower: book for book in (ConsentEntry, CookieChoice)
}


@dataclass(frozen=True)
class Verdict:
    """What does not hold, and what is worth knowing although it does no harm."""

    problems: list[str]
    notes: list[str]

    @property
    def holds(self) -> bool:
        return not self.problems


def verify(receipt: Mapping[str, Any]) -> Verdict:
    """Check the receipt by itself, then against the database.

    The database is asked only about a receipt that we signed: nobody can find out
    what stands in the ledger by handing in guesses. Raises Malformed.
    """
    problems = check_receipt(receipt, public_key())
    if problems:
        return Verdict(problems, [])
    book = LEDGERS[receipt["proof"]["ledger"]]
    found = [
        _held_against_the_ledger(book, number, entry)
        for number, entry in enumerate(receipt["proof"]["entries"])
    ]
    return Verdict(
        [problem for verdict in found for problem in verdict.problems],
        [note for verdict in found for note in verdict.notes] + list(_since(receipt)),
    )


def _held_against_the_ledger(
    book: type[LedgerEntry], number: int, told: Mapping[str, Any]
) -> Verdict:
    place = f"proof/entries/{number}"
    entry = book.objects.filter(pk=told["content"]["id"]).first()
    if entry is None:
        return Verdict([f"{place}: this entry is not in the ledger any more"], [])
    differing = _differing(entry, told["content"])
    if differing:
        names = ", ".join(differing)
        return Verdict([f"{place}/content: the ledger differs in {names}"], [])
    seal = covering_seal(entry)
    if seal is None:
        return _not_sealed(place, told)
    problem = _seal_problem(seal, entry, told["seal"])
    if problem:
        return Verdict([f"{place}/seal: {problem}"], [])
    if told["seal"] is None:
        note = f"Entry {entry.pk} was not sealed yet; seal {seal.number} now covers it."
        return Verdict([], [note])
    return Verdict([], [])


def _differing(entry: LedgerEntry, told: Mapping[str, Any]) -> list[str]:
    kept = entry.content(entry.sealed_fields())
    return sorted(n for n in {*kept, *told} if kept.get(n) != told.get(n))


def _not_sealed(place: str, told: Mapping[str, Any]) -> Verdict:
    if told["seal"] is not None:
        return Verdict([f"{place}/seal: there is no such seal any more"], [])
    return Verdict([], [f"Entry {told['content']['id']} is not sealed yet."])


def _seal_problem(
    seal: LedgerSeal, entry: LedgerEntry, told: Mapping[str, Any] | None
) -> str:
    previous = type(seal).objects.filter(number=seal.number - 1).first()
    if not seal.is_sound(previous):
        return f"seal {seal.number} does not hold"
    published = seal.published(type(entry))
    listed = dict(zip(published["entry_ids"], published["entry_digests"], strict=True))
    if listed.get(entry.pk) != entry.digest(seal.field_names).hex():
        return f"seal {seal.number} has another digest of entry {entry.pk}"
    if told is not None and (told["number"], told["digest"], told["signature"]) != (
        seal.number,
        published["digest"],
        published["signature"],
    ):
        return f"the ledger holds another seal {told['number']}"
    return ""


def _since(receipt: Mapping[str, Any]) -> Iterator[str]:
    """Whether the ledger has gone on about this consent after the receipt."""
    if receipt["proof"]["ledger"] != proof_check.CONSENTS:
        return
    last = receipt["proof"]["entries"][-1]["content"]
    later = ConsentEntry.objects.filter(
        data_subject_id=last["data_subject_id"],
        purpose=last["purpose"],
        pk__gt=last["id"],
    )
    for entry in later.order_by("pk")[:1]:
        yield (
            f"The ledger has gone on since: {entry.get_action_display()} on "
            f"{entry.at:%-d %B %Y}. A newer receipt says so."
        )
