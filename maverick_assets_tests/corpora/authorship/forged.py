"""200 mails that say they are the owner's and are not.

Each shape is a way in which people receive such mails; each comes to several providers' mailboxes.
"""

from collections.abc import Callable
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
_PEOPLE = ("dana@acme.example", "femi@harbour.example", "lena@nordwind.example")
_SENDING_HOSTS = ("vps-4411.rent.example", "smtp7.bulk.example", "dsl-201-7.telco.example")

Shape = Callable[[str, int], MailCase]


def _spoof(number: int) -> Arrival:
    """A mail with the owner's From, handed over by a host that has nothing to do with him."""
    host = _SENDING_HOSTS[number % len(_SENDING_HOSTS)]
    return Arrival(
        domain=OWN_DOMAIN,
        rdns=host,
        ip=f"203.0.113.{number % 250 + 1}",
        mail_from="bulk.example" if number % 2 else "",
        spf=("fail", "softfail", "none", "neutral")[number % 4],
        dkim="none",
        dmarc="fail",
        number=number,
    )


def _written(
    provider: str,
    arrival: Arrival,
    author: str = f"Allan Kern <{OWNER}>",
    to: str = OWNER,
    below: HeaderLines | None = None,
) -> HeaderLines:
    """A received message: the receiver's lines, then what the forger wrote (`below`)."""
    return [
        *PROVIDERS[provider](arrival),
        *(below or []),
        ("From", author),
        ("To", to),
        ("Date", "Tue, 3 Jun 2025 09:00:00 +0000"),
    ]


def _case(kind: str, provider: str, number: int, headers: HeaderLines, **more: object) -> MailCase:
    case = MailCase(kind, provider, number, headers, folder="INBOX")
    return replace(case, **more)  # type: ignore[arg-type]


def blackmail_from_yourself(provider: str, number: int) -> MailCase:
    return _case("blackmail", provider, number, _written(provider, _spoof(number)))


def blackmail_in_a_file_of_all_mail(provider: str, number: int) -> MailCase:
    headers = _written(provider, _spoof(number))
    return _case("all mail", provider, number, headers, folder="all-mail.mbox")


def spam_by_label(provider: str, number: int) -> MailCase:
    headers = [("X-Gmail-Labels", "Spam,Unread"), *_written(provider, _spoof(number))]
    return _case("spam label", provider, number, headers, folder="Takeout.mbox")


def spam_by_folder(provider: str, number: int) -> MailCase:
    folder = ("Junk", "[Gmail]/Spam", "Junk-E-Mail", "Courrier indésirable", "Bulk Mail")[
        number % 5
    ]
    headers = _written(provider, _spoof(number))
    return _case("spam folder", provider, number, headers, folder=folder)


def spam_by_flag(provider: str, number: int) -> MailCase:
    flag = [("X-Spam-Flag", "YES"), ("X-Spam-Status", "Yes, score=14.2 required=5.0")]
    return _case("spam flag", provider, number, flag + _written(provider, _spoof(number)))


def invoice_approved_by_you(provider: str, number: int) -> MailCase:
    to = f"Lena Accounts <lena@{OWN_DOMAIN}>, {OWNER}"
    headers = _written(provider, _spoof(number), to=to)
    return _case("invoice", provider, number, headers)


def results_of_its_own(provider: str, number: int) -> MailCase:
    """It brings a header of the receiver's name, which says that all is well."""
    pretended = [
        line
        for line in PROVIDERS[provider](
            replace(_spoof(number), spf="pass", dkim="pass", dmarc="pass")
        )
        if line[0] in ("Authentication-Results", "Received-SPF", "ARC-Authentication-Results")
    ]
    headers = _written(provider, _spoof(number), below=pretended)
    return _case("own results", provider, number, headers)


def results_of_another_name(provider: str, number: int) -> MailCase:
    pretended = [
        (
            "Authentication-Results",
            f"mx.google.com; dkim=pass header.i=@{OWN_DOMAIN}; spf=pass "
            f"smtp.mailfrom={OWNER}; dmarc=pass header.from={OWN_DOMAIN}",
        )
    ]
    headers = _written(provider, _spoof(number), below=pretended)
    return _case("foreign results", provider, number, headers)


def a_path_of_its_own(provider: str, number: int) -> MailCase:
    """Below the receiver's lines it brings some that begin at the owner's server."""
    pretended = [
        (
            "Received",
            f"from {OWN_HOST} ({OWN_HOST} [198.51.100.4]) by {_SENDING_HOSTS[0]} (Postfix) "
            f"with ESMTPS",
        ),
        (
            "Received",
            f"from [192.168.1.7] (allan-pc [192.168.1.7]) by {OWN_HOST} (Postfix) with ESMTPSA",
        ),
    ]
    headers = _written(provider, _spoof(number), below=pretended)
    return _case("own path", provider, number, headers)


def greets_as_the_owners_server(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number), helo=OWN_HOST, rdns="unknown" if number % 2 else "pool.telco.example"
    )
    return _case("helo", provider, number, _written(provider, arrival))


