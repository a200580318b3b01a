"""What can happen to a case, and from which state to which: the one table.

Buttons, verbs and the database read it: the trigger that refuses every other move is
generated from it (trigger_sql). A state names who must act. Greying a button and
refusing a post say the same words, because both ask why_not.
"""

from collections.abc import Iterable, Iterator, Mapping

from django.db import models

from rights_requests.kinds import AT_ONCE, ON_THE_CLOCK, PUBLISHED, CaseKind


class State(models.TextChoices):
    DRAFT = "draft", "to be confirmed by us"
    IN_PROGRESS = "in progress", "with us"
    AWAITING_IDENTITY = "awaiting identity", "waiting for proof of identity"
    AWAITING_FEE = "awaiting fee", "waiting for the fee"
    AWAITING_CLARIFICATION = "awaiting clarification", "waiting for an answer"
    FULFILLED = "fulfilled", "answered"
    PARTLY_FULFILLED = "partly fulfilled", "answered in part"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "withdrawn by the person"
    LAPSED = "lapsed", "closed: nothing came"
    DISMISSED = "dismissed", "no request"


OPEN = (
    State.DRAFT,
    State.IN_PROGRESS,
    State.AWAITING_IDENTITY,
    State.AWAITING_FEE,
    State.AWAITING_CLARIFICATION,
)
CLOSED = tuple(state for state in State if state not in OPEN)
# The person must act; nothing is ever overdue meanwhile.
WAITING = (
    State.AWAITING_IDENTITY,
    State.AWAITING_FEE,
    State.AWAITING_CLARIFICATION,
)


class Move(models.TextChoices):
    RECEIVE = "receive", "received"
    RECLASSIFY = "reclassify", "taken for another kind"
    CONFIRM = "confirm", "confirmed as a request"
    DISMISS = "dismiss", "found to be no request"
    REOPEN = "reopen", "opened again"
    ASK_IDENTITY = "ask-identity", "proof of identity asked for"
    RECEIVE_IDENTITY = "receive-identity", "proof of identity received"
    WAIVE_IDENTITY = "waive-identity", "proof of identity no longer needed"
    ASK_FEE = "ask-fee", "fee asked for"
    RECEIVE_FEE = "receive-fee", "fee paid"
    WAIVE_FEE = "waive-fee", "fee waived"
    ASK_CLARIFICATION = "ask-clarification", "asked which data is meant"
    RECEIVE_CLARIFICATION = "receive-clarification", "clarification received"
    WAIVE_CLARIFICATION = "waive-clarification", "question taken back"
    ASK_QUESTION = "ask-question", "question asked; the time goes on"
    EXTEND = "extend", "extended by two months"
    WITHHOLD = "withhold", "part of the answer is withheld"
    NARROW = "narrow", "narrowed by the person"
    ACKNOWLEDGE = "acknowledge", "acknowledged"
    REPORT_PROGRESS = "report-progress", "progress reported"
    RECOUNT = "recount", "time counted anew"
    CORRECT_RECEIPT = "correct-receipt", "the receipt was put right"
    RECEIVED_LATER = "received-later", "the receipt was put right: it came later"
    FULFIL = "fulfil", "answered"
    FULFIL_IN_PART = "fulfil-in-part", "answered in part"
    REFUSE = "refuse", "refused"
    LAPSE = "lapse", "closed: nothing came"
    WITHDRAW = "withdraw", "withdrawn by the person"
    LETTER_FAILED = "letter-failed", "the letter did not reach the person"


Table = Mapping[tuple[State, Move], State]

