"""A house with something in every room, and every address in it."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from case_updates import sending
from case_updates.models import CaseUpdate
from consent import cookies
from consent.models import ConsentEntry, ConsentSite, ShownWording
from data_subjects import contacts, disclosures
from governance import informing, notice_mail
from governance.models import NoticeChange, NoticeDelivery
from groundwork.clock import today_here
from groundwork.ledger import ledgers, seal
from outbox import delivery, inbound
from outbox.models import MessageClass
from outbox.queueing import queue
from processing_register.models import NoticeVersion
from rights_requests.models import Case, CaseDocument, Note
from staff.models import StaffUser
from subscribers import importing
from tests.case_updates import cast
from tests.people import (
    ADA,
    BEN,
    CLEO,
    OWN_NEWS,
    become_reader,
    inbox,
    open_preferences,
    sign_up,
    subscriber_of,
)
from tests.reading import Mail
from tests.relay import Relay
from tests.whole_house.cases import live_through_cases

# The only tables in which looking may leave a row.
MAY_GROW = {"django_session", "staff_accessrecord"}
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>.*?\)")


@dataclass
class House:
    client: Client
    smtp: Relay
    mailbox: Path
    tokens: list[str] = field(default_factory=list)

    @property
    def mails(self) -> list[Mail]:
        return [Mail(message.content) for message in self.smtp.received]


def move_in(client: Client, smtp: Relay, mailbox: Path) -> House:
    """Live through everything once, so that no table of ours is empty for nothing."""
    house = House(client, smtp, mailbox)
    welcome = become_reader(client, smtp, ADA, first_name="Ada", employer="Analytical")
    sign_up(client, smtp, BEN)
    left = become_reader(client, smtp, CLEO, purposes=(OWN_NEWS,))
    gone = client.post(left.one_click_path(), {"List-Unsubscribe": "One-Click"})
    visit = open_preferences(client, smtp)
    client.post(visit, {"email": "ada@new.example"})
    client.post(inbox(smtp, "ada@new.example")[0].path("/address/"))
    client.post(visit, {"ask_link": "1"})
    client.post(visit, {"purposes": ["case-updates", OWN_NEWS], "first_name": "A"})
    cast.draft("A draft")
    cast.submitted("A submitted update")
    cast.released("A released update")
    sending.send_due()
    answer_about_cookies()
    write_to_us(mailbox)
    delivery.deliver_due()
    for message in smtp.received[:3]:
        (mailbox / f"20260101-{len(house.tokens)}.eml").write_bytes(message.content)
    importing.keep_upload(
        "email,first_name\nx@example.com,Xenia\n", file_name="people.csv", staff_id=1
    )
    ConsentSite.objects.create(name="Shop", origins=["https://shop.example.com"])
    tell_people()
    disclose_something()
    tokens = live_through_cases(smtp)
    for ledger in ledgers():
        seal(ledger)
    pages = gone.content.decode() + visit + "".join(m.text for m in house.mails)
    pages += "".join(f"/{token}/" for token in tokens)
    house.tokens = sorted(set(re.findall(r"/([\w-]{22})(?=/)", pages)))
    assert welcome.one_click_path().split("/")[2] in house.tokens
    return house


def answer_about_cookies() -> None:
    """Another visitor says yes and is counted on one page."""
    visitor = Client()
    yes = {
        "choice": "accept",
        "banner": "cookie-banner/1",
        "hash": cookies.content_hash(),
    }
    assert visitor.post("/cookies/choice/", yes).status_code == 302
    counted = visitor.post("/page-views/", {"page": "case_updates:archive"})
    assert counted.status_code == 204


def write_to_us(mailbox: Path) -> None:
    raw = (
        b"From: x@example.com\nTo: governance@valuelicensing.com\nSubject: Hello\n\nHi"
    )
    (mailbox / "from-a-stranger.eml").write_bytes(raw)
    inbound.fetch()
    inbound.read_new()
    assert subscriber_of(CLEO) is not None


def tell_people() -> None:
    """A changed notice that waits, its mail, and somebody from another source."""
    found = contacts.Found(
        kind="prospect",
        name="Gus",
        source="companies-house",
        evidence="12345678",
        obtained_on=today_here(),
        address="gus@example.com",
    )
    informing.send_letter(contacts.enter(found, staff_id=1).pk, staff_id=1)
    newest = NoticeVersion.objects.filter(notice="privacy").latest("number")
    change = NoticeChange.objects.create(version=newest)
    queue(
        notice_mail.KIND,
        to=ADA,
        context=notice_mail.context_of(change),
        data_subject_id=subscriber_of("ada@new.example").data_subject_id,
        message_class=MessageClass.NOTICE,
    )
    cleo = subscriber_of(CLEO).data_subject_id
    NoticeDelivery.objects.create(change=change, data_subject_id=cleo)
    NoticeDelivery.objects.filter(data_subject_id=cleo).update(
        state="withheld", reason="bounced"
    )
    delivery.deliver_due()


def disclose_something() -> None:
    given = disclosures.Given(
        recipient="Example Insurance plc",
        role="controller",
        country_code="GB",
        categories=["contact"],
        purpose="administration",
        legal_ground="legal-obligation",
        disclosed_on=today_here(),
        reference="Letter 14",
    )
    cleo = subscriber_of(CLEO).data_subject_id
    disclosures.record(cleo, given, staff_id=1, today=today_here())


# --- Every URL of the map ---


@dataclass(frozen=True)
class Address:
    """An entry of the URL map: its name (console:index) and its route."""

    name: str
    route: str


def url_map() -> list[Address]:
    return sorted(set(_walk(get_resolver())), key=lambda address: address.route)


def _walk(resolver: Any, route: str = "/", space: str = "") -> Iterator[Address]:
    for entry in resolver.url_patterns:
        part = route + str(entry.pattern).lstrip("^").rstrip("$")
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry, part, inner)
        else:
            assert isinstance(entry, URLPattern)
            yield Address(f"{space}{entry.name or 'unnamed'}", part)


def paths(address: Address, house: House) -> list[str]:
    """Real paths of this entry, its parameters filled with what the house holds."""
    found = [address.route]
    for match in PARAMETER.finditer(address.route):
        values = _values(address, match[2] or match[3], match[1] or "", house)
        found = [
            path.replace(match[0], str(value), 1) for path in found for value in values
        ]
    return found


def _values(address: Address, name: str, converter: str, house: House) -> list[Any]:
    known: dict[str, Callable[[], list[Any]]] = {
        "token": lambda: house.tokens,
        "notice": lambda: [
            "privacy",
            "retention",
            "privacy/interests/orders",
            "sign-up",
        ],
        "interests": lambda: ["privacy/interests/orders", "privacy/interests/none"],
        "message": lambda: [path.name for path in sorted(house.mailbox.glob("*.eml"))],
        "entry": lambda: list(ConsentEntry.objects.values_list("pk", flat=True)[:2]),
        "ledger": lambda: ["consententry", "nonsense"],
        "slug": lambda: list(CaseUpdate.objects.values_list("slug", flat=True)),
        "digest": lambda: [
            bytes(w.digest).hex() for w in ShownWording.objects.all()[:2]
        ],
        "number": lambda: [1, 99],
        "site": lambda: [*ConsentSite.objects.values_list("key", flat=True), "none"],
        # Of a case; a number that is none stands for one while there is none.
        "document": lambda: (
            list(CaseDocument.objects.values_list("pk", flat=True)[:2])
            or [uuid.uuid4()]
        ),
        "place": lambda: ["notes", "nowhere"],
        "kind": lambda: ["access", "nonsense"],
        "row": lambda: [*Note.objects.values_list("pk", flat=True)[:1], "none"],
        "case": lambda: list(Case.objects.values_list("pk", flat=True)[:3]),
        "app_label": lambda: ["subscribers", "outbox"],
        "url": lambda: ["nonsense/", ".env"],
    }
    for key in (name, converter):  # the name says more than the shape
        if key in known:
            return known[key]()
    return _keys(address, name)


def _keys(address: Address, name: str) -> list[Any]:
    """Keys of the model that an address of the console is about."""
    model: Any
    if name == "delivery_pk":
        model = apps.get_model("case_updates.Delivery")
    else:
        label = address.name.removeprefix("console:").split("_")
        about = [m for m in apps.get_models() if _is_about(m, address.route)]
        assert about, f"{address} ({name}, {label}) is about no model of ours"
        model = about[0]
    return list(model._default_manager.values_list("pk", flat=True)[:2]) or [1]


def _is_about(model: Any, route: str) -> bool:
    meta = model._meta
    is_import = "/import/" in route and meta.model_name == "subscriberimport"
    if "/import/" in route:
        return bool(is_import)
    if "/rights_requests/entered/" in route:
        return bool(meta.label == "rights_requests.Submission")
    if "/people/" in route:
        return bool(meta.label == "subscribers.Subscriber")
    return f"/{meta.app_label}/{meta.model_name}/" in route or (
        "/r/" in route and meta.label == "staff.StaffUser"
    )


# --- Every row of every table ---


def contents() -> dict[str, str]:
    """Table → a digest of all its rows; the tables that may grow are left out."""
    tables = sorted(set(connection.introspection.table_names()) - MAY_GROW)
    parts = [
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
        f' FROM "{table}" AS t'
        for table in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def superuser() -> StaffUser:
    user: StaffUser = StaffUser.objects.create_superuser(
        "grace@example.com", "a long enough password", full_name="Grace"
    )
    return user
