"""English, and the labels that programs write whatever the language of their user."""

from maverick_assets.datasets.mail.language import (
    BannerWords,
    ContactWords,
    FooterWords,
    MachineMailWords,
    MailLanguage,
    QuoteWords,
    SubjectPrefixes,
)

_SECRET_KIND = "(?:privileged|confidential|private|proprietary)"

LANGUAGE = MailLanguage(
    quotes=QuoteWords(
        # Outlook: "From: Dana Cole", "Sent: Tuesday, June 3, 2025", "To: ...", "Subject: ..."
        sender_labels=("From", "Author"),
        to_labels=("To",),
        sent_labels=("Sent",),
        # Gmail, Apple Mail: "Date: Tue, 3 Jun 2025 at 10:02"
        date_labels=("Date",),
        subject_labels=("Subject",),
        # Lotus Notes: "cc:", "Fax to:"; Outlook: "Importance: High"
        other_labels=(
            *("Cc", "CC", "cc", "Bcc", "bcc", "Reply-To", "Importance", "Sensitivity"),
            *("Organization", "Fax to", "Attachments", "Priority"),
        ),
        # Gmail: "On Tue, 3 Jun 2025 at 10:02, Dana Cole <dana@x.example> wrote:"
        date_openings=("On", "At"),
        wrote=("wrote", "writes"),
        # Pine: "Dana Cole wrote on 3 Jun 2025:"
        wrote_on=("on",),
        # Horde: "Quoting Dana Cole <dana@x.example>:"
        quoting=("Quoting",),
        quoting_hints=("Quoting",),
        # Outlook: "-----Original Appointment-----"; cc:Mail: "____ Reply Separator ____".
        # quotequail has "Original Message".
        original_separators=("Original Appointment", "Reply Separator"),
        # cc:Mail: "____ Forward Header ____"; Novell: "--- Inline attachment follows ---".
        # quotequail has "Forwarded message" and "Begin forwarded message".
        # Eudora lists: "--- begin forwarded text".
        forward_separators=(
            *("Inline attachment follows", "Forward Header", "Begin forwarded text"),
        ),
        separator_nouns=("message", "appointment", "forward", "separator", "attachment"),
        forward_words=("forward", "inline attachment"),
        # Lotus Notes: "Acme North America Corp." above "From: Dana Cole 09/14/2000 05:24 PM"
        company_forms=("Corp", "Inc", "LLC", "Ltd", r"L\.P", "Company", "Co"),
    ),
    footers=FooterWords(
        # "Sent via my BlackBerry", "This message was sent using Oven Mail."
        device_lines=(
            "Sent (?:via|with|using) (?:my |the )?[A-Z]",
            "This (?:message|mail|e-?mail) was sent using",
        ),
        # Outlook: "Get Outlook for iOS"
        get_outlook=("Get", "Download"),
        disclaimer_openings=(
            # "CONFIDENTIALITY NOTICE: This message is intended only for the addressee ..."
            r"(?:legal |confidentiality |important |privileged |e-?mail )*(?:notice|disclaimer)\W",
            # "The information contained in this e-mail is confidential ..."
            "(?:this|the information (?:contained )?in this|the contents of this) "
            r"(?:e-?mail|email|message|communication|transmission)\b",
            r"the information (?:contained|transmitted)\b",
            r"confidential(?:ity)?\b",
            # "CAUTION: Electronic mail sent through the Internet is not secure."
            r"caution: electronic mail\b",
            # "Please consider the environment before printing this e-mail."
            "please consider the environment",
        ),
        legal_words=(
            *("confidential", "privileged", "intended (?:only|solely|recipient|for)"),
            *("unauthori[sz]ed", "property of", "consider the environment"),
        ),
        confidential_markings=(
            # "Privileged and Confidential", "PRIVATE / PROPRIETARY"
            rf"(?:strictly |highly )?{_SECRET_KIND}"
            rf"(?:(?: and |, | ?& ?| ?/ ?| ){_SECRET_KIND})+",
            # "Strictly confidential"
            rf"(?:strictly|highly) {_SECRET_KIND}",
            # "Attorney-Client Privileged Communication", "Attorney Work Product"
            "(?:attorney|lawyer)[- /]{1,3}client (?:privileged? ?)?(?:communication)?",
            "attorney work product",
            # "Prepared at the Request of Counsel"
            "(?:prepared|drafted|sent) (?:at|upon|on) (?:the )?"
            "(?:request|direction|advice) of (?:legal )?counsel",
        ),
        sent_words=(
            "sent",
            "get",
            "download",
        ),
        scanner_words=(
            "virus-free",
            "scanned",
            "checked for viruses",
            "notified by",
            "tracked (?:with|by)",
        ),
    ),
    banners=BannerWords(
        origins=(
            "external(?:ly)?",
            "outside",
            "unknown sender",
        ),
        advice=(
            "links?",
            "attachments?",
            "senders?",
            "click",
        ),
        mail=(
            "this (?:e-?mail|message|mail)",
            "e-?mail originated",
        ),
    ),
    contacts=ContactWords(
        # "Best regards,", "Many thanks Dana", "Yours sincerely"
        closings=(
            "(?:(?:with )?(?:best|kind|kindest|warm|warmest|many|sincere) )?regards",
            *("best(?: wishes)?", "all the best", "(?:many )?thanks(?: .{1,20})?"),
            *("thank you(?: .{1,25})?", "thx", "cheers", "sincerely(?: yours)?"),
            *("yours(?: truly| sincerely| faithfully)?", "respectfully", "cordially"),
            *("take care", "rgds", "br", "talk soon"),
        ),
        # "Phone: +1 212 555 0100", "T: +1 212 555 0100"
        telephone_labels=(
            *("tel", "phone", "mobile?", "cell", "fax", "direct", "office", "ext"),
            *("t", "m", "f", "mob"),
        ),
        # "Send the oven to", "The plumber is"
        announcing_ends=(
            *("is", "are", "at", "to", "for", "from", "of", "and", "with", "by", "via"),
        ),
        # "Here is the plumber's number", "Please ask for"; not "I will call you on Friday"
        announcing_words=(
            *("here(?:'s| is| are)", "below", "following", "numbers?", "phone", "address"),
            *("details", "info(?:rmation)?", "send", "mail", "ship"),
            "(?:call|contact|reach|ask for|speak to|talk to|fax|e-?mail)"
            r"(?! (?:me|us|you)\b)",
        ),
        # "TestPilot Ovens Inc.", "12 Mill St."
        abbreviations=(
            *("Inc", "Ltd", "Corp", "Co", "Jr", "Sr", "Dr", r"Ph\.?D", "St", "Ave", "Blvd"),
        ),
    ),
    machine_mail=MachineMailWords(
        # "no-reply@x.example", "notifications@x.example"
        no_reply_senders=(
            *("no[-_.]?reply", "do[-_.]?not[-_.]?reply", "notifications?", "notify"),
            *("auto-?confirm", "auto-?mailer", "automated", "daemon"),
        ),
        # "weekly-digest@x.example"
        newsletter_senders=("newsletters?", "digests?", "mailings?"),
        # "orders@x.example"
        service_senders=(
            *("orders?", "billing", "receipts?", "invoices?", "payments?", "service", "support"),
            *("shop", "store", "booking", "bookings", "reservations?", "sales", "info"),
        ),
        # Exchange: "Undeliverable: ovens"; Postfix: "Undelivered Mail Returned to Sender";
        # Exim: "Mail delivery failed: returning message to sender"; qmail: "failure notice"
        bounce_subjects=(
            r"undeliver(?:able|ed)\b",
            "mail delivery (?:failed|failure|subsystem|system)",
            "delivery (?:status notification|failure|has failed)",
            *(r"returned mail\b", "failure notice", "message not delivered"),
        ),
        # Outlook: "Automatic reply: ovens", "Out of Office AutoReply: ovens"
        away_subjects=("auto(?:matic)?[- ]?reply", "out of (?:the )?office"),
        # Outlook, Google: "Accepted: oven test", "Canceled event: oven test"
        response_subjects=(
            *("accepted", "declined", "tentative", "tentatively accepted"),
            *("cancell?ed(?: event)?", "new time proposed", "meeting forward notification"),
        ),
        # Google: "Updated invitation: oven test @ Tue 3 Jun"
        invitation_subjects=("(?:updated |re-)?invitation", "meeting request"),
        # "Your order confirmation", "Your receipt from Ovens", "Thank you for your order"
        receipt_subjects=(
            "(?:your |order |payment |booking |purchase )*(?:receipt|order|payment|booking"
            r"|reservation|purchase) (?:from|confirm\w+|received|#|no\b|has)",
            r"(?:your )?(?:e-?)?receipt\b",
            "thank you for your (?:order|purchase|payment)",
        ),
        # Outlook: "When: Tuesday 10:00-11:00 (GMT+01:00)"
        calendar_lines=("When: .*GMT",),
        # "You are receiving this mail because ...", "Unsubscribe: https://x.example/u"
        unsubscribe_phrases=(
            "unsubscribe",
            r"you(?:'re|\s+are)\s+(?:receiving|subscribed)",
            "stop receiving this",
        ),
        click_words=("click",),
        # "This is an automated message.", "Please do not reply to this e-mail."
        automated_phrases=(
            "this is an auto(?:mated|matic(?:ally generated)?) "
            "(?:e-?mail|message|notification|reply|response)",
            "(?:e-?mail|message) (?:was|is|has been) (?:automatically|auto-?) ?(?:generated|sent)",
            "do not reply (?:directly )?to this (?:e-?mail|message|address)",
        ),
    ),
    subjects=SubjectPrefixes(reply=("re",), forward=("fwd?",)),
)
