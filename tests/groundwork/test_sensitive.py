"""What looks like special categories, offences or a child, in words as people write."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from django.core.validators import validate_slug

from groundwork.sensitive import Finding, Sign, findings, signs_of_sensitive
from tests.growth import grows_with_the_length

TODAY = date(2026, 11, 27)
MAILS = Path(__file__).parents[1] / "rights_requests"

TELLING = {
    Sign.HEALTH: [
        "I was diagnosed with breast cancer last year",
        "My wife has multiple sclerosis",
        "She told me of her HIV diagnosis",
        "His wife's cancer is why he writes",
        "They mentioned their diabetes on the telephone",
        "I’m disabled and cannot use the form",
        "I have been off sick since May",
        "my GP said I must rest",
        "I suffer from severe anxiety",
        "he has type 2 diabetes",
        "I've had a miscarriage",
        "undergoing chemotherapy",
        "my mental health got worse",
        "I receive Personal Independence Payment",
        "She is pregnant",
        "my medical\nrecords were sent to you",
        "I am HIV positive",
        "im HIV+",
        "I was sectioned last year",
        "I tested positive for HIV",
        "she lives with dementia",
        "I am living with cancer",
        "I'm registered disabled",
        "I attempted suicide",
        "I tried to harm myself",
        "I am in recovery from alcohol addiction",
        "I'm a recovering alcoholic",
        "He is addicted to heroin",
        "I was in a psychiatric hospital",
        "I take antidepressants",
        "I am on medication for depression",
        "I'm depressed",
        "I use a wheelchair",
        "I'm having chemo",
        "I had a mastectomy",
        "I was admitted to hospital",
        "I am having surgery on my back",
        "I am neurodivergent",
        "my wife died of cancer",
        "my blood test results",
        "I'm hard of hearing",
        "I see a psychiatrist",
        "I have been signed off with stress",
        "I am off work with stress",
        "I have a pacemaker",
    ],
    Sign.ETHNIC_ORIGIN: [
        "I am a Black woman",
        "because I am Asian",
        "As a mixed-race employee",
        "my ethnicity is on file",
        "I'm Black British",
        "we are of Pakistani descent",
        "I was racially abused",
        "I am Black.",
        "I am of Indian origin",
        "I'm a Romany gypsy",
    ],
    Sign.RELIGION: [
        "I am a practising Muslim",
        "as a Christian I object",
        "I'm Jewish.",
        "my religion forbids it",
        "He converted to Islam",
    ],
    Sign.POLITICS: [
        "I am a member of the Labour Party",
        "I voted Conservative",
        "my political opinions",
        "I'm a lifelong Labour voter",
        "a supporter of the SNP",
    ],
    Sign.TRADE_UNION: [
        "I am a member of a trade union",
        "my union rep",
        "I'm a shop steward",
        "member of UNISON",
        "my trade union membership was disclosed",
        "I'm in Unite.",
        "I am in a union",
    ],
    Sign.SEX_LIFE: [
        "I am gay",
        "my sexual orientation",
        "as a lesbian",
        "my partner is transgender",
        "I was sexually assaulted",
        "I am in a same-sex marriage",
    ],
    Sign.GENETIC_OR_BIOMETRIC: [
        "you scanned my fingerprints",
        "a sample of my DNA",
        "my genetic test results",
        "she carries the BRCA1 gene",
    ],
    Sign.CRIMINAL: [
        "I was convicted in 2019",
        "my criminal record",
        "He was arrested last week",
        "charged with theft",
        "my spent convictions",
        "I am on probation",
        "I have been to prison",
        "He was sent to prison",
        "I served two years for fraud",
        "I'm an ex-offender",
        "I was cautioned by the police",
        "I am out on licence",
    ],
    Sign.CHILD: [
        "my son aged 9 signed up",
        "I am 12 years old",
        "My daughter is 15.",
        "I'm 13 and I want out",
        "a 7-year-old girl",
        "she is in Year 8",
        "my son Tom is in year 4",
        "my daughter's primary school",
        "my daughter goes to St Mary's Primary School",
        "my kids are 5 and 7",
        "my little brother (age 10)",
        "he is still a minor",
        "I am under 13",
        "hi im 12 and i want out",
        "im 13.",
        "I'm 14 btw",
        "she is 9.",
        "our son Theo (11) filled it in",
        "my 10-year-old signed up",
        "I'm still at school",
    ],
}


@pytest.mark.parametrize(
    ("sign", "text"),
    [(sign, text) for sign, texts in TELLING.items() for text in texts],
)
def test_a_telling_sentence_has_its_sign_and_no_other(sign: Sign, text: str) -> None:
    assert signs_of_sensitive(text, today=TODAY) == {sign}
    assert signs_of_sensitive(text.upper(), today=TODAY) == {sign}
    letter = f"Dear Governance Team,\r\n\r\n{text}\r\n\r\nYours, A. Lovelace"
    assert signs_of_sensitive(letter, today=TODAY) == {sign}


HARMLESS = [
    "I am sick of your emails",
    "a trade union of words",
    "a union of sets",
    "the European Union member states",
    "a credit union",
    "a health and safety report",
    "my health insurance",
    "I work at the Royal Cancer Hospital",
    "we have cancer research clients",
    "a stroke of luck",
    "customer care is in my DNA",
    "I am deaf to excuses and blind to adverts",
    "our software was diagnosed",
    "my faith in you, in good faith",
    "I am Christian Smith",
    "Regards, Christian",
    "Mrs Gay Smith",
    "we are a Christian charity",
    "Labour costs are high",
    "a party to the contract",
    "I voted for the new design",
    "I voted for reform of the board",
    "black list, white paper, black and white copies",
    "Black Country Ltd",
    "White & Case LLP",
    "They are trans-Atlantic",
    "you charged me twice, and I was charged £20",
    "my conviction that you are wrong",
    "my browser fingerprint",
    "we are on licence",
    "case number 9, an aged debt of 9 months",
    "I am 9 months into the contract",
    "I am 15 minutes late",
    "my 8 year old laptop",
    "we are in year 2 of 3",
    "the licence is 5 years old",
    "I have 3 children",
    "I am one of many",
    "I am 45 years old and my son is 25",
    "my son is 4 hours away",
    "the minor changes at the reception desk",
    "please restrict processing while I prepare a legal claim",
    "Please send me my data under Article 15",
    "the office was sectioned off",
    "prices were depressed last year",
    "I am addicted to your software",
    "I have MS Office",
    "my 8 year old laptop has died",
    "I live with the old version, recovering from the outage",
    "the software is out on licence",
    "whom 12 people wrote to",
    "an operation on my account",
    "I am in Unite House",
    "we are in union with them",
    "the goods are of Chinese origin",
    "I am Black Country Ltd's agent",
    "he is 9 to 5 material",
    "my sister company, 12 people",
    "I served two years for your firm",
    "I take insurance seriously",
    "I am signed off as a supplier",
    "I see a pattern, I saw a solicitor",
    "",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_sentence_has_none(text: str) -> None:
    assert findings(text, today=TODAY) == []


def test_among_two_thousand_ordinary_mails_hardly_one_has_a_sign() -> None:
    """Four tell of a child, one of a union, and one of a medical history, as it is."""
    corpus = tomllib.loads((MAILS / "recognising_corpus.toml").read_text())
    lines = (MAILS / "recognising_lines.txt").read_text().splitlines()
    texts = [mail["text"] for part in ("message", "held_out") for mail in corpus[part]]
    texts += [line.split("|", 2)[2] for line in lines if "|" in line and line[0] != "#"]

    assert len(texts) > 2000
    assert sum(bool(findings(text, today=TODAY)) for text in texts) <= 7


@pytest.mark.parametrize(
    ("text", "is_child"),
    [
        ("date of birth: 12/03/2015", True),
        ("Date of birth is 12.03.15", True),
        ("born on 4 May 2012", True),
        ("born the 4th of May 2012", True),
        ("DOB 2014-02-28", True),
        ("I was born in 2012", True),
        # Eighteen today, and eighteen tomorrow.
        ("D.O.B. 27/11/2008", False),
        ("D.O.B. 28/11/2008", True),
        ("D.O.B. 11/28/2008", True),
        ("I was born in 2008", False),
        ("date of birth: 12/03/1980", False),
        ("date of birth: 12/03/80", False),
        ("our firm, born in 2015", False),
        ("date of birth: 31/02/2015", False),
        ("date of birth: 12/03/2030", False),
        ("date of birth: 0000-00-00", False),
        ("I was born in 0000", False),
        ("contract of 12/03/2015", False),
    ],
)
def test_a_date_of_birth_tells_of_a_child_by_the_day_of_reading(
    text: str, is_child: bool
) -> None:
    expected = [Finding(Sign.CHILD, "gives a child’s date of birth")] * is_child
    assert findings(text, today=TODAY) == expected


def test_a_text_may_have_several_signs_each_with_its_reason() -> None:
    text = "I'm a shop steward. I was diagnosed with epilepsy, I have epilepsy."

    assert findings(text, today=TODAY) == [
        Finding(Sign.HEALTH, "says that somebody has an illness or a disability"),
        Finding(Sign.TRADE_UNION, "says that somebody belongs to a trade union"),
    ]


def test_every_sign_has_its_words_and_a_value_fit_for_a_slug_field() -> None:
    for sign in Sign:
        assert sign.words
        validate_slug(sign)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            "my ",
            "I have ",
            "i am ",
            "my son ",
            "my daughter aaaa ",
            "suffer from ",
        ),
        *("my " + "a" * 20 + " ", "born ", "date of birth is on the : - ", "1 ", "'"),
        *("member of the ", "I goes to aaaa ", "9 year old ", "\xa0", "who is not "),
    ],
)
def test_no_text_of_a_stranger_takes_long(unit: str) -> None:
    """A rule that looked back would take minutes."""
    hostile = (unit * 100_000)[:100_000]

    assert grows_with_the_length(lambda text: findings(text, today=TODAY), hostile)