def says_it_is_internal(provider: str, number: int) -> MailCase:
    pretended = [("X-MS-Exchange-Organization-AuthAs", "Internal")]
    headers = _written(provider, _spoof(number), below=pretended)
    return _case("internal", provider, number, headers)


def a_chain_that_says_pass(provider: str, number: int) -> MailCase:
    """A forwarder of the forger's own, whose ARC set says that the owner's checks passed."""
    arrival = replace(
        _spoof(number),
        arc="pass",
        mail_from="relay.example",
        spf="pass",
        dkim="pass",
        signer="relay.example",
    )
    pretended = [
        (
            "ARC-Authentication-Results",
            f"i=1; mx.relay.example; dkim=pass header.d={OWN_DOMAIN}; spf=pass "
            f"smtp.mailfrom={OWNER}; dmarc=pass header.from={OWN_DOMAIN}",
        )
    ]
    headers = _written(provider, arrival, below=pretended)
    return _case("arc", provider, number, headers)


def two_authors_in_one_header(provider: str, number: int) -> MailCase:
    """The receiver judged the other one."""
    arrival = replace(
        _spoof(number), domain="bulk.example", mail_from="", spf="pass", dkim="pass", dmarc="pass"
    )
    author = f"{OWNER}, Offers <news@bulk.example>"
    return _case("two authors", provider, number, _written(provider, arrival, author))


def two_from_headers(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number), domain="bulk.example", mail_from="", spf="pass", dkim="pass", dmarc="pass"
    )
    headers = _written(provider, arrival, below=[("From", "Offers <news@bulk.example>")])
    return _case("two From", provider, number, headers)


def address_as_a_name(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number), domain="bulk.example", mail_from="", spf="pass", dkim="pass", dmarc="pass"
    )
    author = f'"{OWNER}" <x{number}@bulk.example>'
    return _case("address as name", provider, number, _written(provider, arrival, author))


def name_of_the_owner(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number),
        domain="freemail.example",
        mail_from="",
        spf="pass",
        dkim="pass",
        dmarc="pass",
    )
    author = f"Allan Kern <ceo.office{number}@freemail.example>"
    return _case("name", provider, number, _written(provider, arrival, author, _PEOPLE[0]))


def name_without_an_address(provider: str, number: int) -> MailCase:
    arrival = replace(_spoof(number), domain="", mail_from="bulk.example")
    return _case("name alone", provider, number, _written(provider, arrival, '"Allan Kern"'))


def lookalike_domain(provider: str, number: int) -> MailCase:
    domain = ("kem-ovens.example", "kern-ovens.example.pay.example", "kern--ovens.example")[
        number % 3
    ]
    arrival = replace(
        _spoof(number), domain=domain, mail_from="", spf="pass", dkim="pass", dmarc="pass"
    )
    return _case(
        "lookalike", provider, number, _written(provider, arrival, f"Allan Kern <allan@{domain}>")
    )


def letters_that_look_alike(provider: str, number: int) -> MailCase:
    """Kelvin's sign is lower-cased to a k, Cyrillic letters only look so."""
    domain = ("\u212aern-ovens.example", "\u043aern-ovens.example", "kern\u2010ovens.example")[
        number % 3
    ]
    arrival = replace(
        _spoof(number),
        domain="xn--ern-ovens-x.example",
        mail_from="",
        spf="pass",
        dkim="pass",
        dmarc="pass",
    )
    return _case(
        "letters", provider, number, _written(provider, arrival, f"Allan Kern <allan@{domain}>")
    )


def passes_for_the_forgers_domain(provider: str, number: int) -> MailCase:
    """Envelope and signature are right, but of another domain than From."""
    arrival = replace(
        _spoof(number), spf="pass", dkim="pass", mail_from="bulk.example", signer="bulk.example"
    )
    return _case("unaligned", provider, number, _written(provider, arrival))


def no_policy_to_fail(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number),
        spf="pass",
        dkim="pass",
        mail_from="bulk.example",
        signer="bulk.example",
        dmarc="none",
    )
    return _case("no policy", provider, number, _written(provider, arrival))


def signed_by_a_subdomain_of_the_forger(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number),
        dkim="pass",
        signer=f"{OWN_DOMAIN}.bulk.example",
        mail_from=f"{OWN_DOMAIN}.bulk.example",
        spf="pass",
        dmarc="none",
    )
    return _case("subdomain", provider, number, _written(provider, arrival))


def another_sender(provider: str, number: int) -> MailCase:
    arrival = replace(_spoof(number), spf="pass", mail_from="bulk.example", dmarc="none")
    headers = _written(provider, arrival, below=[("Sender", "mailer@bulk.example")])
    return _case("sender", provider, number, headers)


def answers_go_elsewhere(provider: str, number: int) -> MailCase:
    headers = _written(
        provider, _spoof(number), below=[("Reply-To", "allan.kern@freemail.example")]
    )
    return _case("reply-to", provider, number, headers)


