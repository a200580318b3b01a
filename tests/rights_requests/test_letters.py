"""Letters to people: what the law wants in each, what staff may change, and how it reads
on a screen, on paper and aloud."""

import hashlib
import re
import shutil
import sys
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from outbox.composing import compose, raw_bytes
from outbox.delivery import deliver_due
from outbox.models import MessageClass
from outbox.queueing import queue
from processing_register import bank_holidays
from processing_register.bank_holidays import Nation
from processing_register.models import Controller
from processing_register.notices import current_controller
from rights_requests import letter_frames
from rights_requests.deadlines import Events, Right, statutory_deadline
from rights_requests.kinds import AT_ONCE, ON_THE_CLOCK, PUBLISHED, CaseKind
from rights_requests.letter_frames import (
    FOUR,
    MERGE,
    MUST_HOLD,
    ROUTES,
    BlockFrame,
    Frame,
    frame,
    newest,
)
from rights_requests.letter_pdf import PdfUnavailable, address_problem, letter_pdf
from rights_requests.letters import (
    EditNotAllowed,
    Fields,
    Letter,
    LetterIncomplete,
    LetterIsWrong,
    LetterKind,
    Matter,
    edit_problems,
    editable,
    missing_clauses,
    render,
)
from tests.people import ADA
from tests.reading import Mail
from tests.relay import Relay

FOLDER = Path(project.BASE_DIR) / "rights_requests" / "letter_files"
PARTICULARS = tomllib.loads(
    (Path(project.REGISTER_DIR) / "controller.toml").read_text()
)
REFERENCE = "R-2026-KX4P"
STEPS = (
    "The request was received on Monday 2 November 2026.",
    "One month ends on the same date of the month: Wednesday 2 December 2026.",
)
MESSAGE = {
    LetterKind.MESSAGE: {"message": "The file that you sent is empty."},
    LetterKind.FILE_TAKEN: {"message": "club.example.com has taken your file."},
    LetterKind.FILE_NOT_TAKEN: {"message": "Their server refused your file."},
}
# Which cases a letter can be about, where it is not a request on the clock.
KINDS: dict[LetterKind, tuple[CaseKind, ...]] = {
    LetterKind.ACKNOWLEDGE_COMPLAINT: (CaseKind.COMPLAINT,),
    LetterKind.COMPLAINT_PROGRESS: (CaseKind.COMPLAINT,),
    LetterKind.COMPLAINT_OUTCOME: (CaseKind.COMPLAINT,),
    LetterKind.ASK_CLARIFICATION: (CaseKind.ACCESS,),
    LetterKind.CLARIFICATION_RECEIVED: (CaseKind.ACCESS,),
    LetterKind.ANSWER_WITH_WITHHOLDING: (CaseKind.ACCESS, CaseKind.PORTABILITY),
    LetterKind.AT_ONCE: tuple(sorted(AT_ONCE)),
    LetterKind.SCHEDULE: tuple(sorted(PUBLISHED)),
    LetterKind.ACKNOWLEDGEMENT: tuple(
        kind for kind in CaseKind if kind is not CaseKind.COMPLAINT
    ),
    LetterKind.PUT_RIGHT: tuple(
        kind for kind in CaseKind if kind is not CaseKind.COMPLAINT
    ),
    LetterKind.NO_REQUEST: tuple(CaseKind),
    LetterKind.RECEIPT_CORRECTED: tuple(CaseKind),
    LetterKind.MESSAGE: tuple(CaseKind),
    LetterKind.FILE_TAKEN: (CaseKind.PORTABILITY,),
    LetterKind.FILE_NOT_TAKEN: (CaseKind.PORTABILITY,),
    LetterKind.STATUS_LINK: tuple(CaseKind),
    LetterKind.WITHDRAWAL_RECORDED: tuple(CaseKind),
    LetterKind.NARROWED: tuple(CaseKind),
}
EACH = [
    pytest.param(letter, kind, id=f"{letter.value}, {kind.value}")
    for letter in LetterKind
    for kind in KINDS.get(letter, tuple(sorted(ON_THE_CLOCK)))
]


def matter(kind: CaseKind = CaseKind.ACCESS, reference: str = REFERENCE) -> Matter:
    return Matter(reference, kind, date(2026, 12, 2), STEPS)


def sample(kind: CaseKind = CaseKind.ACCESS, **more: Any) -> Fields:
    """A case with something in every field."""
    given: dict[str, Any] = {
        "controller": Controller(**PARTICULARS),
        "matters": (matter(kind),),
        "written_on": date(2026, 11, 20),
        "name": "Ada Quill",
        "received_on": date(2026, 11, 2),
        "dated_on": date(2026, 11, 1),
        "promised_by": date(2026, 12, 1),
        "asked_on": date(2026, 11, 5),
        "came_on": date(2026, 11, 12),
        "answer_by": date(2026, 12, 10),
        "notice_by": date(2026, 12, 2),
        "was_due_on": date(2026, 12, 1),
        "next_news_on": date(2026, 12, 4),
        "status_url": "https://example.com/status/abcdefghijklmnopqrstuv/",
        "confirm_url": "https://example.com/it-is-me/abcdefghijklmnopqrstuv/",
        "complain_url": "https://example.com/complain/",
        "document_url": "https://example.com/retention/versions/2/",
        "document": "Retention schedule, version 2",
        "reasons": "You sent four requests that overlap.\n\nEach needs its own search.",
        "ground": "it goes far beyond what is reasonable (UK GDPR, Article 12(5))",
        "questions": ("In which months did you call?", "On which number?"),
        "amount": Decimal("1012.5"),
        "breakdown": ("Copying 40 tapes: £1,000.00", "Postage: £12.50"),
        "outcome": "We found three recordings.",
        "left_out": "One recording of a call with your colleague.",
        "next_step": "Pay into the account that we name on your page.",
        "documents": ("Your data (a ZIP file)",),
        "recipients": ("A mailing company in Leeds",),
        "limits": ("Invoices: tax law has us keep them for six years",),
        "erased": ("Your sign-up for our e-mails (1)",),
        "stops": ("E-mails about the case",),
        "ends": ("Case updates",),
        "about": "R-2026-AB2C",
        "holiday": "Friday 18 December 2026, a day of thanks",
        "taken_for": "deleting your data",
        "was_received_on": date(2026, 11, 4),
    }
    return Fields(**{**given, **more})


