"""200 mails that the owner wrote, and the mail of others that lies around them."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from maverick_assets_tests.corpora.authorship.case import MailCase
from maverick_assets_tests.corpora.authorship.providers import (
    OWN_DOMAIN,
    OWN_HOST,
    OWNER,
    PROVIDERS,
    Arrival,
    HeaderLines,
)

COUNT = 200
ALIAS = "a.kern@kern-bakery.example"  # of another domain
EXCHANGE_NAME = "Kern, Allan"
EXCHANGE_DN = (
    "/O=KERNOVENS/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=AKERN"
)
LIST_DOMAIN = "bakers-forum.example"  # forwards mail and breaks its signatures

_SENT_FOLDERS = (
    *("Sent", "Sent Items", "Sent Mail", "Sent Messages", "_sent_mail", "'sent mail", "INBOX.Sent"),
    *("Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Éléments envoyés", "Envoyés"),
    *("Enviados", "Elementos enviados", "Posta inviata", "Inviati", "Itens enviados"),
    *("Verzonden items", "Sendte elementer", "Sendt post", "Skickat", "Wysłane", "Отправленные"),
    *(
        "[Gmail]/Sent Mail",
        "[Google Mail]/Gesendet",
        ".Sent",
        "Sent/2019",
        "送信済みメール",
        "已发送",
    ),
    *(
        "INBOX/Sent Items/Projects",
        "Archive/Sent",
        "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-",
        "Sent.mbox",
    ),
)
_SENT_LABELS = (
    *(
        "Sent",
        "Sent,Important",
        "Gesendet",
        "Messages envoyés,Archivé",
        "Enviados",
        "Posta inviata",
    ),
    *("Verzonden", "Wysłane", "Opened,Sent,Work", "送信済みメール", "Отправленные"),
)

Shape = Callable[[str, int], MailCase]


def _arrival(number: int, host: str = f"out.{OWN_DOMAIN}") -> Arrival:
    """A mail of the owner, as a server that it comes back to sees it."""
    return Arrival(OWN_DOMAIN, host, "198.51.100.4", number=number)


def _written(
    number: int, above: HeaderLines, author: str = f"Allan Kern <{OWNER}>", to: str = ""
) -> HeaderLines:
    return [
        *above,
        ("From", author),
        ("To", to or f"Dana Cole <dana{number}@acme.example>"),
        ("Date", "Tue, 3 Jun 2025 09:00:00 +0000"),
    ]


def _received(kind: str, provider: str, arrival: Arrival, below: HeaderLines = ()) -> MailCase:  # type: ignore[assignment]
    """A copy that came back: to an address in Bcc, by a list, by Cc to himself."""
    above = [*PROVIDERS[provider](arrival), *below]
    headers = _written(arrival.number, above)
    return MailCase(kind, provider, arrival.number, headers, folder="INBOX")


def in_a_sent_folder(provider: str, number: int) -> MailCase:
    folder = _SENT_FOLDERS[number % len(_SENT_FOLDERS)]
    return MailCase("sent folder", provider, number, _written(number, []), folder=folder)


def in_a_sent_folder_again(provider: str, number: int) -> MailCase:
    folder = _SENT_FOLDERS[(number * 7 + 3) % len(_SENT_FOLDERS)]
    headers = _written(number, [("User-Agent", "Mozilla Thunderbird")])
    return MailCase("sent folder", provider, number, headers, folder=folder, flags=("seen",))


def labelled_as_sent(provider: str, number: int) -> MailCase:
    label = ("X-Gmail-Labels", _SENT_LABELS[number % len(_SENT_LABELS)])
    client = (
        "Received",
        "from [10.0.0.7] (p5.dsl.example [203.0.113.8]) by smtp.gmail.com with ESMTPSA",
    )
    above = [label, client] if number % 2 else [label]
    return MailCase("sent label", "gmail", number, _written(number, above), folder="All mail.mbox")


def blind_copy_to_himself(provider: str, number: int) -> MailCase:
    """Servers that check nothing see it come from his own server, as the path says."""
    return _received("blind copy", provider, _arrival(number))


def copy_to_himself_of_own_server(provider: str, number: int) -> MailCase:
    """Written on his own server by his mail program, or in its webmail."""
    ways = (
        f"from [192.168.1.7] (allan-pc.dsl.example [203.0.113.8]) (Authenticated sender: {OWNER}) "
        f"by {OWN_HOST} (Postfix) with ESMTPSA id 4B{number}",
        f"from webmail.{OWN_DOMAIN} (localhost [127.0.0.1]) by {OWN_HOST} (Postfix) with ESMTPA",
        f"from p5.dsl.example ([203.0.113.8]:51234 helo=[192.168.1.7]) by {OWN_HOST} with esmtpsa "
        f"(TLS1.3) (Exim 4.96) (envelope-from <{OWNER}>) id 1t{number}",
        f"by {OWN_HOST} (Postfix, from userid 1000) id 6D{number}",
    )
    line = ("Received", ways[number % len(ways)])
    headers = _written(number, [("Return-Path", f"<{OWNER}>"), line])
    return MailCase("own server", "own_server_without_checks", number, headers, folder="INBOX")


def colleagues_inside(provider: str, number: int) -> MailCase:
    """Exchange Online stamps what its own accounts send as internal."""
    above = [
        (
            "Received",
            f"from AM0PR04MB{number}.eurprd04.prod.outlook.com (2603:10a6:208::5) by "
            "DB9PR04MB77.eurprd04.prod.outlook.com with HTTPS; Tue, 3 Jun 2025 09:00:00 +0000",
        ),
        (
            "Authentication-Results",
            f"dkim=none (message not signed) header.d=none;dmarc=none action=none "
            f"header.from={OWN_DOMAIN};",
        ),
        ("X-MS-Exchange-Organization-AuthAs", "Internal"),
    ]
    headers = _written(number, above, to=f"Lena <lena@{OWN_DOMAIN}>, {OWNER}")
    return MailCase("internal", "exchange_online", number, headers, folder="Posteingang")


def never_received(provider: str, number: int) -> MailCase:
    """A copy that a program filed beside received mail: no server ever touched it."""
    folder = ("Projects/Ovens", "INBOX", "Archive/2024", "all.mbox", "Telefon")[number % 5]
    return MailCase("unreceived", provider, number, _written(number, []), folder=folder)


def in_a_plain_table(provider: str, number: int) -> MailCase:
    return MailCase("plain", provider, number, _written(number, []), is_plain=True)


def outgoing_by_its_source(provider: str, number: int) -> MailCase:
    case = MailCase("outgoing", provider, number, _written(number, []), direction="outgoing")
    return replace(case, is_plain=True)


def in_an_old_archive(provider: str, number: int) -> MailCase:
    """An archive of a corporate mailbox: its folders, and no path of any mail."""
    folder = (
        "Notes Folders\\'sent mail",
        "Kern, Allan\\Sent Items",
        "Notes Folders\\All documents",
    )
    above = [("X-Folder", f"\\Allan_Kern_Dec2000\\{folder[number % 3]}"), ("X-Origin", "KERN-A")]
    name = ("_sent_mail", "sent_items", "all_documents")[number % 3]
    return MailCase("archive", provider, number, _written(number, above), folder=f"kern-a/{name}")


def under_his_exchange_name(provider: str, number: int) -> MailCase:
    author = (f'"{EXCHANGE_NAME}"', f"<{EXCHANGE_DN}>", f'"{EXCHANGE_NAME}" <{EXCHANGE_DN}>')[
        number % 3
    ]
    folder = ("Sent Items.mbox", "Outbox copies", "Kern")[number % 3]
    return MailCase("exchange name", provider, number, _written(number, [], author), folder=folder)


def under_an_alias(provider: str, number: int) -> MailCase:
    arrival = Arrival("kern-bakery.example", f"out.{OWN_DOMAIN}", "198.51.100.4", number=number)
    checks = {name for name in PROVIDERS if "own_server" not in name}
    receiver = provider if provider in checks else "fastmail"
    headers = _written(number, PROVIDERS[receiver](arrival), f"Allan <{ALIAS}>")
    return MailCase("alias", receiver, number, headers, folder="INBOX")


def forwarded_by_another_server(provider: str, number: int) -> MailCase:
    """SPF fails on the way, the signature holds."""
    arrival = replace(
        _arrival(number, "fwd.alumni.example"),
        spf="softfail",
        mail_from=OWN_DOMAIN,
        arc="pass",
        ip="192.0.2.77",
    )
    receiver = provider if provider in _CHECKS_SIGNATURES else "gmail"
    below = [
        ("ARC-Authentication-Results", f"i=1; mx.alumni.example; dkim=pass header.d={OWN_DOMAIN}")
    ]
    return _received("forwarded", receiver, arrival, below)


def by_a_list_that_keeps_signatures(provider: str, number: int) -> MailCase:
    arrival = replace(
        _arrival(number, "lists.cooks.example"),
        mail_from="lists.cooks.example",
        spf="pass",
        ip="192.0.2.78",
    )
    receiver = provider if provider in _CHECKS_SIGNATURES else "icloud"
    below = [
        ("Sender", "ovens-bounces@lists.cooks.example"),
        ("List-Id", "<ovens.lists.cooks.example>"),
        ("List-Post", "<mailto:ovens@lists.cooks.example>"),
        ("Precedence", "list"),
    ]
    return _received("list", receiver, arrival, below)


def by_a_list_that_changes_mails(provider: str, number: int) -> MailCase:
    """A list that this mailbox has had many mails of, and that seals what it found (ARC)."""
    receiver = "gmail" if number % 2 else "fastmail"
    return _received(
        "sealed list", receiver, _of_changing_list(OWN_DOMAIN, number), _list_lines(OWN_DOMAIN)
    )


def signature_without_a_policy(provider: str, number: int) -> MailCase:
    arrival = replace(_arrival(number), dmarc="none", signer=f"mail.{OWN_DOMAIN}", spf="none")
    receiver = provider if provider in _CHECKS_SIGNATURES else "yahoo"
    return _received("signature alone", receiver, arrival)


def envelope_without_a_policy(provider: str, number: int) -> MailCase:
    arrival = replace(_arrival(number), dmarc="none", dkim="none")
    receiver = ("gmail", "zoho", "proton", "own_server_with_rspamd", "own_server_with_spf")[
        number % 5
    ]
    return _received("envelope alone", receiver, arrival)


def sender_is_another_address_of_his(provider: str, number: int) -> MailCase:
    above = [("Sender", f"Allan <{ALIAS}>")]
    return MailCase("own sender", provider, number, _written(number, above), folder="Sent")


def says_that_a_person_wrote_it(provider: str, number: int) -> MailCase:
    above = [("Auto-Submitted", "no"), ("X-Mailer", "Apple Mail (2.3774)")]
    return MailCase("person", provider, number, _written(number, above), folder="Sent Messages")


def within_an_old_company(provider: str, number: int) -> MailCase:
    """Years before servers checked anything: every hop is one of the company's own."""
    above = [
        (
            "Received",
            f"from hub3.{OWN_DOMAIN} ([192.168.110.4]) by box1.{OWN_DOMAIN} with Microsoft SMTPSVC",
        ),
        ("Received", f"from ws-allan.{OWN_DOMAIN} ([192.168.4.9]) by hub3.{OWN_DOMAIN} with SMTP"),
    ]
    return MailCase("company", "company", number, _written(number, above), folder="Inbox")


