"""The same rules for the languages in which people write to us from abroad.

Each language knows the standard letters: access, deletion, objection, correction, data
for another service, and the usual words for the rest. recognising_words.py tells how
they are written.
"""

from rights_requests.recognising_words import (
    ACCESS,
    COMPLAINT,
    DATA_TALK,
    ERASURE,
    MARKETING,
    OBJECTION,
    PORTABILITY,
    RECTIFICATION,
    RESTRICTION,
    SOME_RIGHT,
    WITHDRAWAL,
    Rule,
)

GERMAN = (
    Rule(
        ACCESS,
        4,
        r"auskunft\w*…(?:daten|person|mich|mir|dsgvo|ds-gvo|<art>15)"
        r"|(?:daten|selbst)auskunft|auskunftsersuchen",
        "Asks for access (German)",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:welche|was)\b…(?:sie|ihr)\b…(?:mich|mir|meiner?)\b|welche (?:\w+ "
        r")?daten\b…(?:mich|mir|meiner?)\b|(?:woher|wem|an wen)\b…(?:mein\w*)",
        "Asks what we hold and where from (German)",
    ),
    Rule(ACCESS, 3, r"(?:kopie|abschrift)…(?:daten|mich)", "Asks for a copy (German)"),
    Rule(
        ERASURE,
        4,
        r"(?:(?:ge)?loe?sch\w*|entfern\w+|vernicht\w+)\b…(?:mein\w*|mir|mich"
        r"|personenbezogen\w*)\b|(?:mein\w*|mir|mich|personenbezogen\w*)\b…(?:daten"
        r"|konto|account|angaben|nummer|adresse|profil)…(?:zu )?(?:(?:ge)?loe?sch\w*"
        r"|entfern\w+|vernicht\w+)",
        "Asks us to delete (German)",
    ),
    Rule(ERASURE, 3, r"vergessen ?werden", "Wants to be forgotten (German)"),
    Rule(
        MARKETING,
        4,
        r"(?:widersp\w+|untersag\w*|keine\w*|stopp\w*|nicht mehr)\b…(?:werb\w*"
        r"|newsletter\w*|direktwerbung|marketing\w*|werbemails?)|(?:newsletter"
        r"|verteiler|mailingliste)\b…(?:abmeld\w*|abbestell\w*|austrag\w*|streich\w*"
        r"|entfern\w*)|(?:abmeld\w*|abbestell\w*|melde\w*|streich\w*"
        r"|nehm\w*)\b…(?:newsletter|verteiler|mailingliste)",
        "Objects to advertising (German)",
    ),
    Rule(
        OBJECTION,
        4,
        r"widersp\w+…(?:verarbeitung|nutzung|verwendung|weitergabe|speicherung"
        r"|<art>21)(?!…(?:werb|marketing))|verarbeitung…widersp\w+|nicht (?:\w+ "
        r")?einverstanden\b…(?:meine|daten)",
        "Objects (German)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:berichtig\w+|korrigier\w+|ae?nder(?:n|e|ung)|aktualisier\w+"
        r"|vervolls\w+)\b…(?:mein\w*|daten|mich|mir)\b",
        "Asks us to correct (German)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"mein\w* (?:\w+ )?(?:\w{0,12}name|[\w-]{0,12}adresse|anschrift|geburtsdatum"
        r"|\w{0,8}nummer|daten)\b…(?:falsch|fehlerhaft|unrichtig|veraltet|geae?ndert"
        r"|unvolls\w+|nicht (?:korrekt|richtig))|umgezogen|neue (?:adresse|anschrift)",
        "Says that data is wrong (German)",
    ),
    Rule(
        PORTABILITY,
        4,
        r"\w{0,6}ue?bertragbarkeit|datenportabilitat|maschinenlesbar\w*"
        r"|ue?bertrag\w+…meine\w* daten",
        "Asks for portability (German)",
    ),
    Rule(
        RESTRICTION,
        4,
        r"(?:einschrae?nk\w+|sperr\w+)…(?:verarbeitung|meine\w* daten)"
        r"|(?:verarbeitung|meine\w* daten)…(?:einzuschrae?nken|einschrae?nken|sperren)",
        "Asks for restriction (German)",
    ),
    Rule(
        WITHDRAWAL,
        4,
        r"(?:widerruf\w*|zieh\w*)\b…(?:einwilligung|zustimmung|einverstae?ndnis\w*)"
        r"|(?:einwilligung|zustimmung)\b…(?:widerruf\w*|zurue?ck\w*)",
        "Takes consent back (German)",
    ),
    Rule(SOME_RIGHT, 3, r"meine[rn]?(?: \w+)? daten", "Speaks of their data (German)"),
    Rule(COMPLAINT, 2, r"beschwer\w+|aufsichtsbehorde", "Complains (German)"),
    Rule(
        DATA_TALK, 1, r"datenschutz\w*|dsgvo|meine\w* daten", "Speaks of data (German)"
    ),
)

FRENCH = (
    Rule(
        ACCESS,
        4,
        r"droits? d'access?|demande d'access?|access? (?:a|aux)\b…(?:mes|me concern\w+"
        r"|donnees)",
        "Asks for access (French)",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:communiqu\w+|indiqu\w+|transmett\w+|parvenir|copie|quelles?|connaitre"
        r"|savoir|obtenir|detenez|dispos\w+|envoy\w+)\b…(?:donnees|informations)…(?:me "
        r"concern\w+|sur moi|a mon sujet)|ce que vous (?:avez|savez|detenez)\b…(?:sur "
        r"moi|me concern\w+)|copie de (?:\w+ ){0,3}(?:mes|ces) (?:donnees|informations)",
        "Asks what we hold (French)",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:d'ou|comment|a qui|ou)\b…(?:tenez|obtenu\w*|provien\w+|eu|trouve"
        r"|transmis\w*|vendu\w*|cede\w*|communique\w*|donne)\b…(?:mes|mon|ma|les)?",
        "Asks where data came from or went (French)",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:effac\w+|supprim\w+|suppression|detrui\w+|destruction)\b…(?:mes|mon|ma"
        r"|me concern\w+|sur moi)\b|droit a l'(?:oubli|effacement)",
        "Asks us to delete (French)",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:oppos\w+|refus\w+|cess\w+|arret\w+|souhaite|veux|plus)\b…(?:prospection"
        r"|publicit\w+|marketing|demarchage|newsletters?|lettre d'information"
        r"|commercia\w+)|(?:me|moi|veuillez|souhaite|veux|merci de"
        r"|voudrais)\b…(?:desabonn\w+|desinscri\w+)|(?:retir|enlev|ray"
        r"|supprim)\w+\b…liste|(?:desabonn|desinscri|retir|enlev|ray)\w+[- ]moi"
        r"|desinscription|ne (?:veux|souhaite|desire) plus…recevoir",
        "Objects to advertising (French)",
    ),
    Rule(
        OBJECTION,
        4,
        r"(?:m'oppos\w+|oppos\w+|refus\w+|droit d'opposition)\b…(?:traitement|utilis\w+"
        r"|usage|mes donnees)(?!…(?:prospection|publicit|marketing|commercia))",
        "Objects (French)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:rectifi\w+|corrig\w+|modifi\w+|mettre a jour|mise a jour"
        r"|complet\w+)\b…(?:mes|mon|ma|me concern\w+)\b",
        "Asks us to correct (French)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:mon|ma|mes) (?:\w+ ){0,2}(?:nom|prenom|adresse|numero|date de naissance"
        r"|donnees|code postal|telephone|e-?mail)\b…(?:inexact\w*|erron\w*|incorrect\w*"
        r"|faux|fausses?|mal (?:ecrit|orthographie)\w*|change\w*|incomplet\w*)",
        "Says that data is wrong (French)",
    ),
    Rule(
        PORTABILITY,
        4,
        r"portabilite|lisible (?:par|a la|par une) machine|format structure",
        "Asks for portability (French)",
    ),
    Rule(
        RESTRICTION,
        4,
        r"(?:limit\w+|gel\w*|suspen\w+)\b…traitement",
        "Asks for restriction (French)",
    ),
    Rule(
        WITHDRAWAL,
        4,
        r"(?:retir\w+|revoqu\w+|retrait)\b…consentement",
        "Takes consent back (French)",
    ),
    Rule(SOME_RIGHT, 3, r"mes donnees", "Speaks of their data (French)"),
    Rule(COMPLAINT, 2, r"plainte|reclamation|cnil", "Complains (French)"),
    Rule(DATA_TALK, 1, r"rgpd|mes donnees|vie privee", "Speaks of data (French)"),
)

SPANISH = (
    Rule(
        ACCESS,
        4,
        r"derecho de acceso|(?:acceder|acceso) a (?:mis|los) datos|copia de (?:\w+ "
        r"){0,3}(?:datos|informacion)|(?:que|cuales) (?:\w+ )?(?:datos"
        r"|informacion)\b…(?:mi|mis|tienen|tratan|poseen)\b",
        "Asks for access (Spanish)",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:de donde|como|a quien(?:es)?)\b…(?:sacado|obtenido|conseguido|sacaron"
        r"|vendido|cedido|dado|pasado|facilitado|comunicado)",
        "Asks where data came from or went (Spanish)",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:borr\w+|elimin\w+|suprim\w+|supresion|destru\w+)\b…(?:mis?|sobre mi|datos"
        r" personales)\b|(?:borr|elimin)\w+me\b|derecho al olvido"
        r"|derecho de (?:supresion|cancelacion)",
        "Asks us to delete (Spanish)",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:opongo|oposicion|dej\w+ de|no (?:quiero|deseo))\b…(?:publicit\w+"
        r"|publicidad|marketing|comercial\w*|promocion\w*|boletin\w*|newsletter|correos"
        r"|llamadas)|(?:darme|denme|deme) de baja",
        "Objects to advertising (Spanish)",
    ),
    Rule(
        OBJECTION,
        4,
        r"(?:opongo|oposicion)\b…(?:tratamiento|datos|uso|utili\w+)"
        r"(?!…(?:publici|marketing|comercial|promocion))",
        "Objects (Spanish)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:rectifi\w+|corrij\w+|corregir|correccion|modifi\w+|actuali[cz]\w+)\b…"
        r"(?:mis?|datos)\b|mis? (?:\w+ )?(?:nombre|apellidos?|direccion|correo|telefono"
        r"|fecha de nacimiento|datos)\b…(?:mal|incorrect\w*|equivocad\w*|erron\w*"
        r"|ha cambiado|inexact\w*)",
        "Asks us to correct (Spanish)",
    ),
    Rule(
        PORTABILITY,
        4,
        r"portabilidad|lectura mecanica|formato estructurado",
        "Asks for portability (Spanish)",
    ),
    Rule(RESTRICTION, 4, r"limit\w+…tratamiento", "Asks for restriction (Spanish)"),
    Rule(
        WITHDRAWAL,
        4,
        r"(?:retir\w+|revo[cq]\w+)\b…consentimiento",
        "Takes consent back (Spanish)",
    ),
    Rule(SOME_RIGHT, 3, r"mis datos", "Speaks of their data (Spanish)"),
    Rule(COMPLAINT, 2, r"queja|reclamacion|denuncia\w*", "Complains (Spanish)"),
    Rule(DATA_TALK, 1, r"rgpd|mis datos|privacidad", "Speaks of data (Spanish)"),
)

ITALIAN = (
    Rule(
        ACCESS,
        4,
        r"diritto di accesso|dati\b…(?:in vostro possesso|da voi)|acce(?:dere|sso) ai "
        r"(?:miei )?dati|copia (?:di|dei|dell\w*) (?:\w+ )?miei dati|quali (?:\w+ "
        r")?(?:miei )?dati|che dati|(?:copia|quali|che)\b…(?:dati|informazioni)…(?:mi "
        r"riguarda\w*|su di me|miei)",
        "Asks for access (Italian)",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:dove|come|a chi|da chi)\b…(?:preso|ottenuto|trovato|avuto|vendut\w*"
        r"|cedut\w*|comunicat\w*|dato)\b…(?:mio|mia|miei|dati)",
        "Asks where data came from or went (Italian)",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:cancell\w+|elimin\w+|rimuov\w+|rimozione|distrugg\w+)\b…(?:miei|mio|mia"
        r"|mi riguarda\w*|dati personali)\b|diritto all'oblio",
        "Asks us to delete (Italian)",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:oppon\w+|opposizione|smett\w+|non (?:voglio|desidero)"
        r"|basta)\b…(?:marketing|pubblicit\w*|promozional\w*|newsletter|commercial\w*"
        r"|telefonate|e-?mail)|(?:disiscri|cancella|toglie|rimuov)\w*mi\b",
        "Objects to advertising (Italian)",
    ),
    Rule(
        OBJECTION,
        4,
        r"(?:oppongo|opposizione)\b…(?:trattamento|uso|utilizzo|dati)"
        r"(?!…(?:marketing|pubblicit|promozion|commercial))",
        "Objects (Italian)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:rettific\w+|corregg\w+|correzione|modific\w+|aggiorn\w+"
        r"|integrazione)\b…(?:dati|mi[oa] (?:nome|cognome|indirizzo|numero|e-?mail"
        r"|telefono))\b|(?:mio|mia) (?:\w+ )?(?:nome|cognome|indirizzo|numero|data di "
        r"nascita|e-?mail)\b…(?:sbagliat\w*|errat\w*|scorrett\w*|inesatt\w*|cambiat\w*)",
        "Asks us to correct (Italian)",
    ),
    Rule(
        PORTABILITY,
        4,
        r"portabilita|leggibile da|formato strutturato",
        "Asks for portability (Italian)",
    ),
    Rule(RESTRICTION, 4, r"limit\w+…trattamento", "Asks for restriction (Italian)"),
    Rule(
        WITHDRAWAL,
        4,
        r"(?:revoc\w+|ritir\w+)\b…consenso",
        "Takes consent back (Italian)",
    ),
    Rule(SOME_RIGHT, 3, r"miei dati", "Speaks of their data (Italian)"),
    Rule(COMPLAINT, 2, r"reclamo|lamentela", "Complains (Italian)"),
    Rule(DATA_TALK, 1, r"miei dati|garante", "Speaks of data (Italian)"),
)

DUTCH = (
    Rule(
        ACCESS,
        4,
        r"overzicht\b…gegevens|inzage\w*…(?:gegevens|persoonsgegevens|avg)"
        r"|inzageverzoek|recht op inzage|welke (?:\w+ )?(?:\w*gegevens"
        r"|informatie)\b…(?:mij|me)\b|(?:kopie|afschrift)\b…(?:persoons)?gegevens",
        "Asks for access (Dutch)",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:hoe|waar|van wie|aan wie)\b…(?:komt|komen|heeft|hebben|hebt|kreeg|verkocht"
        r"|doorgegeven|verstrekt|gedeeld)\b…(?:mijn|gegevens)",
        "Asks where data came from or went (Dutch)",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:verwijder\w*|wis|wissen|vernietig\w*)\b…(?:mijn|mij)\b|(?:mijn"
        r"|mij)\b…(?:gegevens|persoonsgegevens|account|naam|nummer)\b…(?:verwijder\w*"
        r"|wissen|gewist|vernietig\w*)|vergetelheid",
        "Asks us to delete (Dutch)",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:bezwaar|geen|stop\w*|niet meer|afmeld\w*|uitschrijv\w*"
        r"|schrijf)\b…(?:reclame|marketing|nieuwsbrie\w+|aanbiedingen|e-?mails?|mails"
        r"|mailinglijst|telefoontjes)|(?:nieuwsbrief|mailinglijst)\b…(?:afmeld\w*"
        r"|uitschrijv\w*)|haal (?:mij|me)\b…lijst",
        "Objects to advertising (Dutch)",
    ),
    Rule(
        OBJECTION,
        4,
        r"bezwaar\b…(?:verwerk\w+|gebruik\w*|gegevens)(?!…(?:reclame|marketing))",
        "Objects (Dutch)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:corrige\w*|rectif\w*|wijzig\w*|aanpass\w*|verbeter\w*|aanvul\w*)\b…(?:mijn"
        r"|gegevens)\b|mijn (?:\w+ )?gegevens\b…(?:corriger\w*|rectific\w*|wijzigen"
        r"|aanpassen|verbeteren|aanvullen)",
        "Asks us to correct (Dutch)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"mijn (?:\w+ )?(?:naam|voornaam|achternaam|adres|geboortedatum|telefoonnummer"
        r"|gegevens)\b…(?:klop\w* niet|onjuist|fout|verkeerd|veranderd|gewijzigd"
        r"|onvolledig)|ben verhuisd",
        "Says that data is wrong (Dutch)",
    ),
    Rule(
        PORTABILITY,
        4,
        r"overdraagbaarheid|dataportabiliteit|machine ?leesba\w*|gestructureerd\w*",
        "Asks for portability (Dutch)",
    ),
    Rule(RESTRICTION, 4, r"beperk\w*…verwerk\w+", "Asks for restriction (Dutch)"),
    Rule(
        WITHDRAWAL,
        4,
        r"(?:trek|intrek\w*|herroep\w*)\b…toestemming|toestemming\b…(?:in|intrek\w*)",
        "Takes consent back (Dutch)",
    ),
    Rule(SOME_RIGHT, 3, r"mijn (?:persoons)?gegevens", "Speaks of their data (Dutch)"),
    Rule(COMPLAINT, 2, r"klacht\w*", "Complains (Dutch)"),
    Rule(DATA_TALK, 1, r"avg|mijn gegevens|privacy", "Speaks of data (Dutch)"),
)

POLISH = (
    Rule(
        ACCESS,
        4,
        r"(?:informacj\w*|udostepni\w*)\b…moich dan\w*|dostep\w*…(?:danych|moich)"
        r"|(?:jakie|ktore)\b…dane\b…(?:mnie|moje|moj)\b|kopi\w+…(?:danych|moich)",
        "Asks for access (Polish)",
    ),
    Rule(
        ACCESS,
        4,
        r"(?:skad|komu)\b…(?:moj\w*|macie|maja|udostepni\w*|przekaza\w*|sprzeda\w*)",
        "Asks where data came from or went (Polish)",
    ),
    Rule(
        ERASURE,
        4,
        r"(?:usun\w*|skasow\w*|wykresl\w*|zniszcz\w*)\b…(?:moj\w*|moich|mnie|danych "
        r"osobowych)\b(?!…(?:list|newsletter|mailing))|bycia zapomnian\w*",
        "Asks us to delete (Polish)",
    ),
    Rule(
        MARKETING,
        4,
        r"(?:sprzeciw\w*|nie (?:chce|zycze)|prosze nie|rezygn\w*|wypis\w*"
        r"|wykresl\w*)\b…(?:marketing\w*|reklam\w*|newsletter\w*|ofert\w*|handlow\w*"
        r"|mailing\w*|wiadomosci|maili|list[ya]?)",
        "Objects to advertising (Polish)",
    ),
    Rule(
        OBJECTION,
        4,
        r"(?:przetwarzan\w*\b…sprzeciw\w*|nie (?:zgadzam|wyrazam)\b…przetwarzan\w*)"
        r"|sprzeciw\w*\b…(?:przetwarzan\w*|wykorzyst\w*|danych)(?!…(?:marketing"
        r"|reklam))",
        "Objects (Polish)",
    ),
    Rule(
        RECTIFICATION,
        4,
        r"(?:sprostow\w*|popraw\w*|zmian\w*|zmieni\w*|aktualiz\w*"
        r"|uzupeln\w*)\b…(?:moj\w*|moich|danych)\b|moj\w* (?:\w+ )?(?:nazwisko|imie"
        r"|adres|numer|data urodzenia|dane)\b…(?:nieprawidlow\w*|bledn\w*|niepoprawn\w*"
        r"|zmieni\w*|nieaktualn\w*|zle)",
        "Asks us to correct (Polish)",
    ),
    Rule(
        PORTABILITY,
        4,
        r"(?:przenos\w*|przenies\w*)\b…danych|maszynow\w*|ustrukturyzowan\w*",
        "Asks for portability (Polish)",
    ),
    Rule(
        RESTRICTION, 4, r"ogranicz\w*…przetwarzan\w*", "Asks for restriction (Polish)"
    ),
    Rule(
        WITHDRAWAL,
        4,
        r"(?:cof\w+|wycof\w*|odwol\w*)\b…zgod\w*",
        "Takes consent back (Polish)",
    ),
    Rule(SOME_RIGHT, 3, r"(?:moj\w*|moich) dan\w*", "Speaks of their data (Polish)"),
    Rule(COMPLAINT, 2, r"skarg\w*", "Complains (Polish)"),
    Rule(DATA_TALK, 1, r"rodo|moich danych|moje dane", "Speaks of data (Polish)"),
)

LANGUAGES = (*GERMAN, *FRENCH, *SPANISH, *ITALIAN, *DUTCH, *POLISH)