# Every case: it may be a mistake, the person may take it back, holidays may change.
_EVERY: Table = {
    (State.DRAFT, Move.RECLASSIFY): State.DRAFT,
    (State.DRAFT, Move.CONFIRM): State.IN_PROGRESS,
    (State.DRAFT, Move.DISMISS): State.DISMISSED,
    (State.DISMISSED, Move.REOPEN): State.DRAFT,
    # Nobody read why it was found to be no request: it is looked at once more.
    (State.DISMISSED, Move.LETTER_FAILED): State.DRAFT,
    # “It was not me”: whoever has the mailbox may have been somebody else.
    (State.WITHDRAWN, Move.REOPEN): State.IN_PROGRESS,
    (State.IN_PROGRESS, Move.FULFIL): State.FULFILLED,
    **{(state, Move.WITHDRAW): State.WITHDRAWN for state in OPEN},
    **{(state, Move.RECOUNT): state for state in OPEN},
    # Somebody entered another moment than that at which we had it.
    **{(state, Move.CORRECT_RECEIPT): state for state in OPEN},
    **{(state, Move.RECEIVED_LATER): state for state in OPEN},
}
# The person may be asked in plain words, and ask for less.
_TALKING: Table = {
    (State.IN_PROGRESS, Move.ASK_QUESTION): State.IN_PROGRESS,
    **{(state, Move.NARROW): state for state in OPEN},
}
# What a flood brought by the form may ask for nothing. While it is held, and nobody was
# told that we have it, it is put aside as a mail is (handling.why_not_dismiss).
_HELD: Table = {(State.IN_PROGRESS, Move.DISMISS): State.DISMISSED}
# A closing or asking letter that never arrived was never given. That a case lapsed is
# another matter: its person was asked, and the letter can be sent by another way.
_UNTOLD = (State.FULFILLED, State.PARTLY_FULFILLED, State.REFUSED, *WAITING)
_REQUEST: Table = {
    **_EVERY,
    **_TALKING,
    **_HELD,
    (State.IN_PROGRESS, Move.ASK_IDENTITY): State.AWAITING_IDENTITY,
    (State.AWAITING_IDENTITY, Move.RECEIVE_IDENTITY): State.IN_PROGRESS,
    (State.AWAITING_IDENTITY, Move.WAIVE_IDENTITY): State.IN_PROGRESS,
    (State.AWAITING_IDENTITY, Move.LAPSE): State.LAPSED,
    (State.IN_PROGRESS, Move.ASK_FEE): State.AWAITING_FEE,
    (State.AWAITING_FEE, Move.RECEIVE_FEE): State.IN_PROGRESS,
    (State.AWAITING_FEE, Move.WAIVE_FEE): State.IN_PROGRESS,
    (State.AWAITING_FEE, Move.LAPSE): State.LAPSED,
    (State.IN_PROGRESS, Move.EXTEND): State.IN_PROGRESS,
    (State.IN_PROGRESS, Move.FULFIL_IN_PART): State.PARTLY_FULFILLED,
    (State.IN_PROGRESS, Move.REFUSE): State.REFUSED,
    **{(state, Move.LETTER_FAILED): State.IN_PROGRESS for state in _UNTOLD},
}
# A copy may leave out what is about others, or what the person must not know.
_COPY: Table = {
    **_REQUEST,
    (State.IN_PROGRESS, Move.WITHHOLD): State.IN_PROGRESS,
}
# Only for access does a question stop the clock (Art. 12A(5)).
_ACCESS: Table = {
    **_COPY,
    (State.IN_PROGRESS, Move.ASK_CLARIFICATION): State.AWAITING_CLARIFICATION,
    (State.AWAITING_CLARIFICATION, Move.RECEIVE_CLARIFICATION): State.IN_PROGRESS,
    (State.AWAITING_CLARIFICATION, Move.WAIVE_CLARIFICATION): State.IN_PROGRESS,
    (State.AWAITING_CLARIFICATION, Move.EXTEND): State.AWAITING_CLARIFICATION,
}
_PUBLISHED: Table = {
    **_EVERY,
    **_TALKING,
    **_HELD,
    (State.FULFILLED, Move.LETTER_FAILED): State.IN_PROGRESS,
}
_COMPLAINT: Table = {
    **_EVERY,
    **_TALKING,
    **_HELD,
    (State.DRAFT, Move.ACKNOWLEDGE): State.DRAFT,
    (State.IN_PROGRESS, Move.ACKNOWLEDGE): State.IN_PROGRESS,
    (State.IN_PROGRESS, Move.REPORT_PROGRESS): State.IN_PROGRESS,
    (State.DRAFT, Move.LETTER_FAILED): State.DRAFT,
    (State.IN_PROGRESS, Move.LETTER_FAILED): State.IN_PROGRESS,
    (State.FULFILLED, Move.LETTER_FAILED): State.IN_PROGRESS,
}


def _table_of(kind: CaseKind) -> Table:
    if kind is CaseKind.ACCESS:
        return _ACCESS
    if kind is CaseKind.PORTABILITY:
        return _COPY
    if kind is CaseKind.COMPLAINT:
        return _COMPLAINT
    if kind in ON_THE_CLOCK:
        return _REQUEST
    return _PUBLISHED if kind in PUBLISHED else _EVERY


# A case begins confirmed by its form, or as a draft out of a mail.
FIRST_STATES = (State.IN_PROGRESS, State.DRAFT)


