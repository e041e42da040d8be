"""Swedish."""

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
        # Outlook: "Från: Dana Cole", "Skickat: den 3 juni 2025 10:02", "Till: ...", "Ämne: ..."
        sender_labels=("Från",),
        to_labels=("Till",),
        sent_labels=("Skickat",),
        date_labels=("Datum",),
        subject_labels=("Ämne",),
        # Outlook: "Kopia: ..."
        other_labels=("Kopia",),
        # Gmail: "Den tis 3 juni 2025 kl 10:02 skrev Dana Cole <dana@x.example>:"
        date_openings=("Den",),
        wrote=("skrev",),
        wrote_on=("den",),
        # Outlook: "-----Ursprungligt meddelande-----"
        original_separators=("Ursprungligt meddelande", "Originalmeddelande"),
        # Apple Mail: "Vidarebefordrat brev:"; quotequail has Gmail's "Vidarebefordrat meddelande".
        forward_separators=(
            "Vidarebefordrat (?:brev|mejl|meddelande)",
            "Börja vidarebefordrat (?:brev|meddelande)",
        ),
        separator_nouns=("meddel", "brev", "mejl"),
        forward_words=("vidarebefordrat",),
    ),
    footers=FooterWords(
        # Apple Mail: "Skickat från min iPhone"
        device_lines=("Skickat från",),
        # Outlook: "Hämta Outlook för iOS"
        get_outlook=("Hämta",),
        # "Detta meddelande är konfidentiellt ..."
        disclaimer_openings=(
            "(?:detta|det här|informationen i detta) "
            r"(?:e-?post\w*|e-?mail|mejl|meddelande)\b",
        ),
        legal_words=("konfidentiell", "sekretess"),
        confidential_markings=("strikt konfidentiellt",),
        sent_words=(
            "skickat",
            "skickades",
            "hämta",
            "skaffa",
            "ladda ned?",
        ),
        scanner_words=(
            "virusfri",
            "kontrollerats",
        ),
    ),
    banners=BannerWords(
        origins=(
            "extern(?:a|t)?",
            "utanför",
            "utifrån",
        ),
        advice=(
            "länkar",
            "bilagor",
            "avsändaren?",
            "klicka",
        ),
        mail=(
            "(?:det här|detta) (?:meddelandet?|e-?postmeddelandet?|mejlet?)",
            "denna e-?post",
        ),
    ),
    contacts=ContactWords(
        # "Med vänliga hälsningar", "Tack"
        closings=(
            "(?:med )?(?:(?:vänliga?|bästa|hjärtliga|varma|många) )?hälsning(?:ar)?",
            *("mvh", "tack"),
        ),
        telephone_labels=("telefon",),
        announcing_ends=("till",),
        # "Här är hennes nummer"
        announcing_words=("nummer", "telefon", "adress[ea]?n?", r"kontakt\w*"),
    ),
    machine_mail=MachineMailWords(
        # "svara-inte@x.example"
        no_reply_senders=("svara[-_.]?inte",),
        # Exchange: "Kunde inte levereras: ugnar", "Olevererbart: ugnar"
        bounce_subjects=("kunde inte levereras", "går inte att leverera", "olevererbart"),
        # Outlook: "Automatiskt svar: ugnar", "Frånvarobesked: ugnar"
        away_subjects=("automatiskt svar", r"frånvaro\w*"),
        # Outlook: "Accepterat: test", "Preliminärt: test"
        response_subjects=(
            *("accepterat", "accepterad", "avböjt", "tackat nej", "inställt", "preliminärt"),
        ),
        # Google: "Inbjudan: test"
        invitation_subjects=("inbjudan",),
        # "Orderbekräftelse", "Ditt kvitto"
        receipt_subjects=("orderbekräftelse", "(?:ditt )?kvitto", "bokningsbekräftelse"),
        # "Avregistrera: https://x.example/u"
        unsubscribe_phrases=("avregistrera", "avprenumerera", "avsluta prenumerationen"),
        click_words=("klick",),
        # "Svara inte på detta mejl", "Detta brev är automatiskt skickat"
        automated_phrases=("automatisk (?:genererat|skickat)", "svara inte på (?:detta|denna)"),
    ),
    # Outlook: "SV: ugnar" answers, "VB: ugnar" forwards
    subjects=SubjectPrefixes(reply=("sv",), forward=("vb",)),
)
