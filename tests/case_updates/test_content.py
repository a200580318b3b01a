"""What becomes of the Markdown that an editor writes."""

import pytest

from case_updates import content
from tests.case_updates.cast import draft

pytestmark = pytest.mark.django_db


def test_raw_html_is_shown_as_words() -> None:
    html = content.page_html("<script>alert(1)</script> and <b onclick=x>bold</b>")

    assert "<script" not in html and "<b " not in html
    assert "&lt;script&gt;" in html


def test_a_script_link_is_no_link() -> None:
    assert "<a" not in content.page_html("[press](javascript:alert(1))")


def test_a_link_away_says_where_it_opens_on_the_page() -> None:
    html = content.page_html("[the **hearing**](https://www.example.org/a?b=1&c=2)")

    assert html == (
        '<p><a href="https://www.example.org/a?b=1&amp;c=2" rel="noopener">the '
        '<strong>hearing</strong> <span class="away">(opens example.org)</span>'
        "</a></p>\n"
    )


def test_a_link_away_in_the_mail_has_its_address_and_nothing_more() -> None:
    html = content.mail_html("[hearing](https://example.org/a?b=1)")

    assert (
        html
        == '<p><a href="https://example.org/a?b=1" rel="noopener">hearing</a></p>\n'
    )


def test_a_link_to_our_own_pages_is_plain() -> None:
    html = content.page_html("[before](http://localhost:8000/updates/before/)")

    assert html == (
        '<p><a href="http://localhost:8000/updates/before/">before</a></p>\n'
    )


def test_the_note_on_one_link_does_not_spill_onto_the_next() -> None:
    html = content.page_html(
        "[away](https://example.org/) [home](http://localhost:8000/updates/)"
    )

    assert html.count("(opens") == 1 and html.count("noopener") == 1


def test_a_picture_becomes_its_words() -> None:
    html = content.mail_html("![a <graph>](https://example.org/x.png)")

    assert html == "<p>a &lt;graph&gt;</p>\n"


def test_headings_begin_at_the_second_level_and_leave_none_out() -> None:
    html = content.page_html("# One\n\n### Three\n\n# One more")

    assert "<h2>One</h2>" in html and "<h3>Three</h3>" in html
    assert "<h1" not in html and "<h4" not in html


def test_section_3c_stays_section_3c() -> None:
    assert "3(c) -- (r)" in content.page_html("3(c) -- (r)")


def test_the_text_keeps_the_address_of_every_link() -> None:
    text = content.plain_text(
        "See [the hearing](https://example.org/hearing) or <https://example.org/all>."
    )

    assert text == (
        "See the hearing <https://example.org/hearing> or\nhttps://example.org/all."
    )


def test_a_long_address_is_never_cut() -> None:
    url = "https://example.org/" + "a-very-long-name/" * 12

    text = content.plain_text(f"Words before it [here]({url}) and words after it.")

    assert f"<{url}>" in text.split()


def test_the_text_keeps_lists_quotations_and_headings_readable() -> None:
    text = content.plain_text(
        "## Next\n\n1. first\n2. second\n   - below it\n\n"
        "> said the judge\n\n---\n\nEnd"
    )

    assert text == (
        "Next\n----\n\n1. first\n2. second\n   - below it\n\n> said the judge\n\n"
        "--------------------\n\nEnd"
    )


def test_lines_of_the_text_are_at_most_72_wide() -> None:
    text = content.plain_text("- " + "some words " * 40 + "\n\n> " + "and more " * 40)

    assert max(map(len, text.splitlines())) <= 72


@pytest.mark.parametrize("changed", ["title", "summary", "body"])
def test_the_digest_changes_with_every_word_that_is_approved(changed: str) -> None:
    update = draft()
    before = content.digest(update)
    setattr(update, changed, getattr(update, changed) + ".")

    assert content.digest(update) != before


def test_the_digest_changes_with_what_is_corrected() -> None:
    update, other = draft(), draft("Another")
    before = content.digest(update)
    update.corrects = other

    assert content.digest(update) != before


def test_words_cannot_move_between_fields_under_one_digest() -> None:
    one, other = draft("ab", summary="c"), draft("a", summary="bc")

    assert content.digest(one) != content.digest(other)
