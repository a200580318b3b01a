"""Every kind of mail, byte by byte."""

import re
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from pytest_django import Settings

from outbox.composing import raw_bytes
from outbox.models import OutgoingEmail, name_of
from tests.reading import Mail
from tests.relay import Relay
from tests.whole_house.inhabited import House, move_in

TEMPLATES = Path(project.BASE_DIR) / "templates" / "emails"
KINDS = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix(".subject.txt")
    for path in TEMPLATES.glob("*/*.subject.txt")
)
LONG_SITE = "https://" + ".".join(["a-very-long-part-of-a-name"] * 5) + ".example.co.uk"


def test_every_mail_has_a_subject_a_text_and_a_page() -> None:
    assert len(KINDS) >= 8
    bodies = {
        str(path.relative_to(TEMPLATES)).rpartition(".")[0]
        for path in TEMPLATES.glob("*/*")
        if not path.name.endswith(".subject.txt")
    }
    assert bodies == set(KINDS)
    for kind in KINDS:
        assert (TEMPLATES / f"{kind}.txt").exists(), kind
        assert (TEMPLATES / f"{kind}.html").exists(), kind


@pytest.fixture(params=["short", "long"])
def house(
    request: pytest.FixtureRequest,
    client: Client,
    smtp: Relay,
    mailbox: Path,
    settings: Settings,
) -> House:
    if request.param == "long":
        settings.SITE_URL = LONG_SITE
    return move_in(client, smtp, mailbox)


def kinds_sent() -> set[str]:
    return set(OutgoingEmail.objects.values_list("kind", flat=True))


@pytest.mark.django_db
def test_every_kind_of_mail_is_ascii_on_the_wire(house: House) -> None:
    assert len(kinds_sent()) >= 5
    for message in house.smtp.received:
        raw = message.content
        assert raw.isascii(), Mail(raw)
        assert b"\r\n" in raw and not re.search(rb"(?<!\r)\n", raw)
        head = raw.partition(b"\r\n\r\n")[0]
        for line in raw.split(b"\r\n"):
            # RFC 5322, section 2.1.1: 78 where a line can be broken, never above 998.
            assert len(line) <= 78 or LONG_WORD.fullmatch(line), line
            assert len(line) <= 998
        for line in head.split(b"\r\n"):
            assert line.strip(), "a line of blanks alone would end the head for some"


# A name, and a web address after it, which is never broken.
LONG_WORD = re.compile(rb"(?:[\w-]+: | )?\S*https?://\S{60,}")
SUBJECTS = [
    "word " * 40 + "end",
    "x" * 120,
    "short " + "x" * 120 + " short",
    "Zoë’s long subject " * 12,
    "a: b: " * 30,
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_long_subject_is_folded_and_reads_the_same(subject: str) -> None:
    subject = subject.strip()
    message = EmailMultiAlternatives(
        subject, "Text", "a@example.com", ["b@example.com"]
    )

    raw = raw_bytes(message)

    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(len(line) for line in head if b"x" * 78 not in line) <= 78
    assert Mail(raw).subject == subject


PLAIN = [
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Message-ID",
    "Date",
    "From",
    "To",
    "Reply-To",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Language",
]


@pytest.mark.django_db
def test_the_headers_of_every_mail_are_plain_and_stand_once(house: House) -> None:
    for mail in house.mails:
        names = [name.lower() for name in mail.message]
        assert len(names) == len(set(names)), mail
        for name in PLAIN:
            for value in mail.raw_header(name):
                assert "=?" not in value, f"{mail}: {name}: {value}"
        for name in ("From", "To", "Date", "Message-ID", "Reply-To", "Subject"):
            assert len(mail.raw_header(name)) == 1, f"{mail}: {name}"
        assert mail.raw_header("Auto-Submitted") == ["auto-generated"]
        assert mail.raw_header("Message-ID")[0].endswith("@valuelicensing.com>")
        assert mail.message.get_content_type() == "multipart/alternative"


def test_every_kind_of_mail_has_a_name_for_staff() -> None:
    folder = Path("templates/emails")
    kinds = {
        str(file.relative_to(folder)).removesuffix(".subject.txt")
        for file in folder.glob("*/*.subject.txt")
    }
    # A case update has a title of its own, and stands in no list beside others.
    of_people = {kind for kind in kinds if not kind.startswith("case_updates/")}
    assert len(of_people) > 12
    assert {kind for kind in of_people if name_of(kind) == kind} == set()


@pytest.mark.django_db
def test_the_headers_to_leave_are_exact(house: House) -> None:
    with_link = [m for m in house.mails if m.raw_header("List-Unsubscribe")]
    assert {m.subject for m in with_link} >= {
        "You are signed up: your receipt",
        "A released update",
    }
    for mail in with_link:
        (value,) = mail.raw_header("List-Unsubscribe")
        assert re.fullmatch(
            r"<https?://[^>\s]+/u/[\w-]{22}/>,\s+<mailto:[^>\s]+>", value
        ), value
        assert mail.raw_header("List-Unsubscribe-Post") == [
            "List-Unsubscribe=One-Click"
        ]
        assert len(re.findall(r"<https?://", value)) == 1


@pytest.mark.django_db
def test_a_case_update_names_its_list(house: House) -> None:
    (update, *_) = [m for m in house.mails if m.subject == "A released update"]

    assert update.raw_header("List-Id") == [
        "Case updates <case-updates.valuelicensing.com>"
    ]


@pytest.mark.django_db
def test_every_mail_says_who_sends_it_and_why(house: House) -> None:
    for mail in house.mails:
        for part in (mail.text, mail.html):
            assert "JJH Enterprises Ltd" in part, mail
            assert "St Katherine’s House" in part, mail
            assert "Why you get this" in part, mail
            assert "/privacy/" in part, mail
        assert "&#" not in mail.text, f"{mail} has entities in its text"
        assert "&amp;" not in mail.text, mail
        assert "{{" not in mail.text + mail.html, mail
        assert "{%" not in mail.text + mail.html, mail


@pytest.mark.django_db
def test_no_mail_loads_anything_or_carries_a_script(house: House) -> None:
    for mail in house.mails:
        page = mail.html.lower()
        for forbidden in ("<img", "<script", "<form", "url(", "@import", "<link"):
            assert forbidden not in page, f"{mail}: {forbidden}"
        assert page.count("<style") <= 1
        assert not re.search(r"\son\w+=", page)


@pytest.mark.django_db
def test_text_and_page_carry_the_same_links(house: House) -> None:
    for mail in house.mails:
        ours = re.compile(r"https?://[^\s<>\"']+/[\w-]{22}/")
        assert set(ours.findall(mail.text)) == set(ours.findall(mail.html)), mail


@pytest.mark.django_db
def test_the_confirmation_carries_no_marketing(house: House) -> None:
    confirmations = [m for m in house.mails if m.paths("/confirm/")]
    assert len(confirmations) >= 2
    for mail in confirmations:
        assert not mail.raw_header("List-Unsubscribe")
        assert not mail.raw_header("List-Id")
        assert "/u/" not in mail.text


def test_every_mail_template_says_why_its_reader_gets_it() -> None:
    for kind in KINDS:
        text = (TEMPLATES / f"{kind}.txt").read_text()
        page = (TEMPLATES / f"{kind}.html").read_text()
        if kind == "case_updates/test":  # the update itself, sent to its writer
            assert 'extends "emails/case_updates/update.' in text + page
            continue
        assert 'extends "emails/base.txt"' in text, kind
        assert 'extends "emails/base.html"' in page, kind
        assert "{% block reason %}" in text, kind
        assert "{% block reason %}" in page, kind