def written(letter: LetterKind, kind: CaseKind | None = None, **more: Any) -> Letter:
    about = kind or KINDS.get(letter, (CaseKind.ACCESS,))[0]
    return render(letter, sample(about, **more), MESSAGE.get(letter))


def flat(letter: Letter) -> str:
    """Its words without the breaks of lines."""
    return " ".join(letter.text.split())


# --- Every letter ---


@pytest.mark.parametrize(("letter", "kind"), EACH)
def test_every_letter_can_be_written_about_every_kind_of_case(
    letter: LetterKind, kind: CaseKind
) -> None:
    made = written(letter, kind)

    assert missing_clauses(made) == ()
    assert made.text.startswith("Hello Ada Quill,\n\n")
    assert "The Governance Team\nJJH Enterprises Ltd, trading as" in made.text
    assert REFERENCE in made.subject
    assert REFERENCE in made.text
    assert not MERGE.search(made.subject + made.text)
    assert "  " not in made.text.replace("\n  ", "\n")


@pytest.mark.parametrize("letter", LetterKind)
def test_a_letter_without_what_may_be_missing_is_whole(letter: LetterKind) -> None:
    optional: dict[str, Any] = {
        "name": "",
        "dated_on": None,
        "promised_by": None,
        "answer_by": None,
        "notice_by": None,
        "next_news_on": None,
        "complain_url": "",
        "confirm_url": "",
        "documents": (),
        "recipients": (),
        "limits": (),
        "ends": (),
        "about": "",
    }
    if letter is not LetterKind.STATUS_LINK:
        optional["status_url"] = ""
    made = written(letter, **optional)

    assert made.text.startswith("Hello,\n\n")
    assert not re.search(r"\b(?:None|by {2,}|on \.)", made.text)
    assert all(block.text.strip() for block in made.blocks)


LACKING = [
    (LetterKind.ACKNOWLEDGEMENT, "received_on"),
    (LetterKind.ASK_IDENTITY, "questions"),
    (LetterKind.ASK_IDENTITY, "reasons"),
    (LetterKind.REMINDER_IDENTITY, "asked_on"),
    (LetterKind.IDENTITY_RECEIVED, "came_on"),
    (LetterKind.ASK_FEE, "amount"),
    (LetterKind.ASK_FEE, "breakdown"),
    (LetterKind.ASK_FEE, "ground"),
    (LetterKind.ASK_FEE, "next_step"),
    (LetterKind.EXTENSION, "reasons"),
    (LetterKind.REFUSAL, "ground"),
    (LetterKind.REFUSAL, "reasons"),
    (LetterKind.REFUSAL_IN_PART, "left_out"),
    (LetterKind.ANSWER_WITH_WITHHOLDING, "reasons"),
    (LetterKind.LAPSED, "reasons"),
    (LetterKind.COMPLAINT_OUTCOME, "outcome"),
    (LetterKind.STATUS_LINK, "status_url"),
    (LetterKind.SCHEDULE, "document_url"),
    (LetterKind.HOLIDAY_MOVED, "was_due_on"),
    (LetterKind.PUT_RIGHT, "taken_for"),
    (LetterKind.NO_REQUEST, "reasons"),
    (LetterKind.RECEIPT_CORRECTED, "was_received_on"),
    (LetterKind.AT_ONCE, "stops"),
]


@pytest.mark.parametrize(("letter", "name"), LACKING)
def test_a_letter_that_lacks_something_is_not_written(
    letter: LetterKind, name: str
) -> None:
    blank: Any = None if name.endswith("_on") or name == "amount" else " \n "
    if name.endswith("_url"):
        blank = ""
    elif name in ("questions", "breakdown", "stops"):
        blank = (" ",)
    with pytest.raises(LetterIncomplete, match=name) as refused:
        written(letter, **{name: blank})
    assert name in refused.value.missing


def test_a_letter_is_about_something_and_tells_its_date() -> None:
    with pytest.raises(LetterIncomplete, match="matters"):
        written(LetterKind.ANSWER, matters=())
    undated = replace(matter(), due_on=None, steps=())
    with pytest.raises(LetterIncomplete) as refused:
        written(LetterKind.ACKNOWLEDGEMENT, matters=(undated,))
    assert {"by_then", "steps"} <= set(refused.value.missing)


