"""Mails whose own words are known: language x mail program x layout, all of our own writing."""

from collections.abc import Iterator
from dataclasses import dataclass

ADDRESS = "dana.cole@x.example"
WHO = f"Dana Cole <{ADDRESS}>"


@dataclass(frozen=True)
class Labelled:
    """A mail's body, and what cleaning must make of it."""

    name: str
    body: str
    text: str
    quoted: str | None
    forwarded: bool = False


@dataclass(frozen=True)
class Language:
    """`own`: three paragraphs that the writer typed; `signed`: closing and name; `asked`: two
    paragraphs of the mail that is answered. `introductions`: attributions by program. `labels`:
    From, Sent, To, Subject as Outlook writes them."""

    own: tuple[str, str, str]
    signed: str
    asked: tuple[str, str]
    introductions: dict[str, str]
    labels: tuple[str, str, str, str]
    sent: str
    original: str
    gmail_forward: str
    apple_forward: str
    device: str
    disclaimer: str
    contacts: str


LANGUAGES = {
    "en": Language(
        own=(
            "Hi Dana,\n\nYES - love it!! 🎉  30% is fine by me.",
            "From Monday on we test: \n- the oven\n- the mixer",
            "On second thought: make it Tuesday... ;-)",
        ),
        signed="Best,\nAllan",
        asked=("Can you start in June?", "And what would a second oven cost?"),
        introductions={
            "gmail": f"On Tue, 3 Jun 2025 at 10:02, {WHO} wrote:",
            "gmail US": f"On Tue, Jun 3, 2025 at 10:02\u202fAM {WHO} wrote:",
            "apple": f"On 3 Jun 2025, at 10:02, {WHO} wrote:",
            "thunderbird": "On 03/06/2025 10:02, Dana Cole wrote:",
        },
        labels=("From:", "Sent:", "To:", "Subject:"),
        sent="Tuesday, June 3, 2025 10:02 AM",
        original="-----Original Message-----",
        gmail_forward="---------- Forwarded message ---------",
        apple_forward="Begin forwarded message:",
        device="Sent from my iPhone",
        disclaimer="This e-mail is confidential and intended only for the addressee. If you have "
        "received it in error,\nplease notify the sender and delete it at once. Thank you very "
        "much for your help.",
        contacts="Head of Product\nTestPilot Inc.\n12 Mill Lane, Springfield\n"
        "Phone: +1 212 555 0100\nallan@testpilot.example",
    ),
    "de": Language(
        own=(
            "Hallo Dana,\n\ngroßartig - das passt für mich! 👍  Übrigens: 30 % sind ok.",
            "Am Montag prüfen wir:\n* den Ofen\n* die Küchenmaschine",
            "Von mir aus auch erst am Dienstag ...",
        ),
        signed="Viele Grüße\nAllan",
        asked=("Könntet ihr im Juni anfangen?", "Und was würde ein zweiter Ofen kosten?"),
        introductions={
            "gmail": f"Am Di., 3. Juni 2025 um 10:02 Uhr schrieb {WHO}:",
            "apple": f"Am 03.06.2025 um 10:02 schrieb {WHO}:",
            "thunderbird": "Am 03.06.25 um 10:02 schrieb Dana Cole:",
            "gmail mobile": f"{WHO} schrieb am Di., 3. Juni 2025, 10:02:",
        },
        labels=("Von:", "Gesendet:", "An:", "Betreff:"),
        sent="Dienstag, 3. Juni 2025 10:02",
        original="-----Ursprüngliche Nachricht-----",
        gmail_forward="---------- Weitergeleitete Nachricht ---------",
        apple_forward="Anfang der weitergeleiteten Nachricht:",
        device="Von meinem iPhone gesendet",
        disclaimer="Diese E-Mail enthält vertrauliche Informationen und ist nur für den Empfänger "
        "bestimmt.\nWenn Sie nicht der richtige Adressat sind, löschen Sie sie bitte.",
        contacts="Leiter Produkt\nTestPilot GmbH\nMühlweg 12\n80331 München\n"
        "Tel. +49 89 5550100\nwww.testpilot.example",
    ),
    "fr": Language(
        own=(
            "Bonjour Dana,\n\nc'est parfait ! 😀 Ça me va, 30 % c'est très bien.",
            "Le lundi nous testons :\n- le four\n- le batteur",
            "À bientôt, peut-être dès mardi…",
        ),
        signed="Cordialement,\nAllan",
        asked=("Pouvez-vous commencer en juin ?", "Et combien coûterait un deuxième four ?"),
        introductions={
            "gmail": f"Le mar. 3 juin 2025 à 10:02, {WHO} a écrit :",
            "apple": f"Le 3 juin 2025 à 10:02, {WHO} a écrit\u00a0:",
            "thunderbird": "Le 03/06/2025 à 10:02, Dana Cole a écrit :",
        },
        labels=("De :", "Envoyé :", "À :", "Objet :"),
        sent="mardi 3 juin 2025 10:02",
        original="-----Message d'origine-----",
        gmail_forward="---------- Message transféré ---------",
        apple_forward="Début du message transféré :",
        device="Envoyé de mon iPhone",
        disclaimer="Ce message et ses pièces jointes sont confidentiels et destinés à la seule "
        "personne visée.\nSi vous l'avez reçu par erreur, merci de le détruire sans délai.",
        contacts="Directeur produit\nTestPilot SARL\n12 rue du Moulin\n75011 Paris\n"
        "Tél. : +33 1 55 55 01 00\nallan@testpilot.example",
    ),
    "es": Language(
        own=(
            "Hola Dana:\n\n¡Qué bien! 🎉 Me parece genial, 30 % está bien.",
            "El lunes probamos:\n- el horno\n- la batidora",
            "Para mí también vale el martes, ¿no?",
        ),
        signed="Un saludo,\nAllan",
        asked=("¿Podéis empezar en junio?", "¿Y cuánto costaría un segundo horno?"),
        introductions={
            "gmail": f"El mar, 3 jun 2025 a las 10:02, Dana Cole (<{ADDRESS}>) escribió:",
            "apple": f"El 3 jun 2025, a las 10:02, {WHO} escribió:",
            "thunderbird": "El 3/6/25 a las 10:02, Dana Cole escribió:",
        },
        labels=("De:", "Enviado:", "Para:", "Asunto:"),
        sent="martes, 3 de junio de 2025 10:02",
        original="-----Mensaje original-----",
        gmail_forward="---------- Mensaje reenviado ---------",
        apple_forward="Inicio del mensaje reenviado:",
        device="Enviado desde mi iPhone",
        disclaimer="Este mensaje es confidencial y va dirigido únicamente a su destinatario.\n"
        "Si lo ha recibido por error, le rogamos que lo elimine y avise al remitente.",
        contacts="Director de producto\nTestPilot S.L.\nCalle Molino 12\n28004 Madrid\n"
        "Tel.: +34 91 555 01 00\nallan@testpilot.example",
    ),
    "it": Language(
        own=(
            "Ciao Dana,\n\nperfetto!! 😊 Il 30% va benissimo, è chiaro.",
            "Lunedì proviamo:\n- il forno\n- la planetaria",
            "Da parte mia va bene anche martedì...",
        ),
        signed="Cordiali saluti,\nAllan",
        asked=("Potete iniziare a giugno?", "E quanto costerebbe un secondo forno?"),
        introductions={
            "gmail": f"Il giorno mar 3 giu 2025 alle ore 10:02 {WHO} ha scritto:",
            "apple": f"Il giorno 3 giu 2025, alle ore 10:02, {WHO} ha scritto:",
            "thunderbird": "Il 03/06/2025 10:02, Dana Cole ha scritto:",
        },
        labels=("Da:", "Inviato:", "A:", "Oggetto:"),
        sent="martedì 3 giugno 2025 10:02",
        original="-----Messaggio originale-----",
        gmail_forward="---------- Messaggio inoltrato ---------",
        apple_forward="Inizio messaggio inoltrato:",
        device="Inviato da iPhone",
        disclaimer="Questo messaggio è riservato e destinato esclusivamente al destinatario.\n"
        "Se lo avete ricevuto per errore, vi preghiamo di eliminarlo e di avvisare il mittente.",
        contacts="Responsabile prodotto\nTestPilot S.r.l.\nVia del Mulino 12\n20121 Milano\n"
        "Cell. +39 02 555 0100\nwww.testpilot.example",
    ),
    "pt": Language(
        own=(
            "Olá Dana,\n\nótimo! 🎉 Não há problema, 30% está bom.",
            "Na segunda testamos:\n- o forno\n- a batedeira",
            "Para mim, terça também dá...",
        ),
        signed="Abraços,\nAllan",
        asked=("Vocês podem começar em junho?", "E quanto custaria um segundo forno?"),
        introductions={
            "gmail": f"Em ter., 3 de jun. de 2025 às 10:02, {WHO} escreveu:",
            "apple": f"No dia 3 de jun. de 2025, às 10:02, {WHO} escreveu:",
            "apple BR": f"Em 3 de jun. de 2025, à(s) 10:02, {WHO} escreveu:",
            "thunderbird": "Em 03/06/2025 10:02, Dana Cole escreveu:",
        },
        labels=("De:", "Enviada em:", "Para:", "Assunto:"),
        sent="terça-feira, 3 de junho de 2025 10:02",
        original="-----Mensagem original-----",
        gmail_forward="---------- Mensagem encaminhada ---------",
        apple_forward="Início da mensagem encaminhada:",
        device="Enviado do meu iPhone",
        disclaimer="Esta mensagem é confidencial e destina-se apenas ao seu destinatário.\n"
        "Se a recebeu por engano, por favor elimine-a e avise o remetente de imediato.",
        contacts="Diretor de produto\nTestPilot Lda.\nRua do Moinho 12\n1100-001 Lisboa\n"
        "Telefone: +351 21 555 0100\nallan@testpilot.example",
    ),
    "nl": Language(
        own=(
            "Hoi Dana,\n\nprima!! 👍 Eén ding: 30% is oké voor mij.",
            "Op maandag testen we:\n- de oven\n- de mixer",
            "Van mij mag het ook dinsdag worden...",
        ),
        signed="Met vriendelijke groet,\nAllan",
        asked=("Kunnen jullie in juni beginnen?", "En wat zou een tweede oven kosten?"),
        introductions={
            "gmail": f"Op di 3 jun 2025 om 10:02 schreef {WHO}:",
            "apple": f"Op 3 jun. 2025 om 10:02 heeft {WHO} het volgende geschreven:",
            "thunderbird": "Op 3-6-2025 om 10:02 schreef Dana Cole:",
        },
        labels=("Van:", "Verzonden:", "Aan:", "Onderwerp:"),
        sent="dinsdag 3 juni 2025 10:02",
        original="-----Oorspronkelijk bericht-----",
        gmail_forward="---------- Doorgestuurd bericht ---------",
        apple_forward="Begin doorgestuurd bericht:",
        device="Verstuurd vanaf mijn iPhone",
        disclaimer="Dit bericht is vertrouwelijk en alleen bestemd voor de geadresseerde.\n"
        "Hebt u het per vergissing ontvangen, verwijder het dan en waarschuw de afzender.",
        contacts="Productmanager\nTestPilot B.V.\nMolenlaan 12\n1011 AB Amsterdam\n"
        "T: +31 20 555 0100\nwww.testpilot.example",
    ),
    "da": Language(
        own=(
            "Hej Dana,\n\nsuper!! 😀 Det er helt i orden, 30 % på prøve.",
            "Den første uge tester vi:\n- ovnen\n- røremaskinen",
            "Fra min side er tirsdag også fin...",
        ),
        signed="Venlig hilsen\nAllan",
        asked=("Kan I begynde i juni?", "Og hvad ville en ekstra ovn koste?"),
        introductions={
            "gmail": f"Den tirs. 3. jun. 2025 kl. 10.02 skrev {WHO}:",
            "gmail new": f"tirs. 3. jun. 2025 kl. 10.02 skrev {WHO}:",
            "apple": f"Den 3. jun. 2025 kl. 10.02 skrev {WHO}:",
            "thunderbird": "Den 03.06.2025 kl. 10.02 skrev Dana Cole:",
        },
        labels=("Fra:", "Sendt:", "Til:", "Emne:"),
        sent="3. juni 2025 10:02",
        original="-----Oprindelig meddelelse-----",
        gmail_forward="---------- Videresendt besked ---------",
        apple_forward="Start på videresendt besked:",
        device="Sendt fra min iPhone",
        disclaimer="Denne e-mail er fortrolig og kun beregnet for modtageren.\n"
        "Har du fået den ved en fejl, beder vi dig slette den og give afsenderen besked.",
        contacts="Produktchef\nTestPilot A/S\nMøllevej 12\n2100 København Ø\n"
        "Tlf. +45 55 55 01 00\nallan@testpilot.example",
    ),
    "sv": Language(
        own=(
            "Hej Dana,\n\ntoppen!! 🎉 Det går bra för mig, 30 % är okej.",
            "Den första veckan testar vi:\n- ugnen\n- mixern",
            "Från min sida går tisdag också bra...",
        ),
        signed="Vänliga hälsningar\nAllan",
        asked=("Kan ni börja i juni?", "Och vad skulle en andra ugn kosta?"),
        introductions={
            "gmail": f"Den tis 3 juni 2025 kl 10:02 skrev {WHO}:",
            "apple": f"3 juni 2025 kl. 10:02 skrev {WHO}:",
            "thunderbird": "Den 2025-06-03 kl. 10:02, skrev Dana Cole:",
        },
        labels=("Från:", "Skickat:", "Till:", "Ämne:"),
        sent="den 3 juni 2025 10:02",
        original="-----Ursprungligt meddelande-----",
        gmail_forward="---------- Vidarebefordrat meddelande ---------",
        apple_forward="Vidarebefordrat brev:",
        device="Skickat från min iPhone",
        disclaimer="Detta meddelande är konfidentiellt och endast avsett för mottagaren.\n"
        "Om du har fått det av misstag ber vi dig radera det och meddela avsändaren.",
        contacts="Produktchef\nTestPilot AB\nKvarngatan 12\n118 47 Stockholm\n"
        "Mobil: +46 8 555 01 00\nwww.testpilot.example",
    ),
    "pl": Language(
        own=(
            "Cześć Dana,\n\nświetnie!! 😀 Zgoda, 30% jest w porządku.",
            "Od poniedziałku testujemy:\n- piekarnik\n- mikser",
            "Do mnie wtorek też pasuje...",
        ),
        signed="Pozdrawiam,\nAllan",
        asked=("Czy możecie zacząć w czerwcu?", "A ile kosztowałby drugi piekarnik?"),
        introductions={
            "gmail": f"wt., 3 cze 2025 o 10:02 {WHO} napisał(a):",
            "apple": f"Wiadomość napisana przez {WHO} w dniu 3 cze 2025, o godz. 10:02:",
            "thunderbird": "W dniu 3.06.2025 o 10:02, Dana Cole pisze:",
            "web": f"Dnia 3 czerwca 2025 10:02 {WHO} napisał(a):",
        },
        labels=("Od:", "Wysłano:", "Do:", "Temat:"),
        sent="wtorek, 3 czerwca 2025 10:02",
        original="-----Wiadomość oryginalna-----",
        gmail_forward="---------- Przekazana wiadomość ---------",
        apple_forward="Początek przekazywanej wiadomości:",
        device="Wysłane z iPhone'a",
        disclaimer="Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata.\n"
        "Jeśli otrzymali ją Państwo przez pomyłkę, prosimy o jej usunięcie i kontakt z nadawcą.",
        contacts="Kierownik produktu\nTestPilot Sp. z o.o.\nul. Młyńska 12\n00-001 Warszawa\n"
        "tel. +48 22 555 01 00\nallan@testpilot.example",
    ),
}


