"""What the policy leaves open: printed, shown, and gone once it is settled."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from processing_register.gaps import all_gaps, gaps, open_gaps
from processing_register.models import Controller
from processing_register.register import RegisterIsWrong, the_register
from tests.console.staff import dana, text

pytestmark = pytest.mark.django_db

PAGE = "/console/open-questions/"


def printed() -> str:
    out = StringIO()
    call_command("policy_gaps", stdout=out)
    return out.getvalue()


def is_open(key: str) -> bool:
    return key in {gap.key for gap in open_gaps()}


def change(folder: Path, name: str, by: Callable[[str], str]) -> None:
    path = folder / name
    before = path.read_text()
    after = by(before)
    assert after != before
    path.write_text(after)
    the_register.cache_clear()


def settle(folder: Path, rows: str) -> None:
    (folder / "settled.toml").write_text(rows)


def test_what_only_the_controller_knows_is_open_at_first() -> None:
    assert {gap.key for gap in open_gaps()} == {
        "company-number",
        "registration-number",
        "profile",
        "recipients",
        "retention",
        "outside-the-eea",
        "request-clock",
        "trading-name",
        "insurers",
        "automated-decisions",
    }


def test_a_question_stands_in_the_list_once() -> None:
    keys = [gap.key for gap in all_gaps()]
    assert len(keys) == len(set(keys)) == 12


@pytest.mark.parametrize("number", ["company", "registration"])
def test_a_number_on_file_answers_the_question(own_register: Path, number: str) -> None:
    assert is_open(f"{number}-number")
    line = f"{number}_number = "
    change(
        own_register,
        "controller.toml",
        lambda before: before.replace(f'{line}""', f'{line}"01234567"'),
    )
    assert not is_open(f"{number}-number")


def test_a_number_of_blanks_answers_nothing(own_register: Path) -> None:
    change(
        own_register,
        "controller.toml",
        lambda before: before.replace('company_number = ""', 'company_number = "  "'),
    )
    assert is_open("company-number")


def test_the_controllers_row_can_be_asked_as_well() -> None:
    controller = Controller.objects.get()
    controller.company_number = "01234567"
    found = {gap.key: gap.is_open for gap in gaps(the_register(), controller)}
    assert not found["company-number"]
    assert found["registration-number"]


def test_periods_are_open_until_the_last_one_is_settled(own_register: Path) -> None:
    unsettled = [r.what for r in the_register().retention.values() if not r.is_settled]
    assert unsettled
    assert all(what in printed() for what in unsettled)
    unconfirmed = "is_settled = false"
    change(
        own_register,
        "retention.toml",
        lambda before: before.replace(f"\n{unconfirmed}\n", "\n", len(unsettled) - 1),
    )
    assert is_open("retention")
    change(
        own_register,
        "retention.toml",
        lambda before: before.replace(f"\n{unconfirmed}\n", "\n"),
    )
    assert not is_open("retention")


def test_profile_is_settled_when_no_purpose_names_it(own_register: Path) -> None:
    change(
        own_register,
        "purposes.toml",
        lambda before: before.replace('undefined_categories = ["profile"]', ""),
    )
    assert not is_open("profile")


def test_a_recipient_with_an_agreement_settles_who_gets_data(
    own_register: Path,
) -> None:
    assert "E-mail delivery service: no agreement" in printed()
    assert "Lawyers, bankers" not in printed()  # they are no processors
    change(
        own_register,
        "recipients.toml",
        lambda before: before.replace(
            'key = "mail-delivery"\n',
            'key = "mail-delivery"\nagreement = "DPA 7"\nis_enabled = true\n',
        ),
    )
    assert not is_open("recipients")
    after = printed()
    assert "E-mail delivery service: no agreement" not in after
    assert "Hosting service: no agreement" in after


def test_authorities_called_processors_are_a_question_again(
    own_register: Path,
) -> None:
    assert not is_open("authorities")
    change(
        own_register,
        "recipients.toml",
        lambda before: before.replace('role = "authority"', 'role = "processor"'),
    )
    assert is_open("authorities")


def test_an_answer_in_words_closes_its_question_alone(own_register: Path) -> None:
    before = {gap.key for gap in open_gaps()}
    settle(
        own_register,
        '[[settled]]\nkey = "request-clock"\non = 2026-12-01\nanswer = "Receipt."\n',
    )
    assert before - {gap.key for gap in open_gaps()} == {"request-clock"}


def test_without_answers_in_words_there_need_be_no_file(own_register: Path) -> None:
    (own_register / "settled.toml").unlink()
    assert is_open("request-clock")


@pytest.mark.parametrize(
    "rows",
    [
        '[[settled]]\nkey = "company-number"\non = 2026-12-01\nanswer = "Later."\n',
        '[[settled]]\nkey = "no-such"\non = 2026-12-01\nanswer = "Yes."\n',
        '[[settled]]\nkey = "insurers"\nanswer = "In England."\n',
        '[[settled]]\nkey = "insurers"\non = 2026-12-01\nanswer = " "\n',
        'settled = "insurers"\n',
        "[[settled",
    ],
)
def test_an_answer_that_answers_nothing_is_refused(
    own_register: Path, rows: str
) -> None:
    settle(own_register, rows)
    with pytest.raises(RegisterIsWrong, match=r"settled\.toml"):
        open_gaps()
    with pytest.raises(CommandError, match=r"settled\.toml"):
        printed()


def test_the_command_prints_open_questions_before_answered_ones() -> None:
    out = printed()
    assert out.startswith("Open: 10\n")
    assert out.index("company-number:") < out.index("Answered: 2\n")
    assert out.index("Answered: 2\n") < out.index("version-and-date:")
    assert "Set company_number in controller.toml." in out


def test_the_page_shows_open_and_answered_questions() -> None:
    page = text(dana("view_controller").get(PAGE))
    opened, _, answered = page.partition('id="answered"')
    assert "company-number" in opened and "version-and-date" not in opened
    assert "version-and-date" in answered and "company-number" not in answered
    assert "Hosting service: no agreement" in opened


def test_a_settled_question_moves_on_the_page(own_register: Path) -> None:
    settle(
        own_register,
        '[[settled]]\nkey = "insurers"\non = 2026-12-01\nanswer = "England."\n',
    )
    opened, _, answered = text(dana("view_controller").get(PAGE)).partition(
        'id="answered"'
    )
    assert "breaks off" in answered and "breaks off" not in opened


def test_without_the_duty_the_questions_are_closed_and_off_the_rail() -> None:
    console = dana("view_processingpurpose")
    assert console.get(PAGE).status_code == 403
    assert PAGE not in text(console.get("/console/"))


def test_with_the_duty_they_stand_on_the_rail() -> None:
    assert PAGE in text(dana("view_controller").get("/console/"))


def test_the_page_is_only_read() -> None:
    assert dana("view_controller").post(PAGE).status_code == 405