def test_there_is_no_other_letter() -> None:
    with pytest.raises(ValueError, match="reminder-fee"):
        render("reminder-fee", sample())
    with pytest.raises(LetterIsWrong, match="answer-99"):
        render("answer", sample(), version=99)


# --- What the law wants in it ---


REFUSING = [
    LetterKind.REFUSAL,
    LetterKind.REFUSAL_IN_PART,
    LetterKind.ANSWER_WITH_WITHHOLDING,
    LetterKind.LAPSED,
    LetterKind.ASK_FEE,
    LetterKind.NO_REQUEST,
]


@pytest.mark.parametrize("letter", REFUSING)
def test_whoever_is_refused_reads_the_reasons_and_three_ways_on(
    letter: LetterKind,
) -> None:
    text = flat(written(letter))

    assert "You sent four requests that overlap. Each needs its own search." in text
    assert "complain to us about how we use your data. Section 164A of the Data" in text
    assert (
        "Write to governance@valuelicensing.com or to ValueLicensing, St Kath" in text
    )
    regulator = (
        r"complain to the regulator(?:, | \()Information Commissioner’s Office\)?\. "
    )
    assert re.search(regulator, text)
    assert "Section 165 of the Data Protection Act 2018 gives you this right" in text
    assert "https://ico.org.uk/make-a-complaint/ or 0303 123 1113" in text
    assert "You can ask a court to decide." in text
    assert set(FOUR) <= set(MUST_HOLD[letter])


@pytest.mark.parametrize("letter", LetterKind)
def test_no_letter_names_the_regulator_alone_or_the_old_law(letter: LetterKind) -> None:
    text = flat(written(letter))

    assert not re.search(r"\bArt(?:icle|\.)?\s*77\b|GDPR.{0,20}\b77\b", text)
    is_named = "Information Commissioner" in text or "regulator" in text.lower()
    assert is_named == ("section 165" in text.lower())
    assert is_named == ("164A" in text)
    assert is_named == ("court" in text)


def test_the_acknowledgement_says_all_that_the_person_must_know() -> None:
    holidays = bank_holidays.from_file(Nation.ENGLAND_AND_WALES)
    received = date(2026, 11, 26)
    deadline = statutory_deadline(
        Events(received, Right.ACCESS), holidays=holidays, as_of=received
    )
    steps = tuple(step.sentence for step in deadline.steps)
    asked = Matter(REFERENCE, CaseKind.ACCESS, deadline.due_on, steps)
    made = written(LetterKind.ACKNOWLEDGEMENT, matters=(asked,), received_on=received)
    text = flat(made)

    assert "Your reference: R-2026-KX4P" in text
    assert "a copy of your data" in text
    assert "The day we got it: Thursday 26 November 2026" in text
    assert "by Tuesday 29 December 2026 at the latest" in text
    assert len(steps) >= 5
    for step in steps:
        assert step in text
    assert "What happens next" in text
    assert "Invoices: tax law has us keep them for six years" in text
    assert "https://example.com/status/abcdefghijklmnopqrstuv/" in text
    assert "164A" in text
    assert "Section 165" in text
    assert "court" in text


def test_one_acknowledgement_tells_each_of_several_dates() -> None:
    erasure = Matter("R-2026-ER22", CaseKind.ERASURE, date(2026, 12, 4), ("By hand.",))
    news = Matter("R-2026-CN33", CaseKind.WITHDRAWAL)
    made = written(LetterKind.ACKNOWLEDGEMENT, matters=(matter(), erasure, news))
    text = flat(made)

    assert made.subject.endswith("(R-2026-KX4P, R-2026-ER22 and R-2026-CN33)")
    for said in (
        "We answer R-2026-KX4P (a copy of your data) as soon as we can, and by "
        "Wednesday 2 December 2026 at the latest.",
        "We answer R-2026-ER22 (deleting your data) as soon as we can, and by "
        "Friday 4 December 2026 at the latest.",
    ):
        assert said in text
    assert "By hand." in text
    assert "Reference R-2026-CN33" in text
    assert text.count("When you get our answer") == 1
    assert missing_clauses(made) == ()


def test_a_day_that_is_over_is_not_promised() -> None:
    """Somebody wrote in time, and we entered it when the time was over."""
    made = written(LetterKind.ACKNOWLEDGEMENT, written_on=date(2026, 12, 3))
    text = flat(made)
    assert (
        "as soon as we can. You should have had our answer by Wednesday 2 December 2026. "
        "We are late, and we are sorry." in text
    )
    assert "at the latest" not in text
    assert missing_clauses(made) == ()
    on_the_day = written(LetterKind.NARROWED, written_on=date(2026, 12, 2))
    assert "by Wednesday 2 December 2026 at the latest." in flat(on_the_day)