def judged_by_another_from(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number),
        dmarc="pass",
        header_from="bulk.example",
        mail_from="bulk.example",
        spf="pass",
    )
    arrival = replace(arrival, dkim="pass", signer="bulk.example")
    return _case("other From judged", provider, number, _written(provider, arrival))


def pass_in_a_comment(provider: str, number: int) -> MailCase:
    """What a forger chooses (his HELO, his envelope) stands in the receiver's own header."""
    arrival = replace(
        _spoof(number),
        helo="dmarc=pass.bulk.example",
        mail_from=f"bulk.example (dmarc=pass header.from={OWN_DOMAIN}) ",
    )
    return _case("comment", provider, number, _written(provider, arrival))


def own_contact_form(provider: str, number: int) -> MailCase:
    """A visitor gave the owner's address in the form of the owner's site. All checks pass."""
    host = f"www.{OWN_DOMAIN}"
    arrival = Arrival(OWN_DOMAIN, host, "198.51.100.9", number=number)
    below = [
        ("Received", f"by {host} (Postfix, from userid 33) id 7F{number}"),
        ("Reply-To", f"visitor{number}@freemail.example"),
        ("X-Mailer", "PHPMailer 6.8.0 (https://github.com/PHPMailer/PHPMailer)"),
    ]
    headers = _written(provider, arrival, f"Website <{OWNER}>", below=below)
    return _case("contact form", provider, number, headers)


def form_without_an_answer_address(provider: str, number: int) -> MailCase:
    host = f"www.{OWN_DOMAIN}"
    arrival = Arrival(OWN_DOMAIN, host, "198.51.100.9", number=number)
    below = [("Received", f"from www-data by {host} with local (Exim 4.96) id 1tX{number}")]
    return _case("web server", provider, number, _written(provider, arrival, below=below))


def shown_among_sent_mail(provider: str, number: int) -> MailCase:
    """Gmail once labelled such mails as sent, because From was the account's own."""
    arrival = _spoof(number)
    headers = [("X-Gmail-Labels", "Sent,Inbox,Unread"), *_written("gmail", arrival)]
    return _case("ghost", "gmail", number, headers, folder="Takeout.mbox")


def named_by_a_foreign_list(provider: str, number: int) -> MailCase:
    arrival = replace(
        _spoof(number), domain="lists.example", mail_from="", spf="pass", dkim="pass", dmarc="pass"
    )
    below = [("X-Original-From", f"Allan Kern <{OWNER}>"), ("List-Id", "<offers.lists.example>")]
    author = "Allan Kern via Offers <offers@lists.example>"
    headers = _written(provider, arrival, author, "offers@lists.example", below)
    return _case("foreign list", provider, number, headers)


def resent_in_the_owners_name(provider: str, number: int) -> MailCase:
    headers = _written(provider, _spoof(number), below=[("Resent-From", f"Allan Kern <{OWNER}>")])
    return _case("resent", provider, number, headers)


def kept_without_its_path(provider: str, number: int) -> MailCase:
    """An export dropped the Received lines; what the receiver found is still there."""
    headers = [line for line in _written(provider, _spoof(number)) if line[0] != "Received"]
    return _case("no path", provider, number, headers)


def incoming_by_its_source(provider: str, number: int) -> MailCase:
    headers = [("From", f"Allan Kern <{OWNER}>"), ("To", OWNER)]
    case = MailCase("incoming", provider, number, headers, direction="incoming")
    return case if number % 2 else replace(case, headers=[], is_plain=True)


SHAPES: tuple[Shape, ...] = (
    *(blackmail_from_yourself, blackmail_in_a_file_of_all_mail, spam_by_label, spam_by_folder),
    *(spam_by_flag, invoice_approved_by_you, results_of_its_own, results_of_another_name),
    *(a_path_of_its_own, greets_as_the_owners_server, says_it_is_internal, a_chain_that_says_pass),
    *(two_authors_in_one_header, two_from_headers, address_as_a_name, name_of_the_owner),
    *(name_without_an_address, lookalike_domain, letters_that_look_alike),
    *(passes_for_the_forgers_domain, no_policy_to_fail, signed_by_a_subdomain_of_the_forger),
    *(another_sender, answers_go_elsewhere, judged_by_another_from, pass_in_a_comment),
    *(own_contact_form, form_without_an_answer_address, shown_among_sent_mail),
    *(named_by_a_foreign_list, resent_in_the_owners_name, kept_without_its_path),
    incoming_by_its_source,
)


def forged_mails() -> list[MailCase]:
    """`COUNT` mails: every shape in turn, each time at another provider."""
    names = list(PROVIDERS)
    cases = []
    for number in range(COUNT):
        turn, shape = divmod(number, len(SHAPES))
        provider = names[(shape * 5 + turn * 3) % len(names)]
        cases.append(replace(SHAPES[shape](provider, number), locked=bool(shape % 2)))
    return cases
