"""What it costs that restrictions bind by the database: the same statements with the
triggers and policies, and without them, alternating, each as the role that runs it.

1. The statement of a sign-up, by casedesk_app.
2. What the mail worker writes for each delivery of a case update, by casedesk_mailer:
   claim, “being handed over”, what became of it. No mail leaves.

Of each round counts what nine in ten statements exceed, which what else the machine
does disturbs least; the ratio is that of the medians over the rounds.
"""

import os
import statistics
import time
import uuid

from bench.rights_sweep import database

ROUNDS = 8
SIGN_UPS = 200
READERS = 2000
RESTRICTED = 50
# The owner connects, and acts as the other two.
AS = {"owner": "NONE", "app": "casedesk_app", "mailer": "casedesk_mailer"}


def main() -> None:
    os.environ["DATABASE_ROLE"] = "owner"
    with database():
        _fill()
        found: dict[str, dict[str, list[float]]] = {}
        for number in range(ROUNDS):
            # Whichever goes first changes from round to round.
            for how in ("free", "bound")[:: 1 if number % 2 else -1]:
                _make(how)
                _note(found, "sign-up", how, _sign_ups())
                _note(found, "delivery", how, _deliveries())
        _print(found)


def _note(
    found: dict[str, dict[str, list[float]]], what: str, how: str, ms: float
) -> None:
    found.setdefault(what, {}).setdefault(how, []).append(ms)


def _print(found: dict[str, dict[str, list[float]]]) -> None:
    print(
        f"{RESTRICTED} of {READERS} readers restricted; milliseconds, {ROUNDS} rounds"
    )
    print("            without: best  median     with: best  median     ratio")
    for what, by in found.items():
        free, bound = by["free"], by["bound"]
        print(
            f"{what:10} {min(free):14.3f} {statistics.median(free):7.3f}"
            f" {min(bound):15.3f} {statistics.median(bound):7.3f}"
            f" {statistics.median(bound) / statistics.median(free):9.2f}"
        )


def _act_as(role: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {AS[role]}")


def _make(how: str) -> None:
    """The database with all that binds, or without; every delivery waits once more."""
    from django.db import connection

    from data_subjects import binding_sql

    _act_as("owner")
    if how == "bound":
        binding_sql.bind()
    else:
        binding_sql.unbind()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE case_updates_delivery SET state = 'queued', claimed_at = NULL,"
            " handing_over_at = NULL, settled_at = NULL, reason = ''"
        )
        cursor.execute("VACUUM ANALYZE case_updates_delivery")


def _undisturbed(times: list[float]) -> float:
    """In milliseconds."""
    return sorted(times)[len(times) // 10] * 1000


def _sign_ups() -> float:
    from subscribers.signup import SignUp, request_signup

    _act_as("app")
    times = []
    for _ in range(SIGN_UPS):
        wish = SignUp(
            address=f"reader-{uuid.uuid4().hex}@example.com",
            purposes=["case-updates"],
            wording="sign-up/1",
            notices=["privacy/1"],
        )
        began = time.perf_counter()
        request_signup(wish)
        times.append(time.perf_counter() - began)
    return _undisturbed(times)


def _deliveries() -> float:
    from case_updates import sending
    from case_updates.models import CaseUpdate
    from outbox.handover import Outcome
    from outbox.models import State
    from subscribers.models import Subscriber

    _act_as("mailer")
    update = CaseUpdate.objects.get()
    times = []
    while True:
        began = time.perf_counter()
        batch = sending.claim_batch(update)
        if not batch:
            break
        keys = [row.subscriber_id for row in batch]
        readers = Subscriber.objects.only("address", "address_digest").in_bulk(keys)
        claimed = (time.perf_counter() - began) / len(batch)
        for row in batch:
            reader = readers.get(row.subscriber_id)
            began = time.perf_counter()
            at = sending._begin(row, reader) if reader else None
            if at is not None:
                sending._record(row, at, Outcome(State.SENT))
                times.append(claimed + time.perf_counter() - began)
    return _undisturbed(times)


def _fill() -> None:
    """Readers with a standing consent, and an update that is being sent to them."""
    from case_updates import content, release
    from case_updates.models import CaseUpdate
    from consent.models import ConsentEntry
    from data_subjects.models import DataSubject, Ground, Restriction
    from groundwork import addresses
    from staff.models import StaffUser
    from subscribers.models import Subscriber

    written = [f"reader-{number}@example.com" for number in range(READERS)]
    people = [
        DataSubject(id=uuid.uuid4(), address_digest=addresses.digest(one))
        for one in written
    ]
    DataSubject.objects.bulk_create(people)
    Subscriber.objects.bulk_create(
        Subscriber(
            data_subject=person,
            address=address,
            address_digest=person.address_digest,
            status="confirmed",
            confirmed_at=person.created_at,
        )
        for person, address in zip(people, written, strict=True)
    )
    ConsentEntry.objects.bulk_create(
        ConsentEntry(
            data_subject_id=person.pk,
            purpose="case-updates",
            action="given",
            channel="confirmation",
            notices=[],
        )
        for person in people
    )
    editor, approver = (
        StaffUser.objects.create_superuser(
            f"{name}@example.com", "unused", full_name=name
        )
        for name in ("editor", "approver")
    )
    update = release.write(
        CaseUpdate(title="A hearing", summary="It was heard.", body="It was heard."),
        by=editor,
    )
    release.submit(update.pk, by=editor)
    release.release(update.pk, by=approver, digest=content.digest(update))
    Restriction.objects.bulk_create(
        Restriction(data_subject=person, ground=Ground.CLAIMS, reason="A.", staff_id=1)
        for person in people[:RESTRICTED]
    )


if __name__ == "__main__":
    main()
