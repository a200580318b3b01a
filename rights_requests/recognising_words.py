"""How rules are written, and the words that they are made of. Data, and nothing else.

A rule is (kind, weight, pattern, reason). The weights of the rules that find something
are added up for each kind: 3 is enough, 2 is a hint that needs another, 1 is company. A
rule counts once, a hint twice if it finds different words.

Patterns are regular expressions over one sentence of at most 600 small letters without
accents. They find whole words. Besides the usual signs:

    …         anything of the same sentence, up to 50 characters; …… up to 100
    <a>       any word
    <re>      the beginning of the subject line, after any “Re:”
    <name>    the words of that name in WORDS

The reason is what staff read, before the words that were found.
"""

from typing import NamedTuple

ACCESS = "access"
RECTIFICATION = "rectification"
ERASURE = "erasure"
RESTRICTION = "restriction"
PORTABILITY = "portability"
OBJECTION = "objection"
MARKETING = "objection-marketing"
PROFILING = "objection-profiling"
WITHDRAWAL = "withdrawal"
SCHEDULE = "retention-schedule"
ASSESSMENT = "interests-assessment"
COMPLAINT = "complaint"
KINDS = (
    ACCESS,
    RECTIFICATION,
    ERASURE,
    RESTRICTION,
    PORTABILITY,
    OBJECTION,
    MARKETING,
    PROFILING,
    WITHDRAWAL,
    SCHEDULE,
    ASSESSMENT,
    COMPLAINT,
)
# What is no kind of case, yet is found in the same way.
SOME_RIGHT = "some right"  # a right is meant, and no word says which
ABOUT_DATA = "about data"  # adds to every kind but a complaint that has anything
ABOUT_ME = "about me"  # adds to the kinds of which one seldom speaks otherwise
DATA_TALK = "data talk"  # adds to a complaint, which counts only with it
AGENT = "agent"  # somebody writes for somebody else
NO_REQUEST = "no request"  # a machine, an offer, an application
OTHER_BUSINESS = "other business"  # an order, a meeting: takes from hints


class Rule(NamedTuple):
    """One row of a table; see above."""

    kind: str
    weight: int
    pattern: str
    reason: str


