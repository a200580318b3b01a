"""Signs that a text tells what we never ask for: special categories of data (UK GDPR,
Article 9), criminal offences (Article 10), or something of a child.

Rules of plain words, which read nothing but the text. They would rather miss something
than cry wolf: a person looks at what they find, and nothing is decided by them.

Strangers write the text: no rule looks further than a bounded stretch from a place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Sign(StrEnum):
    """What a text seems to tell of somebody; the value is what rows keep."""

    HEALTH = "health"
    ETHNIC_ORIGIN = "ethnic-origin"
    RELIGION = "religion"
    POLITICS = "politics"
    TRADE_UNION = "trade-union"
    SEX_LIFE = "sex-life"
    GENETIC_OR_BIOMETRIC = "genetic-or-biometric"
    CRIMINAL = "criminal"
    CHILD = "child"

    @property
    def words(self) -> str:
        """For the sentence “It seems to tell of …”."""
        return _WORDS[self]


_WORDS = {
    Sign.HEALTH: "somebody’s health",
    Sign.ETHNIC_ORIGIN: "somebody’s ethnic origin",
    Sign.RELIGION: "somebody’s religion or belief",
    Sign.POLITICS: "somebody’s political opinions",
    Sign.TRADE_UNION: "membership of a trade union",
    Sign.SEX_LIFE: "somebody’s sex life or sexual orientation",
    Sign.GENETIC_OR_BIOMETRIC: "somebody’s genetic or biometric data",
    Sign.CRIMINAL: "criminal offences",
    Sign.CHILD: "a child",
}


@dataclass(frozen=True)
class Finding:
    """A sign, and in words for staff why it was taken for one."""

    sign: Sign
    why: str


def signs_of_sensitive(text: str, *, today: date) -> frozenset[Sign]:
    """What this text seems to tell; today decides who is still a child."""
    return frozenset(finding.sign for finding in findings(text, today=today))


def findings(text: str, *, today: date) -> list[Finding]:
    """The findings of all rules, none of them twice."""
    plain = " ".join(text.translate(_APOSTROPHES).split())
    if not plain:
        return []
    found = [rule.finding for rule in _RULES if rule.words.search(plain)]
    if any(_is_child(born, today) for born in _births(plain)):
        found.append(Finding(Sign.CHILD, "gives a child’s date of birth"))
    return found


_APOSTROPHES = str.maketrans("’‘ʼ＇", "''''")


@dataclass(frozen=True)
class _Rule:
    finding: Finding
    words: re.Pattern[str]


def _rule(sign: Sign, why: str, *words: str) -> _Rule:
    alternatives = "|".join(words)
    pattern = re.compile(rf"(?<![\w'-])(?:{alternatives})(?![\w-])", re.IGNORECASE)
    return _Rule(Finding(sign, why), pattern)


# --- Whom a text tells of ---

_YOUNG = (
    "(?:son|daughter|child|children|kids?|baby|boys?|girls?|grandson|granddaughter"
    "|grandchild|nephew|niece|brother|sister|stepson|stepdaughter)"
)
_ADULT = (
    "(?:husband|wife|partner|mother|father|mum|dad|colleague|friend|client|employee)"
)
_MY_YOUNG = rf"(?:my|our|his|her|their) (?:\w{{1,20}} ){{0,2}}{_YOUNG}(?: \w{{1,20}})?"
_SOMEBODY = rf"(?:i|he|she|we|they|who|my (?:late |ex-|elderly )?(?:{_ADULT}|{_YOUNG}))"
_IS = (
    r"(?:'m|(?<=\bi)m|'s|'re| am| is| are| was| were|(?:'ve|'d| have| has| had) been)"
    r"(?: (?:also|still|now|recently|just|currently|not|only|both|very|openly)){0,2}"
)
_HAS = (
    r"(?:(?:'ve| have| has)(?: got| had)?| had)"
    r"(?: (?:also|still|now|recently|just|always|only|both|severe|chronic|terminal"
    r"|advanced|a|an|the|type \d|stage \d)){0,3}"
)
# One person, and nothing that is bought or sold.
_ONE = rf"(?:i|he|she|who|my (?:late |ex-|elderly )?(?:{_ADULT}|{_YOUNG}))"
_PERSON = "(?:man|woman|person|people|male|female|lady|couple|employee|worker|customer)"

# --- The rules ---

_ILLNESS = (
    r"(?:(?:breast |lung |bowel |prostate |skin )?cancer|leukaemia|lymphoma|melanoma"
    r"|tumours?|diabetes|epilepsy|asthma|arthritis|dementia|alzheimer's|parkinson's"
    r"|multiple sclerosis|motor neurone disease|heart (?:disease|condition|failure|attack)"
    r"|stroke(?! of)|hiv|hepatitis|tuberculosis|crohn's|colitis|coeliac disease"
    r"|fibromyalgia|chronic fatigue|long covid|covid(?:-19)?|depression"
    r"|anxiety(?! about)|ptsd|bipolar(?: disorder)?|schizophrenia|eating disorder"
    r"|anorexia|bulimia|autism|adhd|dyslexia|psoriasis|endometriosis|miscarriage"
    r"|abortion|(?:kidney|liver) (?:disease|failure)|migraines?|panic attacks?"
    r"|(?:mental|nervous) breakdown|(?:learning )?disability|learning difficulties"
    r"|mental health (?:problems?|issues?|condition)|(?:medical|health) condition"
    r"|(?:long-term|chronic|terminal|serious) illness)"
    r"(?! (?:research|charit|trust|hospital|care|unit|insurance|awareness))"
)
_ILL = (
    r"(?:(?:registered (?:as )?)?disabled|sectioned(?! (?:off|into|by))"
    r"|hiv ?\+|pregnant|autistic|diabetic|epileptic|hiv[- ]positive|deaf(?! to)"
    r"|(?:registered |partially )?blind(?! to)|paralysed|(?:terminally|seriously|mentally)"
    r" ill|in a wheelchair|(?:a )?wheelchair user|dyslexic|bipolar|schizophrenic"
    r"|neurodivergent|partially sighted|hard of hearing|in remission|in rehab|off sick"
    r"|(?:an? )?(?:recovering )?(?:alcoholic|drug addict)|addicted to (?:alcohol|drugs"
    r"|heroin|cocaine|opiates|painkillers|gambling)|on (?:long-term )?sick leave"
    r"|(?:signed )?off (?:work )?(?:sick|with (?:stress|anxiety|depression))"
    r"|signed off work|on (?:medication|tablets) for|an? (?:cancer|stroke) survivor"
    r"|admitted to (?:an? |the )?(?:hospital|psychiatric (?:hospital|ward|unit))"
    r"|in (?:an? |the )?psychiatric (?:hospital|ward|unit)"
    r"|under the care of (?:an? |the |my )?(?:mental health|psychiatric|crisis) team"
    r"|undergoing gender reassignment)"
)
_TREATMENT = (
    r"(?:chemo|chemotherapy|radiotherapy|dialysis|antidepressants|insulin|methadone"
    r"|cancer treatment|psychiatric treatment|fertility treatment|ivf)"
)
_HEALTH = (
    _rule(
        Sign.HEALTH,
        "says that somebody has an illness or a disability",
        rf"{_SOMEBODY}{_HAS} {_ILLNESS}",
        rf"suffer(?:s|ed|ing)? (?:from|with) (?:\w{{1,20}} )?{_ILLNESS}",
        rf"(?:diagnosed with|tested positive for) (?:\w{{1,20}} )?{_ILLNESS}",
        rf"(?:live|lives|living|lived) with (?:\w{{1,20}} )?{_ILLNESS}",
        rf"(?:recovering|recovered|died|dying) (?:from|of) (?:\w{{1,20}} )?{_ILLNESS}",
        rf"(?:my|his|her|their) {_ILLNESS}",
        rf"(?:my|his|her|their) (?:wife|husband|partner|son|daughter|child|mother|father)"
        rf"[’']s {_ILLNESS}",
        rf"{_SOMEBODY}{_IS} {_ILL}",
        rf"{_SOMEBODY}{_IS} diagnosed",
        rf"{_ONE}{_IS} (?:clinically |severely |badly )?(?:depressed|suicidal)",
        rf"{_SOMEBODY} (?:use|uses|need|needs) a wheelchair",
        rf"{_SOMEBODY}{_HAS} (?:pacemaker|down's syndrome|(?:drug|alcohol) addiction)",
        rf"in recovery from (?:\w{{1,20}} )?(?:addiction|{_ILLNESS})",
    ),
    _rule(
        Sign.HEALTH,
        "tells of harm that somebody did to themselves",
        rf"{_ONE}(?:'ve| have| has| had)?(?: once| twice)? (?:attempted suicide"
        r"|self-harm(?:s|ed)?|overdosed|(?:took|taken) an overdose"
        r"|tried to (?:kill|harm|hang) (?:myself|himself|herself))",
        r"my (?:suicide attempts?|overdose|self-harm(?:ing)?)",
    ),
    _rule(
        Sign.HEALTH,
        "tells of somebody’s treatment or care",
        rf"(?:my|his|her|having|on|undergoing|receiving|takes?|taking|started) {_TREATMENT}",
        r"my (?:gp|doctor|psychiatrist|psychologist|therapist|oncologist|midwife)"
        r" (?:said|says|has|told|diagnosed|prescribed|thinks|wrote|advised|advises)",
        rf"{_SOMEBODY}{_IS} prescribed",
        rf"{_SOMEBODY}(?:{_IS} seeing| sees?| saw) (?:an?|my|her|his|the) (?:psychiatrist"
        r"|psychologist|therapist|oncologist)",
        rf"{_SOMEBODY}{_HAS} (?:mastectomy|hysterectomy|vasectomy|biopsy|colostomy"
        r"|amputation|(?:kidney|heart|liver) transplant)",
        r"(?:surgery|operation|operated) on my (?:back|knees?|hips?|heart|spine|brain"
        r"|eyes?|legs?|hands?|shoulders?|neck|foot|feet)",
    ),
    _rule(
        Sign.HEALTH,
        "mentions somebody’s health or a benefit for it",
        r"my (?:own )?(?:mental |physical )?health"
        r"(?! and safety| insur| club| care| food| business)",
        r"my medical (?:records?|history|notes|treatment|report|problems?)",
        r"my (?:illness|medication|diagnosis|sick note|fit note|blue badge|blood tests?)",
        rf"(?:my|his|her|their) (?:{_ILLNESS}) diagnosis",
        r"(?:my|i (?:get|receive|claim)) (?:pip|personal independence payment"
        r"|disability living allowance|attendance allowance)",
    ),
)

_ORIGIN = (
    r"(?:black|white|brown|asian|south asian|east asian|african|caribbean"
    r"|afro-caribbean|african[- ]caribbean|mixed[- ]race|roma|romany|romani|arab"
    r"|kurdish|bengali|punjabi|tamil|somali)"
)
_ETHNIC_ORIGIN = (
    _rule(
        Sign.ETHNIC_ORIGIN,
        "says what somebody’s ethnic origin is",
        rf"{_SOMEBODY}{_IS} (?:an? )?{_ORIGIN}"
        rf" (?:british |african |caribbean )?(?:{_PERSON}|british|african|caribbean)",
        rf"{_SOMEBODY}{_IS} (?:mixed[- ]race|an? (?:romany )?gypsy|romany"
        r"|an? (?:irish )?traveller)",
        rf"{_SOMEBODY}{_IS} of (?:\w{{1,20}} ){{1,2}}(?:descent|heritage|ethnicity)",
        rf"because {_SOMEBODY}{_IS} {_ORIGIN}",
        rf"i(?:'m|m| am) {_ORIGIN}(?=[.,;!?)]|$| and i\b)",
        rf"{_ONE}{_IS} of \w{{1,20}} origin",
        rf"as an? {_ORIGIN} (?:british )?{_PERSON}",
        rf"{_SOMEBODY}{_IS} racially (?:abused|discriminated|harassed|profiled)",
    ),
    _rule(
        Sign.ETHNIC_ORIGIN,
        "mentions somebody’s ethnic origin",
        r"my (?:own )?(?:ethnicity|ethnic (?:origin|group|background)|racial origin"
        r"|skin colour)",
        r"because of my (?:race|colour|skin)",
    ),
)

_BELIEVER = (
    r"(?:christian|muslim|catholic|protestant|jew|hindu|sikh|buddhist|quaker|mormon"
    r"|methodist|baptist|anglican|jehovah's witness|atheist|humanist|pagan|rastafarian"
    r"|jain|evangelical)"
    r"(?! (?:charit|organisation|school|college|bookshop|publisher|newspaper|aid))"
)
_DEVOUT = (
    r"(?:practising |devout |committed |lapsed |born-again |roman |strict |orthodox )?"
)
_RELIGION = (
    _rule(
        Sign.RELIGION,
        "says what somebody believes",
        rf"{_SOMEBODY}{_IS} an? {_DEVOUT}{_BELIEVER}",
        # Without “a”, Christian is a first name.
        rf"{_SOMEBODY}{_IS} {_DEVOUT}(?:muslim|jewish|hindu|sikh|buddhist|catholic)"
        r"(?! \w)",
        rf"as an? {_DEVOUT}{_BELIEVER}",
        r"converted to (?:islam|christianity|judaism|catholicism|buddhism|hinduism)",
        r"(?:observe|observing|fast during|fasting for) ramadan",
    ),
    _rule(
        Sign.RELIGION,
        "mentions somebody’s religion",
        r"my (?:religion|religious (?:beliefs?|views|practice)|faith(?! in)|mosque"
        r"|synagogue|gurdwara|church|imam|rabbi|vicar|parish priest)",
    ),
)

_PARTY = (
    r"(?:(?:labour|conservative|tory|green|reform|communist|socialist|workers'?"
    r"|liberal democrats?|brexit) party|liberal democrats|lib dems|conservatives|tories"
    r"|reform uk|snp|plaid cymru|ukip|dup|sinn f[eé]in|sdlp)"
)
_POLITICS = (
    _rule(
        Sign.POLITICS,
        "says which party or side somebody supports",
        r"(?:member|supporter|activist|councillor|candidate|canvasser)s? "
        rf"(?:of|for|in) (?:the )?{_PARTY}",
        rf"(?:i|we|he|she|they)(?:'ve| have| always| had)? (?:vote|voted|campaigned"
        rf"|canvassed|stood) (?:for )?(?:the )?(?:{_PARTY}|labour|conservative|tory|green"
        r"|lib dem|leave|remain)(?! (?:of|on|in|it|the))",
        rf"{_SOMEBODY}{_IS} an? (?:lifelong |staunch )?(?:(?:labour|conservative|tory"
        r"|lib dem|green|reform) (?:voter|supporter|councillor|activist|party member)"
        r"|socialist|communist|marxist|anarchist|tory)",
    ),
    _rule(
        Sign.POLITICS,
        "mentions somebody’s political opinions",
        r"my (?:politics|political (?:opinions?|views?|beliefs?|affiliation|party))",
    ),
)

_TRADE_UNION = (
    _rule(
        Sign.TRADE_UNION,
        "says that somebody belongs to a trade union",
        r"member of (?:an?|my|our) (?:trade )?union(?! of)",
        r"member of (?:the )?(?:\w{1,20} )?trade union(?! of)",
        r"member of (?:unite(?: the union)?|unison|gmb|the gmb|(?:the )?(?:rmt|aslef|nasuwt"
        r"|neu|ucu|usdaw|pcs|cwu|tssa|fbu|bma|rcn))",
        rf"{_ONE}{_IS} in (?:an?|my|the) (?:trade )?union(?! of| jack)",
        rf"{_ONE}{_IS} in (?:unite|unison|the gmb)(?=[.,;!?)]|$| and\b)",
        r"my (?:trade )?union(?! jack| of)(?: rep| representative| membership)?",
        rf"{_SOMEBODY}{_IS} an? (?:active |paid-up |lifelong )?(?:trade union"
        r" (?:member|rep|representative|official|organiser)|union (?:rep|representative"
        r"|steward)|shop steward|trade unionist)",
    ),
)

_ORIENTATION = (
    r"(?:gay|lesbian|bisexual|queer|asexual|pansexual|homosexual|heterosexual"
    r"|transgender|transsexual|trans|non-binary)"
)
_SEX_LIFE = (
    _rule(
        Sign.SEX_LIFE,
        "says what somebody’s sexual orientation or identity is",
        rf"{_SOMEBODY}{_IS} (?:an? )?{_ORIENTATION}"
        r"(?! (?:rights|pride|press|charit|magazine|bar|club))",
        rf"(?:as an?|came out as) {_ORIENTATION}(?: {_PERSON})?",
        r"(?:in|my) (?:an? )?same-sex (?:marriage|relationship|partner(?:ship)?)",
    ),
    _rule(
        Sign.SEX_LIFE,
        "mentions somebody’s sex life",
        r"my (?:sexual (?:orientation|history|health|partners?)|sexuality|sex life)",
        rf"{_SOMEBODY}{_IS} (?:sexually (?:abused|assaulted|harassed)|raped)",
    ),
)

_GENETIC_OR_BIOMETRIC = (
    _rule(
        Sign.GENETIC_OR_BIOMETRIC,
        "mentions data of somebody’s genes or body",
        r"(?:my|his|her) (?:genome|genetic (?:data|tests?|profile|information|results)"
        r"|fingerprints?|(?:iris|retina|face|facial) (?:scan|image|template)|voiceprint"
        r"|biometrics|biometric (?:data|template|scan|information))",
        r"(?<!in )(?<!of )(?:my|his|her) dna",
        r"(?:sample|test|analysis) of (?:my|his|her) dna",
        r"(?:carry|carries|have|has) the brca[12]? (?:gene|mutation)",
    ),
)

_OFFENCE = (
    r"(?:theft|assault|fraud|murder|manslaughter|burglary|robbery|possession|affray"
    r"|criminal damage|rape|harassment|stalking|(?:drink|drunk|dangerous)[- ]driving"
    r"|an offence|a crime)"
)
_CRIMINAL = (
    _rule(
        Sign.CRIMINAL,
        "says that somebody was accused or convicted",
        rf"{_SOMEBODY}{_IS} (?:convicted|arrested|imprisoned|jailed|sentenced"
        r"|found guilty|on bail|on probation|on remand|in prison|in custody)",
        rf"(?:charged with|convicted of|accused of|guilty of) {_OFFENCE}",
        r"pleaded guilty",
        rf"{_SOMEBODY} served (?:\w{{1,20}} ){{1,3}}(?:in prison|for {_OFFENCE})",
        rf"{_SOMEBODY}(?:{_IS}|{_HAS} been| went) (?:sent )?to prison",
        rf"{_SOMEBODY}{_IS} (?:released from prison|cautioned by the police)",
        rf"{_ONE}{_IS} (?:out on licence|an? (?:ex-offender|ex-convict|ex-prisoner))",
        r"caution from the police",
    ),
    _rule(
        Sign.CRIMINAL,
        "mentions somebody’s criminal record",
        r"(?:my|his|her) (?:(?:spent|previous|past|old|unspent) )?(?:criminal (?:record"
        r"|convictions?|past)|convictions?(?! that| is)|police caution"
        r"|probation officer|prison sentence)",
        rf"{_SOMEBODY}{_HAS} (?:no )?(?:spent )?(?:criminal record|criminal convictions?)",
    ),
)

_AGE = (
    r"(?:1[0-7]|[0-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|thirteen|fourteen|fifteen|sixteen|seventeen)"
)
_WHO = rf"(?:i|he|she|who|{_MY_YOUNG})"
_SCHOOL = r"(?:(?:primary|secondary|infant|junior|nursery) school|nursery|playgroup)"
_YEAR = r"(?:school )?year (?:1[0-3]|[1-9])(?! of)"
_CHILD = (
    _rule(
        Sign.CHILD,
        "gives a child’s age",
        rf"{_YOUNG}(?: \w{{1,20}})?,? \(?(?:aged?|age of) {_AGE}",
        rf"{_MY_YOUNG}(?:'s|,? (?:who )?(?:is|are|was|has turned|turned))"
        rf"(?: only| just| now)? {_AGE}(?: (?:years?|months?|weeks?)(?: old)?)?"
        r"(?=[.,;:!?)]|$| (?:and|who|but|so))",
        rf"{_WHO}{_IS} {_AGE} (?:years?|yrs?) (?:old|of age)",
        rf"{_AGE}[- ]years?[- ]old (?:\w{{1,20}} )?(?:{_YOUNG}|pupil|student|self)",
        r"i(?:'m|m| am)(?: only| just| still)? (?:1[0-7]|[5-9])"
        r"(?=[.!]|$|,? (?:and (?:i|my)|so|but|btw)\b)",
        r"(?:he|she)(?:'s| is)(?: only| just| still)? (?:1[0-7]|[2-9])(?=[.!?]|$)",
        rf"{_MY_YOUNG},? \(?(?:1[0-7]|[1-9])[,)]",
        rf"(?:my|our|his|her) {_AGE}[- ]years?[- ]old(?=[.,;!?)]|$| (?:has|is|was|who"
        r"|signed|used|entered|typed|got|gave)\b)",
    ),
    _rule(
        Sign.CHILD,
        "says that somebody is under age",
        rf"{_WHO}{_IS} (?:a minor|under ?age|under (?:the age of )?(?:13|16|18)"
        r"|a child(?! of| at)|(?:yet )?(?:13|16|18) yet)",
    ),
    _rule(
        Sign.CHILD,
        "tells of somebody at school",
        rf"{_WHO}{_IS} in (?:{_YEAR}|reception|{_SCHOOL})",
        r"(?:i|he|she)(?:'m|m|'s| am| is) still at school",
        rf"{_MY_YOUNG} in {_YEAR}",
        rf"{_WHO} (?:goes?|attends?|started)(?: to| at)? (?:[\w'.]{{1,20}} ){{0,4}}{_SCHOOL}",
        rf"{_MY_YOUNG}(?:'s|s')? (?:\w{{1,20}} ){{0,2}}{_SCHOOL}",
    ),
)

_RULES = (
    *_HEALTH,
    *_ETHNIC_ORIGIN,
    *_RELIGION,
    *_POLITICS,
    *_TRADE_UNION,
    *_SEX_LIFE,
    *_GENETIC_OR_BIOMETRIC,
    *_CRIMINAL,
    *_CHILD,
)

# --- Dates of birth ---

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]{{0,6}}"
_BIRTH = re.compile(
    r"(?<![\w-])(?:date of birth|birth ?date|d\.?o\.?b\.?|birthday|born)"
    r"(?: is| was| on| the|[:,]| -){0,3} ?(?:"
    r"(?P<iso>\d{4}-\d\d-\d\d)"
    r"|(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4}|\d\d)"
    rf"|(?P<nth>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<name>{_MONTH}),? (?P<long>\d{{4}})"
    r")(?!\d)",
    re.IGNORECASE,
)
_BIRTH_YEAR = re.compile(
    rf"(?<![\w'-]){_WHO}{_IS} born in (?:{_MONTH} )?(\d{{4}})(?!\d)", re.IGNORECASE
)


def _births(plain: str) -> Iterator[date]:
    """Dates of birth; of a year alone its first day, so that nobody is made younger."""
    for match in _BIRTH.finditer(plain):
        if (born := _date_of(match)) is not None:
            yield born
    for match in _BIRTH_YEAR.finditer(plain):
        if match[1] != "0000":
            yield date(int(match[1]), 1, 1)


def _date_of(match: re.Match[str]) -> date | None:
    """None for a day that no calendar has."""
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"])
        if match["name"]:
            month = _MONTHS.index(match["name"][:3].lower()) + 1
            return date(int(match["long"]), month, int(match["nth"]))
        day, month, year = (int(match[part]) for part in ("day", "month", "year"))
        if month > 12:
            day, month = month, day
        # Of two digits: in this century, or else in the future and so nobody’s.
        return date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return None


def _is_child(born: date, today: date) -> bool:
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return born <= today and years < 18