def labelled_mails() -> Iterator[Labelled]:
    for code, language in LANGUAGES.items():
        for layout in (_attributed, _outlook, _forwarded, _footers, _html):
            for mail in layout(language):
                yield Labelled(
                    f"{code} {mail.name}", mail.body, mail.text, mail.quoted, mail.forwarded
                )


def _attributed(of: Language) -> Iterator[Labelled]:
    """Gmail, Apple Mail, Thunderbird: on top, below, between, wrapped, over an older quote."""
    own = f"{of.own[0]}\n\n{of.own[1]}\n\n{of.signed}"
    asked = "\n\n".join(of.asked)
    marked = _marked(asked)
    older = _marked(_marked(f"{of.own[2]}\n{of.signed}"))
    for program, line in of.introductions.items():
        for how, head in (("", line), (" wrapped", _wrapped(line)), (" narrow", _wrapped(line, 3))):
            yield Labelled(f"{program} top{how}", f"{own}\n\n{head}\n\n{marked}\n", own, asked)
            yield Labelled(f"{program} bottom{how}", f"{head}\n{marked}\n\n{own}\n", own, asked)
        first, second = of.asked
        between = f"{line}\n> {first}\n\n{of.own[0]}\n\n> {second}\n\n{of.own[2]}\n\n{of.signed}\n"
        kept = f"{of.own[0]}\n\n\n{of.own[2]}\n\n{of.signed}"
        yield Labelled(f"{program} between", between, kept, f"{first}\n{second}")
        nested = f"{own}\n\n{line}\n{marked}\n>\n> {line}\n{older}\n"
        yield Labelled(f"{program} older quote", nested, own, asked)
        yield Labelled(f"{program} no marks", f"{own}\n\n{line}\n\n{asked}\n", own, asked)
        device = f"{own}\n\n{of.device}\n\n{line}\n\n{marked}\n"
        yield Labelled(f"{program} device", device, own, asked)
    greeting = f"{of.own[0]}\n\n{marked}\n\n{of.own[1]}\n"
    yield Labelled("plain marks", greeting, f"{of.own[0]}\n\n\n{of.own[1]}", asked)