def test_what_is_due_on_the_same_day_is_told_once() -> None:
    erasure = matter(CaseKind.ERASURE, "R-2026-ER22")
    published = (
        Matter("R-2026-CN33", CaseKind.SCHEDULE),
        Matter("R-2026-DP44", CaseKind.ASSESSMENT),
    )
    made = written(LetterKind.ACKNOWLEDGEMENT, matters=(matter(), erasure, *published))
    text = flat(made)

    assert (
        "We answer R-2026-KX4P and R-2026-ER22 (a copy of your data and deleting your "
        "data) as soon as we can, and by Wednesday 2 December 2026 at the latest."
        in text
    )
    for step in STEPS:
        assert text.count(step) == 1
    assert text.count("we send it to you as soon as we can") == 2
    assert text.count("we are working on it") == 1
    assert text.count("Your reference:") == 4
    assert missing_clauses(made) == ()


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (LetterKind.ACKNOWLEDGEMENT, CaseKind.ACCESS),
        (LetterKind.ACKNOWLEDGE_COMPLAINT, CaseKind.COMPLAINT),
        (LetterKind.AT_ONCE, CaseKind.MARKETING),
    ],
)
def test_the_person_is_told_who_asked_on_their_behalf(
    letter: LetterKind, kind: CaseKind
) -> None:
    told = flat(written(letter, kind, asked_by="Ben Marsh"))
    strange = flat(written(letter, kind, asked_by="see https://example.com/prize"))

    assert "Ben Marsh asked us for this on your behalf." in told
    assert "Somebody asked us for this on your behalf." in strange
    assert "on your behalf" not in flat(written(letter, kind))


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (LetterKind.ACKNOWLEDGEMENT, CaseKind.ACCESS),
        (LetterKind.ACKNOWLEDGE_COMPLAINT, CaseKind.COMPLAINT),
    ],
)
def test_whoever_acts_for_somebody_is_asked_for_proof_of_it(
    letter: LetterKind, kind: CaseKind
) -> None:
    text = flat(written(letter, kind, on_behalf_of="Cleo Quill"))

    assert "send us proof that you may act for Cleo Quill" in text
    assert "proof that you may act" not in flat(written(letter, kind))


@pytest.mark.parametrize("kind", [*sorted(AT_ONCE), *sorted(PUBLISHED)])
@pytest.mark.parametrize("letter", [LetterKind.REFUSAL, LetterKind.REFUSAL_IN_PART])
def test_what_cannot_be_refused_has_no_words_of_refusal(
    letter: LetterKind, kind: CaseKind
) -> None:
    with pytest.raises(LetterIncomplete, match="words for"):
        written(letter, kind)


@pytest.mark.parametrize("kind", sorted(set(ON_THE_CLOCK) - {CaseKind.ACCESS}))
def test_only_access_is_asked_for_a_clarification_that_stops_the_clock(
    kind: CaseKind,
) -> None:
    with pytest.raises(LetterIncomplete, match="words for"):
        written(LetterKind.ASK_CLARIFICATION, kind)
    assert "runs on while we wait" in flat(written(LetterKind.ASK_QUESTION, kind))


def test_a_question_by_post_stops_the_clock_from_its_posting() -> None:
    by_mail = flat(written(LetterKind.ASK_CLARIFICATION))
    by_post = flat(written(LetterKind.ASK_CLARIFICATION, by_post=True))
    assert "The days from the day on which we post this letter to the day" in by_post
    assert "on which we post" not in by_mail


def test_each_question_says_what_it_does_to_the_date() -> None:
    identity = flat(written(LetterKind.ASK_IDENTITY))
    assert "It starts on the day on which we get what we ask for here" in identity
    clarification = flat(written(LetterKind.ASK_CLARIFICATION))
    assert (
        "from Friday 20 November 2026 to the day on which we get your" in clarification
    )
    assert "do not count" in clarification
    fee = flat(written(LetterKind.ASK_FEE))
    assert "we ask you to pay £1,012.50" in fee
    assert "It starts on the day on which you pay" in fee
    question = flat(written(LetterKind.ASK_QUESTION))
    assert "It still ends on Wednesday 2 December 2026" in question


def test_a_no_to_marketing_says_what_stops_and_a_withdrawal_what_stays_lawful() -> None:
    marketing = flat(written(LetterKind.AT_ONCE, CaseKind.MARKETING))
    assert "We stopped at once" in marketing
    assert "- E-mails about the case" in marketing
    assert "lawful" not in marketing
    withdrawal = flat(written(LetterKind.AT_ONCE, CaseKind.WITHDRAWAL))
    assert "It stays lawful." in withdrawal
    assert "What you no longer get from us" in withdrawal


def test_an_answer_has_other_words_for_each_right() -> None:
    answers = {
        kind: [
            b.text for b in written(LetterKind.ANSWER, kind).blocks if b.name == "done"
        ]
        for kind in ON_THE_CLOCK
    }
    assert len({tuple(said) for said in answers.values()}) == len(ON_THE_CLOCK)


def test_recipients_are_named_and_told_of_what_must_change_there() -> None:
    access = flat(written(LetterKind.ANSWER, CaseKind.ACCESS))
    assert "Who had your data from us" in access
    assert "A mailing company in Leeds" in access
    assert "We tell each of them" not in access
    for kind in (CaseKind.RECTIFICATION, CaseKind.ERASURE, CaseKind.RESTRICTION):
        assert "We tell each of them" in flat(written(LetterKind.ANSWER, kind))


def test_a_letter_to_somebody_who_acts_for_the_person_says_whose_data_it_means() -> (
    None
):
    made = written(LetterKind.ANSWER, on_behalf_of="Ben Hill")
    assert "You act for Ben Hill." in flat(made)
    assert "You act for" not in flat(written(LetterKind.ANSWER))


# --- The check, and the frames that it trusts ---


def frame_block(letter: LetterKind, name: str) -> BlockFrame:
    found = frame(letter, newest(letter)).block(name)
    assert found is not None
    return found


HELD = [(letter, name) for letter in LetterKind for name in MUST_HOLD[letter]]


