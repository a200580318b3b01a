"""Which words are reasons, and which are only ours to worry about."""

import pytest

from rights_requests.letter_frames import LetterKind
from rights_requests.letter_reasons import LONGEST, NOT_OURS, reasons_problem

DECIDING = [
    LetterKind.EXTENSION,
    LetterKind.REFUSAL,
    LetterKind.REFUSAL_IN_PART,
    LetterKind.ASK_FEE,
    LetterKind.LAPSED,
]


@pytest.mark.parametrize("kind", DECIDING)
@pytest.mark.parametrize("text", ["", "  \n\t ", "\u200b", "\r\n\r\n"])
def test_no_reasons_are_no_reasons(kind: LetterKind, text: str) -> None:
    assert reasons_problem(kind, text).startswith("Write the reasons")


@pytest.mark.parametrize("kind", DECIDING)
@pytest.mark.parametrize(
    "text",
    [
        "See above.",
        "n/a",
        "It is complex.",
        "Because because because because because because.",
        "- - - - - - - - - - - - - - - - - - - - - - - - -",
        "1234567890 1234567890 1234567890 1234567890",
    ],
)
def test_a_few_words_are_no_reasons(kind: LetterKind, text: str) -> None:
    assert reasons_problem(kind, text).startswith("Say more")


def test_reasons_have_an_end() -> None:
    words = "Each call has to be heard from its beginning to its end. "
    assert "Shorten" in reasons_problem("refusal", words * 100)
    assert reasons_problem("refusal", (words * 100)[: LONGEST - 10]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "We are short of staff this month, and so your request takes us longer.",
        "We do not have enough people to look through the files in time.",
        "There are too few colleagues here who know the archive of those years.",
    ],
)
def test_that_few_of_us_are_there_lengthens_nothing(text: str) -> None:
    assert "is no reason" in reasons_problem(LetterKind.EXTENSION, text)


LAWFUL = [
    "Your request is complex: we have to listen to 62 recorded calls and take out what "
    "is about other people.",
    "You sent us five requests this month, and each needs a search of other systems.",
    "We received a number of requests from you since October, and they overlap.",
    "Your four requests are about different years. We must search the archive for each.",
    "This person made seven requests in two weeks, which concern the same recordings.",
    "We have to ask our mailing company and two banks what they hold about you.",
    "The data is spread over many systems and paper files, and much of it is about "
    "others as well.",
    "We must read 3,400 e-mails by hand, because your name occurs in many cases of "
    "a colleague with the same name.",
    "Several of your requests ask for recordings that have to be copied from tape.",
    "Our search found 900 pages that hold the names of third parties; each must be read.",
]


@pytest.mark.parametrize("text", LAWFUL)
def test_what_makes_this_request_long_may_be_told(text: str) -> None:
    assert reasons_problem(LetterKind.EXTENSION, text) == ""


UNLAWFUL = [
    "We have a backlog of requests and cannot answer you before Christmas.",
    "We have received many requests at the moment and need more time for yours.",
    "We receive a number of similar requests and therefore need longer for this one.",
    "Due to a high volume of subject access requests we need two more months.",
    "Other people’s requests came in before yours and have to be answered first.",
    "Other people's  subject access requests have to be answered before this one.",
    "Requests from other customers have to be dealt with first, so yours must wait.",
    "A large number of SARs from several individuals reached us in the same week.",
    "Your request is complex. Besides, many customers have asked for their data.",
    "Your request is complex.\nWe are also very busy at this time of the year.",
    "Our team is short-staffed in December, and nobody can look at the recordings.",
    "Because of staff shortages we cannot search the archive before next month.",
    "The colleague who knows the archive is on annual leave until the end of the month.",
    "The increased workload of our team does not allow us to answer you in time.",
    "There is a queue of requests ahead of yours, which we answer in their order.",
    "Other requests have to be answered before we can begin to look for your data.",
    "We got numerous enquiries after the last case update and answer them in turn.",
]


@pytest.mark.parametrize("text", UNLAWFUL)
def test_what_others_ask_or_what_we_lack_lengthens_nothing(text: str) -> None:
    problem = reasons_problem(LetterKind.EXTENSION, text)
    assert problem.endswith(NOT_OURS)
    assert problem.startswith("“")


@pytest.mark.parametrize("text", UNLAWFUL)
def test_only_an_extension_has_to_rest_on_this_persons_requests(text: str) -> None:
    assert reasons_problem(LetterKind.REFUSAL, text) == ""


def test_there_is_no_other_kind() -> None:
    with pytest.raises(ValueError, match="postponement"):
        reasons_problem("postponement", LAWFUL[0])
