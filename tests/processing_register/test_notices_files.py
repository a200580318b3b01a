"""The notices that come with the repository, in new and in older installations."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError
from django.test import Client
from django.utils import timezone

from groundwork.database_roles import grant
from processing_register.gate import may_use, usable_purposes
from processing_register.loading import PublishedTextDiffers, load_register
from processing_register.models import BankHoliday, Controller, NoticeVersion
from processing_register.notices import banner_wording, notice_in_force
from processing_register.register import the_register
from processing_register.shipped import stale_tables
from tests.console.staff import text
from tests.database_role import acting_as
from tests.people import become_reader
from tests.processing_register.notices import drafted, published
from tests.relay import Relay

pytestmark = pytest.mark.django_db

# As published in installations that exist; neither may ever change.
LANDED = {
    "privacy-1.md": "9b9048724bc3802d5fbf9054ed7dfe3645d5badc891c59171541f4e436601d5f",
    "sign-up-1.toml": "fc9a5358d236d1c71495c0f8bb9d1b28b2faeeee5492222aa76fad12946fdecc",
}


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    the_register.cache_clear()


# --- What was published from a file ---


@pytest.mark.parametrize("name", LANDED)
def test_a_landed_file_is_what_it_was_byte_for_byte(name: str, settings: Any) -> None:
    content = (settings.REGISTER_DIR / "notices" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == LANDED[name]


def test_loading_again_publishes_nothing() -> None:
    before = list(NoticeVersion.objects.values_list("pk", "published_at"))
    load_register()
    assert list(NoticeVersion.objects.values_list("pk", "published_at")) == before


def test_a_first_load_publishes_everything_at_one_moment() -> None:
    assert NoticeVersion.objects.values("published_at").distinct().count() == 1


def test_every_purpose_that_rests_on_an_interest_has_its_summary() -> None:
    for purpose in the_register().purposes.values():
        if purpose.rests_on_interests:
            assert notice_in_force(f"interests-{purpose.key}").number == 1


def test_a_changed_file_is_refused(own_register: Path) -> None:
    change(own_register, "notices/retention-1.md", "This schedule", "Our schedule")
    with pytest.raises(PublishedTextDiffers, match="retention-1"):
        load_register()
    with pytest.raises(CommandError, match="retention-1"):
        call_command("load_register")


def test_the_banner_s_words_come_from_their_version() -> None:
    wording = banner_wording()
    assert wording.reference == "cookie-banner/2"
    assert wording.accept.split()[0] == "Accept"
    assert wording.reject.split()[0] == "Reject"
    assert wording.category("analytics").description


# --- In step with the register ---


def test_the_files_are_in_step_with_the_register() -> None:
    assert stale_tables(the_register()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("purposes.toml", 'title = "Case updates"', 'title = "Updates"', "privacy"),
        ("retention.toml", 'period = "P6M"', 'period = "P9M"', "retention"),
        ("retention.toml", 'period = "P28D"', 'period = "P400D"', "privacy"),
        ("retention.toml", 'period = "P28D"', 'period = "P400D"', "retention"),
        ("cookies.toml", 'life = "8 hours"', 'life = "9 hours"', "cookies"),
        ("recipients.toml", 'title = "Hosting service"', 'title = "X"', "privacy"),
        ("categories.toml", 'title = "Usage"', 'title = "Use"', "privacy"),
        ("sources.toml", 'title = "Companies House"', 'title = "X"', "privacy"),
    ],
)
def test_a_changed_register_asks_for_the_next_version(
    own_register: Path, file: str, old: str, new: str, stale: str
) -> None:
    change(own_register, file, old, new)
    problems = stale_tables(the_register())
    (problem,) = [line for line in problems if f"notices/{stale}-" in line]
    assert "Write the next version" in problem
    assert 'tables = "' in problem


def next_version(folder: Path, problem: str, file: str) -> None:
    """What the message says to do: the next version with the digest it gives."""
    versions = folder / "notices" / "versions.toml"
    source = folder / "notices" / "retention-1.md"
    (folder / "notices" / file).write_text(source.read_text())
    digest = problem.partition('tables = "')[2][:64]
    versions.write_text(
        versions.read_text()
        + f"""