def _reachable(table: Table) -> Table:
    """Without the moves from states that such a case is never in."""
    states = set(FIRST_STATES)
    while further := {
        then
        for (before, _), then in table.items()
        if before in states and then not in states
    }:
        states |= further
    return {pair: then for pair, then in table.items() if pair[0] in states}


TABLE: Mapping[CaseKind, Table] = {
    kind: _reachable(_table_of(kind)) for kind in CaseKind
}

# In these the person was given an answer, whole or in part.
GIVEN = frozenset({State.FULFILLED, State.PARTLY_FULFILLED})

# A wrong moment of receipt is put right; a later one gives us time.
CORRECTIONS = frozenset({Move.CORRECT_RECEIPT, Move.RECEIVED_LATER})

# These bind the person, so a second member of staff releases them.
NEEDS_TWO = frozenset(
    {
        Move.EXTEND,
        Move.ASK_FEE,
        Move.REFUSE,
        Move.FULFIL_IN_PART,
        Move.LAPSE,
        Move.WITHHOLD,
        Move.RECEIVED_LATER,
    }
)
# What is erased cannot be brought back.
NEEDS_TWO_FOR_KIND = frozenset({(CaseKind.ERASURE, Move.FULFIL)})
# What follows in a state of the person's own accord, or of itself: no button of staff.
NOT_OF_STAFF = frozenset({Move.RECEIVE, Move.RECOUNT, Move.LETTER_FAILED})


def needs_second_person(kind: CaseKind, move: Move) -> bool:
    return move in NEEDS_TWO or (kind, move) in NEEDS_TWO_FOR_KIND


def after(kind: str, state: str, move: str) -> State | None:
    """The state after this move; None when the table has no such move."""
    return TABLE[CaseKind(kind)].get((State(state), Move(move)))


def moves_of(kind: str) -> list[Move]:
    """Every move that a case of this kind can ever make, in the order of Move."""
    known = {move for _, move in TABLE[CaseKind(kind)]}
    return [move for move in Move if move in known]


def why_not(kind: str, state: str, move: str) -> str:
    """Why the table has no such move, in words for staff; empty when it has."""
    if after(kind, state, move) is not None:
        return ""
    case_kind, from_state, wanted = CaseKind(kind), State(state), Move(move)
    if wanted not in moves_of(kind):
        return _never(case_kind, wanted)
    if from_state in CLOSED:
        return f"The case is closed ({from_state.label})."
    if wanted is Move.REOPEN:
        return "The case is open."
    if from_state is State.DRAFT:
        return "Confirm first what the message asks for."
    if wanted in WAITED_FOR:
        return f"Nothing of that kind was asked for: the case is {from_state.label}."
    if wanted in SORTS_A_DRAFT:
        return "Only a message that waits to be confirmed is sorted so."
    return f"Not while the case is {from_state.label}."


WAITED_FOR = frozenset(
    {
        Move.RECEIVE_IDENTITY,
        Move.WAIVE_IDENTITY,
        Move.RECEIVE_FEE,
        Move.WAIVE_FEE,
        Move.RECEIVE_CLARIFICATION,
        Move.WAIVE_CLARIFICATION,
        Move.LAPSE,
    }
)
SORTS_A_DRAFT = frozenset({Move.RECLASSIFY, Move.CONFIRM, Move.DISMISS})
_CLARIFYING = frozenset(
    {
        Move.ASK_CLARIFICATION,
        Move.RECEIVE_CLARIFICATION,
        Move.WAIVE_CLARIFICATION,
    }
)


def _never(kind: CaseKind, move: Move) -> str:
    if kind in AT_ONCE:
        return (
            "It takes effect at once and cannot be refused, delayed or made to depend on "
            "who is asking (UK GDPR, Articles 7(3) and 21(3))."
        )
    if move in _CLARIFYING and kind in ON_THE_CLOCK:
        return (
            "Only a request for access is stopped by a question (UK GDPR, Article "
            "12A(5)). Ask it; the time goes on meanwhile."
        )
    if kind is CaseKind.COMPLAINT:
        return (
            "A complaint is answered with its outcome: it is neither refused, extended "
            "nor charged for (Data Protection Act 2018, section 164A)."
        )
    return f"There is no such step in a case about {kind.label}."


# --- The same for the database ---


def allowed() -> Iterator[tuple[str, str, str, str]]:
    """Every move: kind, state before, move, state after."""
    for kind, table in TABLE.items():
        for (before, move), then in table.items():
            yield kind.value, before.value, move.value, then.value


