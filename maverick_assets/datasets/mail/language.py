"""The words of one language that cleaning looks for, by what they mark.

Each entry is a regular expression for one phrase, without a `|` outside brackets. A field is empty
where a language has no words of its own for it, or where those of another language serve.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class QuoteWords:
    """What introduces a quoted or forwarded mail.

    Case matters, except in separators, `separator_nouns` and `forward_words`.
    """

    sender_labels: tuple[str, ...] = ()  # "From" of a header block, without its colon
    to_labels: tuple[str, ...] = ()
    sent_labels: tuple[str, ...] = ()  # when the mail was sent, as Outlook labels it
    date_labels: tuple[str, ...] = ()  # the same, as most other programs label it
    subject_labels: tuple[str, ...] = ()
    other_labels: tuple[str, ...] = ()  # "Cc", "Importance": fields that a block may hold, too

    date_openings: tuple[str, ...] = ()  # "On" in "On 3 Jun 2025, Dana Cole wrote:"
    wrote: tuple[str, ...] = ()  # "wrote" in the same line
    wrote_on: tuple[str, ...] = ()  # "on" in "Dana Cole wrote on 3 Jun 2025:"
    # Verbs that only the patterns of quotequail hold; they say when to try those patterns.
    wrote_in_quotequail: tuple[str, ...] = ()
    quoting: tuple[str, ...] = ()  # opens an attribution without a verb: "Quoting Dana Cole:"
    # What a text must hold before a pattern with `quoting` is tried. It is shorter than the phrase,
    # because a program may have wrapped the phrase over two lines.
    quoting_hints: tuple[str, ...] = ()

    original_separators: tuple[str, ...] = ()  # "Original Message" between dashes
    forward_separators: tuple[str, ...] = ()  # "Forwarded message" between dashes
    separator_nouns: tuple[str, ...] = ()  # every separator must hold one, such as "message"
    forward_words: tuple[str, ...] = ()  # a separator with one of them is that of a forward

    company_forms: tuple[str, ...] = ()  # "Inc", at the end of a company's name


@dataclass(frozen=True, kw_only=True)
class FooterWords:
    """What stands below a writer's words.

    Case matters in `device_lines` and `get_outlook` only.
    """

    device_lines: tuple[str, ...] = ()  # "Sent from my", with a word or a space at its end
    get_outlook: tuple[str, ...] = ()  # "Get" in "Get Outlook for iOS"
    # "Sent", "Get": first or last in a line that names an app or a device. Case does not matter.
    sent_words: tuple[str, ...] = ()
    scanner_words: tuple[str, ...] = ()  # in a line that names a scanner: "virus-free", "scanned"
    disclaimer_openings: tuple[str, ...] = ()  # the first words of a disclaimer's paragraph
    legal_words: tuple[str, ...] = ()  # one of them stands in the paragraph
    confidential_markings: tuple[str, ...] = ()  # a whole line above the text


@dataclass(frozen=True, kw_only=True)
class BannerWords:
    """What a mail server's banner says above a mail from outside, in lower case.

    A banner holds a word of `origins`, and one of `advice` beside one of `mail` or a decoration.
    """

    origins: tuple[str, ...] = ()  # "external", "outside"
    advice: tuple[str, ...] = ()  # "links", "attachments", "sender"
    mail: tuple[str, ...] = ()  # "this e-mail"


@dataclass(frozen=True, kw_only=True)
class ContactWords:
    """What sets a contact block apart from a mail that is about a telephone or an address.

    Case matters in `abbreviations` only.
    """

    closings: tuple[str, ...] = ()  # "Best regards": a whole line, without its comma
    telephone_labels: tuple[str, ...] = ()  # "tel" before a number
    announcing_ends: tuple[str, ...] = ()  # the last word of a line that leads up to an address
    announcing_words: tuple[str, ...] = ()  # a sentence with one speaks of a telephone or address
    abbreviations: tuple[str, ...] = ()  # a full stop after one of them ends no sentence


@dataclass(frozen=True, kw_only=True)
class MachineMailWords:
    """What a program writes.

    Subjects and lines are matched from their start, phrases anywhere. Senders are local parts of
    addresses, in lower case. Case matters in `click_words` only.
    """

    no_reply_senders: tuple[str, ...] = ()  # "no-reply"
    newsletter_senders: tuple[str, ...] = ()  # "digest"
    service_senders: tuple[str, ...] = ()  # shops and their like: what they send may be a receipt
    bounce_subjects: tuple[str, ...] = ()  # "Undeliverable"
    away_subjects: tuple[str, ...] = ()  # "Automatic reply", without its colon
    response_subjects: tuple[str, ...] = ()  # answers to an invitation, without their colon
    invitation_subjects: tuple[str, ...] = ()  # without their colon
    receipt_subjects: tuple[str, ...] = ()  # "Your order confirmation"
    calendar_lines: tuple[str, ...] = ()  # lines of an invitation's body
    unsubscribe_phrases: tuple[str, ...] = ()  # what a newsletter says near a link
    click_words: tuple[str, ...] = ()  # what stands for a link in a newsletter
    automated_phrases: tuple[str, ...] = ()  # "do not reply to this e-mail"


@dataclass(frozen=True, kw_only=True)
class SubjectPrefixes:
    """What a program puts before the subject of an answer, without the colon."""

    reply: tuple[str, ...] = ()  # "Re"
    forward: tuple[str, ...] = ()  # "Fwd"
    # Says that a mail is a forward, but is no prefix where threads compare subjects.
    ambiguous_forward: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MailLanguage:
    """One language's words."""

    quotes: QuoteWords = field(default_factory=QuoteWords)
    footers: FooterWords = field(default_factory=FooterWords)
    banners: BannerWords = field(default_factory=BannerWords)
    contacts: ContactWords = field(default_factory=ContactWords)
    machine_mail: MachineMailWords = field(default_factory=MachineMailWords)
    subjects: SubjectPrefixes = field(default_factory=SubjectPrefixes)