def _outlook(of: Language) -> Iterator[Labelled]:
    """The block of From, Sent, To, Subject under several separators."""
    own = f"{of.own[0]}\n\n{of.own[2]}\n\n{of.signed}"
    asked = "\n\n".join(of.asked)
    values = (WHO, of.sent, "Allan Price <allan@testpilot.example>", "Re: 30 %")
    block = "\n".join(f"{k} {v}" for k, v in zip(of.labels, values, strict=True))
    bold = "\n".join(f"*{k}* {v}" for k, v in zip(of.labels, values, strict=True))
    many = ";\n Lee Iverson <lee@y.example>; Kim Vale <kim@y.example>"
    wrapped = block.replace("testpilot.example>", f"testpilot.example>{many}")
    heads = {
        "block": block,
        "bold block": bold,
        "wrapped block": wrapped,
        "blank lines in block": block.replace("\n", "\n\n"),
        "underscores": f"{'_' * 32}\n{block}",
        "underscores, blank line": f"{'_' * 32}\n\n{block}",
        "original message": f"{of.original}\n{block}",
    }
    for name, head in heads.items():
        yield Labelled(f"outlook {name}", f"{own}\n\n{head}\n\n{asked}\n", own, asked)
    older = f"{own}\n\n{block}\n\n{asked}\n\n{block}\n\n{of.own[1]}\n"
    yield Labelled("outlook older block", older, own, asked)


