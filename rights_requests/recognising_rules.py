"""What says plainly what is asked for: the table behind recognising.py, in English.

Each rule is enough by itself: its weight is 3 or more, and more than 3 decides what
stands first. How patterns are written stands in recognising_words.py, what needs company
in recognising_hints.py, the other languages in recognising_languages.py.
"""

from rights_requests.recognising_words import (
    ACCESS,
    AGENT,
    ASSESSMENT,
    COMPLAINT,
    ERASURE,
    MARKETING,
    NO_REQUEST,
    OBJECTION,
    PORTABILITY,
    PROFILING,
    RECTIFICATION,
    RESTRICTION,
    SCHEDULE,
    SOME_RIGHT,
    WITHDRAWAL,
    Rule,
)

ENGLISH = (
    # --- A copy of the data, where it came from, who was given it ---
    Rule(
        ACCESS,
        5,
        r"(?:i|i'm|we|please|kindly|hereby|client's|this (?:is|letter|e-?mail"
        r"|message))\b<not again>(?:…\W)?(?:subject access|d?sar\b|data access request"
        r"|right of access|access request|request for (?:<a> )?access|request access "
        r"to)<not trade>",
        "Makes an access request",
    ),
    Rule(
        ACCESS,
        4,
        r"<start>(?:(?:an?|my|new|formal|urgent|data|gdpr|uk|this is|article 15|dpa) "
        r"){0,3}(?:subject access(?: request)?|d?sar|access request|data request"
        r"|request for (?:my )?(?:personal )?data|access to (?:my )?personal data)(?: "
        r"request| please| held)?<not trade>(?:$| ?[-:(,/]| (?:under|pursuant|in|for"
        r"|from|by)\b)",
        "The subject or a whole sentence is a request for access",
    ),
    Rule(
        ACCESS,
        4,
        r"cop(?:y|ies) of <wholly><my data><not portable>",
        "Asks for a copy of the data",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:cop(?:y|ies)|transcripts?|list|print-?out|overview|summary) "
        r"of…<facts>…(?:<about me>|<you hold>|<held by you>|(?:i am|i'm|my name) <a>)"
        r"|(?:contents?|extract|print-?out) of <wholly>(?:<my file>|<my> (?:<a> "
        r")?(?:entry|entries|account))",
        "Asks for a copy of what we hold",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:cop(?:y|ies)|transcripts?) of…recordings?|<give>\b<not "
        r"otherwise>…(?:recordings?|notes|minutes|transcripts?) (?:of|from) (?:my|our"
        r"|the)(?: <a>){0,2} (?:calls?|conversations?|meetings?)",
        "Asks for a recording or notes",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:what|which|whatever|do|does|<give>)\b<not otherwise>…<about me that you "
        r"hold><not portable>",
        "Asks what we hold about them",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:do|have|does) you…\b(?:anything|any \w+|something|records?"
        r"|data)…(?:<about me>|for me|with my name)|(?:data|details|information|info"
        r"|records?) of mine",
        "Asks what we hold about them",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:send|supply|provide|furnish|disclos(?:e|ure of)|give|show|release|see"
        r"|request|require|receive|view|obtain|know|print|(?:want|need)(?! (?:you|your"
        r"|no)\b))\b<not otherwise>…<facts>…<about me><not portable>",
        "Asks for what is about them",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:send|give|show|e-?mail|forward|supply|provide|furnish|post)(?: (?:me|us"
        r"|over|him|her))(?: with)? <wholly><my file><not portable>",
        "Asks for their data",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:see|view|access(?: to)?|inspect|look at|receive|know|request(?:ing)?"
        r"|ask(?:ing)? for|demand|require|provide|supply|release|obtain|(?<!not "
        r")(?<!n't )(?<!longer )(?:want|need))<not otherwise> (?:what(?:'s| is) (?:in"
        r"|on)|<wholly><my file>)(?!(?: <a>){0,3} (?:<deleted>|<used>|corrected|changed"
        r"|back|to be|restricted|to go|in a|as a))<not portable>",
        "Wants to see their data",
    ),
    Rule(
        ACCESS,
        4,
        r"<give>\b<not otherwise>…personal (?:data|information|details)…(?:<you hold>"
        r"|<held by you>)<not portable>",
        "Asks for the personal data that we hold",
    ),
    Rule(
        ACCESS,
        3,
        r"what (?:<a> ){0,2}?(?:data|information|info|details) (?:<a> ){0,3}?(?:do|have"
        r"|does|did) <you>…<hold>(?!…prices)",
        "Asks which data we hold",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:(?:do|are|have|why do|did) you|^you still) (?:<a> ){0,2}?(?:have|hold|got"
        r"|keep|store|process|processing|holding|storing|using|keeping) (?:<my data>"
        r"|<a> data (?:of|about))|am i (?:<a> )?(?:on|in) your|(?:if|whether) (?:i'm|i "
        r"am|you have me|my name is)…(?:on|in) your",
        "Asks whether we have their data",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:who(?:m|ever)?(?: else|'s|s)?|which (?:one )?of (?:your|the) "
        r"<a>)\b…(?:sold|sell|gave|give|given|pass(?:ed)?|shar\w+|disclos\w+|has|have"
        r"|had|told|suppl\w+|provid\w+|handed|leak\w+|seen|receiv\w+|got"
        r"|access\w*)\b…(?:<my data>|about me|them\b|it with|it to|that with)",
        "Asks who was given their data",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:(?:have|has|did|do) <you>|(?:whether|if) you(?:'ve| have)?)…(?:shared?"
        r"|sold|sell|given?|pass(?:ed)?|disclosed?|transferred)\b…<my data>|(?:which"
        r"|what|all|any|the) (?:<a> )?(?:third part\w+|compan\w+|organi[sz]ations?"
        r"|recipients?|firms|partners)…(?:receiv\w+|got|have|has|given|shared|sold"
        r"|passed|access)\b…(?:<my data>|it|them)|recipients of <wholly><my>",
        "Asks who was given their data",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:where|how)\b…<you>…(?:get|got|gotten|obtain\w*|find|found|come by|came by"
        r"|have(?! (?:dealt|handled|used|treated|been))|know|known|sourced?|acquired?"
        r"|took|take|come across|hold of)\b…(?:<my data>|<me> from|about me|(?:this"
        r"|my) (?:number|address|e-?mail)|such information|this information)|(?:source"
        r"|origin) of <wholly><my>|how (?:did|come|does|has) <my data>…(?:end up|get"
        r"|got|appear|land|come)",
        "Asks where their data came from",
    ),
    Rule(
        ACCESS,
        4,
        r"confirm\w*…(?:whether|if|that)\b…(?:process\w*|hold|holding|stor\w+|keep\w*"
        r"|have)…(?:<about me>|<my data>|personal (?:data|information))|confirm\w* "
        r"(?:<a> ){0,4}(?:whether|if)\b…(?:personal data|information)…<about me>",
        "Asks whether we process their data",
    ),
    Rule(
        ACCESS,
        3,
        r"entitled (?:to|too) (?:see|have|receive|access|a copy|know|be told)\b…"
        r"(?:me|my|mine|data|you (?:have|hold|keep))",
        "Says that they may see their data",
    ),
    Rule(
        ACCESS,
        3,
        r"how (?:do|does|did|are|is|have) <you>…(?:us(?:e|ed|ing)|process\w*)…<my data>",
        "Asks how their data is used",
    ),
    Rule(
        ACCESS,
        3,
        r"request under…data protection act…(?:records|information|data|file)",
        "Makes a request under the Data Protection Act",
    ),
    Rule(
        ACCESS,
        3,
        r"(?:what|where|which)\b…(?:source|origin)\b|source of (?:the|this|my|your) "
        r"(?:<a> )?(?:information|data)|(?:what|which|tell|state|know|explain"
        r"|your)\b…(?:lawful|legal) basis…(?:my|me)\b",
        "Asks for the source or the basis",
    ),
    Rule(
        ACCESS,
        4,
        r"(?<!years )(?<!long )(?<!months )(?:is|are) <my data> (?:<a> )?(?:held|stored"
        r"|kept|processed|in your|on your|with you)|(?:which|what) (?:of )?<my data>"
        r"|what(?:'s| is| do you have)…(?:on file|on record|held|stored)…<me>",
        "Asks whether we have their data",
    ),
    Rule(
        ACCESS,
        3,
        r"(?<!so you could )(?:look|search) (?:me|my name) up",
        "Wants to be looked up",
    ),
    Rule(
        ACCESS,
        3,
        r"my (?:<a> )?right (?:to|of) (?:information|access|know)|right to know",
        "Names the right of access",
    ),
    Rule(
        ACCESS,
        3,
        r"<give>\b<not otherwise>…(?:recordings?|transcripts?) of (?:my|our|the|me)"
        r"|disclosure of <wholly><my file>",
        "Asks for a recording or for data",
    ),
    Rule(
        ACCESS,
        3,
        r"(?:know|see|read|print|view|forward|e-?mail|send|give|show|tell|provide|list"
        r"|check|access|apply for|(?<!delete )(?<!erase )(?<!remove )(?<!of )(?:what"
        r"|which))\b<not otherwise>…(?:about (?:me|myself|him|her|(?:my|our) (?:<a> "
        r")?(?:mother|father|mum|dad|wife|husband|son|daughter|client|person))"
        r"|concern(?:s|ing)? (?:me|myself)|my person)\b<not portable>",
        "Wants to know what is held about them",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:which|what) personal <thing>|(?:is|are) <my data> (?:<a> )?(?:on|in) "
        r"(?:any|one|your|the|some)",
        "Asks what is held",
    ),
    Rule(
        ACCESS,
        3,
        r"what(?:'s| has| is) (?:become|happened|happening|being done)\b…<my data>"
        r"|what (?:do|are|did|will) you (?:do|doing) with <my data>|(?:my )?access "
        r"application|application for access|dossier|<give>\b<not otherwise>…(?:account"
        r"|records?) for (?:me|him|her)\b",
        "Asks about their data",
    ),
    Rule(
        ACCESS,
        3,
        r"<give>\b<not otherwise>…(?:all|any) (?:<a> )?data (?:relating to|concerning"
        r"|regarding|on|about|in respect of|for) (?!the\b|our\b|your\b)\w+",
        "Asks for all data about somebody",
    ),
    Rule(
        ACCESS,
        3,
        r"<give>\b<not otherwise>…(?:footage|cctv)",
        "Asks for footage",
    ),
    Rule(
        ACCESS,
        4,
        r"cop(?:y|ies) of what(?:ever)?(?:'s| is| was| you)…(?:<about me>|<hold>)",
        "Asks for a copy of what we hold",
    ),
    Rule(
        ACCESS,
        3,
        r"(?:tell|show|send|give|let) (?:me|us|him|her)(?: know)? (?:what|which"
        r"|everything|whatever)(?: <a>){0,3}? <you hold>…<about me>",
        "Asks what we hold about them",
    ),
    # --- The data in a file for another service ---
    Rule(
        PORTABILITY,
        4,
        r"(?:port|transmission of) my (?:<a> )?(?:data|details)|data portability"
        r"|portability (?:of|request)|right (?:to|of)(?: <a>)? portability|portable "
        r"(?:format|form|copy|file|version)",
        "Names portability",
    ),
    Rule(
        PORTABILITY,
        4,
        r"(?:my|me|i|his|her|their)\b…(?:data|details|information|info|everything"
        r"|preferences|contacts)…<portable>|<portable>…<my data>",
        "Wants their data in a file that machines can read",
    ),
    Rule(
        PORTABILITY,
        4,
        r"(?:export|download)(?:ed|able)?\b…<my> (?:<a> ){0,3}(?:data|details"
        r"|information|preferences|records?)|(?:export|download) (?:everything"
        r"|all)…(?:i|me|my)\b",
        "Wants to export their data",
    ),
    Rule(
        PORTABILITY,
        4,
        r"(?:transfer|port|move|transmit|migrate|send|hand|pass|give)(?:ring|ting)? "
        r"(?:<my> (?:<a> ){0,4}?(?:data|details|information|records?|preferences)"
        r"|(?:the|all|any) (?:data|details|information) (?:from|in|of) my <a>|it"
        r"|them)…\b(?:to|over)\b…(?:provider|service|company|controller|supplier"
        r"|competitor|ltd|another|new one|different|direct(?:ly)?|straight|import)",
        "Wants their data sent to another service",
    ),
    Rule(
        PORTABILITY,
        4,
        r"tak(?:e|ing) <my> <data> (?:with me|along|elsewhere|somewhere else|to a)",
        "Wants to take their data elsewhere",
    ),
    Rule(PORTABILITY, 3, r"machine[- ]readable", "Names a machine-readable format"),
    # --- Delete ---
    Rule(
        ERASURE,
        4,
        r"<delete> <wholly><my data><not off a list>",
        "Asks us to delete their data",
    ),
    Rule(
        ERASURE,
        4,
        r"<delete>…(?:<facts>…(?:<about me>|<you hold>|<held by you>)|<about me>"
        r"|what <you hold>|(?:recordings?|notes?|records?|traces?|copies|references?) "
        r"(?:of|from|about|to|with) (?:my|me)\b)<not off a list>",
        "Asks us to delete what we hold",
    ),
    Rule(
        ERASURE,
        3,
        r"<delete> (?:it all|everything|all of (?:it|this|that|them)|the (?:whole )?lot"
        r"|every (?:trace|last|single|record))|(?:nothing|no (?:records?|trace|data)) "
        r"(?:about|of|on) me",
        "Asks us to delete everything",
    ),
    Rule(
        ERASURE,
        3,
        r"(?:remov|eras|delet|wip|purg)(?:e|ing) <me>(?!$)(?! (?:from|off)\b…<list>)",
        "Asks us to delete them",
    ),
    Rule(
        ERASURE,
        4,
        r"(?<!n't )(?<!not )(?:want|need|like|have|get|see|getting|having|wanted|expect"
        r"|insist that|ask that|request that|demand that) (?:<wholly><my data>(?: and "
        r"(?:<a> ){1,3}?)?|everything|every thing|all of it|it all|every trace) (?:<a> "
        r"){0,3}?<deleted><not off a list>",
        "Wants their data gone",
    ),
    Rule(
        ERASURE,
        3,
        r"<my data> (?:<a> ){0,3}?(?:be|is|are|been|get|gets) (?:<a> "
        r"){0,2}?<deleted><not off a list>",
        "Speaks of their data being deleted",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:my|i|i'm|exercise|invoke|under|request|use)\b…right (?:to (?:be forgotten"
        r"|erasure|deletion)|of erasure)|be forgotten|forget (?:all )?about me|forget "
        r"me|forget (?:that )?i (?:<a> )?exist\w*|right to erasure request",
        "Wants to be forgotten",
    ),
    Rule(
        ERASURE,
        4,
        r"<start>(?:(?:an?|my|new|formal|urgent|data|gdpr|uk|this is|request for"
        r"|article 17) ){0,3}(?:erasure|deletion|right to be forgotten|data removal"
        r"|delete my (?:data|account|details))<not trade><not again>(?:$| ?[-:(,/]| "
        r"request| of)",
        "The subject or a whole sentence is a request to delete",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:erasure|deletion|removal|destruction) of…(?:<about me>|<my>\b|personal "
        r"(?:data|information)|data stored)",
        "Asks for deletion",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:take|get|remove|delete|wipe|strike|cross|keep|pull|erase) (?:<me>|<my "
        r"data>) (?:<a> ){0,4}?(?:off|out of|from) <your records><not portable>"
        r"|(?:taken|removed|deleted|erased|wiped|struck) (?:<a> )?(?:off|out of|from) "
        r"<your records>",
        "Wants to be taken out of our records",
    ),
    Rule(
        ERASURE,
        4,
        r"disappear (?:from|off)|no trace of me|vanish from|tak(?:e|ing) <my data><not "
        r"off a list> (?:down|off|out)\b",
        "Wants to disappear",
    ),
    Rule(
        ERASURE,
        4,
        r"<dont> (?:<a> )?<want>(?: for)? <you>(?: to)? (?:<a> )?(?:hold|have|keep"
        r"|store|retain|know)(?:ing)?\b…(?:<my>|<me>)\b",
        "Does not want us to keep their data",
    ),
    Rule(
        ERASURE,
        4,
        r"<dont> (?:<a> )?<want> <my data> (?:<a> ){0,3}?(?:held|kept|stored|on (?:file"
        r"|record|your)|in your|with you)|permission to (?:store|hold|keep|retain)",
        "Does not want us to keep their data",
    ),
    Rule(
        ERASURE,
        3,
        r"(?:clos(?:e|ing|ure of)|cancel|terminate|shut)(?: down)? <my> (?:<a> "
        r")?account",
        "Wants an account closed",
    ),
    Rule(
        ERASURE,
        3,
        r"(?:why|reason) you should (?:still )?(?:have|keep|hold) <my>|(?:no "
        r"(?:business|right|reason|need|cause)|shouldn't|should not|must not) (?:<a> "
        r"){0,3}?(?:keep\w*|hold\w*|hav(?:e|ing)|stor\w+|be (?:in|on) your)|<dont> "
        r"(?:<a> )?want to be (?:in|on) (?:any|one) of your|object\w* to (?:you|your) "
        r"(?:holding|keeping|storing|having) (?:my|me|any|a|the)\b",
        "Says that we should not have their data",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:<dont>|never) (?:<a> )?want to be (?:found |listed |kept |held |stored "
        r")?(?:in|on) <your records>",
        "Does not want to be in our records",
    ),
    Rule(
        ERASURE,
        3,
        r"(?:delet|eras|remov|wip|destr|scrap|purg|shred|expung|dispos|cancel"
        r"|undo)\w*\b…(?:<my data>|of mine|(?:of|about) me)\b<not off a list>",
        "Speaks of deleting their data",
    ),
    Rule(
        ERASURE,
        3,
        r"<my data>…(?<!not )(?:deleted|erased|removed|wiped|destroyed|purged)<not off "
        r"a list>|nothing of mine",
        "Speaks of their data being deleted",
    ),
    Rule(
        ERASURE,
        4,
        r"<delete> (?:what|everything|anything|all) (?:that )?i(?:'ve| have)? (?:typed"
        r"|entered|submitted|gave|given|wrote|sent)",
        "Asks us to delete what they gave",
    ),
    Rule(
        ERASURE,
        3,
        r"(?:please|kindly|pls|must|should|you to|that you)\b…(?<!not )(?<!n't "
        r")(?<!never )(?:eras|delet|destroy|remov)(?:e|ed|ing|y) (?:the|all|any|this"
        r"|that|these) (?:<a> )?(?:data|information|info|details|records?|recordings?"
        r"|entry|notes)",
        "Asks us to delete data",
    ),
    Rule(
        ERASURE,
        4,
        r"<dont> (?:<a> )?want (?:anything|any \w+|something) of mine|clean out any"
        r"|(?:kill|shut|scrap) (?:down )?my (?:<a> )?(?:profile|account|data|record)",
        "Wants their data gone",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:insist on|demand|request|require|want|ask for|seek)(?: <a>){0,3}? "
        r"(?:erasure|deletion)",
        "Asks for deletion",
    ),
    Rule(
        ERASURE,
        3,
        r"<delete> (?:the|this|that|any|an) (?:<a> ){0,2}?(?:account|profile"
        r"|registration|record|entry|sign-?up)\b",
        "Asks us to delete an account or a record",
    ),
    Rule(
        ERASURE,
        4,
        r"(?<!n't )(?<!not )(?:want|need|would like|like|have|get|see) (?:that|the|this"
        r"|my|any|those|these|all) (?:<a> )?(?:recordings?|entry|records?|notes?|files?"
        r"|photos?|accounts?|profile|numbers?|registration) (?:<a> "
        r"){0,2}?<deleted><not off a list>",
        "Wants something of theirs gone",
    ),
    Rule(
        ERASURE,
        3,
        r"(?:after that|afterwards|then|once)\b…(?:delete|erase|destroy|wipe) (?:it"
        r"|them)\b",
        "Wants it deleted afterwards",
    ),
    # --- Two things in one sentence ---
    Rule(
        ACCESS,
        4,
        r"<delete>\b…(?:<my data>|<about me>|<you hold>|everything|it all)…(?:and|but"
        r"|then)\b…(?:sen[dt]|give|let|provide|e-?mail|want|need|like)\b…cop(?:y|ies)\b"
        r"(?! of (?:your|the|this|an?|what)\b)",
        "Asks for a copy before it is deleted",
    ),
    Rule(
        ACCESS,
        4,
        r"before\b (?:you )?(?:<a> )?<delete>…(?:<my>|<me>|it|everything)\b…(?:see|send"
        r"|give|show|have|want|need|like)\b…(?:see (?:it|them)\b|cop(?:y|ies)\b(?! of "
        r"(?:your|the|this|an?)\b))|(?:see|cop(?:y|ies) of) (?:it|them|everything|all of "
        r"it)…before you (?:<a> )?<delete> (?:it|them|<my data>)",
        "Wants to see it before it is deleted",
    ),
    Rule(
        ACCESS,
        4,
        r"<delete> <wholly><my data>…(?:once|after|when) you(?:'ve| have) (?:sent|given"
        r"|shown|provided|supplied) (?:it|them|me|us)\b",
        "Wants to be sent it before it is deleted",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:<my data>|<about me>)…(?:and|but)\b…cop(?:y|ies) of (?:it|them|everything"
        r"|all of it)\b",
        "Asks for a copy of it as well",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:<delete>|<deleted>)…where you (?:got|obtained|found|took) (?:it|them)\b",
        "Asks where it came from as well",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:<my data>|<about me>|<you hold>)…(?:and|then|,)\b… ?(?:(?:have|want|get|see) "
        r"(?:it|them)(?: all)? <deleted>|<delete> (?:it|them)\b)",
        "Asks us to delete it as well",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"until (?:you(?:'ve| have)?|it(?:'s| is| has been)) (?:<a> )?(?:corrected|fixed"
        r"|amended|updated|rectified|put right) <my data>",
        "Waits for a correction",
    ),
    # --- Keep, but do not use ---
    Rule(
        RESTRICTION,
        4,
        r"(?:restrict(?:ing|ion of)?|limit(?:ing)?|suspend(?:ing)?|paus(?:e|ing)"
        r"|freez(?:e|ing)|halt(?:ing)?)\b…(?:processing|use|using|what you do)\b…"
        r"(?:<my>|<me>)\b",
        "Asks us to set the use of their data aside",
    ),
    Rule(
        RESTRICTION,
        4,
        r"(?:restrict|freeze|pause|quarantine|ring-?fence|set aside|block|suspend"
        r"|lock) <wholly><my file>",
        "Asks us to set their data aside",
    ),
    Rule(
        RESTRICTION,
        4,
        r"(?:put|place|keep|leave)\b…(?:<my data>|processing)…on (?:hold|ice)"
        r"|process\w*…(?:other than|except)(?: to| for)? stor\w+|(?:put|place) (?:a "
        r")?(?:hold|stop|freeze|block|restriction) on\b…(?:<my>|me)\b",
        "Wants their data put on hold",
    ),
    Rule(
        RESTRICTION,
        6,
        r"(?:keep|retain|store|hold|leave)\b…\b(?:but|and|without)\b…(?:do not|don't"
        r"|not|never|stop|without)? ?(?:us(?:e|ing)|touch(?:ing)?"
        r"|process(?:ing)?)\b…(?:it|them|anything|until|data)|(?:do not|don't|not) "
        r"(?:work|do anything|use anything|do things) with <my>|(?:stop|don't|do not"
        r"|not)\b…(?:us(?:e|ing)|process\w*|touch\w*)\b…(?:<my data>|it)…until"
        r"|until\b…(?:not|don't) (?:use|process|touch)",
        "Wants their data kept and not used",
    ),
    Rule(
        RESTRICTION,
        4,
        r"(?:do not|don't|not to|never|before you)\b…(?:delet|eras|destroy|dispos"
        r"|wip)\w*\b…(?:needs?|court|claim|evidence|case|legal|tribunal|dispute"
        r"|proceedings|solicitor)",
        "Needs the data for a claim",
    ),
    Rule(
        RESTRICTION,
        4,
        r"(?:retain|keep|preserve|hold on to|save)\b…(?:<my>|it|them|for)\b……(?:claims?"
        r"|court|evidence|tribunal|proceedings|legal)",
        "Needs the data for a claim",
    ),
    Rule(
        RESTRICTION,
        3,
        r"restrict(?:ion of)?(?: the)? processing|right (?:to|of) (?:restrict|limit)\w*"
        r"|restriction request",
        "Names restriction of processing",
    ),
    Rule(
        RESTRICTION,
        4,
        r"<my data> (?:to be |be |is )?(?:blocked|frozen|restricted|locked|suspended"
        r"|set aside|quarantined)",
        "Wants their data set aside",
    ),
    Rule(
        RESTRICTION,
        5,
        r"need (?:it|them|this|that|those|these)(?: <a>){0,3} for (?:my|a|an|the|our) "
        r"(?:<a> )?(?:tribunal|court|claim|case|appeal|solicitor|lawyer|hearing"
        r"|proceedings)|(?:freeze|restrict|lock|pause|suspend) (?:everything|all"
        r"|anything|what) (?:you|about|on|of)|<dont> (?:<a> )?want (?:<my data>|it"
        r"|them) (?:<a> ){0,2}?(?:deleted|erased|removed)",
        "Wants their data kept",
    ),
    # --- Correct ---
    Rule(
        RECTIFICATION,
        4,
        r"<correct> <wholly>(?:<my data>|<my> (?:job|role|company name|position|marital"
        r" status|gender|pronouns))|<correct>…(?:<facts>|spelling|errors?|mistakes?)…"
        r"(?:<about me>|(?:in|of|for) <my>)",
        "Asks us to correct their data",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:<my> (?:new )?<data>|<my> (?:job|role))(?: [\w'-]+){0,4}? (?:is|are|was"
        r"|were|has|have|isn't|seems|contains?)\b…<wrong>",
        "Says that their data is wrong",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"<you>(?:'ve)?…(?:got|get|spel(?:t|led|l)|wrote|written|write|recorded|have"
        r"|print\w*|list\w*)\b…<my data>…(?:wrong|incorrect|misspel)\w*|<you>(?:'ve)? "
        r"(?:<a> )?(?:spelt|spelled|misspelt|misspelled|mistyped) <my>",
        "Says that we have their data wrong",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"<my> new (?:<data>|married name)|i(?:'ve| have) (?:got )?a new <data>|<my> "
        r"<data>(?: <a>)? (?:is|are) now|<my data> (?:has|have)(?: <a>)? changed"
        r"|i(?:'ve| have)? changed (?:my )?<data>",
        "Gives new data",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"<facts>…(?:<about me>|<you hold>|<held by you>)…<wrong>"
        r"|(?:the|this) <thing>…<you hold>…<wrong>",
        "Says that what we hold is wrong",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:mistakes?|errors?|typos?|inaccurac(?:y|ies)|wrong|incorrect)\b…(?:(?:data"
        r"|information|details|records?|files?|notes?)…(?:<about me>|<you hold>)|<my "
        r"data>)|(?:(?:you|records|file) (?:have|has|got|hold|show|use)|you've|have|got"
        r"|my) (?:<a> ){0,2}?wrong <which><particular>|wrong <which><particular> for "
        r"(?:me|him|her)",
        "Says that there are mistakes",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"the (?:name|address|postcode|(?:phone |house )?number|date of birth|title"
        r"|spelling|surname|e-?mail address)\b(?: [\w'-]+){0,5}? (?:is|are|was)(?: "
        r"<a>)? <wrong>",
        "Says that something about them is wrong",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"rectif\w+…(?:data|details|records?|information|it|my)",
        "Asks for rectification",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"<my data>…(?:should|ought to) (?:be|read|say|end|have)(?! (?:<a> "
        r")?(?:<deleted>|<used>|in|on)\b)|my (?:<a> )?(?:sur)?name is [^,]{1,40}, not "
        r"(?!sure|an?\b|the|yet|only|in)\w+|add <my> (?:middle|maiden) name",
        "Says what their data should be",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"<you hold> (?:for|about|on) me…<wrong>|(?:note|statement|entry)…(?:about|on) "
        r"me…(?:put right|corrected|added|changed|amended)|supplementary statement"
        r"|statement of mine|my (?:own )?(?:statement|version)|use <my> (?:preferred"
        r"|new|correct|proper) name|(?:have|has|list\w*|show\w*|describ\w*|record\w*) "
        r"me (?:down )?as",
        "Wants what is said about them put right",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"(?:mr|mrs|ms|miss|dr|mx|prof)\b.{0,15}\bnot (?:a )?(?:mr|mrs|ms|miss|dr|prof)",
        "Corrects a title",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"i(?:'ve| have|'m| am)? (?:<a> )?(?:moved|moving)(?! (?:on|forward|ahead"
        r"|abroad|to an?(?:other)? (?:<a> )?(?:provider|service|supplier)))|(?:moved"
        r"|moving) (?:house|home)|we've moved, so|(?:got|been|get) (?:married|divorced)"
        r"|maiden name|married name|deed poll",
        "Tells of a change in life",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"(?:mixed|mixing|mix) (?:me|us|him|her)(?: up)?|(?:mistaken?|confus\w+) (?:me"
        r"|us|him|her) (?:for|with)|address(?:ing|es|ed)? me as|calling me (?:mr|mrs|ms"
        r"|miss)|confus<a> (?:<a> )?(?:records|files|names|details)",
        "Says that we mistake them for somebody else",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"<my> (?:<data>|job|role|title) (?:is|are|was) (?:shown|listed|given|recorded"
        r"|down|entered|noted|registered) as",
        "Says what our records say",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"(?:correct|chang|swap|replac|updat|fix|amend|alter|register|edit)(?:e"
        r"|ing)?\b…<my> (?:new |right |correct )?<which><particular>\b",
        "Asks us to change something about them",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"<my> <which><particular>\b…(?:wrong(?! (?:person|people|address|recipient"
        r"|hands))|incorrect|off by|changed|instead|will be|should be|ought to be"
        r"|mis\w+|is now|old one)",
        "Tells what is wrong about them",
    ),
    Rule(
        RECTIFICATION,
        3,
        r"(?:i|my)\b…change of (?:address|name|e-?mail|details|number)|you (?:write"
        r"|call|spell|wrote|have me|address)\b…but (?:i'm|i am|my name|it's)|record "
        r"lacks|lacks? my|missing from my record",
        "Tells what is wrong about them",
    ),
    Rule(
        RECTIFICATION,
        5,
        r"you(?:'ve)? (?:have |got |have got )?my (?:<a> ){1,2}?(?:down )?wrong",
        "Says what is wrong",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"my <which><particular> is [^,]{1,40}, not \S+",
        "Says what is right and what is wrong",
    ),
    # --- A use that shall stop ---
    Rule(
        OBJECTION,
        4,
        r"(?:object(?:s|ing|ion)?\b…\bto|oppos(?:e|ed to)|against|disagree with|agree "
        r"with your)\b…(?<!automated )(?:<using>|<used>|keeping)<not for marketing>",
        "Objects to a use of their data",
    ),
    Rule(
        OBJECTION,
        4,
        r"<stop>\b…<using>\b…(?:<my>|<me>)\b<not for marketing>",
        "Wants a use of their data to stop",
    ),
    Rule(
        OBJECTION,
        4,
        r"<dont> (?:<a> )?<want>…(?:<my data>|my \w+|me|it|to be) (?:<a> "
        r"){0,3}?<used>\b<not for marketing>",
        "Does not want their data used",
    ),
    Rule(
        OBJECTION,
        4,
        r"<dont> (?:<a> )?<want>(?: with| to)? (?:you|your|anyone|anybody)(?: to)? "
        r"(?:<a> )?<using>\b…(?:my|me|i)\b<not for marketing>",
        "Does not want us to use their data",
    ),
    Rule(
        OBJECTION,
        4,
        r"(?:(?<!you )(?<!they )(?<!i )(?:don't|do not|never)|sure (?:that )?you "
        r"(?:don't|do not|never))(?: ever)? <using>(?: (?:or|and) <a>)?…<my>\b<not for "
        r"marketing>",
        "Forbids a use of their data",
    ),
    Rule(
        OBJECTION,
        4,
        r"(?:my|i|exercis\w+)\b…right to object<not for marketing>",
        "Uses the right to object",
    ),
    Rule(
        OBJECTION,
        3,
        r"opt(?:ing)?(?: <a>)?[ -]out (?:of|from)…(?:processing|sharing|analytics"
        r"|tracking|use)|no (?:right|business|permission|reason|authority) to <using>",
        "Wants a use of their data to stop",
    ),
    Rule(
        OBJECTION,
        4,
        r"(?:no longer|not) (?:to )?(?:use|process|share|analyse)(?! (?:the|this|your) "
        r"(?:<a> )?(?:service|site|product))…<my data><not for marketing>|(?:nobody|no "
        r"one|not|never) (?:allowed|permitted|authori[sz]ed) (?:you|to)\b…(?:use"
        r"|process|share)",
        "Does not want their data used",
    ),
    Rule(
        OBJECTION,
        3,
        r"<my data> (?:<a> )?(?:don't|do not|not|never) (?:go|leave|end up|get)\b"
        r"|(?:object\w*|<dont> (?:<a> )?<want>|refuse|forbid|not allowed|stop|don't|do "
        r"not|against|oppos\w+)\b…(?:<my data>|my (?:<a> )?(?:calls?|conversations?"
        r"|browsing|clicks|visits|voice|photos?|image))\b…(?:<used>|go (?:to|outside)"
        r"|leave)<not for marketing>",
        "Does not want their data used",
    ),
    Rule(
        OBJECTION,
        3,
        r"(?:object\w*|refuse|forbid|not allowed|don't|do not|against"
        r"|oppos\w+)\b…(?:us(?:e|ing)|shar(?:e|ing)|track\w*|keep track|analy\w+"
        r"|(?<!the )(?<!my )(?<!any )record(?:ing)?|process\w*|sell\w*)\b…(?:my|i"
        r"|me)\b<not for marketing>",
        "Does not want us to use their data",
    ),
    # --- No more advertising ---
    Rule(
        MARKETING,
        4,
        r"<start>unsubscribe(?! (?:\||link|here|or|at any))|unsubscribe (?:me|us|my"
        r"|this|him|her)\b|(?:want|like|wish|need|how (?:do|can) i|trying|tried|please"
        r"|help me|can you)\b…unsubscrib(?:e|ing)",
        "Wants to unsubscribe",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:take|remove|strike|cross|drop|delete|get|knock)\b…(?:<me>|<my data>|this "
        r"address)…(?:off|from|out of) (?:[\w-]+ ){0,3}?<list>|(?:removed|taken|deleted"
        r"|struck|dropped|get|come) (?:off|from|out of) (?:[\w-]+ ){0,3}?<list>"
        r"|(?:remove|take|delete) (?:\S+ ){1,4}?(?:from|off) (?:your|all|any|every"
        r"|further|future) (?:[\w-]+ ){0,2}?<list>",
        "Wants to be taken off a list",
    ),
    Rule(
        MARKETING,
        4,
        r"<stop>(?: <a>){0,3}? (?:<writing>|receiving|getting)\b",
        "Wants no more messages",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:don't|do not|never)(?: ever)? (?:e-?mail|contact|call|ring|phone|text"
        r"|write|mail|bother|pester|spam|message)(?:,? (?:or |and )?(?:e-?mail|call"
        r"|ring|phone|text|write|mail)){0,3}(?: to)? (?:me|us|my|this|again)\b",
        "Does not want to be contacted",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:don't|do not|never|stop)(?: ever)? send(?:ing)?(?: me| us)?(?: any)?(?: "
        r"more| further| your| these| this| those)?(?: <a>)? <mails>|stop (?:all |any "
        r"|the |your |this |these |those |direct |with the ){0,3}<mails>|(?:don't|do "
        r"not|never) send (?:me |us )?(?:any ?more|any|more|another|further)\b|no "
        r"(?:more|further) (?:<a> )?(?:e-?mails?|mails?|calls?|texts?|letters?"
        r"|newsletters?|<marketing>|contact|(?:case )?updates|of these|of this)|no "
        r"e-?mails?,? (?:and )?no|no (?:marketing|ads|adverts?|advertising|newsletters?"
        r"|(?:sales|cold) calls)",
        "Wants no more messages",
    ),
    Rule(
        MARKETING,
        4,
        r"<dont> (?:<a> )?(?:want|wish|like|care)(?:ing)? to (?:<a> )?(?:receive|get"
        r"|be sent|be (?:e-?mailed|contacted|called|phoned|rung|texted|bothered"
        r"|approached|written to|on)|hear)\b|not to (?:ring|call|phone|e-?mail|contact"
        r"|write to|text|approach|bother) (?:me|us)|(?:prefer|rather) not (?:to "
        r")?(?:get|receive|be sent|have)|<dont> (?:<a> )?(?:want|wish|need)(?: any| "
        r"these| those| this| your| the| more){0,3} <mails>",
        "Does not want to receive this",
    ),
    Rule(
        MARKETING,
        4,
        r"<stop>\b…(?:my|me|us|sending|direct)\b…<marketing>|object(?:s|ing"
        r"|ion)?\b(?:…\bto\b)?…<marketing>|(?:don't|do not|never|no longer)\b…(?:my|me"
        r"|i)\b…(?:for|in) (?:<a> ){0,3}<marketing>",
        "Objects to advertising",
    ),
    Rule(
        MARKETING,
        3,
        r"(?:(?:i|like|want|please|wish|me|be)\b…|<start>)opt(?:ing|ed)?(?: me| us| him"
        r"| her)?[ -]?out(?!…(?:profil|analytics|cookies|sharing|processing|tracking))",
        "Opts out",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:cancel|end|stop|terminate)(?:l?ing)? (?:my|the|this|our|all)(?: <a>){0,2} "
        r"(?:subscriptions?|newsletters?|updates|alerts?|mailings?)|my "
        r"subscription…(?:cancel\w*|ended|stopped)",
        "Cancels a subscription",
    ),
    Rule(
        MARKETING,
        3,
        r"leave me (?:alone|in peace)|(?:strike|take|cross) (?:all (?:of )?)?(?:them"
        r"|these|us) off|^(?:please )?stop$|^(?:\w+[ ,]+){0,3}remove(?: me)?$",
        "Stop",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:don't|do not|never|not)(?: <a>)? (?:write|call|contact|e-?mail|phone|ring"
        r"|text)(?:ed|ing)?(?: <a>){0,2} (?:again|any ?more|ever)|(?:<mails>"
        r"|<writing>)…(?:has|have|must|needs?|got) (?:to )?(?:stop|end|cease)",
        "Wants no more messages",
    ),
    Rule(
        MARKETING,
        3,
        r"(?:i|my|i've)\b…unsubscrib\w*(?! requests?)|take (?:me|my [\w-]+) off\b(?! "
        r"(?:everything|<your records>))",
        "Wants to unsubscribe",
    ),
    Rule(
        MARKETING,
        3,
        r"enough (?:of )?(?:your |these |the )?<mails>|(?:would|do|not|mind"
        r"|without)\b…not (?:sending|to send) (?:me|us)|exclud<a> (?:me )?from"
        r"|(?:refrain|cease|desist)(?: from)? (?:<a> ){0,3}?(?:advertis\w+|marketing"
        r"|mailings?|promotion\w*|campaigns?)|suppress (?:my|this|our|the) (?:<a> "
        r")?(?:address|number|e-?mail)",
        "Wants no more messages",
    ),
    Rule(
        MARKETING,
        3,
        r"(?:don't|do not|never|stop) send(?:ing)? (?:it|them)\b",
        "Wants no more of it",
    ),
    # --- No profiles ---
    Rule(
        PROFILING,
        5,
        r"(?:object\w*|<stop>|opt(?:ing)?(?: <a>)?[ -]?out|refuse)\b…(?:profil(?:ing"
        r"|ed)|(?:a|any|my) profile of|profile (?:of|on|about) me|profile me)",
        "Objects to profiling",
    ),
    Rule(
        PROFILING,
        4,
        r"(?:<dont> (?:<a> )?<want>|(?:do not|don't|never) (?:use|create|build|make"
        r"|keep|draw))…(?:profil(?:ing|ed)|profile me|(?:picture|profiles?|image) (?:of"
        r"|on|about) (?:me|my))",
        "Does not want to be profiled",
    ),
    Rule(
        PROFILING,
        4,
        r"(?:object\w*|<dont> (?:<a> )?<want>|refuse|stop|against|subject to"
        r"|challenge)\b…(?:automat\w+|algorithm\w*)(?: <a>)? (?:decisions?|decision[- "
        r"]making|processing)",
        "Objects to automated decisions",
    ),
    Rule(
        PROFILING,
        4,
        r"(?:<dont> (?:<a> )?<want>|(?:don't|do not) use|object\w*|<stop>)\b…(?:target "
        r"groups?|scor(?:e|ed|ing)|segment\w*|personali[sz]ed?|target(?:ed|ing)|target "
        r"(?:<a> )?(?:at )?me|analy[sz]e my (?:interests|habits|clicks)|predict\w*"
        r"|look-?alike\w*|behaviou?r|(?:assum\w+|guess\w*|infer\w*"
        r"|conclusions)…(?:about|on|of|what) (?:me|i|my))",
        "Does not want to be scored or targeted",
    ),
    Rule(
        PROFILING,
        3,
        r"<dont> (?:<a> )?<want>…(?:algorithm\w*|computer|machine|robot"
        r"|ai)\b…(?:decid\w*|judg\w*|what i|choos\w*)",
        "Does not want a machine to decide",
    ),
    Rule(
        PROFILING,
        5,
        r"(?:object\w*|<dont> (?:<a> )?<want>|refuse|against"
        r"|contest)\b…decisions?\b…(?:automat\w+|algorithm\w*|computer|machine)",
        "Objects to automated decisions",
    ),
    # --- Consent taken back ---
    Rule(
        WITHDRAWAL,
        5,
        r"(?:withdr[ae]w\w*|revok\w*|revocation of|rescind\w*|retract\w*|take back"
        r"|taking back|cancel\w*|undo|reverse) (?:(?!(?:your|our)\b)[\w,]+ "
        r"){0,5}?<consent>",
        "Takes consent back",
    ),
    Rule(
        WITHDRAWAL,
        4,
        r"consent (?:is |was |hereby |now )?(?:withdrawn|revoked)|tak(?:e"
        r"|ing)…<consent> back|<my> consent…(?:withdrawn|revoked|over|ended)|no longer "
        r"(?:consent|agree)|<dont> agree (?:<a> )?(?:any ?more|any longer|with what i)"
        r"|no longer have <my> <consent>",
        "Takes consent back",
    ),
    Rule(WITHDRAWAL, 3, r"i (?:do not|don't) consent", "Does not consent"),
    # --- How long things are kept ---
    Rule(
        SCHEDULE,
        4,
        r"(?:send|see|copy of|tell|what|which|request|requesting|have|provide|your "
        r"(?:privacy )?(?:notice|policy)|explain|may i|could|like|want"
        r"|question)\b…retention (?:policy|policies|schedules?|periods?|times?|rules?)"
        r"|<re>retention (?:policy|schedules?|periods?)|your (?:storage|deletion) "
        r"periods?",
        "Asks about retention",
    ),
    Rule(
        SCHEDULE,
        4,
        r"how (?:long|many (?:years|months|days))\b…<keep>\b…(?:data|information|info"
        r"|details|records?|recordings?|things|people|customers)|how long\b…you "
        r"(?:<keep>|hang on to) (?:it|them|my)|how (?:long|many (?:years|months"
        r"|days))\b…(?:data|information|info|details|records?|recordings?)…(?:<keep>"
        r"|deleted|erased)",
        "Asks how long data is kept",
    ),
    Rule(
        SCHEDULE,
        4,
        r"when (?:do|will|does|are|is)\b…(?:delete|erase|destroy)d?\b…(?:data"
        r"|information|details|records?|recordings?)|when…(?:data|information|details"
        r"|records?|recordings?)…(?:deleted|erased|destroyed)",
        "Asks when data is deleted",
    ),
    Rule(
        SCHEDULE,
        4,
        r"how (?:much time|long|soon)\b…(?:erase|delete|destroy)",
        "Asks when data is deleted",
    ),
    Rule(
        SCHEDULE,
        4,
        r"(?:period|time|duration|years) (?:for|during) which you (?:keep|retain|store"
        r"|hold)",
        "Asks how long data is kept",
    ),
    Rule(
        SCHEDULE,
        3,
        r"how long (?:are|is|do|does|will)\b…(?:stored|kept|held|retained)(?! open)",
        "Asks how long things are kept",
    ),
    # --- How interests were weighed ---
    Rule(
        ASSESSMENT,
        5,
        r"(?:see|send|provide|forward|copy|your|may i|could|like|show|request|supply"
        r"|the|an|have)\b…legitimate[- ]interests? (?:assessments?|balancing|test)"
        r"|<re>(?:request for )?(?:the |a )?legitimate[- ]interests? assessments?"
        r"|<re>lia$|(?:your|the|an|of) lia\b|balancing (?:test|exercise)",
        "Asks for the assessment of interests",
    ),
    Rule(
        ASSESSMENT,
        4,
        r"(?:how|assess\w*|weigh\w*|balanc\w*)\b…(?:assess\w*|weigh\w*|balanc\w*"
        r"|justif\w*)\b…interests?|(?:how|see|send|provide|your|my|may i|could"
        r"|where)\b…legitimate interests?…(?:assess\w*|weigh\w*|balanc\w*)|(?:explain"
        r"|describe|what (?:is|are)|which|state|tell me|grounds?|why)\b…legitimate "
        r"interests?",
        "Asks how interests were weighed",
    ),
    # --- Complaints: words of displeasure, and that they are about data ---
    Rule(
        COMPLAINT,
        5,
        r"(?:section|s\.?|sec\.?) ?164 ?a",
        "Names section 164A",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?:report|complain\w*|refer\w*|escalat\w*|lodg\w*|go|going|contact\w*|take"
        r"|tell|writ\w*|inform)\b…(?:ico|information commission\w*|regulator|data "
        r"protection authority)",
        "Speaks of going to the regulator",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?:way|how)\b…(?:handled|handling|dealt with|treated|looked after|managed"
        r"|have used)\b…(?:<my>|personal data|privacy)",
        "Speaks of how their data was handled",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?:infring\w*|breach\w*|violat\w*|unlawful\w*|illegal\w*|misus\w*"
        r"|abus\w*)\b…(?:my|me|client's)\b|you(?:r company|r firm)? (?:have |has |had "
        r"|are |were |'ve )?(?:infring|breach|violat|unlawful|illegal|misus)\w*"
        r"|(?:break(?:ing)?|broke|broken|against) the law",
        "Says that a right was infringed",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?<!who )(?<!whom )(?<!if )(?<!whether )(?<!have )(?<!has )(?<!did )(?<!do "
        r")(?:you|your (?:team|staff|company|firm|colleagues?|people))(?:'ve)?(?: "
        r"<a>){0,2}? (?:sent|sold|lost|leaked|disclosed|published|exposed|passed|gave"
        r"|given|shared)\b…<my> <which>(?:data|details|files?|number|address|records?"
        r"|information|name)|you(?:'ve)? (?:<a> )?(?:sent|e-?mailed|gave|given|posted"
        r"|read out) my \w+…(?:another|someone|somebody|stranger|wrong)|(?:with|about"
        r"|of) my <which><thing> (?:went|was sent|were sent|got) to|<my data>…(?:sent"
        r"|given|disclosed|leaked|lost|published|shared|e-?mailed)\b…(?:wrong|somebody "
        r"else|someone else|stranger|another (?:person|customer|client))",
        "Says that their data was given away or lost",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?:refus\w+|reject\w*|ignor\w*|declin\w*|denied|turned down)\b…<my> (?:<a> "
        r"){0,2}?(?:(?:data|access|erasure|deletion|privacy|rectification) request"
        r"|objection|complaint|sar|dsar)",
        "Says that a request was refused or ignored",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?:data|copy|documents|file|information|answer|reply) (?:that )?you "
        r"sent\b…(?:not complete|incomplete|missing|half)",
        "Says that an answer was incomplete",
    ),
    Rule(
        COMPLAINT,
        3,
        r"you(?:'ve| have| are|'re| lot| lot are|r company)?(?: <a>)?…(?:breaking|broke"
        r"|broken|breached|breaching|violated|violating|infringed|infringing)…(?:law"
        r"|gdpr|data protection|privacy|rights?)",
        "Says that the law was broken",
    ),
    Rule(
        COMPLAINT,
        3,
        r"how <my>…(?:dealt with|handled|treated)",
        "Speaks of how a request was handled",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?:other people's|somebody else's|someone else's) (?:letters?|data|details"
        r"|e-?mails?|bills?)",
        "Was sent what is for somebody else",
    ),
    Rule(
        COMPLAINT,
        3,
        r"(?:you|your <a>) (?:told|gave|sent|showed|let|informed) my (?:ex|neighbour"
        r"|employer|boss|wife|husband|colleague|landlord|partner|mother|father|brother"
        r"|sister)",
        "Says that their data was given away",
    ),
    Rule(
        COMPLAINT,
        4,
        r"my (?:<a> ){0,2}?(?:request|objection|d?sar)\b…(?:ignored|refused|rejected"
        r"|denied|unanswered|not (?:been )?(?:answered|dealt|acknowledged))",
        "Says that a request was refused or ignored",
    ),
    # --- A right, without saying which ---
    Rule(
        SOME_RIGHT,
        3,
        r"(?:my|i|our client's|exercise)\b…(?:rights (?:under|as a data)|data "
        r"(?:protection )?rights|privacy rights|gdpr rights)|exercise (?:my|our|his"
        r"|her) (?:<a> )?rights?",
        "Speaks of their rights",
    ),
    Rule(
        SOME_RIGHT,
        3,
        r"<re>(?:<a> )?(?:gdpr|data protection|privacy) (?:request|query|enquiry"
        r"|matter)",
        "The subject names data protection",
    ),
    # --- Somebody writes for somebody else ---
    Rule(
        AGENT,
        3,
        r"(?:we|i)(?:'m| am| are| have been| were)? (?:act|acting|instructed"
        r"|authori[sz]ed)\b…(?:for|by|on behalf|to act)\b|(?:my|our) client(?:s|'s)?"
        r"|on behalf of (?:my (?!team|company|firm)\w+|our client|m(?:r|rs|s|iss)\b"
        r"|the above|a client)|on (?:his|her|their) behalf",
        "Acts for somebody else",
    ),
    Rule(
        AGENT,
        3,
        r"power of attorney|(?:letter|form) of authority|signed (?:letter of "
        r")?authority|(?:as|am) (?:his|her|their|the) (?:<a> )?(?:attorney|deputy"
        r"|guardian|carer|parent|mother|father|executor|executrix|representative"
        r"|solicitor)|legal (?:guardian|representative)",
        "Has authority for somebody else",
    ),
    # --- No request ---
    Rule(
        NO_REQUEST,
        4,
        r"<re>(?:automatic reply|auto-?reply|out of (?:the )?office|delivery status"
        r"|undeliver\w+|mail delivery|abwesenheit\w*|absence|automatische antwort"
        r"|reponse automatique|respuesta automatica|risposta automatica)"
        r"|i(?:'m| am) (?:currently )?(?:out of (?:the )?office|on (?:annual )?leave)"
        r"|this is an auto\w+|automated response",
        "A machine or an absence note",
    ),
    Rule(
        NO_REQUEST,
        3,
        r"view (?:this|it)…in (?:your|a) browser|you(?:'re| are) receiving this|you "
        r"received this (?:e-?mail|message|newsletter) because|manage your preferences",
        "A newsletter",
    ),
    Rule(NO_REQUEST, 3, r"bitcoin|cryptocurrency|btc", "Extortion or fraud"),
)
