"""manage.py statutory_deadline, as a process of its own with nothing set up."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

ROOT = Path(project.BASE_DIR)
NAMES = ["starts_on", "due_on", "notice_by", "paused_days", "state", "steps", "errors"]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """The command with no environment but an empty DATA_DIR, from another folder."""

    def run_it(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "statutory_deadline", *words],
            env={"DATA_DIR": str(tmp_path)},
            cwd=tmp_path,
            input=given,
            capture_output=True,
            timeout=60,
        )
        assert list(tmp_path.iterdir()) == [], "it wrote something"
        return done

    return run_it


def ask(run: Any, *words: str) -> dict[str, Any]:
    done = run(*words, "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def batch(run: Any, *lines: str | dict[str, Any]) -> list[dict[str, Any]]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    done = run("--batch", given="\n".join(texts).encode(errors="surrogateescape"))
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_works_where_there_is_no_environment_at_all(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *[sys.executable, str(ROOT / "manage.py"), "statutory_deadline"],
            *"--received 2026-11-02 --right access".split(),
        ],
        env={},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "WEDNESDAY 2 DECEMBER 2026" in done.stdout


def test_the_page_shows_the_date_large_and_how_it_comes_about(run: Any) -> None:
    done = run(
        *"--received 2026-11-02 --right access --as-of 2026-11-22".split(),
        *"--clarification 2026-11-05/2026-11-12".split(),
    )

    page = " ".join(done.stdout.decode().split())
    assert done.returncode == 0 and done.stderr == b""
    for words in (
        "Access request received on Monday 2 November 2026",
        "║ DUE BY THE END OF THURSDAY 10 DECEMBER 2026 ║",
        "State running",
        "Extension notice by the end of Thursday 10 December 2026",
        "Clock stopped 8 days",
        "Prudent target Wednesday 9 December 2026",
        "1. The request was received on Monday 2 November 2026.",
        "[UK GDPR, Article 12A(5) and (6)]",
    ):
        assert words in page


def test_the_page_says_what_it_waits_for_and_what_it_left_out(run: Any) -> None:
    waiting = run(
        *"--received 2026-11-02 --right erasure --fee-asked 2026-11-03".split()
    )
    late = run(*"--received 2026-11-02 --right access --extended 2026-12-03".split())

    assert "NO DATE YET" in waiting.stdout.decode()
    assert "Waiting for       the fee" in waiting.stdout.decode()
    assert "! The extension of Thursday 3 December 2026" in late.stdout.decode()
    assert (waiting.returncode, late.returncode) == (0, 0)


def test_json_has_every_name(run: Any) -> None:
    found = ask(run, *"--received 2026-11-02 --right access --as-of 2026-12-03".split())

    assert set(NAMES) <= set(found)
    assert found | {"steps": []} == {
        "starts_on": "2026-11-02",
        "due_on": "2026-12-02",
        "notice_by": "2026-12-02",
        "paused_days": 0,
        "state": "overdue",
        "prudent_target": "2026-12-02",
        "overdue_from": "2026-12-03T00:00:00+00:00",
        "waits_for": [],
        "flags": [],
        "steps": [],
        "errors": [],
    }
    assert set(found["steps"][0]) == {"rule", "source", "from", "to", "sentence"}


@pytest.mark.parametrize(
    "words, due_on, state",
    [
        ("--clarification 2026-11-05/ --as-of 2026-11-22", "2026-12-21", "paused"),
        ("--clarification 2026-11-05 --as-of 2026-11-22", "2026-12-21", "paused"),
        (
            "--clarification 2026-11-05/2026-11-12 --clarification 2026-11-10/2026-11-15"
            " --as-of 2026-11-22",
            "2026-12-14",
            "running",
        ),
        ("--identity-asked 2026-11-03 --as-of 2026-11-22", None, "not_started"),
        (
            "--identity-asked 2026-11-03 --identity-received 2026-11-10"
            " --as-of 2026-11-22",
            "2026-12-10",
            "running",
        ),
        (
            "--fee-asked 2026-11-04 --fee-paid 2026-11-18 --as-of 2026-11-22",
            "2026-12-18",
            "running",
        ),
        ("--extended 2026-12-02 --as-of 2026-12-22", "2027-02-02", "running"),
        (
            "--nation scotland --as-of 2026-11-02T23:00:00+00:00",
            "2026-12-02",
            "running",
        ),
    ],
)
def test_each_option_reaches_the_count(
    run: Any, words: str, due_on: str | None, state: str
) -> None:
    found = ask(run, *"--received 2026-11-02 --right access".split(), *words.split())

    assert (found["due_on"], found["state"], found["errors"]) == (due_on, state, [])


def test_the_nation_reaches_the_count(run: Any) -> None:
    line = {"received": "2026-03-06", "right": "access"}
    nations = [None, "england-and-wales", "scotland", "northern-ireland"]

    found = batch(run, *({**line, "nation": nation} for nation in nations))

    days = ["2026-04-07", "2026-04-07", "2026-04-06", "2026-04-07"]
    assert [answer["due_on"] for answer in found] == days


@pytest.mark.parametrize(
    "words, message",
    [
        ("--right access", "received is missing"),
        ("--received 2026-11-02", "right is missing"),
        ("--received 2026-02-30 --right access", "There is no '2026-02-30'"),
        ("--received yesterday --right access", "'yesterday' is not a date"),
        ("--received 20261102 --right access", "'20261102' is not a date"),
        ("--received 2026-11-02T10:00 --right access", "no zone"),
        ("--received 2026-11-02T25:00Z --right access", "There is no"),
        ("--received 2026-11-02 --right marriage", "Unknown right 'marriage'"),
        (
            "--received 2026-11-02 --right access --nation wales",
            "Unknown nation 'wales'",
        ),
        (
            "--received 2026-11-02 --right access --identity-received 2026-11-05",
            "identity_received is given without identity_asked",
        ),
        (
            "--received 2026-11-02 --right access --clarification 2026-11-12/2026-11-05",
            "before we asked",
        ),
        (
            "--received 2026-11-02 --right access --extended 2026-11-01",
            "before the request",
        ),
        ("--received 2026-11-02 --right access --colour red", "--colour"),
        ("--received 2026-11-02 --batch", "standard input"),
    ],
)
def test_bad_input_is_explained_and_ends_with_two(
    run: Any, words: str, message: str
) -> None:
    done = run(*words.split())

    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stdout == b"" and b"Traceback" not in done.stderr


def test_what_cannot_be_read_is_told_in_json_where_that_is_asked_for(run: Any) -> None:
    words = "--received 2026-11-02 --right access --identity-received 2026-11-05 --json"
    done = run(*words.split())

    assert done.returncode == 2
    found = json.loads(done.stdout)
    assert found["due_on"] is None and found["state"] is None
    assert found["errors"] == ["identity_received is given without identity_asked."]


@pytest.fixture
def broken(tmp_path: Path) -> list[str]:
    """The command of a house in whose list of public holidays a line is broken."""
    for name in ("groundwork", "processing_register", "rights_requests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "manage.py", tmp_path)
    file = tmp_path / "processing_register" / "register" / "bank_holidays.csv"
    lines = file.read_text().splitlines()
    lines[8] = "2019-02-30,scotland,No day"
    file.write_text("\n".join(lines))
    return [sys.executable, str(tmp_path / "manage.py"), "statutory_deadline"]


OF_IT = "bank_holidays.csv, line 9: there is no 2019-02-30 in the calendar."


@pytest.mark.parametrize(
    "words",
    [
        "--received 2026-11-02 --right access",
        "--received 2026-11-02 --right access --json",
        "--batch",
    ],
)
def test_a_broken_list_of_holidays_is_named_in_words(
    broken: list[str], words: str
) -> None:
    line = b'{"received": "2026-11-02", "right": "access"}\n'

    done = subprocess.run(
        [*broken, *words.split()], env={}, input=line, capture_output=True, timeout=60
    )

    assert done.returncode == 2
    assert done.stderr.decode() == f"CommandError: {OF_IT}\n"
    if "--json" in words:
        assert json.loads(done.stdout)["errors"] == [OF_IT]
    else:
        assert done.stdout == b""


def test_every_problem_is_named_at_once(run: Any) -> None:
    done = run(*"--received x --right y --nation z --as-of 2026-02-30".split())

    lines = done.stderr.decode().splitlines()
    assert len(lines) == 4 and all(name in done.stderr.decode() for name in "xyz")


def test_a_batch_answers_each_line_with_a_line(run: Any) -> None:
    found = batch(
        run,
        {
            "received": "2026-11-02",
            "right": "access",
            "nation": "england-and-wales",
            "identity_asked": "2026-11-03",
            "identity_received": "2026-11-10",
            "fee_asked": None,
            "fee_paid": None,
            "clarifications": [["2026-11-12", "2026-11-13"]],
            "extended": "2026-12-14",
            "as_of": "2026-12-15",
        },
        {
            "received": "2026-06-30T23:30:00Z",
            "right": "portability",
            "clarifications": [],
        },
        {
            "received": "2026-11-02",
            "right": "access",
            "clarifications": [["2026-11-05", None]],
            "as_of": "2026-11-22",
        },
    )

    assert [answer["due_on"] for answer in found] == [
        "2027-02-12",
        "2026-08-03",
        "2026-12-21",
    ]
    assert [answer["paused_days"] for answer in found] == [2, 0, 18]
    assert all(set(NAMES) <= set(answer) and not answer["errors"] for answer in found)


BROKEN: list[tuple[str | dict[str, Any], str]] = [
    ("{", "not JSON"),
    ("", "not JSON"),
    ("[" * 100_000, "not JSON"),
    ('{"received": ' + "9" * 5000 + "}", "not JSON"),
    ("\udcff\udcfe", "not JSON"),
    ("[]", "not a JSON object"),
    ("null", "not a JSON object"),
    ('{"received": "2026-11-02", "received": "2026-11-03"}', "twice"),
    ({}, "received is missing"),
    ({"received": None, "right": "access"}, "received is missing"),
    ({"received": "2026-11-02", "right": "marriage"}, "'marriage'"),
    ({"received": "2026-11-02", "right": ["access"]}, "Unknown right"),
    ({"received": "2026-11-02", "right": "access", "nation": "wales"}, "'wales'"),
    ({"received": "2026-02-30", "right": "access"}, "2026-02-30"),
    ({"received": 20261102, "right": "access"}, "20261102"),
    ({"received": True, "right": "access"}, "True"),
    ({"received": "0001-01-01T00:00:00+14:00", "right": "access"}, "year 1 "),
    ({"received": "9999-12-31", "right": "access"}, "year 9999"),
    ({"received": "2026-11-02", "right": "access", "colour": "red"}, "'colour'"),
    ({"received": "2026-11-02", "right": "access", "\ud800": 1}, "Unknown name"),
    ({"received": "2026-11-02", "right": "access", "clarifications": "x"}, "pairs"),
    ({"received": "2026-11-02", "right": "access", "clarifications": ["x"]}, "pair"),
    ({"received": "2026-11-02", "right": "access", "clarifications": [[]]}, "pair"),
    (
        {"received": "2026-11-02", "right": "access", "clarifications": [[None, None]]},
        "pair",
    ),
    (
        {
            "received": "2026-11-02",
            "right": "access",
            "clarifications": [["2026-11-05", "2026-11-31"]],
        },
        "2026-11-31",
    ),
    (
        {"received": "2026-11-02", "right": "access", "fee_paid": "2026-11-05"},
        "fee_asked",
    ),
    (
        {"received": "2026-11-02", "right": "access", "fee_asked": "2026-11-01"},
        "before",
    ),
    ({"received": "2026-11-02", "right": "access", "extended": {}}, "not a date"),
    ({"received": "2026-11-02", "right": "access", "as_of": "now"}, "as_of"),
]


def test_a_broken_line_gets_its_errors_and_the_batch_goes_on(run: Any) -> None:
    good = {"received": "2026-11-02", "right": "access", "as_of": "2026-11-02"}

    found = batch(run, *(line for line, _ in BROKEN), good)

    assert len(found) == len(BROKEN) + 1
    for answer, (line, message) in zip(found, BROKEN, strict=False):
        assert [answer[name] for name in NAMES[:3]] == [None] * 3, line
        assert answer["state"] is None and answer["steps"] == []
        assert message in " ".join(answer["errors"]), line
    assert found[-1]["due_on"] == "2026-12-02" and found[-1]["errors"] == []


def test_a_rejected_event_leaves_the_other_dates(run: Any) -> None:
    line = {"received": "2026-11-02", "right": "access", "as_of": "2026-11-22"}

    late, second = batch(
        run,
        {**line, "extended": "2026-12-03"},
        {**line, "extended": ["2026-11-20", "2026-11-25"]},
    )

    assert (late["due_on"], second["due_on"]) == ("2026-12-02", "2027-02-02")
    assert "late" in late["errors"][0] and "only one" in second["errors"][0]


def test_the_flags_are_told(run: Any) -> None:
    beyond, old = batch(
        run,
        {"received": "2028-12-20", "right": "access"},
        {
            "received": "2026-02-04",
            "right": "access",
            "clarifications": [["2026-02-06", None]],
        },
    )

    assert beyond["flags"] == ["holidays_unknown"] and beyond["due_on"] == "2029-01-22"
    assert old["flags"] == ["clock_stop_by_hand"] and len(old["errors"]) == 1


@pytest.mark.slow
def test_ten_thousand_lines_take_seconds(run: Any) -> None:
    line = {
        "received": "2026-11-02",
        "right": "access",
        "identity_asked": "2026-11-03",
        "identity_received": "2026-11-10",
        "clarifications": [["2026-11-12", "2026-11-13"], ["2026-11-20", None]],
        "extended": "2026-11-25",
    }
    begun = os.times().children_user

    found = batch(run, *[line] * 10_000)

    assert len(found) == 10_000
    # The processor's own time: other work on the machine must not fail this.
    assert os.times().children_user - begun < 15


def test_a_file_may_begin_with_a_byte_order_mark(run: Any) -> None:
    line = "\ufeff" + json.dumps({"received": "2026-11-02", "right": "access"})

    (found,) = batch(run, line)

    assert (found["due_on"], found["errors"]) == ("2026-12-02", [])


def test_while_a_question_is_open_no_later_one_comes_too_late(run: Any) -> None:
    line = {
        "received": "2026-11-02",
        "right": "access",
        "clarifications": [["2026-11-30", None], ["2026-12-10", "2026-12-12"]],
    }

    early, late = batch(
        run, line | {"as_of": "2026-12-01"}, line | {"as_of": "2026-12-12"}
    )

    assert (early["errors"], late["errors"]) == ([], [])
    assert (early["state"], late["state"]) == ("paused", "paused")