WORDS = {
    "a": r"[\w'-]+",  # any word
    "re": r"^subject: (?:(?:re|fwd?|aw|wg|tr|rv|antw) ?: ?){0,3}",
    "start": r"(?:^|<re>)(?:please |kindly |hi,? |hello,? )?",
    # Whose data: the writer's own, or that of somebody they write for.
    # Of “our”, which is how companies speak, only what people say of themselves.
    "my": (
        r"(?:my|his|her|their|(?:my|our) (?:<a> )?\w+'s|the (?:client|applicant"
        r"|deceased|data subject|complainant)'s|m(?:r|rs|s|iss) \w+'s|our(?= (?:(?:own"
        r"|personal|private|contact) )?(?:details|names?|personal data)))"
    ),
    "me": (
        r"(?:me|myself|him|her|them|(?:my|our) (?:<a> )?(?:client|son|daughter|child"
        r"|husband|wife|mother|father|mum|dad|partner|name|person)|m(?:r|rs|s|iss) \w+"
        r"|the (?:data subject|individual|above))"
    ),
    "about me": (
        r"(?:about|on|of|shows|showing|regarding|concerning|relating to|related to"
        r"|pertaining to|in relation to|under|with respect to|in respect of|against"
        r"|mention(?:s|ing)?|held for|linked to|connected with|tied to|referring to"
        r"|concern(?:s|ing)?) (?:<me>|mine)"
    ),
    # What is held, with the words that come before it.
    "which": (
        r"(?:(?:own|old|full|first|last|middle|maiden|personal|personnel|private"
        r"|contact|customer|client|user|e-?mail|mobile|phone|telephone|home|work|house"
        r"|postal|call|login|sensitive|incomplete|inaccurate|incorrect|remaining"
        r"|current|entire|whole|complete|business|stored) ){0,3}"
    ),
    "thing": (
        r"(?:data|details?|info|informations?|records?|recordings?|files?|accounts?"
        r"|profiles?|particulars|entry|entries|e-?mails?(?: address(?:es)?)?|numbers?"
        r"|no\.?|names?|surname|address(?:es)?|postcode|notes?|history|registration"
        r"|photos?|pictures?|cv|job title|title|date of birth|birthday|birth date|stuff"
        r"|mobile|landline|phone|employer|spelling)"
    ),
    "data": r"<which><thing>",
    "my data": r"<my> <data>",
    "my file": r"<my> <which>(?:data|information|info|details|files?|records?"
    r"|particulars)",
    "facts": (
        r"(?:data|details?|info|informations?|records?|recordings?|files?|particulars"
        r"|notes?|facts|every thing|entry|entries|documents?|e-?mails?|correspondence"
        r"|everything|anything|all|whatever|material|paperwork|footage|dossier)"
    ),
    "wholly": r"(?:(?:all|of|any|and|the|every|each|both|absolutely|please) ){0,5}",
    # Us, and our having it.
    "you": (
        r"(?:you|ye|they|your (?:<a> )?(?:company|firm|organi[sz]ation|business|team"
        r"|people|staff|colleagues?|records?|files?|systems?|database|computers?))"
    ),
    "hold": (
        r"(?:hold|have|has|keep|kept|store|stored|held|got|gather|gathered|process"
        r"|processed|retain|retained|collected|collect|know|possess|saved|recorded"
        r"|noted|filed|amassed|compiled|written)"
    ),
    "you hold": r"<you>(?:'ve|'re)? (?:<a> ){0,3}?<hold>",
    "held by you": (
        r"(?:(?:held|kept|stored|processed|collected|retained) by <you>|(?:on|in) your "
        r"(?:<a> )?(?:computers?|systems?|files?|databases?|records?|books|servers?"
        r"|crm))"
    ),
    "your records": (
        r"(?:everything|everywhere|(?:your|the|all|any)(?: <a>){0,2} (?:systems?"
        r"|databases?|records?|books|files?|crm|servers?|site|website|computers?))"
    ),
    "about me that you hold": (
        r"(?:<you hold>…<about me>|<about me>…<you hold>|<held by you>…<about me>)"
    ),
    # What is wanted.
    "give": (
        r"(?:sen[dt]|forward|give|show|tell|telling|see|supply|provide|furnish|list"
        r"|disclos(?:e|ure of)|know|let me have|find out|receive|obtain|access|learn"
        r"|hear|view|releas(?:e|ing)|confirm|request(?:ing)?|require|print|post|hand "
        r"over|demand|copy|inspect|ask(?:ing)? for|apply for|entitled to|look at"
        r"|(?<!not )(?<!n't )(?<!longer )(?:want|need|like|have|get)(?! (?:you|your|it"
        r"|them|this|that|rid|no)\b))"
    ),
    "delete": (
        r"(?:delet(?:e|ing|ion of)|eras(?:e|ing|ure of)|wip(?:e|ing)|scrub|purg(?:e"
        r"|ing)|destroy(?:ing)?|destruction of|expunge|remov(?:e|ing|al of)"
        r"|get(?:ting)? rid of|bin|shred|clear|obliterate|dispos(?:e|al) of|trash|take "
        r"(?:down|out|off)|eliminate)"
    ),
    "deleted": (
        r"(?<!not )(?:deleted|erased|wiped|removed|destroyed|purged|gone|shredded"
        r"|binned|cleared|expunged|off(?: your| the|$)|out of your|taken (?:down|off"
        r"|out))"
    ),
    "correct": (
        r"(?:correct|rectify|amend|change|update|fix|edit|alter|modify|complete|replace"
        r"|put right|sort out|adjust)(?:ing)?"
    ),
    "wrong": (
        r"(?:wrong(?:ly)?(?! (?:person|people|hands|recipient))|misspel(?:t|led)"
        r"|mis-spel(?:t|led)|spel(?:t|led)|incorrect(?:ly)?|inaccurate|out of date"
        r"|out-of-date|outdated|false|untrue|mistyped|mistaken|incomplete|a typo|old"
        r"|not (?:right|correct|accurate|true|up to date|spel(?:t|led))|(?:has|have) "
        r"changed)"
    ),
    "portable": (
        r"(?:portable|machine[- ]readable|csv|json|xml|spreadsheet|excel|structured"
        r"|commonly used|(?:re-?)?usable|interoperable)"
    ),
    "stop": r"(?:stop|cease|quit|end|discontinue|desist from|refrain from|halt)",
    "using": (
        r"(?:us(?:e|ing|age)|process(?:ing)?|handling|analy[sz](?:e|ing)|track(?:ing)?"
        r"|shar(?:e|ing)|record(?:ing)?|sell(?:ing)?|collect(?:ing)?|monitor(?:ing)?"
        r"|pass(?:ing)?|disclos(?:e|ing|ure)|transfer(?:ring)?|publish(?:ing)?"
        r"|hold(?:ing)?|giv(?:e|ing))"
    ),
    "used": (
        r"(?:used|processed|analy[sz]ed|tracked|shared|recorded|sold|collected"
        r"|monitored|passed|disclosed|transferred|published|given|handed|evaluated"
        r"|stored|sent|go to|going to)"
    ),
    "dont": (
        r"(?:don't|do not|no longer|never|not|didn't|did not|wouldn't|would not|doesn't"
        r"|does not)"
    ),
    "want": r"(?:want|wants|wish|wishes|like|agree|allow|permit|consent)",
    "marketing": (
        r"(?:marketing|advert(?:s|ising|isements?)?|ads?|promotion(?:s|al)?|promos?"
        r"|newsletters?|mailings?|spam|junk|sales|offers?|mailshots?|solicitations?"
        r"|prospecting|commercial (?:e-?mails|purposes))"
    ),
    "list": (
        r"(?:lists?|mailings?|newsletters?|mailshots?|updates|subscriptions?|mailer)"
    ),
    "mails": (
        r"(?:e-?mails?|mails?|messages?|texts?|sms|letters?|post|calls?|newsletters?"
        r"|updates?|offers?|<marketing>|stuff|this|these|those|things?|rubbish"
        r"|brochures?|leaflets?|flyers?|catalogues?|invitations?|magazines?)"
    ),
    "writing": (
        r"(?:sending|e-?mailing|mailing|contacting|calling|ringing|phoning|texting"
        r"|writing|spamming|bothering|pestering|messaging|harassing|chasing)"
    ),
    "consent": r"(?:consents?|permissions?|agreements?|authori[sz]ations?|opt-ins?)",
    "keep": r"(?:keep|kept|stor(?:e|ed|ing)|hold|held|retain(?:ed)?|sav(?:e|ed|ing))",
    "art": r"(?:art(?:icles?|ikel|iculo|icolo|ykul\w{0,2})?\.?|§) ?",
    # What must not follow.
    "not for marketing": r"(?!…(?:<marketing>|profiling|profiled|a profile))",
    "not off a list": (
        r"(?!…(?:from|off) (?:your|the|any|all|this) (?:[\w-]+ ){0,2}<list>)"
    ),
    "not portable": r"(?!…<portable>)",
    "not otherwise": (
        r"(?!…(?:delet|eras|remov|destr|destruct|wip|restrict|rectif|correct|amend"
        r"|portab|stop|cease|gone|shared with|object|put right))"
    ),
    "not again": (
        r"(?!…(?:repl(?:y|ied)|respon|answer|ignor|refus|reject|made|sent|ago|heard?"
        r"|chas|yet|wait))"
    ),
    "not business": (
        r"(?! (?:the|your|our|this|that|my) (?:<a> ){0,2}?(?:invoice|order|article"
        r"|quot\w+|website|page|link|supplier|contract|keys?|licen[cs]es?|booking"
        r"|calendar|budget|document|draft|price|typo in|text))"
    ),
    "particular": (
        r"(?:name|surname|address|number|e-?mails?|mobile|phone|birth\w*|birthday"
        r"|postcode|title|details|employer|job|job title|date of birth|particulars"
        r"|spelling|gender)"
    ),
    "not trade": (
        r"(?! (?:requests|software|tools?|training|courses?|platform|automation|webinar"
        r"|guide|templates?|solutions?|workshop|services?|trial))"
    ),
}