def _forwarded(of: Language) -> Iterator[Labelled]:
    own = f"{of.own[2]}\n\n{of.signed}"
    asked = "\n\n".join(of.asked)
    sender, sent, to, subject = of.labels
    block = f"{sender} {WHO}\n{sent} {of.sent}\n{subject} 30 %\n{to} <allan@testpilot.example>"
    english = f"From: {WHO}\nDate: {of.sent}\nSubject: 30 %\nTo: <allan@testpilot.example>"
    for name, head in (
        ("gmail", f"{of.gmail_forward}\n{block}\n"),
        ("gmail English labels", f"{of.gmail_forward}\n{english}\n"),
        ("apple", f"{of.apple_forward}\n\n{block}\n"),
    ):
        yield Labelled(f"forward {name}", f"{own}\n\n{head}\n\n{asked}\n", own, asked, True)
        yield Labelled(f"forward {name}, bare", f"{head}\n\n{asked}\n", "", asked, True)
    marked = f"{own}\n\n{of.apple_forward}\n\n{_marked(block)}\n>\n{_marked(asked)}\n"
    yield Labelled("forward apple marked", marked, own, asked, True)


def _footers(of: Language) -> Iterator[Labelled]:
    own = f"{of.own[0]}\n\n{of.own[2]}\n\n{of.signed}"
    line = of.introductions["gmail"]
    asked = "\n\n".join(of.asked)
    footers = {
        "device": f"\n\n{of.device}",
        "disclaimer": f"\n\n{of.disclaimer}",
        "signature": f"\n\n-- \nAllan Price\n{of.contacts}",
        "contacts": f"\n{of.contacts}",
        "contacts, blank line": f"\n\n{of.contacts}",
        "contacts with name": f"\n\nAllan Price\n{of.contacts}",
        "contacts, disclaimer": f"\n{of.contacts}\n\n{of.disclaimer}",
        "signature, disclaimer": f"\n\n-- \nAllan Price\n{of.contacts}\n\n{of.disclaimer}",
    }
    for name, footer in footers.items():
        yield Labelled(name, f"{own}{footer}\n", own, None)
        quoted = f"{own}{footer}\n\n{line}\n{_marked(f'{asked}{footer}')}\n"
        if not name.startswith("contacts"):
            yield Labelled(f"{name} twice", quoted, own, asked)
    full = f"{own} Price"
    yield Labelled("contacts under full name", f"{full}\n{of.contacts}\n", full, None)