[[versions]]
notice = "retention"
number = 2
title = "Retention schedule"
severity = "minor"
effective_on = 2026-11-24
file = "{file}"
written_by = "A"
approved_by = "B"
summary_of_changes = "Calls are kept longer."
review_by = 2027-11-24
tables = "{digest}"
"""
    )
    the_register.cache_clear()


def test_the_next_version_puts_it_right_and_is_published(own_register: Path) -> None:
    change(own_register, "retention.toml", 'period = "P6M"', 'period = "P9M"')
    problem = next(p for p in stale_tables(the_register()) if "retention-1" in p)
    next_version(own_register, problem, "retention-2.md")

    load_register()

    version = notice_in_force("retention")
    assert version.number == 2
    assert "9 months" in version.body
    assert (
        "9 months" not in NoticeVersion.objects.get(notice="retention", number=1).body
    )
    assert not [p for p in stale_tables(the_register()) if "retention" in p]


def test_a_new_house_leaves_out_versions_that_it_can_no_longer_render(
    own_register: Path,
) -> None:
    change(own_register, "retention.toml", 'period = "P6M"', 'period = "P9M"')
    problem = next(p for p in stale_tables(the_register()) if "retention-1" in p)
    next_version(own_register, problem, "retention-2.md")
    empty_the_notices()

    load_register()

    numbers = NoticeVersion.objects.filter(notice="retention").values_list("number")
    assert list(numbers) == [(2,)]


# --- A text that shows what it names ---


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("privacy-2.md", "purposes"),
        ("privacy-2.md", "categories"),
        ("privacy-2.md", "recipients"),
        ("retention-1.md", "schedule"),
        ("cookies-2.md", "cookies"),
    ],
)
def test_a_file_without_its_table_turns_the_check_red_and_is_not_published(
    own_register: Path, file: str, table: str
) -> None:
    change(own_register, f"notices/{file}", f"{{{{{table}}}}}", "")
    empty_the_notices()

    with pytest.raises(SystemCheckError, match=f"{file}: The text does not show"):
        call_command("check")
    with pytest.raises(CommandError, match=f"does not show the table {table}"):
        call_command("load_register")
    assert not NoticeVersion.objects.exists()


def test_a_file_of_words_that_asks_for_what_it_does_not_say_turns_the_check_red(
    own_register: Path,
) -> None:
    change(own_register, "notices/sign-up-1.toml", '"own-news"', '"raffles"')

    with pytest.raises(SystemCheckError, match=r"sign-up-1.*asks for “own-news”"):
        call_command("check")


# --- Files and the console ---


def test_a_notice_that_the_controller_wrote_is_not_replaced_by_a_file(
    own_register: Path,
) -> None:
    mine = published("retention")
    change(own_register, "retention.toml", 'period = "P6M"', 'period = "P9M"')
    problem = next(p for p in stale_tables(the_register()) if "retention-1" in p)
    next_version(own_register, problem, "retention-2.md")

    load_register()

    assert notice_in_force("retention") == mine
    assert NoticeVersion.objects.filter(notice="retention").count() == 2


def test_a_draft_makes_room_for_a_file_s_number(own_register: Path) -> None:
    draft = drafted("retention")
    change(own_register, "retention.toml", 'period = "P6M"', 'period = "P9M"')
    problem = next(p for p in stale_tables(the_register()) if "retention-1" in p)
    next_version(own_register, problem, "retention-2.md")

    load_register()

    draft.refresh_from_db()
    assert (draft.number, draft.published_at) == (3, None)
    assert notice_in_force("retention").number == 2


# --- An installation that has only the first two ---


def owner_runs(*statements: str) -> None:
    with acting_as(None), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def empty_the_notices() -> None:
    versions = "processing_register_noticeversion"
    told = "processing_register_noticeannouncement"
    owner_runs(
        "SET CONSTRAINTS ALL IMMEDIATE",
        f"ALTER TABLE {told} DISABLE TRIGGER USER",
        f"ALTER TABLE {versions} DISABLE TRIGGER USER",
        f"DELETE FROM {told}",
        f"DELETE FROM {versions}",
        f"ALTER TABLE {versions} ENABLE TRIGGER USER",
        f"ALTER TABLE {told} ENABLE TRIGGER USER",
    )


@pytest.fixture
def a_reader(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)


@pytest.fixture
def older_house() -> None:
    """The database as it was: two published notices, no column or table of today."""
    with acting_as(None):
        empty_the_notices()
        newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
        MigrationExecutor(connection).migrate(
            [("processing_register", "0003_register")]
        )
        publish_as_then("privacy", "Privacy notice", "privacy-1.md")
        publish_as_then("sign-up", "Sign-up wording", "sign-up-1.toml")
        MigrationExecutor(connection).migrate(newest)
        grant(connection)


def publish_as_then(notice: str, title: str, file: str) -> None:
    source = Path("processing_register/register/notices", file).read_text()
    body = source
    if file.endswith(".md"):
        later = ("registration_number", "regulator_address")
        controller = Controller.objects.defer(*later).get()
        body = source.format(
            legal_name=controller.legal_name,
            trading_name=controller.trading_name,
            governance_email=controller.governance_email,
            phone_display=controller.phone_display,
            postal_line=", ".join([controller.trading_name, *controller.address_lines]),
            regulator_name=controller.regulator_name,
            regulator_url=controller.regulator_url,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO processing_register_noticeversion (notice, number, title,"
            " severity, language, body, digest, source_digest, effective_on,"
            " published_at) VALUES (%s, 1, %s, 'significant', 'en-GB', %s, %s, %s,"
            " '2026-11-01', '2026-11-01T09:00:00Z')",
            [
                notice,
                title,
                body,
                hashlib.sha256(body.encode()).digest(),
                hashlib.sha256(source.encode()).digest(),
            ],
        )


def test_an_older_house_keeps_its_notices_and_gets_the_new_ones(
    older_house: None, client: Client
) -> None:
    first = NoticeVersion.objects.get(notice="privacy")
    body = first.body
    assert "case-updates" in first.names["purposes"]
    assert first.announcement.completed_at == first.published_at

    load_register()

    first.refresh_from_db()
    assert first.body == body
    assert notice_in_force("privacy").number == 2
    assert notice_in_force("sign-up").number == 1
    # The earlier version was read here, so every page says what is new.
    assert "Our privacy notice changed on" in text(client.get("/"))
    with (
        acting_as(None),
        pytest.raises(DatabaseError, match="cannot change"),
        transaction.atomic(),
    ):
        NoticeVersion.objects.filter(pk=first.pk).update(title="x")


def test_the_first_version_is_the_same_in_a_new_house_and_an_older_one() -> None:
    fresh = NoticeVersion.objects.get(notice="privacy", number=1).body
    empty_the_notices()
    load_register()
    assert NoticeVersion.objects.get(notice="privacy", number=1).body == fresh


def test_readers_of_an_older_house_are_told_before_anything_new_is_used(
    a_reader: None, older_house: None
) -> None:
    load_register()

    assert [v.reference for v in NoticeVersion.objects.to_announce()] == ["privacy/2"]
    assert may_use("case-updates")
    assert not may_use("content-and-advertising")
    assert usable_purposes() < set(the_register().purposes)


def test_an_older_house_without_anybody_has_nobody_to_tell(older_house: None) -> None:
    load_register()
    assert not NoticeVersion.objects.to_announce().exists()
    assert notice_in_force("privacy").announcement.completed_at <= timezone.now()


WALK = "2031-01-02,england-and-wales,Day of the walk"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            '2031-01-02,england-and-wales,"Day of the walk',
            "a quotation mark is missing",
        ),
        ('2031-01-02,england-and-wales,"Day" of"', "a quotation mark is missing"),
        ('2031-01-02,england-and-wales,Day "of" walk', "quotation marks in it"),
        ("2031-01-02,england-and-wales,", "no title"),
        ("2031-01-02,england-and-wales,   ", "no title"),
        (f"{WALK} ", "without blanks around it"),
        (f"{WALK}\u00a0", "not one line of plain words"),
        (f"{WALK}\r2031-01-04,scotland,No day", "a line does not end as lines do"),
        (f"{WALK},more", "the number of columns is 4"),
        ("2031-01-02", "the number of columns is 1"),
        ("2031-01-02;scotland;Day", "the number of columns is 1"),
        ("2031-01-02,cornwall,Day of the walk", "“cornwall” is none of the nations"),
        ("2031-02-30,scotland,Day of the walk", "there is no 2031-02-30"),
        ("20310102,scotland,Day of the walk", "“20310102” is no day"),
        ("0207-03-08,scotland,Day of the walk", "0207-03-08 is no year"),
        (f"{WALK}\n{WALK} again", "stands in line"),
        (f"{WALK} \udcff", "it is not UTF-8"),
    ],
)
@pytest.mark.parametrize("after", ["", "\n", "\n2031-01-03,scotland,2nd January\n"])
def test_a_broken_line_of_the_holidays_is_named_and_nothing_is_loaded(
    own_register: Path, line: str, words: str, after: str
) -> None:
    path = own_register / "bank_holidays.csv"
    text = path.read_text()
    path.write_bytes((text + line + after).encode(errors="surrogateescape"))
    number = text.count("\n") + line.count("\n") + 1
    before = BankHoliday.objects.count()

    with pytest.raises(CommandError) as refused:
        call_command("load_register")

    assert str(refused.value).startswith(f"bank_holidays.csv, line {number}: ")
    assert words in str(refused.value)
    assert BankHoliday.objects.count() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda text: text.partition("\n")[2],
            "line 1: the file begins with “on,nation",
        ),
        (lambda text: text.replace(",", ";"), "not with “on;nation;title”"),
        (lambda text: text.replace("title", "name", 1), "not with “on,nation,name”"),
        (lambda text: text.replace("\n", "\r"), "line 1: a quotation mark is missing"),
        (lambda text: "", "not with “”"),
        (lambda text: text.partition("\n")[0], "bank_holidays.csv lists no holiday"),
    ],
)
def test_a_file_of_holidays_in_another_shape_is_refused_in_words(
    own_register: Path, change: Callable[[str], str], words: str
) -> None:
    path = own_register / "bank_holidays.csv"
    path.write_text(change(path.read_text()), newline="")

    with pytest.raises(CommandError, match=words):
        call_command("load_register")


def test_a_file_of_holidays_may_come_from_a_spreadsheet(own_register: Path) -> None:
    path = own_register / "bank_holidays.csv"
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(f"{text}{WALK}".encode("utf-8-sig"))

    call_command("load_register")

    assert BankHoliday.objects.get(on="2031-01-02").title == "Day of the walk"


def test_the_command_that_prepares_the_house_names_the_broken_line_too(
    own_register: Path,
) -> None:
    path = own_register / "bank_holidays.csv"
    path.write_text(path.read_text() + WALK + ",more")

    line = r"bank_holidays\.csv, line"
    with acting_as(None), pytest.raises(CommandError, match=line):
        call_command("prepare", verbosity=0)
