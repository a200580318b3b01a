"""The team's handbook says what stands on the screen, and leaves out no step."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from rights_requests.case_acts import ACTS

ROOT = Path(settings.BASE_DIR)
HANDBOOK = (ROOT / "docs" / "governance-handbook.md").read_text()
# Strings that Python puts together are one string.
JOINT = re.compile(r'"\s*\n\s*"')


def screens() -> Iterator[str]:
    yield from (page.read_text() for page in ROOT.glob("templates/admin/**/*.html"))
    for app in ("rights_requests", "governance", "outbox", "data_subjects", "staff"):
        yield from (JOINT.sub("", f.read_text()) for f in (ROOT / app).glob("*.py"))


def test_the_words_in_bold_stand_on_a_screen() -> None:
    words = set(re.findall(r"\*\*(.+?)\*\*", HANDBOOK))
    everything = "\n".join(screens())
    assert len(words) > 80
    assert [word for word in sorted(words) if word not in everything] == []


def test_each_step_that_can_be_taken_has_its_place() -> None:
    assert [act.button for act in ACTS if f"**{act.button}**" not in HANDBOOK] == []


def test_each_page_says_what_the_law_says_and_where() -> None:
    pages = re.split(r"^## ", HANDBOOK, flags=re.MULTILINE)[1:]
    assert len(pages) >= 20
    for page in pages[:-1]:
        law = re.search(r"^\*The law: (.+)\*$", page, re.MULTILINE)
        assert law and re.search(r"\((Art\.|DPA)", law[1]), page.splitlines()[0]


def test_each_link_leads_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", HANDBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    for target in re.findall(r"\]\(([^)]+)\)", HANDBOOK):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target:
            assert (ROOT / "docs" / target).exists(), target