def _html(of: Language) -> Iterator[Labelled]:
    """Quoted blocks as Gmail, Outlook, Apple Mail and Thunderbird write them in HTML."""
    rows = f"{of.own[2]}\n\n{of.signed}".split("\n")
    own = "\n".join(rows)
    typed = "".join(f"<div>{_escaped(row) or '<br>'}</div>" for row in rows)
    asked = "\n\n".join(of.asked)
    words = "".join(f"<p>{_escaped(each)}</p>" for each in of.asked)
    line = _escaped(of.introductions["gmail"])
    yield Labelled(
        "html gmail",
        f'<div dir="ltr">{typed}</div><br><div class="gmail_quote"><div dir="ltr" '
        f'class="gmail_attr">{line}<br></div><blockquote class="gmail_quote" '
        f'style="margin:0 0 0 .8ex">{words}</blockquote></div>',
        own,
        asked,
    )
    apple = _escaped(of.introductions["apple"])
    yield Labelled(
        "html apple",
        f'<html><head></head><body dir="auto">{typed}<div><br><blockquote type="cite"><div>{apple}'
        f'</div><br></blockquote></div><blockquote type="cite"><div dir="ltr">{words}</div>'
        "</blockquote></body></html>",
        own,
        asked,
    )
    thunderbird = _escaped(of.introductions["thunderbird"])
    yield Labelled(
        "html thunderbird",
        f'<!DOCTYPE html>\n<html><body>{typed}<div class="moz-cite-prefix">{thunderbird}<br></div>'
        f'\n<blockquote type="cite" cite="mid:1@x">{words}</blockquote></body></html>',
        own,
        asked,
    )
    values = (WHO, of.sent, "Allan", "Re: 30 %")
    fields = "<br>".join(
        f"<b>{k}</b> {_escaped(v)}" for k, v in zip(of.labels, values, strict=True)
    )
    outlook = {
        "html outlook web": f'<hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr"><font>'
        f"{fields}</font><div>&nbsp;</div></div>",
        "html outlook desktop": '<div style="border:none;border-top:solid #E1E1E1 1.0pt;'
        f'padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{fields}</p></div>',
        "html outlook, unknown labels": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">'
        "<b>Lähettäjä:</b> Dana Cole<br><b>Aihe:</b> 30 %</div>",
    }
    for name, head in outlook.items():
        yield Labelled(
            name, f"<html><body>{typed}{head}<div>{words}</div></body></html>", own, asked
        )


def _marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _wrapped(line: str, parts: int = 2) -> str:
    """The line broken at spaces into about equal parts, as programs do at 76 characters."""
    words = line.split(" ")
    size = -(-len(words) // parts)
    return "\n".join(" ".join(words[i : i + size]) for i in range(0, len(words), size))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
