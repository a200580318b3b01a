"""The console's pages about restrictions, legal holds and disclosures."""

import uuid
from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from typing import Any

from django.db.models import Count, F
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from data_subjects import disclosures, holds, restriction
from data_subjects.models import (
    Disclosure,
    DisclosureEvidence,
    Ground,
    LegalHold,
    Restriction,
    UseDespite,
)
from data_subjects.people import subject_of, subjects_of
from governance import restrictions
from governance.about_people import AboutPeopleAdmin, Act, masked, when, who
from governance.choosing import (
    Chosen,
    held_by_nobody,
    numbers_of,
    of_a_deletion,
)
from governance.person_forms import (
    ConsoleForm,
    DisclosureForm,
    HoldForm,
    LookAgainForm,
    RestrictForm,
    ReviewForm,
    TellForm,
    allowed_by,
)
from groundwork.clock import today_here
from outbox import outcomes
from outbox.models import State
from processing_register.register import the_register
from rights_requests.deadline_words import in_words
from staff.console import Place, console

BY_ITSELF = "nobody: it follows from what the person asked, or from the address"


# Whoever typed an address meant one of them, and binds both (people.bind_alike,
# people.bind_those_before).
TWO_BY_ONE = (
    "Two people by one address: a deletion had begun of whoever had it first, or somebody "
    "moved to it. Nobody can tell which of them is meant, so both are bound. One may be "
    "an empty entry, for whoever comes with the address."
)


def _numbered(number: int | None) -> str:
    """How somebody is meant who has no e-mail address."""
    return f"no. {number} from other sources" if number else "—"


def _people(known_by: Iterable[tuple[uuid.UUID, str]]) -> str:
    """By their addresses; without one, by the number or the id in the ledgers."""
    people = list(known_by)
    numbers = numbers_of(subject for subject, address in people if not address)
    named = dict.fromkeys(
        address or (_numbered(numbers[subject]) if subject in numbers else str(subject))
        for subject, address in people
    )
    is_one_address_of_two = len(named) < len(people)
    return ", ".join(named) + (f"\n{TWO_BY_ONE}" if is_one_address_of_two else "")


# --- Restrictions ---


def _restrict(row: Chosen | None, data: dict[str, Any], by: int) -> str:
    address = row.address if row else data["address"]
    subject = row.subject if row else subject_of(address).pk
    asked = restriction.Asked(Ground(data["ground"]), data["reason"], address)
    restriction.restrict(subject, asked, staff_id=by)
    if row is None and held_by_nobody([address]):
        return (
            "Restricted in advance: nobody here has this address now. The data of "
            "whoever comes with it is restricted from the start."
        )
    said = "Restricted: from now on the data is stored and not used."
    return said + of_a_deletion([address] if address else [])


def _tell(row: Restriction, data: dict[str, Any], by: int) -> str:
    if data["how"] == "e-mail":
        restrictions.tell_by_mail(row.pk, ending=data["ending"], staff_id=by)
        return (
            "The e-mail is on its way. Once it was sent, the restriction can be lifted."
        )
    restriction.tell(row.pk, ending=data["ending"], how=data["how"], staff_id=by)
    return "On record: the person was told. The restriction can be lifted now."


def _look_again(row: Restriction, data: dict[str, Any], by: int) -> str:
    restriction.look_again(
        row.pk, look_again_on=data["look_again_on"], staff_id=by, today=today_here()
    )
    return "On record: it goes on, and is looked at again on that day."


def _lift(row: Restriction, data: dict[str, Any], by: int) -> str:
    restrictions.lift(row.pk, staff_id=by)
    still = [other.get_ground_display() for other in restriction.others(row)]
    if still:
        return (
            "Lifted. The data may still not be used, since it is restricted on another "
            f"ground: {'; '.join(still)}."
        )
    return "Lifted: the data may be used again."


