"""Card and National Insurance numbers leave no trace; what resembles them stays."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.masking import has_numbers, mask_numbers
from tests.growth import grows_with_the_length

CARD = "[card number ending 4242]"


@pytest.mark.parametrize(
    "written",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4242–4242–4242–4242",
        "4242  4242 - 4242 4242",
        "4242\u00a04242\u00a04242\u00a04242",
        "4242\u200b4242\u200b4242\u200b4242",
        "4242\u00ad4242\u00ad4242\u00ad4242",
        "4242 4242\n4242 4242",
        "4242 4242\r\n4242 4242",
        "4242\n4242\n4242\n4242",
        "42424242 42424242",
        "424242 4242424242",
        "42 42 42 42 42 42 42 42",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "４２４２ ４２４２ ４２４２ ４２４２",
        "４２４２－４２４２－４２４２－４２４２",
        "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢",
    ],
)
def test_a_card_is_found_however_it_is_written(written: str) -> None:
    for before, after in [
        ("", ""),
        ("my card ", ", thanks"),
        ("(", ")."),
        ("£5:\n", "\nA"),
    ]:
        assert mask_numbers(f"{before}{written}{after}") == f"{before}{CARD}{after}"
    assert has_numbers(written)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("card 4242 4242 4242 4242 12/27 123", f"card {CARD} 12/27 123"),
        ("4242 4242 4242 4242 1227 123", f"{CARD} 1227 123"),
        ("4242 4242 4242 4242 123", f"{CARD} 123"),
        ("on 3 May 4242424242424242 was used", f"on 3 May {CARD} was used"),
        ("paid 12.50 4242 4242 4242 4242", f"paid 12.50 {CARD}"),
        ("Ada,12,4242424242424242,123", f"Ada,12,{CARD},123"),
        ("VISA-4242424242424242", f"VISA-{CARD}"),
        ("card_4242424242424242.pdf", f"card_{CARD}.pdf"),
        ("4242424242424242.Thanks", f"{CARD}.Thanks"),
        (
            "5555555555554444\n4242424242424242",
            f"[card number ending 4444]\n{CARD}",
        ),
        (
            "4242 4242 4242 4242 5555 5555 5555 4444",
            f"{CARD} [card number ending 4444]",
        ),
        ("4242424242424242/5555555555554444", f"{CARD}/[card number ending 4444]"),
    ],
)
def test_a_card_is_found_among_other_things(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


@pytest.mark.parametrize(
    ("number", "issuer"),
    [
        ("4222222222222", "Visa of 13"),
        ("4222 222 222 222", "Visa of 13"),
        ("4000056655665556", "Visa"),
        ("4000 0000 0000 0000 006", "Visa of 19"),
        ("5105105105105100", "Mastercard"),
        ("2223003122003222", "Mastercard"),
        ("378282246310005", "American Express"),
        ("3782 822463 10005", "American Express"),
        ("30569309025904", "Diners Club"),
        ("3056 930902 5904", "Diners Club"),
        ("6011111111111117", "Discover"),
        ("3566002020360505", "JCB"),
        ("6200000000000005", "UnionPay"),
        ("6759649826438453", "Maestro"),
        ("6759 6498 2643 8453", "Maestro"),
    ],
)
def test_cards_of_every_large_issuer_are_found(number: str, issuer: str) -> None:
    last_four = number.replace(" ", "")[-4:]
    assert mask_numbers(number) == f"[card number ending {last_four}]", issuer


@pytest.mark.parametrize(
    "text",
    [
        *("4242424242424241", "4242 4242 4242 4241"),  # the check digit is wrong
        *("1000000000000008", "9999999999999995"),  # nobody issues these
        *("card4242424242424242", "4242424242424242x", "94242424242424242"),
        *("+49 1512 3456 7891", "+4915123456789", "Tel: 4222222222222"),
        *("call me on 4222 222 222 222", "mobile (4222222222222)"),
        *("020 7946 0000", "0044 20 7946 0000 ext. 12", "07700 900123"),
        *("INV-4242424242424242", "PO_4242424242424242", "ref/4242424242424242"),
        *("0.4242424242424242", "4242424242424242.42", "5105.4242-4242-4242-4242"),
        *("4.242.424.242.424.242", "£4,242,424,242,424,242"),
        *("26.11.2026 27.12.2026", "23-11-2026 - 24-12-2026", "2226-11-28 2026-12-29"),
        *("42424242-4242-4242-4242-424242424242", "3c4242-4242-4242-4242-4242ab"),
        "1010\n4242\n4242\n4242\n4242\n1010",  # a column of a table
        "4242\t4242\t4242\t4242",  # cells of a row
        *("DE88 4194 9872 2443 7901 51", "GB29 NWBK 6016 1331 9268 19"),
        *("", "no number at all", "DSR-2026-000123", "•••• 4242"),
    ],
)
def test_what_is_no_card_stays(text: str) -> None:
    assert mask_numbers(text) == text
    assert not has_numbers(text)


@pytest.mark.parametrize(
    "written",
    [
        *("AB123456C", "AB 12 34 56 C", "AB-12-34-56-C", "AB 123456C", "ab123456c"),
        *("ab 12 34 56 c", "Ab 12 34 56 C", "A B 1 2 3 4 5 6 C", "AB.12.34.56.C"),
        *("AB\u00a012\u00a034\u00a056\u00a0C", "AB 12\n34 56 C", "ＡＢ１２３４５６Ｃ"),
    ],
)
def test_a_national_insurance_number_is_found_however_it_is_written(
    written: str,
) -> None:
    masked = "[National Insurance number ending 6C]"
    for before, after in [
        ("", ""),
        ("mine is ", ", thanks"),
        ("(", ")."),
        ("\n", "\nA"),
    ]:
        assert mask_numbers(f"{before}{written}{after}") == f"{before}{masked}{after}"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("NI number: AB 12 34 56", "NI number: [National Insurance number ending 56]"),
        (
            "my National Insurance number is AB123456.",
            "my National Insurance number is [National Insurance number ending 56].",
        ),
        ("AT 12 34 56 A", "[National Insurance number ending 6A]"),
        ("QQ 12 34 56 C", "[National Insurance number ending 6C]"),
        ("NI: QQ123456C", "NI: [National Insurance number ending 6C]"),
        (
            "JG103759A, card 4242424242424242",
            f"[National Insurance number ending 9A], card {CARD}",
        ),
    ],
)
def test_a_national_insurance_number_is_found_in_its_sentence(
    text: str, masked: str
) -> None:
    assert mask_numbers(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        *("DB123456C", "QB123456C", "AO123456C", "BG123456A", "ZZ123456A", "GB123456A"),
        *("AB123456E", "AB12345C", "AB1234567C", "AB123456", "AB 12 34 56 78"),
        *("XAB123456C", "AB123456CX", "REF-AB123456C", "AB123456C-77"),
        *("come at 12 34 56 a day", "re 123456 b", "on AB 12 34 56 a clerk wrote"),
        *("SW1A 1AA", "CR0 2YR", "TN 11 22 33 A", "AB12 3CD"),
    ],
)
def test_what_is_no_national_insurance_number_stays(text: str) -> None:
    assert mask_numbers(text) == text


DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@given(st.uuids(), st.from_regex(r"0[12378]\d{2,3} \d{3} \d{4}", fullmatch=True))
def test_no_identifier_and_no_telephone_number_is_touched(
    uuid: object, call: str
) -> None:
    assert not has_numbers(f"{uuid} {call}")


@given(st.from_regex(r"[+][1-9]\d{0,2}([ -]?\d{2,4}){2,4}", fullmatch=True))
def test_no_international_telephone_number_is_touched(call: str) -> None:
    assert not has_numbers(f"Ring {call}.")


@given(DAYS, DAYS, st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d %m %Y"]))
def test_no_dates_are_touched(first: date, last: date, form: str) -> None:
    assert not has_numbers(f"{first:{form}} - {last:{form}}")


PIECES = st.sampled_from(
    [*"0123456789ABCabc.,-+/ \n", "4242", "AB12", "３", "\xa0", CARD, "NI ", "visa"]
)


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=500)
def test_masking_again_changes_nothing(text: str) -> None:
    masked = mask_numbers(text)

    assert mask_numbers(masked) == masked
    assert has_numbers(text) == (masked != text)


@pytest.mark.parametrize(
    "unit",
    [
        *("1", "4", "4 ", "4-", "4   ", "4242 ", "4242-", "4242\n", " ", ".", "42.42 "),
        *(
            "4242424242424242 ",
            "GB29 NWBK 6016 1331 9268 19",
            "GB29A1A1A1 4242424242424242",
        ),
        *(
            "AB",
            "A ",
            "AB 1 2 3 4 5 ",
            "AB 12 34 56 C ",
            "NI ",
            "tel 4222222222222 ",
            "４",
        ),
    ],
)
def test_no_text_of_a_stranger_takes_long(unit: str) -> None:
    """A pattern that looked back would take minutes."""
    hostile = (unit * 100_000)[:100_000]

    assert grows_with_the_length(mask_numbers, hostile)