@pytest.mark.parametrize(("letter", "name"), HELD)
def test_the_check_finds_a_clause_that_was_left_out_or_changed(
    letter: LetterKind, name: str
) -> None:
    made = written(letter)
    without = [block for block in made.blocks if block.name != name]
    assert missing_clauses(replace(made, blocks=tuple(without))) == (name,)

    changes: list[dict[str, Any]] = [
        {"text": ""},
        {"text": "You have no right to complain."},
        {"heading": "Something else"},
        {"is_required": False},
    ]
    text = frame_block(letter, name).text
    if text and MERGE.fullmatch(text):  # only a person's own words stand there
        del changes[1]
    for change in changes:
        blocks = [
            replace(block, **change) if block.name == name else block
            for block in made.blocks
        ]
        assert missing_clauses(replace(made, blocks=tuple(blocks))) == (name,)


@pytest.mark.parametrize("name", ROUTES)
def test_the_check_finds_an_emptied_field_and_a_word_too_many(name: str) -> None:
    made = written(LetterKind.EXTENSION)
    [block] = [block for block in made.blocks if block.name == name]
    emptied = MERGE.sub("", str(frame_block(LetterKind.EXTENSION, name).text))
    wrong = [f"{block.text} Not you, though.", f"Never: {block.text}"]
    for text in [*wrong, emptied] if emptied != block.text else wrong:
        blocks = [
            replace(one, text=text) if one.name == name else one for one in made.blocks
        ]
        assert missing_clauses(replace(made, blocks=tuple(blocks))) == (name,)


@pytest.fixture
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the letters' files that the test may change."""
    folder = tmp_path / "letter_files"
    shutil.copytree(FOLDER, folder)
    monkeypatch.setattr(letter_frames, "FOLDER", folder)
    forget()
    yield folder
    monkeypatch.undo()
    forget()


def forget() -> None:
    letter_frames.digests.cache_clear()
    letter_frames.frame.cache_clear()


def publish(folder: Path, name: str, source: str) -> None:
    (folder / name).write_text(source)
    digest = hashlib.sha256(source.encode()).hexdigest()
    with (folder / "versions.toml").open("a") as versions:
        versions.write(f'"{name}" = "{digest}"\n')
    forget()


def test_every_published_file_is_as_it_was_published() -> None:
    listed = tomllib.loads((FOLDER / "versions.toml").read_text())
    files = {path.name for path in FOLDER.glob("*.toml")} - {"versions.toml"}

    assert set(listed) == files
    for name in files:
        digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
        assert digest == listed[name], f"{name} was changed: add a new version instead"
    assert {name.rpartition("-")[0] for name in files} == {*LetterKind, "clauses"}


def test_a_file_that_was_changed_writes_no_letter(own_files: Path) -> None:
    path = own_files / f"refusal-{newest('refusal')}.toml"
    path.write_text(path.read_text().replace("with care", "with great care"))

    with pytest.raises(LetterIsWrong, match=f"{re.escape(path.name)} was changed"):
        written(LetterKind.REFUSAL)
    assert written(LetterKind.ANSWER)


def test_a_new_version_is_used_from_then_on_and_the_old_one_stays(
    own_files: Path,
) -> None:
    before = written(LetterKind.REFUSAL)
    source = (own_files / f"refusal-{before.version}.toml").read_text()
    number = before.version + 1
    newer = source.replace("with care", "closely").replace(
        f"version = {before.version}", f"version = {number}"
    )
    publish(own_files, f"refusal-{number}.toml", newer)

    assert written(LetterKind.REFUSAL).version == number
    assert "We have looked at your request closely." in flat(
        written(LetterKind.REFUSAL)
    )
    assert render("refusal", sample(), version=before.version) == before
    assert missing_clauses(before) == ()


WRONG = [
    ('[[blocks]]\nclause = "court"\n', "", "“court” is missing"),
    ('clause = "court"', 'clause = "court"\ntext = "No."', "“court” is no clause"),
    ('clause = "court"', 'clause = "tribunal"', "“tribunal” is no clause"),
    (
        '[[blocks]]\nclause = "reasons"\n',
        '[[blocks]]\nname = "reasons"\nlabel = "Why"\nlimit = 9\ntext = "So."\n',
        "“reasons” is missing, or can be edited",
    ),
    ("({reference})", "({password})", "{password}"),
    ('text = "We have looked', 'text = "{secret_key} looked', "secret_key"),
    ('text = "We have looked', 'text = "{name}, we looked', "has no merge fields"),
    ("with care", "with care. See Article 77 of the UK GDPR", "Article 77"),
    ("\nobjection = ", "\nobjections = ", "no case is about objections"),
    ('label = "Opening words"', 'lable = "Opening words"', "lable"),
    ('name = "note"', 'name = "opening"', "the same name"),
]


@pytest.mark.parametrize(("old", "new", "words"), WRONG)
def test_a_frame_that_breaks_a_rule_is_refused(
    own_files: Path, old: str, new: str, words: str
) -> None:
    number = newest("refusal")
    source = (own_files / f"refusal-{number}.toml").read_text()
    assert old in source
    publish(own_files, f"refusal-{number + 1}.toml", source.replace(old, new))

    with pytest.raises(LetterIsWrong, match=re.escape(words)):
        written(LetterKind.REFUSAL)


def test_the_law_and_the_letters_name_the_same_kinds() -> None:
    assert set(MUST_HOLD) == set(LetterKind)
    assert {newest(letter) for letter in LetterKind} >= {1}


