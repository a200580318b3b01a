"""Every pair of state and move, for every kind of case: in Python and in the database."""

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed
from rights_requests import casebook, moves
from rights_requests.kinds import AT_ONCE, CaseKind
from rights_requests.models import Case, CaseLogEntry, Decision
from rights_requests.moves import CLOSED, OPEN, TABLE, Move, State
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db

# Tries one move of one row as raw SQL would make it, and takes it back at once.
TRY_MOVE = """
CREATE OR REPLACE FUNCTION pg_temp.try_move(case_id uuid, move text, then_state text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rights_requests_case SET
        state = then_state, last_move = move, moves_count = moves_count + 1,
        due_on = NULL, governs_on = NULL, next_reminder_on = NULL,
        closed_at = CASE WHEN then_state = ANY(%s) THEN NULL ELSE now() END
    WHERE id = case_id;
    RAISE EXCEPTION USING ERRCODE = 'P0002';
EXCEPTION
    WHEN no_data_found THEN RETURN true;
    WHEN restrict_violation THEN RETURN false;
END $$
"""
EVERY_TRY = """
SELECT move, then_state, pg_temp.try_move(%s, move, then_state)
FROM unnest(%s::text[]) AS move, unnest(%s::text[]) AS then_state
"""


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


@pytest.mark.parametrize("kind", list(CaseKind))
def test_the_database_makes_exactly_the_moves_of_the_table(kind: CaseKind) -> None:
    """Every state that such a case can be in, with every move, to every state."""
    states = list(lives.paths(kind))
    assert set(states) >= {before for before, _ in TABLE[kind]}
    tried = 0
    with connection.cursor() as cursor:
        cursor.execute(TRY_MOVE.replace("%s", _array(OPEN)))
        for state in states:
            case = lives.bring_to(kind, state)
            cursor.execute(EVERY_TRY, [case.pk, list(Move), list(State)])
            for move, then, was_made in cursor.fetchall():
                is_in_table = moves.after(kind, state, move) == then
                assert was_made == is_in_table, f"{kind}: {state}, {move}, {then}"
                tried += 1
    assert tried == len(states) * len(Move) * len(State)


def _array(values: tuple[State, ...]) -> str:
    return "ARRAY[" + ", ".join(f"'{value.value}'" for value in values) + "]"


@pytest.mark.parametrize("kind", list(CaseKind))
def test_the_one_door_refuses_in_words_what_the_table_does_not_have(
    kind: CaseKind,
) -> None:
    for state in lives.paths(kind):
        case = lives.bring_to(kind, state)
        for move in Move:
            if moves.after(kind, state, move) is not None:
                assert moves.why_not(kind, state, move) == ""
                continue
            with pytest.raises(NotAllowed) as refusal, transaction.atomic():
                casebook.make(case, move, now=timezone.now())
            assert str(refusal.value)[-1] == "."
        assert Case.objects.get(pk=case.pk).moves_count == case.moves_count


def test_a_closed_case_makes_no_move_but_those_that_open_it() -> None:
    for kind in CaseKind:
        for (before, _), then in TABLE[kind].items():
            assert before not in CLOSED or then in OPEN


@pytest.mark.parametrize("kind", sorted(AT_ONCE))
def test_what_takes_effect_at_once_cannot_be_refused_or_kept_waiting(
    kind: CaseKind,
) -> None:
    never = {
        Move.REFUSE,
        Move.FULFIL_IN_PART,
        Move.ASK_IDENTITY,
        Move.ASK_FEE,
        Move.ASK_CLARIFICATION,
        Move.EXTEND,
    }
    assert not never & set(moves.moves_of(kind))


def test_only_access_is_stopped_by_a_question() -> None:
    stopping = [
        kind for kind in CaseKind if Move.ASK_CLARIFICATION in moves.moves_of(kind)
    ]
    assert stopping == [CaseKind.ACCESS]


def test_the_functions_in_the_database_are_those_of_the_table() -> None:
    """Whoever changes the table adds a migration that runs moves.function_sql()."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc FROM pg_proc WHERE proname IN"
            " ('casedesk_keep_to_moves', 'casedesk_move_is_on_record')"
        )
        installed = [source for (source,) in cursor.fetchall()]
    assert len(installed) == 2
    generated = moves.function_sql()
    for source in installed:
        assert source in generated


# --- A move without what belongs to it ---


def refused_at_the_end() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_move_that_the_log_does_not_show_is_refused() -> None:
    case = lives.new_case()
    with pytest.raises(Error, match="stands in the case log"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(
            state=State.WITHDRAWN,
            last_move=Move.WITHDRAW,
            moves_count=2,
            closed_at=timezone.now(),
            governs_on=None,
            next_reminder_on=None,
        )
        refused_at_the_end()


def test_a_new_case_needs_its_receipt_in_the_log() -> None:
    case = lives.new_case()
    with pytest.raises(Error, match="stands in the case log"), transaction.atomic():
        Case.objects.create(
            reference="R-2222-2222",
            submission=case.submission,
            kind=CaseKind.ACCESS,
            received_at=case.received_at,
        )
        refused_at_the_end()


@pytest.mark.parametrize("by", [lives.PROPOSER, None])
def test_what_binds_the_person_needs_a_second_person(by: int | None) -> None:
    """Neither nobody nor the same one releases a refusal."""
    case = lives.bring_to(CaseKind.ACCESS, State.IN_PROGRESS)
    with pytest.raises(Error), transaction.atomic():
        if by is not None:
            Decision.objects.create(
                case=case,
                move=Move.REFUSE,
                reasons="x",
                proposed_by_id=by,
                released_by_id=by,
                move_number=case.moves_count + 1,
            )
        casebook.make(case, Move.REFUSE, now=timezone.now())
        refused_at_the_end()


def test_erasing_needs_a_second_person_and_correcting_does_not() -> None:
    for kind, is_refused in ((CaseKind.ERASURE, True), (CaseKind.RECTIFICATION, False)):
        case = lives.bring_to(kind, State.IN_PROGRESS)
        try:
            with transaction.atomic():
                casebook.make(case, Move.FULFIL, now=timezone.now())
                refused_at_the_end()
        except Error as error:
            assert is_refused and "second person" in str(error)
        else:
            assert not is_refused


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", CaseKind.ERASURE),
        ("received_at", timezone.now()),
        ("reference", "R-AAAA-AAAA"),
        ("state", State.REFUSED),
        ("last_move", Move.REFUSE),
    ],
)
def test_what_was_received_cannot_be_changed(field: str, value: object) -> None:
    case = lives.new_case()
    with pytest.raises(Error), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(**{field: value})


def test_the_case_log_only_grows() -> None:
    case = lives.new_case()
    entry = CaseLogEntry.objects.get(case_id=case.pk, number=1)
    with connection.cursor() as cursor:
        for statement in (
            "UPDATE rights_requests_caselogentry SET state = 'x' WHERE id = %s",
            "DELETE FROM rights_requests_caselogentry WHERE id = %s",
        ):
            with pytest.raises(Error), transaction.atomic():
                cursor.execute(statement, [entry.pk])