SHAPES: tuple[Shape, ...] = (
    *(in_a_sent_folder, labelled_as_sent, blind_copy_to_himself, copy_to_himself_of_own_server),
    *(colleagues_inside, never_received, in_a_plain_table, outgoing_by_its_source),
    *(in_an_old_archive, under_his_exchange_name, under_an_alias, forwarded_by_another_server),
    *(by_a_list_that_keeps_signatures, by_a_list_that_changes_mails, signature_without_a_policy),
    *(envelope_without_a_policy, sender_is_another_address_of_his, says_that_a_person_wrote_it),
    *(within_an_old_company, in_a_sent_folder_again),
)
_CHECKS_SIGNATURES = tuple(
    name
    for name in PROVIDERS
    if name not in ("own_server_without_checks", "own_server_with_exim", "own_server_with_spf")
)


def genuine_mails() -> list[MailCase]:
    """`COUNT` mails: every shape in turn, each time at another provider."""
    names = list(PROVIDERS)
    cases = []
    for number in range(COUNT):
        turn, shape = divmod(number, len(SHAPES))
        provider = names[(shape * 3 + turn * 4) % len(names)]
        cases.append(replace(SHAPES[shape](provider, number), locked=bool(shape % 2)))
    return cases


def ordinary_mails(providers: Iterable[str]) -> list[MailCase]:
    """Mail of others, as these mailboxes receive it: most passes, some is a list's."""
    return [
        mail
        for provider in providers
        for number in range(12)
        for mail in (_ordinary(provider, number),)
    ]