# --- The regulator's and the controller's names are data ---


def test_a_renamed_regulator_is_named_so_in_every_later_letter() -> None:
    renamed = Controller(
        **{
            **PARTICULARS,
            "regulator_name": "Information Commission",
            "regulator_url": "https://example.com/information-commission/",
            "regulator_phone": "",
            "regulator_address": "",
        }
    )
    for letter in LetterKind:
        earlier = written(letter)
        text = flat(written(letter, controller=renamed))
        assert "Commissioner" not in text, letter
        assert "ico.org.uk" not in text, letter
        assert "0303 123 1113" not in text, letter
        if set(ROUTES[1:]) <= set(MUST_HOLD[letter]):
            assert re.search(
                r"the regulator(, | \()Information Commission\)?\. You reach it", text
            )
            assert "at https://example.com/information-commission/." in text
            assert "Information Commissioner’s Office" in flat(earlier)


def test_no_file_of_the_letters_names_anybody() -> None:
    literal = re.compile(
        "|".join(
            re.escape(word)
            for word in (
                "JJH",
                "ValueLicens",
                "ValueLicenc",
                "Commission",
                "ICO",
                "ico.org",
                "governance@",
                "0303",
                "Derby",
                "http",
            )
        )
    )
    for path in FOLDER.glob("*.toml"):
        words = re.sub(r"^#.*$", "", path.read_text(), flags=re.M)
        assert not literal.search(words), path.name


# --- Editing ---


def test_staff_may_rewrite_only_what_is_theirs() -> None:
    parts = {part.name: part for part in editable("refusal")}
    assert list(parts) == ["opening", "note"]
    assert parts["opening"].default == "We have looked at your request with care."
    assert parts["note"].default == ""

    made = render("refusal", sample(), {"opening": "Thank you.", "note": "Ring Dana."})
    assert "Hello Ada Quill,\n\nThank you.\n\nWhat we decided" in made.text
    assert "One more thing\n--------------\n\nRing Dana." in made.text
    assert "with care" not in made.text
    assert [b.name for b in made.blocks if not b.is_required] == ["opening", "note"]


def test_a_part_that_staff_empty_is_left_out() -> None:
    made = render("refusal", sample(), {"opening": " \n "})
    assert made.text.startswith("Hello Ada Quill,\n\nWhat we decided")


@pytest.mark.parametrize("letter", LetterKind)
def test_no_edit_reaches_a_fixed_part(letter: LetterKind) -> None:
    for block in frame(letter, newest(letter)).blocks:
        if block.is_editable:
            continue
        edits = {**MESSAGE.get(letter, {}), block.name: "You cannot complain."}
        with pytest.raises(EditNotAllowed, match="cannot be changed"):
            render(letter, sample(KINDS.get(letter, (CaseKind.ACCESS,))[0]), edits)
        assert set(edit_problems(letter, edits)) == {block.name}
    with pytest.raises(EditNotAllowed):
        render(letter, sample(), {"no-such-part": "Hello."})


def test_an_edit_has_a_length_and_names_no_old_law() -> None:
    problems = edit_problems(
        "refusal", {"opening": "x" * 601, "note": "See Art. 77 of the UK GDPR."}
    )
    assert problems["opening"] == "Shorten it to 600 characters; it has 601."
    assert "sections 164A and 165" in problems["note"]
    assert edit_problems("refusal", {"opening": "x" * 600}) == {}


@pytest.mark.parametrize("edits", [{}, {"message": ""}, {"message": "\u200b \n"}])
def test_a_message_needs_words(edits: dict[str, str]) -> None:
    assert edit_problems("message", edits) == {
        "message": "Write what the letter should say."
    }
    with pytest.raises(EditNotAllowed, match="Write what"):
        render("message", sample(), edits)


# --- What people type stays what it is ---


def test_braces_and_tags_that_people_type_stay_as_they_are() -> None:
    typed = "{{7*7}} {% now %} {regulator_name} <b>bold</b> <script>alert(1)</script>"
    made = render("refusal", sample(reasons=typed, name="{due_on}"), {"note": typed})
    assert flat(made).count(typed) == 2
    assert made.text.startswith("Hello {due_on},")
    assert missing_clauses(made) == ()


def test_a_value_with_line_breaks_forges_no_header_and_no_heading() -> None:
    bad = "R-1\r\nBcc: all@example.com\x00\u2028\u202e"
    made = written(
        LetterKind.ANSWER,
        matters=(matter(reference=bad),),
        name="Ada\r\n\r\nGo to court\n-----------",
    )
    assert made.subject == "Our answer to your request (R-1 Bcc: all@example.com)"
    assert made.text.startswith("Hello Ada Go to court -----------,\n")
    assert "\x00" not in made.text
    assert "\u202e" not in made.text


@pytest.mark.parametrize(
    "name",
    [
        "Win at https://example.com/prize",
        "cheap-pills.example.co.uk",
        "write to eve@example.com",
        "A" * 101,
    ],
)
def test_what_is_no_name_is_not_mailed_as_one(name: str) -> None:
    made = written(LetterKind.ACKNOWLEDGEMENT, name=name)
    assert made.text.startswith("Hello,\n")
    assert name not in flat(made)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "example.com/x", "https://a b"])
def test_a_link_is_a_web_address_or_no_letter(url: str) -> None:
    with pytest.raises(ValueError, match="web address"):
        written(LetterKind.ANSWER, status_url=url)