# Words that turn what follows them in the sentence into what is not asked for, or is
# only offered to somebody …
NOT_ASKED = (
    r"(?:not|isn't|aren't) (?:asking|requesting|looking|wanting|after|trying|demanding"
    r"|seeking|interested in|making|submitting|expecting|objecting|complaining"
    r"|withdrawing|exercising)",
    r"(?:don't|do not|wouldn't|would not|didn't|did not|never) (?:want|wish|need|ask"
    r"|mean|like|expect|intend|request|require|have to)",
    r"(?:forbid|prohibit|no need|no wish|no intention|nothing to do with)|(?:without"
    r"|rather than|instead of)[^,]*$",
    r"(?:this|it|that) (?:isn't|is not|was not|wasn't)(?! (?:enough|acceptable))",
    r"(?:^|please |kindly |, |and |but )(?:do not|don't|never)(?=(?: <a>){0,4} $)",
    r"when (?:will|do|are) you|how (?:long|soon|many (?:days|weeks|months"
    r"|years))\b[^,]*$|thank(?:s| you) (?:<a> )?for|received (?:the |a |my )?(?=$)",
    r"if you (?:do not |don't |no longer |would |'d )?(?:wish|want|prefer|like|received"
    r"|have received|are not)|if you $",
    r"(?:click|press|visit)(?: <a>){0,3} to|to (?=unsubscribe|opt)",
    r"(?:ich|wir) (?:mochte|moechte|will|bitte|verlange)(?: <a>)? nicht",
    r"ne (?:demande|souhaite|veux) pas|si vous",
    r"no (?:pido|solicito|estoy pidiendo)|si no desea",
    r"non (?:chiedo|voglio che|richiedo)",
    r"(?:vraag|wil)(?: u)? niet|nie (?:prosze|zadam)",
)
# So do these, unless the words are about the writer or somebody they write for: notices
# tell what “you” can do.
OFFERED = (
    r"you (?:can|may|could|might|have (?:the|a) right|are entitled|will)\b|your rights?"
)
WRITERS = r"(?:i|i'm|me|my|mine|myself|our|us|his|her|him|their|client)\b"
# … until one of these begins something new.
ASKED_AFTER_ALL = (
    r"(?:but|just|only|please|kindly|simply|instead(?! of)|however|want|need|would like"
    r"|i'd like|what i|sondern|mais|sino|ma|maar|ale)\b",
    r"[,:-] (?:i|i'm|i'd|we|you|he|she|it|that|this|so|all)\b",
)