def _ordinary(provider: str, number: int) -> MailCase:
    if provider == "company":
        domain = OWN_DOMAIN
        above = [
            (
                "Received",
                f"from mx.{OWN_DOMAIN} ([192.168.110.2]) by box1.{OWN_DOMAIN} with Microsoft "
                f"SMTPSVC",
            ),
            (
                "Received",
                f"from mail{number}.shop.example ([203.0.113.{number}]) by mx.{OWN_DOMAIN} "
                f"with SMTP",
            ),
        ]
    elif number >= 8:
        domain = f"baker{number}.example"
        above = [*PROVIDERS[provider](_of_changing_list(domain, number)), *_list_lines(domain)]
    else:
        domain = f"customer{number}.example"
        arrival = Arrival(domain, f"mx.{domain}", f"192.0.2.{number + 1}", number=number)
        if number % 4 == 1:  # unsigned
            arrival = replace(arrival, dkim="none", dmarc="none")
        above = PROVIDERS[provider](arrival)
    headers = _written(number, above, f"Customer <someone@{domain}>", OWNER)
    return MailCase("ordinary", provider, number, headers, folder="INBOX")


def _of_changing_list(domain: str, number: int) -> Arrival:
    return Arrival(
        *(domain, f"out.{LIST_DOMAIN}", "192.0.2.99", LIST_DOMAIN),
        **{"dkim": "pass", "signer": LIST_DOMAIN, "dmarc": "fail", "arc": "pass", "number": number},  # type: ignore[arg-type]
    )


def _list_lines(domain: str) -> HeaderLines:
    return [
        (
            "ARC-Authentication-Results",
            f"i=1; mx.{LIST_DOMAIN}; dkim=pass header.d={domain}; spf=pass "
            f"smtp.mailfrom=x@{domain}; "
            f"dmarc=pass header.from={domain}",
        ),
        ("List-Id", f"<forum.{LIST_DOMAIN}>"),
        ("List-Post", f"<mailto:forum@{LIST_DOMAIN}>"),
    ]