def test_lists_and_paragraphs_are_the_only_markup() -> None:
    note = "First line\nsecond line\n\n- one\n- two\nAfter it\n\n\n\n# no heading"
    made = render("refusal", sample(), {"note": note})
    [block] = [block for block in made.blocks if block.name == "note"]
    assert block.paragraphs == [
        {"heading": "One more thing"},
        {"text": "First line\nsecond line"},
        {"points": ["one", "two"]},
        {"text": "After it"},
        {"text": "# no heading"},
    ]


def test_a_point_of_a_list_cannot_begin_another() -> None:
    made = written(LetterKind.ASK_IDENTITY, questions=("- Name\n- Colour", " ", "City"))
    [block] = [block for block in made.blocks if block.name == "ask"]
    assert block.paragraphs[-1] == {"points": ["Name - Colour", "City"]}


def test_a_kept_letter_comes_back_as_it_was() -> None:
    for letter in LetterKind:
        made = written(letter)
        assert Letter.from_json(made.as_json()) == made


def test_lines_of_the_text_are_short_but_no_address_is_cut() -> None:
    url = "https://example.com/status/" + "a-long-part-" * 9
    made = written(LetterKind.ANSWER, status_url=url)
    long = [line for line in made.text.split("\n") if len(line) > 72]
    assert long == [url]


# --- Plain English ---


HIGHEST_GRADE = 6  # the formula's school year in which one turns twelve
LONGEST_SENTENCE = 25
# Names that a letter must use, and what the formula would count letter by letter.
STATUTES = re.compile(
    r"(?:the )?Data Protection Act 2018|\bsections? \w+(?: and \w+)?", re.IGNORECASE
)
SENTENCE_END = re.compile(r"[.!?](?:\s+|$)|:?\n+|:$")


def fixed_words(made: Frame) -> list[str]:
    """Every running sentence of a letter; headings and points of a list are short
    by nature and would only flatter it."""
    texts = [text for block in made.blocks for text in block.wordings]
    lines = [line for text in texts for line in text.split("\n")]
    running = [line for line in lines if line and not line.startswith("- ")]
    plain = [MERGE.sub("it", STATUTES.sub("the act", line)) for line in running]
    return [part for line in plain for part in SENTENCE_END.split(line) if part.strip()]


def syllables(word: str) -> int:
    """Groups of vowels, without an e that is not heard at the end."""
    heard = re.sub(
        r"(?<=[a-z])(?:(?<![laeiouy])es|(?<![td])ed|(?<![aeiouyl])e)$", "", word
    )
    return max(1, len(re.findall(r"[aeiouy]+", heard)))


def words_of(sentence: str) -> list[str]:
    return re.findall(r"[a-z]+(?:[’'-][a-z]+)*", sentence.lower())


def grade(sentences: list[str]) -> float:
    """Flesch and Kincaid's: the year at school in which one can read it."""
    found = [words for sentence in sentences if (words := words_of(sentence))]
    words = [word for sentence in found for word in sentence]
    per_sentence = len(words) / len(found)
    per_word = sum(map(syllables, words)) / len(words)
    return 0.39 * per_sentence + 11.8 * per_word - 15.59


def test_the_measure_tells_plain_words_from_a_lawyers() -> None:
    plain = ["We have your letter", "We write to you by Monday"]
    legal = [
        "Notwithstanding the aforementioned provisions, the controller may, having "
        "regard to administrative considerations, decline to facilitate the exercise"
    ]
    assert grade(plain) < 3
    assert grade(legal) > 15
    counted = {"data": 2, "decided": 3, "asked": 1, "we": 1, "time": 1, "little": 2}
    assert {word: syllables(word) for word in counted} == counted


@pytest.mark.parametrize("letter", LetterKind)
def test_a_twelve_year_old_can_read_every_letter(letter: LetterKind) -> None:
    sentences = fixed_words(frame(letter, newest(letter)))

    assert grade(sentences) <= HIGHEST_GRADE
    for sentence in sentences:
        assert len(words_of(sentence)) <= LONGEST_SENTENCE, sentence


STIFF = re.compile(
    r"please note|kindly|in order to|data subject|hereby|pursuant|aforementioned"
    r"|processing|we regret|must be (?:made|sent|done|submitted)|shall\b|utili[sz]e"
    r"|color\b|organiz|recogniz",
    re.IGNORECASE,
)


@pytest.mark.parametrize("letter", LetterKind)
def test_no_letter_is_stiff(letter: LetterKind) -> None:
    for block in frame(letter, newest(letter)).blocks:
        for text in (block.heading, block.label, block.link_text, *block.wordings):
            assert not STIFF.search(text), f"{block.name}: {text}"


# --- By e-mail ---