class RestrictionAdmin(AboutPeopleAdmin):
    place = Place("People’s data", 20, "Restrictions")
    lead = (
        "Data that is stored and not otherwise used (UK GDPR, Article 18): no mailing, "
        "no export, no change, no removal."
    )
    nothing_yet = "No data is restricted, and none has been."
    add_label = "Restrict somebody’s data"
    duties = {
        "view_restriction": "See restrictions",
        "impose_restriction": "Restrict the use of a person’s data",
        "tell_restriction": "Tell a person that a restriction will end",
        "lift_restriction": "Lift a restriction",
    }
    list_display = ("person", "ground", "state", "since")
    ordering = ("-pk",)
    adding = Act(
        "impose_restriction",
        "Restrict somebody’s data",
        "It takes effect at once, also for mail that is queued already. The person need "
        "not be a reader.",
        "Restrict it",
        RestrictForm,
        _restrict,
        is_about_chosen=True,
    )

    def acts(self) -> dict[str, Act]:
        return {
            "tell": Act(
                "tell_restriction",
                "Tell the person that it will end",
                "The law has us tell the person before a restriction is lifted.",
                "Tell the person",
                TellForm,
                _tell,
            ),
            "look-again": Act(
                "tell_restriction",
                "It goes on: look again later",
                "Somebody looked whether what ends it has happened, and it has not. The "
                "restriction stands on the first page again on the day that you enter.",
                "Look again on that day",
                LookAgainForm,
                _look_again,
            ),
            "lift": Act(
                "lift_restriction",
                "Lift the restriction",
                "The data may be used again. Refused before the person was told.",
                "Lift it",
                ConsoleForm,
                _lift,
            ),
        }

    def is_open(self, row: Restriction) -> bool:
        return row.is_open

    def person(self, row: Any) -> str:
        return masked(row.address) if row.address else _numbered(row.number)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                number=F("data_subject__indirect_contact"),
                mail_state=outcomes.state_by("notice_mail_id"),
            )
        )

    def state(self, row: Any) -> SafeString:
        shape, words = state_of(row)
        return format_html('<span class="state {}">{}</span>', shape, words)

    def since(self, row: Restriction) -> str:
        return when(row.starts_at)

    def facts(self, row: Restriction) -> list[tuple[str, str]]:
        return [
            ("Person", _people(_with_those_alike(row))),
            ("Ground", row.get_ground_display()),
            ("Reason", row.reason),
            ("Since", when(row.starts_at)),
            ("Restricted by", who(row.staff_id) if row.staff_id else BY_ITSELF),
            ("Ends when", row.ends_when),
            ("To be looked at again on", _day(row.look_again_on)),
            *(
                (f"Used {when(use.used_at)}", _words_of_use(use))
                for use in row.uses.all()
            ),
            ("What ended it", row.ending or "—"),
            ("State", state_of(row)[1]),
            ("Person was told", when(row.notice_sent_at)),
            ("Lifted", when(row.lifted_at)),
            ("Lifted by", who(row.lifted_by_id)),
        ]


def _with_those_alike(row: Restriction) -> Iterable[tuple[uuid.UUID, str]]:
    """Its person, and whoever is restricted with them by the same address."""
    yield row.data_subject_id, row.address
    others = Restriction.objects.filter(
        ground=row.ground, staff_id=row.staff_id, look_again_on=row.look_again_on
    ).exclude(data_subject=row.data_subject_id)
    for other in others if row.address else ():
        if (other.address, other.reason) == (row.address, row.reason):
            yield other.data_subject_id, other.address


def _day(day: date | None) -> str:
    return in_words(day) if day else "—"


def _words_of_use(use: UseDespite) -> str:
    what = use.get_what_display()
    return (
        f"{what}, by {who(use.staff_id)}: {use.get_allowance_display()}. {use.reason}"
    )


# How far the notice by e-mail has come, while the restriction stands.
NOTICE_STATES = {
    State.QUEUED: ("waiting", "in force; notice on its way"),
    State.IN_FLIGHT: ("waiting", "in force; notice on its way"),
    State.SENT: ("waiting", "told, to be lifted"),
    State.WITHHELD: ("bad", "in force; notice was not sent"),
    State.FAILED: ("bad", "in force; notice failed"),
    State.UNKNOWN: ("bad", "in force; unknown whether the notice arrived"),
}


def state_of(row: Any) -> tuple[str, str]:
    """Shape and words; row carries the state of its e-mail (mail_state)."""
    if not row.is_open:
        return "over", "lifted"
    if row.notice_sent_at is not None:
        return NOTICE_STATES[State.SENT]
    return NOTICE_STATES.get(row.mail_state, ("waiting", "in force"))


# --- Legal holds ---


def _place(row: Chosen | None, data: dict[str, Any], by: int) -> str:
    matter = holds.Matter(data["matter"], data["reason"], data["review_on"])
    people = subjects_of(data["people"])
    if row is not None:
        people |= {row.subject: row.address}
    holds.place(people, matter, owner_id=by, today=today_here())
    said = "Held: nothing of these people is removed while the hold stands."
    if unknown := len(held_by_nobody(data["people"])):
        said += (
            f" Addresses that nobody has now: {unknown}. The data of whoever comes "
            "with one is held from the start."
        )
    return said + of_a_deletion(people.values())


def _review(row: LegalHold, data: dict[str, Any], by: int) -> str:
    review_on = data["review_on"]
    holds.review(row.pk, review_on=review_on, staff_id=by, today=today_here())
    return f"Reviewed. The next look is due on {review_on:%-d %B %Y}."


def _release(row: LegalHold, data: dict[str, Any], by: int) -> str:
    holds.release(row.pk, staff_id=by)
    return "Released: the retention rules apply again from the next run."


