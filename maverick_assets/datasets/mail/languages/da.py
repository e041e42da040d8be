"""Danish."""

from maverick_assets.datasets.mail.language import (
    BannerWords,
    ContactWords,
    FooterWords,
    MachineMailWords,
    MailLanguage,
    QuoteWords,
    SubjectPrefixes,
)

LANGUAGE = MailLanguage(
    quotes=QuoteWords(
        # Outlook: "Fra: Dana Cole", "Sendt: 3. juni 2025 10:02", "Til: ...", "Emne: ..."
        sender_labels=("Fra",),
        to_labels=("Til",),
        sent_labels=("Sendt",),
        # Thunderbird: "Dato: Tue, 3 Jun 2025 10:02:00 +0200"
        date_labels=("Dato",),
        subject_labels=("Emne",),
        other_labels=("Kopi",),
        # Gmail: "Den tirs. 3. jun. 2025 kl. 10.02 skrev Dana Cole <dana@x.example>:"
        date_openings=("Den",),
        wrote=("skrev",),
        wrote_on=("den",),
        # Outlook: "-----Oprindelig meddelelse-----"
        original_separators=("Oprindelig meddelelse",),
        # Gmail: "---------- Videresendt besked ---------"; Apple: "Start på videresendt besked:"
        forward_separators=(
            *("Videresendt meddelelse", "Videresendt besked"),
            "Start på videresendt (?:besked|meddelelse)",
        ),
        separator_nouns=("meddel", "besked"),
        forward_words=("videresendt",),
    ),
    footers=FooterWords(
        # Outlook: "Hent Outlook til iOS"; mailparser_reply has "Sendt fra min iPhone".
        get_outlook=("Hent",),
        # "Denne e-mail er fortrolig ..."
        disclaimer_openings=(
            "(?:denne|indholdet af denne|oplysningerne i denne) "
            r"(?:e-?mail|mail|besked|meddelelse)\b",
        ),
        legal_words=("fortrolig",),
        confidential_markings=("strengt fortroligt",),
        sent_words=(
            "sendt",
            "hent",
        ),
        scanner_words=(
            "virusfri",
            "kontrolleret",
        ),
    ),
    banners=BannerWords(
        origins=(
            "ekstern(?:e|t)?",
            "uden for",
            "udefra",
        ),
        advice=(
            "links?",
            "vedhæftede filer",
            "afsender(?:en)?",
            "klik",
        ),
        mail=("denne (?:e-?mail|mail|besked|meddelelse)",),
    ),
    contacts=ContactWords(
        # "Med venlig hilsen", "Mange hilsner"
        closings=(
            "(?:med )?(?:(?:venlig|kærlig|bedste|de bedste|mange) )?hils(?:en|ner)",
            *("mvh", "kh", "vh", "tak"),
        ),
        # "Tlf. +45 55 55 01 00"
        telephone_labels=("tlf", "telefon"),
        announcing_ends=("til",),
        # "Her er hendes nummer"
        announcing_words=("nummer", "telefon", "adress[ea]?n?", r"kontakt\w*"),
    ),
    machine_mail=MachineMailWords(
        # "svar-ikke@x.example"
        no_reply_senders=("svar[-_.]?ikke",),
        service_senders=("ordre",),
        # Exchange: "Ikke leveret: ovne"
        bounce_subjects=("ikke leveret", "kan ikke leveres"),
        # Outlook: "Automatisk svar: ovne"
        away_subjects=("automatisk svar", "autosvar", "ikke på kontoret"),
        # Outlook: "Accepteret: test", "Foreløbig: test"
        response_subjects=("accepteret", "afvist", "aflyst", "foreløbig"),
        # "Ordrebekræftelse", "Din kvittering"
        receipt_subjects=("ordrebekræftelse", "(?:din )?kvittering"),
        # "Afmeld: https://x.example/u"; Dutch "afmelden voor" is left to Dutch, which takes the
        # whole phrase
        unsubscribe_phrases=("afmeld(?!en voor)", "frameld"),
        click_words=("klik",),
        # "Svar venligst ikke på denne mail", "Denne besked er automatisk genereret"
        automated_phrases=(
            "(?:svar|besvar) (?:venligst )?ikke (?:på )?denne",
            "automatisk (?:genereret|sendt)",
        ),
    ),
    # Outlook: "SV: ovne" answers, "VS: ovne" forwards
    subjects=SubjectPrefixes(reply=("sv",), forward=("vs",)),
)