# A sentence with one of these is what every mail of a company ends with.
BOILERPLATE = (
    r"intended (?:recipient|addressee)|received (?:it|this|the)…in error|scanned for "
    r"viruses|(?:before|consider)…print|your privacy is important|view our privacy"
)

SHORTHAND = {
    "bout": "about",
    "cant": "can't",
    "didnt": "didn't",
    "doesnt": "doesn't",
    "dnt": "don't",
    "dont": "don't",
    "gimme": "give me",
    "havent": "haven't",
    "im": "i'm",
    "isnt": "isn't",
    "ive": "i've",
    "lemme": "let me",
    "pls": "please",
    "plz": "please",
    "shouldnt": "shouldn't",
    "u": "you",
    "unsub": "unsubscribe",
    "ur": "your",
    "uve": "you've",
    "wanna": "want to",
    "whats": "what's",
    "wont": "won't",
    "youve": "you've",
    "yr": "your",
}
# Often misspelt, and worth knowing all the same: a word with one letter missing, added,
# changed or moved is read as the one here. Their forms stand here, too, so that each
# stays itself.
SPELT = (
    "access account accounts address addresses agree agreed article automated "
    "commissioner complain complaining complaint complaints confirm consent contact "
    "correct corrected correction database delete deleted deletes deleting deletion "
    "details detail disclose disclosed email emails erase erased erasing erasure "
    "everything forgotten handled incorrect inaccurate information informations "
    "legitimate mailing marketing newsletter newsletters object objected objecting "
    "objection objections objects permission personal please portability portable "
    "privacy processed processing profile profiled profiles profiling protection receive "
    "received receiving record recorded recording recordings records rectification "
    "rectify remove removal removed removing request requested requesting requests "
    "restrict restricted restriction retention spelled "
    "stopped subject subscription subscriptions surname system systems transfer "
    "unacceptable unsubscribe unsubscribed unsubscribing update updated updates "
    "withdraw withdrawal withdrawing withdrawn withdrew"
).split()
# Words of their own, one letter away from those.
NOT_MISSPELT = (
    "accesses accessed agreement agrees amount bequest collect collected complains "
    "compliant confirms confirmed contacts contract content contents convent corrects "
    "deletion detailed discloses emailed erases excess forgotten handle handles "
    "informational mailings marketings objet objets objective personae personale "
    "personals personnel piracy pleased pleases pleasure portables potable process "
    "processes profit profits projection receives recorder records recover removes "
    "reprocessing requester respect restricts shares sharping spending surnames "
    "subscribe subscribed systemd tending transfers updater uploaded upload upgrade "
    "upgraded mending fending lending vending daring sparing staring "
    "rejection objekt subjekt profil addressed articles automate conform consents "
    "correcting corrections databases deletions eased easing erasures handed handler "
    "permissions personas pleas profiler protecting protections receiver remote removals "
    "restricting restrictions reword reworded rewording stepped stomped subjects "
    "unacceptably undated unsubscribes withdraws processed"
).split()
