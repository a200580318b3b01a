"""Hints: words that ask for something only together with others.

Two different hints of one kind, or a hint and a word about the writer's own data,
suggest that kind. Hints count where nothing is said plainly (recognising_rules.py), and
weigh less where the message is about other business. recognising_words.py tells how
they are written.
"""

from rights_requests.recognising_words import (
    ABOUT_DATA,
    ABOUT_ME,
    ACCESS,
    AGENT,
    ASSESSMENT,
    COMPLAINT,
    DATA_TALK,
    ERASURE,
    MARKETING,
    NO_REQUEST,
    OBJECTION,
    OTHER_BUSINESS,
    PORTABILITY,
    PROFILING,
    RECTIFICATION,
    RESTRICTION,
    SCHEDULE,
    SOME_RIGHT,
    WITHDRAWAL,
    Rule,
)

HINTS = (
    # --- A copy of the data, where it came from, who was given it ---
    Rule(
        ACCESS,
        2,
        r"(?:(?:tell(?:ing)?|let|inform|advise) (?:me|us|them|her|him|you)\b(?!…(?:once"
        r"|when|as soon))(?: know)?|know)(?: (?:what|which|who|where|whether|if"
        r"|everything|all))|tell me\b|find out|learn (?:what|who)|what it (?:says"
        r"|contains)|what (?:they|he|she) (?:noted|wrote|said|know)|know on which"
        r"|what(?:'s| is) in it|am i\b|is it you|(?:what )?did you (?:do that|obtain"
        r"|find|collect|check)|curious|nosy|have i (?:got|an?|ever)|ever registered"
        r"|(?:search|check) (?:your|for)|what you find|(?:please|kindly) (?:advise"
        r"|state|say)|to whom",
        "Wants to know something",
    ),
    Rule(
        ACCESS,
        2,
        r"(?:see (?:what|my|your|his|her|if|the|all)|sight of|view my|inspect|listen "
        r"to (?:my|the call|mine|it)|obtain|release (?:my|his|her|the|all)|provide me"
        r"|supply (?:my|his|her|the|all|any|me|both)|show me|furnish|let me have"
        r"|disclos(?:e|ure|ing)|summary of|details of|list of|copy of|copies of"
        r"|confirmation|(?:send|e-?mail|give) (?:me|us) (?:all|everything|whatever|the"
        r"|what|any))\b",
        "Wants to be given something",
    ),
    Rule(
        ACCESS,
        2,
        r"(?:everything|all|whatever|what(?:ever)?|which|anything)(?: <a>){0,2} "
        r"(?:<you>(?:'ve)? (?:<a> )?(?:hold|have|got|know|keep|store|collected)"
        r"|(?:companies|they|firms|you) (?:hold|store|know))|what (?:have|do) you "
        r"(?:<a> )?(?:got|have|hold|know|keep|store)|information held|you (?:still "
        r")?(?:got|have) my|what else|(?:in|of) your possession|held (?:about|on"
        r"|against|regarding|by you)|still held",
        "Means what we have",
    ),
    Rule(
        ACCESS,
        2,
        r"(?:from|so) where|where (?:did|does|do|have)|who (?:gave|did|told|else|passed"
        r"|has)|how (?:did|do|does|come)\b…(?:know|find|get|have)|(?:purposes"
        r"|recipients|source)\b",
        "Asks where data came from or went",
    ),
    Rule(
        ACCESS,
        2,
        r"never (?:gave|dealt|heard of|contacted|told)|anything to do with you|(?:knew"
        r"|knows|gave|got|has|have|passed|sold) my|know (?:my|me|about me)\b",
        "Says that somebody has their data",
    ),
    Rule(
        ACCESS,
        2,
        r"(?:have|did) you…(?:record(?:ed)?|taped?)…(?:call|conversation|me)|call "
        r"recordings?|my call|(?:took|taken|made) (?:some )?notes|like to have (?:them"
        r"|it)|(?:written|noted|taken|put) down|notes\b…(?:taken|took|made|wrote)"
        r"|recordings? of (?:calls?|my)|phone calls? with|my (?:file|records)|me the "
        r"file",
        "Names a recording or a file",
    ),
    Rule(
        ACCESS,
        2,
        r"entitled (?:to|too)|as is my right|(?:my|a|the|legal) right to (?:know|see"
        r"|access)",
        "Says that they are entitled",
    ),
    Rule(ACCESS, 2, r"<art>15", "Names Article 15"),
    Rule(
        ACCESS,
        2,
        r"(?:section|s\.?) ?(?:7|45)\b…data protection act"
        r"|data protection act…(?:section|s\.?) ?(?:7|45)",
        "Names the access section of a Data Protection Act",
    ),
    Rule(ACCESS, 1, r"freedom of information|foi", "Names freedom of information"),
    # --- The data in a file for another service ---
    Rule(
        PORTABILITY,
        2,
        r"<portable>|(?:open|electronic|digital|readable) (?:format|file|form)|export"
        r"|download",
        "Names a format",
    ),
    Rule(
        PORTABILITY,
        2,
        r"(?:transfer|transmit|migrate|port|move|carry|hand|take)(?:ring|ting)? (?:<a> "
        r"){0,4}?(?:over|to|across|with me)",
        "Wants something sent elsewhere",
    ),
    Rule(
        PORTABILITY,
        2,
        r"(?:new|another|different|other|next|competing) (?:<a> )?(?:provider|service"
        r"|supplier|controller|platform|company|firm|system|organi[sz]ation)|elsewhere",
        "Names another service",
    ),
    Rule(
        PORTABILITY,
        2,
        r"(?:data|everything|all|information|details|what) (?:that )?i(?:'ve| have)? "
        r"(?:<a> )?(?:gave|given|provided|supplied|submitted|typed|entered)",
        "Means the data that they gave",
    ),
    Rule(PORTABILITY, 2, r"<art>20", "Names Article 20"),
    # --- Delete ---
    Rule(
        ERASURE,
        2,
        r"(?:delet\w+|eras(?:e|ed|ure|ing)|wip(?:e|ed)|purged?|destroy(?:ed|ing)?"
        r"|destruction|expung\w+|shred(?:ded|ding)?|scrub\w*|bin|get(?:ting)? rid"
        r"|clear(?:ed)?(?: <a>){1,4} (?:off|out|from))(?! (?:this|the|any|my|that) "
        r"(?:<a> )?(?:previous |last |earlier )?(?:e-?mail|message))(?! (?:clause"
        r"|paragraph|section|page|item|line))|remov(?:e|ed|al|ing) (?:me|my|all|it|them"
        r"|any|every|each|the)|(?:taken|took|struck) (?:off|out)|gone$|no trace|take "
        r"me out|nothing remains|can go$|want (?:it|them|this|that) <deleted>",
        "Speaks of deletion",
    ),
    Rule(
        ERASURE,
        2,
        r"(?:<delete>|delete) (?:me|him|her|it|them|that|this|everything"
        r"|all)\b(?!…<list>)|(?:must|should|shall|needs? to|has to|have to|to) be "
        r"(?:<a> )?<deleted>",
        "Wants something to be deleted",
    ),
    Rule(
        ERASURE,
        2,
        r"(?:didn't|don't|do not|not|stop|no longer|never)(?: <a>){0,3}? (?:keep|hold"
        r"|stor|exist|be stored|be kept|be held)(?:ing|e)?|no (?:<a> )?(?:purpose"
        r"|reason|need|business) (?:in|for|to)\b…(?:keep|hold|hav|stor)\w*|(?:be|get) "
        r"forgotten|forget (?:me|my|about me|i)",
        "Does not want something kept",
    ),
    Rule(
        ERASURE,
        1,
        r"by (?:accident|mistake)|never (?:agreed|consented|wanted|asked)|against my "
        r"will|no longer (?:a )?(?:customer|client|member|user)|contract is over",
        "Gives a reason for deletion",
    ),
    Rule(ERASURE, 2, r"<art>17", "Names Article 17"),
    # --- Keep, but do not use ---
    Rule(
        RESTRICTION,
        2,
        r"restrict(?:ed|ion|ions|ing)?(?! (?:the search|access|spending))|freez(?:e"
        r"|ing)|frozen|hold off|on hold|lock(?:ed)? down|suspend\w*|paus(?:e|ing)|set "
        r"aside|limit(?:ed|ing)? (?:<a> ){0,2}(?:use|processing)|to storage|(?:left"
        r"|leave it|leave them) (?:untouched|alone)|untouched",
        "Wants something set aside",
    ),
    Rule(
        RESTRICTION,
        2,
        r"(?:other than|except|nothing but|beyond) (?:to |for )?stor(?:e|ing|age)|only "
        r"stor\w*|stored? only|just (?:stored?|keep)|no other use|(?:not|don't) (?:be "
        r")?use[d]?\b…until",
        "Wants something only stored",
    ),
    Rule(
        RESTRICTION,
        2,
        r"(?:do not|don't|never)\b…(?:eras\w*|delet\w*|destroy|wip\w+|dispos\w*|get "
        r"rid)",
        "Does not want something deleted",
    ),
    Rule(
        RESTRICTION,
        1,
        r"(?:i|my|me)\b…(?:until|till|while)|(?:until|till|while)\b…(?:i|my|me)\b"
        r"|for the time being|in the meantime|for now",
        "Says for how long",
    ),
    Rule(
        RESTRICTION,
        1,
        r"my (?:<a> )?(?:claim|court|tribunal|solicitor|case)|as evidence|legal claim"
        r"|i (?:may |might |will )?need|(?:small claims|the) court",
        "Speaks of a claim",
    ),
    Rule(
        RESTRICTION,
        2,
        r"(?:contest|dispute|question|challeng)\w*…accuracy|accuracy…(?:contested"
        r"|disputed)",
        "Contests that the data is accurate",
    ),
    Rule(RESTRICTION, 2, r"<art>18", "Names Article 18"),
    # --- Correct ---
    Rule(
        RECTIFICATION,
        2,
        r"wrong(?:ly)?(?! (?:person|people|hands|recipient|number))|incorrect(?:ly)?"
        r"|inaccura\w+|typos?|mis-?spel\w+|misprint\w*|(?<!by )mistakes?|errors?|(?:not"
        r"|isn't|aren't) (?:true|right|correct|accurate|up to date)|untrue|should (?:be"
        r"|read|say)|ought to be|muddled|mixed up|false",
        "Speaks of a mistake",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"(?:please|pls|could|can|would|kindly|to|and|so|i want|i'd like)\b(?: "
        r"<a>){0,2} (?:correct|amend|rectify|fix|alter|modify|adjust|put (?:this|it"
        r"|that) right)\b<not business>|(?:please|could|can|kindly|so|and)\b(?: "
        r"<a>){0,2} (?:change|update|replace)\b(?! your)<not business>|^(?:correct|fix"
        r"|amend|change|update) (?:this|it|that)|use (?:\S+ ){1,6}?instead|in place of"
        r"|preferred name|correction|rectif\w*|(?:be|is|have|get|want|it) (?:<a> "
        r")?(?:corrected|amended)",
        "Asks for a change",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"(?:old|former|new|correct|right|different) (?:(?:phone|mobile|e-?mail|postal"
        r"|home|sur|last|first|job|house) ?)?(?:address|number|name|surname|e-?mail|job"
        r"|employer|one|spelling|title|mobile)|out of date|outdated|no longer (?:valid"
        r"|correct|in use|current|mine)|(?:has|have|'ve) changed|now (?:called|known as"
        r"|live|living)|used to be|right one is|the correct|just moved|the other one"
        r"|(?:was|were) born (?:in|on)|as of\b…my (?:postal |home )?address",
        "Tells what is old or new",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"i(?:'m| am) no longer (?:at|with|employed|working|an?|the)\b|i(?:'m| am) "
        r"not\b…any ?more|i (?:<a> )?(?:resigned|retired|left (?:the|my|in))|(?:never"
        r"|not) (?:been |worked |was |said |owned |had )(?:one|an?|that|for|in)\b"
        r"|change of (?:name|surname|address|e-?mail|details)|since my (?:wedding"
        r"|marriage|divorce)|name change|changed jobs?|new job|record straight",
        "Says what they no longer are",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"(?:list|listed|shown?|describ\w*|letters? call|call|calling|address\w*|put"
        r"|write) (?:me|him|her|to me)\b(?! (?:back|when|if|once|on|at|about|an?))"
        r"|your (?:notes?|entry) (?:that|about|on|of)\b|your (?:records?|files?|system"
        r"|database|notes?|letter)\b…(?:show|say|said|state|list|give|call"
        r"|have)\w*\b…(?:me|my|i)\b|you have down|down as|confus\w+|you(?:'ve| have) "
        r"(?:recorded|noted|written) that|as your notes",
        "Speaks of what our records say",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"(?:update|amend|correct|change|adjust) your (?:<a> )?(?:records?|files?"
        r"|system|database|books|data)",
        "Asks us to change our records",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"(?:letters?|post|mail|e-?mails?|everything) (?:should|must|can|to) (?:go|be "
        r"sent) to|send (?:anything|everything|letters|post|mail) (?:for me )?to|from "
        r"now on|(?:^|please |to )use (?:this|my) (?:<a> )?(?:e-?mail|address|number)"
        r"|(?:meant|intended) for (?:another|someone|somebody)|belongs to (?:somebody"
        r"|someone)|(?:the|my) current one|not \S+@\S+",
        "Says what to use from now on",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"(?:leaves?|left) out|(?:does not|doesn't) mention|(?:to|should|must) be added"
        r"|(?:the|your) (?:notes?|entry|file) you (?:keep|hold|have)",
        "Says that something is missing",
    ),
    Rule(RECTIFICATION, 2, r"addressed to (?:mr|mrs|ms|miss|dr)", "Names a title"),
    Rule(
        RECTIFICATION,
        2,
        r"(?:i'm|i am) (?:an? )?(?:woman|man|mr|mrs|ms|miss|dr|mx)\b",
        "Says who they are",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"<re>(?:my )?(?:wrong (?:(?:first|last) )?(?:name|address|initial|e-?mail"
        r"|title|spelling|gender|date|surname)|new (?:address|e-?mail|number|name)"
        r"|correction)",
        "The subject is a change",
    ),
    Rule(
        RECTIFICATION,
        2,
        r"spell(?:ed|ing)?|spelt|accent|apostrophe|hyphen|initial|one [a-z]\b|double "
        r"[a-z]\b|with an? [a-z]\b",
        "Speaks of spelling",
    ),
    Rule(
        RECTIFICATION,
        1,
        r"date of birth|dob|birthday|surname|(?:first|last|middle|maiden|my) name"
        r"|postcode|house number|employer|job title|marital status|my (?:<a> "
        r")?(?:mobile|e-?mail|address|landline)|^mobile",
        "Names a particular",
    ),
    Rule(RECTIFICATION, 2, r"<art>16", "Names Article 16"),
    # --- A use that shall stop ---
    Rule(
        OBJECTION,
        2,
        r"i (?:<a> ){0,2}?object|notice of objection|objection (?:to|under|pursuant)|i "
        r"oppose|opposed|i(?:'m| am) against|<dont> agree (?:to|with) (?:that|this|it)"
        r"|i forbid|i refuse|i do not (?:accept|allow|permit)",
        "Objects",
    ),
    Rule(
        OBJECTION,
        2,
        r"stop (?:doing|it|that|this)|stop using|refrain|may not use|not to (?:use|be "
        r"used)|not be used|no longer be used|<dont> (?:<a> )?use|hands off|(?:didn't"
        r"|did not|never) (?:give|gave) you|don't want to be part|statistics|nobody "
        r"allowed|(?:please )?(?:cease|desist)$",
        "Wants something to stop",
    ),
    Rule(OBJECTION, 2, r"particular situation", "Names their particular situation"),
    Rule(OBJECTION, 2, r"<art>21(?! ?\(?[23])", "Names Article 21"),
    Rule(OBJECTION, 1, r"legitimate interests?", "Names legitimate interests"),
    # --- No more advertising ---
    Rule(
        MARKETING,
        2,
        r"(?:keep|keeps|still) (?:on )?(?:getting|receiving|sending|<writing>)\b"
        r"|(?:never|didn't|did not)(?: <a>)? (?:sign(?:ed)? up|subscribed?|ask(?:ed)? "
        r"for (?:this|these|it))|cold[- ]call\w*|again and again",
        "Gets what they did not ask for",
    ),
    Rule(
        MARKETING,
        2,
        r"<dont> (?:<a> )?(?:want|need|wish for) (?:them|any|it|these|this|your|the)\b"
        r"|no longer (?:want|need|interested|relevant|wish)|no use to me|no point in "
        r"sending|(?:sooner|rather) not (?:get|receive)|from your list|had enough of",
        "Does not want it",
    ),
    Rule(
        MARKETING,
        2,
        r"(?:e-?mailing|calling|ringing|phoning|texting|writing to|contacting"
        r"|spamming) (?:me|us|my|him|her)\b|getting (?:this|these)",
        "Gets messages",
    ),
    Rule(
        MARKETING,
        2,
        r"not interested|no thanks|no thank you|lost interest",
        "Is not interested",
    ),
    Rule(
        MARKETING,
        2,
        r"no more\b(?! questions)|any more|any ?longer|under no circumstances|too "
        r"(?:many|often|much)|please stop|(?:just|must|to) stop|stop please|enough$"
        r"|enough is enough|remove$|remove this (?:address|e-?mail|number)|not "
        r"(?:meant )?for me|off please|stop sending|^(?:please )?stop (?:it|this|now)$"
        r"|(?:stop|end|cancel) them|no use to me",
        "Wants it to stop",
    ),
    Rule(
        MARKETING,
        2,
        r"unsubscrib\w*|unsubscription|spam(?:ming)?|junk(?: mail)?|opt(?:ing)?[- ]out"
        r"|(?:off|from|leave) (?:<a> ){0,2}(?:list|mailings?)|do[- ]not[- ]call",
        "Speaks of unwanted mail",
    ),
    Rule(MARKETING, 2, r"<art>21 ?\(?[23]", "Names Article 21(2)"),
    Rule(
        MARKETING,
        1,
        r"your (?:e-?mails?|mails?|calls?|texts?|letters?|newsletters?|updates|messages"
        r"|mailings|adverts|offers)",
        "Speaks of our messages",
    ),
    Rule(
        MARKETING,
        1,
        r"marketing|mailing lists?|tps|case updates?|advertising|advertisements?"
        r"|promotional|promotions",
        "Speaks of marketing",
    ),
    # --- No profiles ---
    Rule(
        PROFILING,
        2,
        r"human (?:being )?(?:should|to|must|review|look|intervention|decision)"
        r"|(?:real |want a )person",
        "Wants a person to decide",
    ),
    Rule(
        PROFILING,
        2,
        r"profil(?:ed|ing)|algorithm\w*|(?:by )?a (?:computer|machine)|automated"
        r"|automatically|score me|scoring|rank(?:ing|ed)? me|rating me|categori[sz]<a> "
        r"me|(?:picture|profile) of me|target(?:ing)? me|segments?|behaviou?r|(?:judged"
        r"|assessed|selected|picked) by",
        "Speaks of profiling",
    ),
    Rule(
        PROFILING,
        1,
        r"object\w*|<stop>|<dont> (?:<a> )?<want>|(?:do not|don't|never) (?:use|put"
        r"|build|make)|opt(?:ing)?[- ]out",
        "Does not want something",
    ),
    Rule(PROFILING, 2, r"<art>22", "Names Article 22"),
    # --- Consent taken back ---
    Rule(
        WITHDRAWAL,
        2,
        r"withdr[ae]w\w*(?! (?:my|our|the|your) (?:bid|offer|tender|application"
        r"|objection|complaint|sponsorship))|revok\w*|revocation|take (?:it|that|this) "
        r"back|undo|cancel that|no longer (?:stand|valid|agree)",
        "Takes something back",
    ),
    Rule(
        WITHDRAWAL,
        2,
        r"my consent|consented|consent (?:i|we)|permission|i (?:<a> )?(?:agreed|ticked"
        r"|said yes|accepted (?:the|your))|cookies?",
        "Speaks of what they agreed to",
    ),
    Rule(
        WITHDRAWAL,
        2,
        r"changed my mind(?! about the)|no longer (?:ok|okay|fine)|(?:no longer|not) "
        r"happy (?:for|with)",
        "Has changed",
    ),
    Rule(WITHDRAWAL, 2, r"<art>7 ?\(3\)", "Names Article 7(3)"),
    # --- How long things are kept, how interests were weighed ---
    Rule(
        SCHEDULE,
        1,
        r"how (?:long|many (?:years|months|days))|after how|(?:storage|deletion) "
        r"periods?",
        "Asks how long",
    ),
    Rule(
        SCHEDULE,
        1,
        r"(?:kept|stored|held|retained|delet\w+|shelf life|keep things|hang on to"
        r"|storage|periods?|you (?:keep|store|hold))",
        "Speaks of keeping",
    ),
    Rule(
        SCHEDULE,
        2,
        r"retention (?:policy|policies|schedules?|periods?|times?|rules?)",
        "Speaks of retention",
    ),
    Rule(ASSESSMENT, 2, r"legitimate interests?", "Names legitimate interests"),
    Rule(
        ASSESSMENT,
        2,
        r"(?:your|the|an?|where is) assessments?|assessed|how you (?:assess|weigh"
        r"|balance|justify)\w*|balanc(?:e|ed|ing)|weigh(?:ed|ing|t)?",
        "Asks for an assessment",
    ),
    # --- Displeasure; it counts where data is spoken of ---
    Rule(
        COMPLAINT,
        2,
        r"(?<!no )(?<!no more )complain(?:ts?|ing|ed)?(?! (?:of|by) the| (?:rules"
        r"|procedures?|handling|forms?)\b)|(?:make|making|raise|lodge|file|formal)(?: "
        r"<a>){0,2} compliant|grievance",
        "Complains",
    ),
    Rule(
        COMPLAINT,
        2,
        r"without (?:<a> )?(?:my (?:permission|consent|knowledge)|asking|permission"
        r"|telling)",
        "Says that they were not asked",
    ),
    Rule(
        COMPLAINT,
        2,
        r"(?:still|yet|not|haven't|hasn't|never|nothing|no|without|nobody|no one"
        r"|no-one)(?: <a>){0,4}? (?:answer\w*|repl(?:y|ied)|respon\w+|heard|hear back"
        r"|acknowledg\w*|got back|come back)|heard nothing|unanswered|going on",
        "Has had no answer",
    ),
    Rule(
        COMPLAINT,
        2,
        r"and you (?:<a> )?(?:didn't|did not|haven't|have not|never)|you (?:still "
        r")?(?:have not|haven't|did not|didn't|never|failed to) (?:<a> )?(?:delet|eras"
        r"|remov|correct|updat|sen[dt]|stop|d[oi]|act|compl)\w*|failed to|failure to",
        "Says that we did not act",
    ),
    Rule(
        COMPLAINT,
        2,
        r"(?:not (?:at all |very )?|un|dis|in)(?:happy|satisfied|acceptable|pleased"
        r"|impressed|satisfactory|adequate)|disgust\w*|disgrac\w*|appall\w*|outrag\w*"
        r"|fed up|shocking|shocked|furious|ridiculous|scandal\w*|angry|sick of|sick "
        r"and tired|livid|shame on|had enough|not good enough|poor show|upset|annoyed"
        r"|negligent|careless|joke|shambles|feel ignored|apolog\w+|carry on|do not "
        r"accept|horrified|dismayed|incompeten\w*|disappoint\w*",
        "Is not satisfied",
    ),
    Rule(
        COMPLAINT,
        2,
        r"(?:second|third|fourth|fifth|last|umpteenth) (?:time|reminder|letter|request)"
        r"|again and again|repeatedly|how many times|(?:three|several|many|ten) times"
        r"|despite (?:my|having)|although (?:i|you)|even though (?:i|you)|reminder"
        r"|(?:refus\w+|ignor\w*)\b…<my> (?:requests?|letters?|e-?mails?)",
        "Has asked before",
    ),
    Rule(
        COMPLAINT,
        2,
        r"lack of (?:a )?(?:response|reply|answer)|chased|yet to hear|(?:your|the) "
        r"refusal|(?:asked|told|requested|wrote to|e-?mailed) you\b(?! (?:who|what"
        r"|where|how))|promised|assured|you said (?:you|it|that|so)",
        "Has written before, or was promised something",
    ),
    Rule(
        COMPLAINT,
        2,
        r"(?:weeks?|months?|days) (?:since|ago|already|now)|it(?:'s| has) been <a> "
        r"(?:days|weeks|months)|still waiting",
        "Says how long ago they wrote",
    ),
    Rule(COMPLAINT, 2, r"overdue|past the deadline|law says|too long", "Is waiting"),
    Rule(
        COMPLAINT,
        2,
        r"(?:reply|answer|response)\b…(?:incomplete|inadequate|missing|not complete)",
        "Says that an answer was incomplete",
    ),
    Rule(
        COMPLAINT,
        2,
        r"compensation|for (?:the )?distress|damages",
        "Wants compensation",
    ),
    Rule(
        COMPLAINT,
        2,
        r"looked at again|review (?:of )?(?:your|the|this) (?:decision|refusal)"
        r"|escalat\w*|somebody senior|someone senior|your (?:manager|boss)|how (?:could"
        r"|dare) (?:you|this)",
        "Wants a decision looked at again",
    ),
    Rule(
        COMPLAINT,
        2,
        r"(?:this|that|it)(?:'s| is| was) (?:a|an) (?:<a> )?breach|data breach\b"
        r"|leak(?:ed|s)?|public(?:ly)?|read out|explain yourselves|cc'?d|bcc"
        r"|violations?|visible to|for (?:all|everyone|everybody) to see|should not "
        r"(?:be possible|happen|have happened)|my \w+ out to",
        "Speaks of a breach",
    ),
    Rule(
        DATA_TALK,
        1,
        r"personal (?:data|info\w*|details)|<my file>|my (?:<a> ){0,2}?(?:e-?mail"
        r"|recording|number)|privacy|private (?:information|number|data|matters?)"
        r"|confidential|gdpr|data protection|data breach|ico|name and (?:phone "
        r"|e-?mail )?(?:number|address)|information commissioner|junk mail|spam"
        r"|private matters?|confidential|letter to me|any(?:body|one) could read|where "
        r"i live|serious breach|e-?mailing me|unsubscrib\w*|(?:erasure|access|deletion"
        r"|data) request|subject access|d?sar|right to|marketing|my data|data you|my "
        r"(?:<a> )?request|recordings?",
        "Speaks of data",
    ),
    # --- The writer's own data, which goes with every kind but a complaint ---
    Rule(
        ABOUT_DATA,
        1,
        r"(?:my|his|her|mine|client's) (?:[\w-]+ )?(?:data|info|information|records?"
        r"|files?|profile|privacy|recordings?|consent|account)|(?<!find )(?<!here are "
        r")my (?:<a> )?(?:details|particulars)(?! (?:below|are|as follows|here))"
        r"|personal (?:data|information|details)|<facts> (?:<a> ){0,3}?(?:about|on"
        r"|concerning|regarding|of) me|<facts> (?:of mine|held)|<facts> you (?:hold"
        r"|keep|have (?:on|about|for))|on file|(?:photos?|pictures?|videos?|images?) "
        r"of me|(?:your|the) (?:<a> )?(?:database|records|files|systems?|crm|books)"
        r"|(?:bearing|under|with|of) my name|my (?:<a> )?number|my e-?mail(?: address)?"
        r"|my (?:<a> )?address|(?:about|on|of|from) me$|recordings?|(?:calls?"
        r"|conversations?) (?:are|is|was|were|being) recorded",
        "Speaks of their data",
    ),
    Rule(
        ABOUT_DATA,
        1,
        r"under (?:the )?(?:uk |eu )?(?:gdpr|data protection)|(?:my|our client's) "
        r"rights?|data protection (?:law|rights|act)|<art>(?:1[5-9]|2[0-2])|gdpr",
        "Speaks of their rights",
    ),
    Rule(
        ABOUT_ME,
        1,
        r"me|my|mine|myself",
        "Speaks of themselves",
    ),
    # --- A right, without saying which: their data, and a word of the law's business ---
    Rule(
        SOME_RIGHT,
        3,
        r"(?<!find )(?<!are )(?:my|his|her|our client's|client's) (?:[\w-]+ "
        r"){0,2}?(?:data|details|info|information|records?|files?|profile|particulars"
        r"|recordings?|privacy|preferences|surname)(?! (?:below|are below|as follows))"
        r"|(?:data|info|information|records?|recordings?|notes?|dossier|files?|details"
        r"|profile|footage) (?:<a> ){0,3}?(?:about|of|on|concerning) (?:me|him|her)\b"
        r"|(?:account|record|entry) in my name",
        "Speaks of their data",
    ),
    Rule(
        SOME_RIGHT,
        2,
        r"(?:my|his|her|mine|our client's|client's) (?!previous|last|earlier)(?:<a> "
        r"){0,2}?(?:data|details|info\w*|records?|files?|(?:sur)?name|number|mobile"
        r"|e-?mail|address|calls?|case(?! update)|voice(?! m)|photos?|pictures?"
        r"|recordings?|profile|particulars|account|privacy|preferences|browsing|cv"
        r"|request)|(?:data|information|records?|recordings?|notes?|anything|something"
        r"|everything) (?:about|of|on|concerning) (?:me|us|him|her)|personal (?:data"
        r"|info\w*|details)|name and (?:phone |e-?mail )?(?:number|address|e-?mail)",
        "Speaks of their data",
    ),
    Rule(
        SOME_RIGHT,
        1,
        r"delet\w*|eras\w*|remov\w+|destroy\w*|wip(?:e|ed|ing)|object(?:ion|ed)?"
        r"|consent(?:ed)?|withdr[ae]w\w*|revok\w*|correct(?:ed|ion|ions|ing)?|wrong"
        r"|inaccura\w+|mistakes?|restrict\w*|limit|stop|cease|refus\w+|complain\w*"
        r"|opt[- ]?out|invok\w+|my rights?|permission|unlawful\w*|illegal\w*|breach\w*"
        r"|leak\w*|hold(?:ing)?|held|stored?|kept|keep(?:ing)?|shar(?:e|ed|ing)|passed"
        r"|sold|disclos\w+|process(?:ed|ing)?|collect(?:ed|ing)?|where did|how did|who "
        r"(?:gave|has|else)|cop(?:y|ies) of|transmission|retain\w*|spel(?:t|led|ling)"
        r"|has changed|have changed|take down|confus\w+|without asking|outside your"
        r"|made public|public file|read out",
        "Speaks of what one may ask for",
    ),
    Rule(
        SOME_RIGHT,
        1,
        r"(?:i|i'm|my|this is|hereby)\b…(?:request(?:ing)?|require|exercis\w*|demand"
        r"|insist|entitled|invok\w+)|<re>(?:my data|personal data|gdpr|data (?:request"
        r"|protection|removal|held))\b",
        "Requests something",
    ),
    Rule(
        SOME_RIGHT,
        1,
        r"gdpr|data protection (?:act|laws?)|dpo|data protection officer|your "
        r"(?:database|records|files|archive)|<art>(?:1[5-9]|2[0-2])",
        "Names data protection law",
    ),
    # --- Somebody writes for somebody else ---
    Rule(
        AGENT,
        2,
        r"(?:my|our) (?:<a> )?(?:son|daughter|child|children|kids?|mother|father|mum"
        r"|dad|husband|wife|grand\w+|nephew|niece|aunt|uncle|brother|sister|partner)",
        "Speaks of a relative",
    ),
    Rule(
        AGENT,
        1,
        r"(?:about|of|for|on|from) (?:him|her)\b|(?:his|her|father's|mother's|husband's"
        r"|wife's|son's|daughter's) <data>|(?:take|remove|delete|stop <a>) (?:him|her"
        r"|my (?:mum|dad|mother|father|son|daughter|wife|husband))",
        "It is about them",
    ),
    # --- Something else ---
    Rule(
        NO_REQUEST,
        2,
        r"\d+ ?% off|special offer|discount|free (?:trial|audit|webinar|consultation)"
        r"|your trial|try it free|upgrade now|limited time|voucher|book (?:now|before|a"
        r"|your (?:place|seat))|register (?:now|today)|click (?:here|below|the (?:link"
        r"|button))|would you be interested|a demo|our (?:consultants|experts)|we "
        r"(?:offer|sell|help (?:firms|companies|businesses|you))|lead generation|we "
        r"act as|give us a call|over \d+ (?:firms|companies|clients)|leadgen|decision "
        r"makers|compliant|(?:train|are) your staff|per person|learn how|only £|our "
        r"(?:<a> )?(?:software|solution|platform|tool|course)",
        "An offer",
    ),
    Rule(
        NO_REQUEST,
        6,
        r"(?:attach\w*|enclos\w*|find|here is|here's)\b…(?:cv|resume|curriculum)|(?:cv"
        r"|resume)\b…(?:attached|enclosed)|covering letter|another job|my application"
        r"|application for the (?:post|position|role|job)|your application|meine "
        r"bewerbung\w*|bewerbungsunterlagen|mon cv|mi curriculum|mio curriculum|moje cv"
        r"|future vacanc\w+|rekrutacj\w*|zalaczniku cv|invio il mio curriculum"
        r"|candidatura|sollicitatie|hierbij stuur ik mijn cv|mon cv|thesis|dissertation"
        r"|journalist|press enquiry",
        "An application for a job, or research",
    ),
    Rule(
        NO_REQUEST,
        4,
        r"(?:sorry|oops|apolog\w+)\b…i (?:<a> )?(?:sent|rang|wrote|got|attached|forgot)",
        "A slip of their own",
    ),
    Rule(
        NO_REQUEST,
        2,
        r"^(?:many )?thank(?:s| you)(?: <a>){0,2} for \w+ing",
        "Thanks",
    ),
    Rule(
        NO_REQUEST,
        4,
        r"dear (?:customer|user|account holder)|your (?:card|mailbox|parcel) (?:has"
        r"|will|is)|verify your|confirm your (?:identity|details|password)",
        "A bait",
    ),
    Rule(
        OTHER_BUSINESS,
        4,
        r"(?:my|the|your|an?|our|this) (?:<a> )?(?:orders?|invoices?|quot(?:e|ation)"
        r"|delivery|parcel|refund|tender|meeting|webinar|password|articles?(?! \d)"
        r"|project|budget|booking|licen[cs]es?|keys?|contract|purchase|product)\b|bank "
        r"details|vat number|prices?|\d+ licen[cs]es|the keys|annex|software|edition|i "
        r"ordered|meeting notes|minutes|remittance|purchase order|log in",
        "Is about an order or the like",
    ),
)