@pytest.mark.django_db
def test_a_letter_by_e_mail_is_ascii_on_the_wire_and_has_both_parts(
    open_house: None, smtp: Relay
) -> None:
    made = written(LetterKind.REFUSAL_IN_PART, reasons="<b>You</b> & £5 – {{7*7}}")
    queue(
        "rights_requests/letter",
        to=ADA,
        context=made.mail_context,
        data_subject_id=None,
        message_class=MessageClass.RIGHTS,
    )
    deliver_due()

    [received] = smtp.received
    assert received.content.isascii()
    assert max(map(len, received.content.split(b"\r\n"))) <= 998
    mail = Mail(received.content)
    assert mail.subject == "Our decision on your request (R-2026-KX4P)"
    assert made.text in mail.text
    assert "<b>You</b> & £5 – {{7*7}}" in mail.text
    assert "&lt;b&gt;You&lt;/b&gt; &amp; £5 – {{7*7}}" in mail.html
    assert "<b>" not in mail.html
    assert "Why you get this: you asked something of us" in mail.text
    assert 'href="https://example.com/status/abcdefghijklmnopqrstuv/"' in mail.html
    assert "<h2>Go to court</h2>" in mail.html
    assert "<li>A mailing company in Leeds</li>" in mail.html
    assert not mail.raw_header("List-Unsubscribe")
    for part in made.paragraphs:
        for words in (part.get("heading"), part.get("text"), part.get("link")):
            for line in (words or "").splitlines():
                assert line in unescaped(mail.html), line


def unescaped(page: str) -> str:
    import html

    return html.unescape(page)


@pytest.mark.django_db
@pytest.mark.parametrize("letter", LetterKind)
def test_every_letter_can_be_mailed(open_house: None, letter: LetterKind) -> None:
    made = written(letter, controller=current_controller(), name="Zoë Šimůnková")
    message = compose(
        kind="rights_requests/letter",
        message_class=MessageClass.RIGHTS,
        to=ADA,
        context=made.mail_context,
    )
    raw = raw_bytes(message)
    mail = Mail(raw)

    assert raw.isascii()
    assert made.text in mail.text
    assert "Zoë Šimůnková" in mail.html
    assert len(mail.raw_header("Subject")) == 1
    assert not re.search(r"<img|<script|<form|url\(", mail.html)


# --- By post ---


ADDRESS = ("Ada Quill", "12 Example Street", "Example Town", "EX1 2MP")


def opened(pdf: bytes) -> list[bytes]:
    """The file, then each of its compressed streams."""
    streams = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        try:
            streams.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return [pdf, *streams]


def printed(pdf: bytes) -> list[str]:
    """What the pages say, read once with the letters of each of the fonts: the words
    in other fonts come out wrong."""
    parts = opened(pdf)
    fonts = [
        dict(re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", part))
        for part in parts
        if b"beginbfchar" in part
    ]
    shown = b"".join(
        run
        for part in parts[1:]
        for runs in re.findall(rb"\[([^\]]*)\] TJ", part)
        for run in [*re.findall(rb"<([0-9a-f]+)>", runs), b"    "]
    )
    signs = re.findall(rb"....", shown)
    return ["".join(_sign(font.get(sign, b"0020")) for sign in signs) for font in fonts]


def _sign(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be")


def test_a_letter_to_post_is_a_tagged_pdf_with_address_and_reference() -> None:
    made = written(LetterKind.REFUSAL)
    pdf = letter_pdf(made, to=ADDRESS, controller=Controller(**PARTICULARS))

    assert pdf.startswith(b"%PDF-")
    inside = b"\n".join(opened(pdf))
    assert b"/StructTreeRoot" in inside
    assert b"/Marked true" in inside
    assert b"/Lang (en-GB)" in inside
    assert b"pdfuaid" in inside
    assert b"Our decision on your request (R-2026-KX4P)" in inside
    assert b"JJH Enterprises Ltd" in inside
    assert b"Letter about R-2026-KX4P, Friday 20 November 2026" in inside
    assert b"https://example.com/status/abcdefghijklmnopqrstuv/" in inside
    text = " ".join(" ".join(printed(pdf)).split())
    for words in (*ADDRESS, "Reference: R-2026-KX4P", "Friday 20 November 2026"):
        assert words in text, words
    assert "You can ask a court to decide." in text
    assert "Our decision on your request" in text


@pytest.mark.parametrize("letter", LetterKind)
def test_every_letter_can_be_posted(letter: LetterKind) -> None:
    made = Letter.from_json(written(letter).as_json())
    pdf = letter_pdf(made, to=ADDRESS, controller=Controller(**PARTICULARS))
    assert b"pdfuaid" in b"\n".join(opened(pdf))


def test_a_posted_letter_fetches_nothing_and_shows_tags_as_text() -> None:
    typed = (
        '<img src="http://127.0.0.1:9/x.png"> <link rel=stylesheet href=file:///etc>'
    )
    made = written(LetterKind.REFUSAL, reasons=typed)
    pdf = letter_pdf(made, to=ADDRESS, controller=Controller(**PARTICULARS))
    assert "<img src=" in " ".join(printed(pdf))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "Enter the address"),
        (("", " \n"), "Enter the address"),
        (tuple("12345678"), "8 lines; the window shows 7"),
        (("x" * 41,), "Shorten"),
    ],
)
def test_an_address_that_the_window_would_cut_off_is_refused(
    lines: tuple[str, ...], words: str
) -> None:
    assert words in address_problem(lines)
    with pytest.raises(ValueError, match=words.split(";")[0]):
        letter_pdf(
            written(LetterKind.ANSWER), to=lines, controller=Controller(**PARTICULARS)
        )
    assert address_problem(tuple("1234567")) == ""


def test_without_pango_whoever_prints_reads_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What importing it comes to where the system's library is not installed.
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(PdfUnavailable, match=r"libpango-1\.0-0"):
        letter_pdf(
            written(LetterKind.ANSWER), to=ADDRESS, controller=Controller(**PARTICULARS)
        )