class LegalHoldAdmin(AboutPeopleAdmin):
    place = Place("People’s data", 21, "Legal holds")
    lead = (
        "What must be kept because a legal claim may need it. While a hold stands, no "
        "purge removes anything of the people named in it."
    )
    nothing_yet = "No hold stands, and none has stood."
    add_label = "Place a hold"
    person_lookup = "people__data_subject"
    duties = {
        "view_legalhold": "See legal holds",
        "place_legalhold": "Place a legal hold",
        "review_legalhold": "Review a legal hold",
        "release_legalhold": "Release a legal hold",
    }
    list_display = ("matter", "people", "state", "review_on")
    ordering = ("-pk",)
    adding = Act(
        "place_legalhold",
        "Place a legal hold",
        "You become its owner and are reminded of the review. The people need not be "
        "readers.",
        "Place the hold",
        HoldForm,
        _place,
        is_about_chosen=True,
    )

    def acts(self) -> dict[str, Act]:
        return {
            "review": Act(
                "review_legalhold",
                "Review the hold",
                "You looked, and it is still needed. Otherwise release it.",
                "It is still needed",
                ReviewForm,
                _review,
            ),
            "release": Act(
                "release_legalhold",
                "Release the hold",
                "What is due is removed by the next nightly run.",
                "Release it",
                ConsoleForm,
                _release,
            ),
        }

    def people_of(self, row: LegalHold) -> list[Any]:
        return list(row.people.values_list("data_subject_id", flat=True))

    def is_open(self, row: LegalHold) -> bool:
        return row.is_standing

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(people_count=Count("people"))

    def people(self, row: Any) -> int:
        return int(row.people_count)

    def state(self, row: LegalHold) -> SafeString:
        if not row.is_standing:
            return format_html('<span class="state over">{}</span>', "released")
        if row.review_on <= today_here():
            return format_html('<span class="state bad">{}</span>', "review is due")
        return format_html('<span class="state good">{}</span>', "stands")

    def facts(self, row: LegalHold) -> list[tuple[str, str]]:
        people = row.people.values_list("data_subject_id", "address")
        return [
            ("Matter", row.matter),
            ("Reason", row.reason),
            ("People", _people(people)),
            ("Owner", who(row.owner_id)),
            ("Placed", when(row.placed_at)),
            ("Next review", f"{row.review_on:%-d %B %Y}"),
            ("Released", when(row.released_at)),
            ("Released by", who(row.released_by_id)),
        ]


# --- Disclosures ---


def _disclose(row: Chosen | None, data: dict[str, Any], by: int) -> str:
    given = disclosures.Given(
        **{field.name: data[field.name] for field in fields(disclosures.Given)}
    )
    subject = row.subject if row else subject_of(data["address"]).pk
    disclosures.record(
        subject, given, staff_id=by, today=today_here(), allowed=allowed_by(data)
    )
    return "On record. It cannot be changed; record a new one to correct it."


def _purpose(key: str) -> str:
    """Its title; one that has left the register is known by its key."""
    purposes = the_register().purposes
    return purposes[key].title if key in purposes else key


class DisclosureAdmin(AboutPeopleAdmin):
    place = Place("People’s data", 22, "Disclosures")
    lead = (
        "What was given of one person to one organisation, once. Who gets data "
        "regularly stands among the recipients of the register."
    )
    nothing_yet = "Nothing has been disclosed."
    add_label = "Record a disclosure"
    person_lookup = "data_subject_id"
    duties = {
        "view_disclosure": "See disclosures",
        "record_disclosure": "Record a disclosure",
    }
    list_display = ("recipient", "role", "country_code", "kinds", "disclosed_on")
    ordering = ("-id",)
    adding = Act(
        "record_disclosure",
        "Record a disclosure",
        "For data that was given away once: to a court, an insurer, an adviser.",
        "Put it on record",
        DisclosureForm,
        _disclose,
        is_about_chosen=True,
    )

    def kinds(self, row: Disclosure) -> str:
        titles = the_register().categories
        return ", ".join(
            titles[key].title if key in titles else key for key in row.categories
        )

    def facts(self, row: Disclosure) -> list[tuple[str, str]]:
        evidence = DisclosureEvidence.objects.filter(disclosure_id=row.pk).first()
        return [
            ("Organisation", row.recipient),
            ("Role", row.get_role_display()),
            ("Country", row.country_code),
            ("Safeguard", row.safeguard or "—"),
            ("Kinds of data", self.kinds(row)),
            ("Purpose", _purpose(row.purpose)),
            ("Ground", row.get_legal_ground_display()),
            ("Given on", f"{row.disclosed_on:%-d %B %Y}"),
            ("Recorded", when(row.at)),
            ("Recorded by", who(row.staff_id)),
            ("Where to look it up", evidence.reference if evidence else "removed"),
            ("In the ledgers", str(row.data_subject_id)),
        ]


console.register(Restriction, RestrictionAdmin)
console.register(LegalHold, LegalHoldAdmin)
console.register(Disclosure, DisclosureAdmin)
