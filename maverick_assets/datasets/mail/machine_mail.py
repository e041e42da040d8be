"""Machine mail: mail that a program wrote. It is nobody's words, so no example is made of it.

Sender, subject and text decide, because a row of the CRM has no headers. Subjects are matched from
their start, so that a human's answer ("Re: ...") to machine mail is not taken for one.
"""

import re

from maverick_assets.datasets.mail.languages import any_of

# Local parts may have words around: "shop-no-reply+4711@x.example", "orders2@x.example"
_BEFORE, _AFTER = r"(?:.*[-_.+])?", r"(?:[-_.+].*|\d*)@"
# Any mail server: "mailer-daemon@x.example"
_BOUNCE_SENDER = re.compile(r"(?:mailer-daemon|postmaster|mail-?daemon|bounces?\b.*)@")
# "no-reply@x.example", "nicht-antworten@x.example"
_NO_REPLY_SENDER = re.compile(
    rf"{_BEFORE}(?:{any_of(lambda language: language.machine_mail.no_reply_senders)}){_AFTER}"
)
# "weekly-digest@x.example", but without a number: "digest2@" may be somebody's
_NEWSLETTER_SENDER = re.compile(
    rf"{_BEFORE}(?:{any_of(lambda language: language.machine_mail.newsletter_senders)})"
    r"(?:[-_.+].*)?@"
)
# "orders@x.example", "rechnung@x.example"
_SERVICE_SENDER = re.compile(
    rf"{_BEFORE}(?:{any_of(lambda language: language.machine_mail.service_senders)}){_AFTER}"
)

# Exchange: "Undeliverable: ovens", "Unzustellbar: Öfen"
_BOUNCE = re.compile(any_of(lambda language: language.machine_mail.bounce_subjects), re.IGNORECASE)
# Outlook: "Automatic reply: ovens", "Abwesenheitsnotiz: Öfen". Without a colon a human wrote it:
# "Out of office tomorrow and a question"
_AWAY = re.compile(
    rf"(?:{any_of(lambda language: language.machine_mail.away_subjects)})\b"
    r"(?:[^:]{0,30}:|\s*auto-?reply$)",
    re.IGNORECASE,
)
# Outlook, Google: "Accepted: oven test", "Zugesagt: Ofentest"
_RESPONSE = re.compile(
    rf"(?:{any_of(lambda language: language.machine_mail.response_subjects)})\s?:", re.IGNORECASE
)
# Google: "Invitation: oven test @ Tue 3 Jun", "Einladung: Ofentest"
_INVITATION = re.compile(
    rf"(?:{any_of(lambda language: language.machine_mail.invitation_subjects)})\s?:",
    re.IGNORECASE,
)
# "Your order confirmation", "Ihre Bestellung 4711"
_RECEIPT = re.compile(
    any_of(lambda language: language.machine_mail.receipt_subjects), re.IGNORECASE
)

# Bodies of invitations. iCalendar: "BEGIN:VCALENDAR"; Outlook: "When: Tuesday 10:00 (GMT+01:00)"
# Outlook and Lotus Notes, English only: "\tTASK ASSIGNMENT", "CALENDAR ENTRY:", "*~*~*~*~*~*"
_CALENDAR = re.compile(
    r"^(?:BEGIN:VCALENDAR|[ \t]*TASK ASSIGNMENT[ \t]*$|CALENDAR ENTRY:|\*~\*~\*~|"
    + any_of(lambda language: language.machine_mail.calendar_lines)
    + r")",
    re.MULTILINE | re.IGNORECASE,
)
# Searched in lower-case texts: ignoring case takes four times as long.
# "You are receiving this mail because ... Unsubscribe: https://x.example/u"
_UNSUBSCRIBE = re.compile(any_of(lambda language: language.machine_mail.unsubscribe_phrases))
_LINK = re.compile(
    r"https?://|www\.|" + any_of(lambda language: language.machine_mail.click_words) + r"|\S@\S"
)
# "This is an automated message.", "Bitte nicht auf diese E-Mail antworten"
_AUTOMATED = re.compile(any_of(lambda language: language.machine_mail.automated_phrases))
_SHORTEST_NEWSLETTER = 120  # characters
_LINK_CHARACTERS = 200  # around a phrase, within which a link is near
_READ_CHARACTERS = 20_000  # of a mail that are searched


def machine_mail_reason(sender: str, subject: str, text: str) -> str | None:
    """Why a mail is machine mail; None where a human wrote it.

    The reasons are bounce, out of office, invitation, newsletter, receipt and no-reply.

    `sender` is in lower case. `text` is the mail's own words, without quotes and footers: the
    footer of a mailing list below a human's words says nothing about him.
    """
    text = text[:_READ_CHARACTERS]
    if _BOUNCE_SENDER.match(sender) or _BOUNCE.match(subject):
        return "bounce"
    if _AWAY.match(subject):
        return "out of office"
    if _RESPONSE.match(subject) or _CALENDAR.search(text):
        return "invitation"
    if _INVITATION.match(subject) and not text:  # people, too, write "Invitation: summer party"
        return "invitation"
    lowered = text.lower()
    automated = bool(_AUTOMATED.search(lowered))
    no_reply = bool(_NO_REPLY_SENDER.match(sender))
    if _RECEIPT.match(subject) and (automated or no_reply or _SERVICE_SENDER.match(sender)):
        return "receipt"
    if _NEWSLETTER_SENDER.match(sender) or _is_newsletter(lowered):
        return "newsletter"
    return "no-reply" if no_reply or automated else None


def _is_newsletter(text: str) -> bool:
    """Whether a long text, in lower case, mentions unsubscribing, with a link nearby."""
    phrase = _UNSUBSCRIBE.search(text) if len(text) >= _SHORTEST_NEWSLETTER else None
    if phrase is None:
        return False
    start = max(phrase.start() - _LINK_CHARACTERS, 0)
    return bool(_LINK.search(text, start, phrase.end() + _LINK_CHARACTERS))