def _listed(rows: Iterable[tuple[str, ...]]) -> str:
    lines = ("(" + ", ".join(f"'{cell}'" for cell in row) + ")" for row in rows)
    return ",\n            ".join(lines)


# The first refuses a change of state that is no move.
KEEP_TO_MOVES = """
    CREATE OR REPLACE FUNCTION casedesk_keep_to_moves() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.moves_count <> 1 OR NEW.last_move <> '«receive»'
               OR NEW.state NOT IN («first») THEN
                RAISE EXCEPTION 'a case begins by being received'
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.kind <> OLD.kind AND (NEW.moves_count = OLD.moves_count
               OR NEW.last_move <> '«reclassify»')
           OR NEW.received_at <> OLD.received_at AND (
               NEW.moves_count = OLD.moves_count
               OR NEW.last_move NOT IN («corrections»)
               OR NEW.received_at > OLD.received_at AND NEW.last_move <> '«later»'
           )
           OR NEW.submission_id <> OLD.submission_id
           OR NEW.reference <> OLD.reference THEN
            RAISE EXCEPTION 'what was received cannot be changed'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.moves_count = OLD.moves_count THEN
            IF NEW.state <> OLD.state OR NEW.last_move <> OLD.last_move THEN
                RAISE EXCEPTION 'a state changes by a move only'
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.moves_count <> OLD.moves_count + 1 OR (
            OLD.kind, OLD.state, NEW.last_move, NEW.state
        ) NOT IN (
            «allowed»
        ) THEN
            RAISE EXCEPTION 'a case about % cannot go from “%” to “%” by “%”',
                OLD.kind, OLD.state, NEW.state, NEW.last_move
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
"""
# The second, at the end of the transaction, refuses a move that the case log does not
# show, and one that needs two people and was not released by a second one.
ON_RECORD = """
    CREATE OR REPLACE FUNCTION casedesk_move_is_on_record() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM rights_requests_caselogentry AS entry
            WHERE entry.case_id = NEW.id AND entry.number = NEW.moves_count
              AND entry.event = NEW.last_move AND entry.state = NEW.state
        ) THEN
            RAISE EXCEPTION 'a move stands in the case log or does not happen'
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF (NEW.last_move IN («always»)
            OR (NEW.kind, NEW.last_move) IN («of_kind»))
           AND NOT EXISTS (
            SELECT FROM rights_requests_decision AS decision
            WHERE decision.case_id = NEW.id AND decision.move = NEW.last_move
              AND decision.move_number = NEW.moves_count
              AND decision.released_by_id <> decision.proposed_by_id
        ) THEN
            RAISE EXCEPTION 'this move needs a second person'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    END $$;
"""


def function_sql() -> str:
    """The two functions that keep cases to the table; run again, they are replaced.

    Filled from our own table alone: nothing that anybody typed comes in here.
    """
    of_kind = ((kind.value, move.value) for kind, move in sorted(NEEDS_TWO_FOR_KIND))
    slots = {
        "receive": Move.RECEIVE.value,
        "reclassify": Move.RECLASSIFY.value,
        "corrections": _quoted(sorted(CORRECTIONS)),
        "later": Move.RECEIVED_LATER.value,
        "first": _quoted(FIRST_STATES),
        "allowed": _listed(allowed()),
        "always": _quoted(sorted(NEEDS_TWO)),
        "of_kind": _listed(of_kind),
    }
    sql = KEEP_TO_MOVES + ON_RECORD
    for name, value in slots.items():
        sql = sql.replace(f"«{name}»", value)
    return sql


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


TRIGGERS_SQL = """
    CREATE TRIGGER case_moves
        BEFORE INSERT OR UPDATE ON rights_requests_case
        FOR EACH ROW EXECUTE FUNCTION casedesk_keep_to_moves();
    CREATE CONSTRAINT TRIGGER case_move_received
        AFTER INSERT ON rights_requests_case
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION casedesk_move_is_on_record();
    CREATE CONSTRAINT TRIGGER case_move_recorded
        AFTER UPDATE ON rights_requests_case
        DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.moves_count <> OLD.moves_count)
        EXECUTE FUNCTION casedesk_move_is_on_record();
"""
NO_TRIGGERS_SQL = """
    DROP TRIGGER case_move_recorded ON rights_requests_case;
    DROP TRIGGER case_move_received ON rights_requests_case;
    DROP TRIGGER case_moves ON rights_requests_case;
    DROP FUNCTION casedesk_move_is_on_record();
    DROP FUNCTION casedesk_keep_to_moves();
"""
