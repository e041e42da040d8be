"""Dutch."""

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
        # Outlook: "Van: Dana Cole", "Verzonden: dinsdag 3 juni 2025", "Aan: ...", "Onderwerp: ..."
        sender_labels=("Van",),
        to_labels=("Aan",),
        sent_labels=("Verzonden",),
        date_labels=("Datum",),
        subject_labels=("Onderwerp",),
        other_labels=("Kopie",),
        # Gmail: "Op di 3 jun 2025 om 10:02 schreef Dana Cole <dana@x.example>:"
        # Apple Mail: "Op 3 jun. 2025 om 10:02 heeft Dana Cole het volgende geschreven:"
        date_openings=("Op",),
        wrote=("schreef", "geschreven"),
        wrote_on=("op",),
        wrote_in_quotequail=("heeft",),
        # quotequail has "-----Oorspronkelijk bericht-----", "Origineel bericht", "Doorgestuurd
        # bericht" and "Begin doorgestuurd bericht".
        separator_nouns=("bericht",),
        forward_words=("doorgestuurd",),
    ),
    footers=FooterWords(
        # Apple Mail: "Verstuurd vanaf mijn iPhone"; others: "Verzonden met Outlook"
        device_lines=("Verstuurd (?:vanaf|met|via)", "Verzonden (?:vanaf|met|via)"),
        # "De informatie in dit bericht is vertrouwelijk ..."
        disclaimer_openings=(
            "(?:dit|deze|de informatie in dit|de inhoud van dit) "
            r"(?:bericht|e-?mail|mail)\b",
        ),
        legal_words=("vertrouwelijk", "geadresseerde"),
        confidential_markings=("strikt vertrouwelijk",),
        sent_words=(
            "verzonden",
            "verstuurd",
            "gestuurd",
            "download",
        ),
        scanner_words=(
            "virusvrij",
            "gescand",
        ),
    ),
    banners=BannerWords(
        origins=(
            "extern(?:e)?",
            "buiten",
        ),
        advice=(
            "links?",
            "bijlagen?",
            "afzender",
            "klik",
        ),
        mail=(
            "deze (?:e-?mail|mail)",
            "dit bericht",
        ),
    ),
    contacts=ContactWords(
        # "Met vriendelijke groet,", "Groetjes"
        closings=(
            "(?:met )?(?:(?:vriendelijke|hartelijke|beste|warme) )?groet(?:en|jes)?",
            *("mvg", "bedankt"),
        ),
        announcing_ends=("naar",),
        # "Hier is haar nummer"
        announcing_words=("nummer", "telefoon", "adres"),
    ),
    machine_mail=MachineMailWords(
        # "niet-beantwoorden@x.example"
        no_reply_senders=("niet[-_.]?(?:be)?antwoorden",),
        service_senders=("bestellingen",),
        # Exchange: "Onbestelbaar: ovens"
        bounce_subjects=("onbestelbaar", "niet bezorgd"),
        # Outlook: "Automatisch antwoord: ovens", "Afwezigheidsbericht: ovens"
        away_subjects=("automatisch antwoord", r"afwezigheids\w+", "afwezig", "niet aanwezig"),
        # Outlook: "Geaccepteerd: test", "Voorlopig: test"
        response_subjects=("geaccepteerd", "afgewezen", "geannuleerd", "voorlopig"),
        # Google: "Uitnodiging: test"
        invitation_subjects=("uitnodiging",),
        # "Orderbevestiging 4711", "Bevestiging van je bestelling"
        receipt_subjects=(
            "(?:order|bestel|betalings|boekings)bevestiging",
            "bevestiging van (?:je|uw) (?:bestelling|boeking)",
        ),
        # "Uitschrijven: https://x.example/u"
        unsubscribe_phrases=("uitschrijven", "afmelden voor"),
        click_words=("klik",),
        # "Dit bericht is automatisch verzonden", "Gelieve niet te antwoorden op dit bericht"
        automated_phrases=(
            "automatisch (?:gegenereerd|aangemaakt|verzonden)",
            "niet (?:te )?(?:antwoorden|reageren) op (?:dit|deze)",
        ),
    ),
    # "Antw: ovens" answers, "Doorst: ovens" forwards
    subjects=SubjectPrefixes(reply=("antw",), forward=("doorst",)),
)
