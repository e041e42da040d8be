"""German."""

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
        # Outlook: "Von: Dana Cole", "Gesendet: Dienstag, 3. Juni", "An: ...", "Betreff: ..."
        sender_labels=("Von",),
        to_labels=("An",),
        sent_labels=("Gesendet",),
        # Thunderbird: "Datum: Tue, 3 Jun 2025 10:02:00 +0200"
        date_labels=("Datum",),
        subject_labels=("Betreff",),
        # Thunderbird: "Antwort an: ..."; Outlook: "Wichtigkeit: Hoch", "Anlagen: ofen.pdf"
        other_labels=("Kopie", "Antwort an", "Wichtigkeit", "Anlagen"),
        # Gmail: "Am Di., 3. Juni 2025 um 10:02 Uhr schrieb Dana Cole <dana@x.example>:"
        date_openings=("Am",),
        wrote=("schrieb",),
        # Gmail on a telephone: "Dana Cole <dana@x.example> schrieb am Di., 3. Juni 2025, 10:02:"
        wrote_on=("am",),
        # Horde: "Zitat von Dana Cole <dana@x.example>:"
        quoting=("Zitat von",),
        quoting_hints=("Zitat von",),
        # Thunderbird: "-------- Weitergeleitete Nachricht --------"
        # Apple Mail: "Anfang der weitergeleiteten Nachricht:"
        # quotequail has Outlook's "-----Ursprüngliche Nachricht-----".
        forward_separators=("Weitergeleitete Nachricht", "Anfang der weitergeleiteten Nachricht"),
        separator_nouns=("nachricht", "e-mail"),
        forward_words=("weitergeleitet",),
        company_forms=("GmbH",),
    ),
    footers=FooterWords(
        # Apple Mail: "Von meinem iPhone gesendet"; Samsung: "Diese Nachricht wurde von meinem
        # Android-Gerät gesendet."; Outlook: "Outlook für Android herunterladen"
        device_lines=(
            "Von meinem .{2,30} gesendet",
            "Diese Nachricht wurde von meinem .{2,60} gesendet",
            "Outlook für",
        ),
        # Outlook: "Holen Sie sich Outlook für iOS"
        get_outlook=("Holen Sie sich",),
        # "Diese E-Mail enthält vertrauliche Informationen ..."
        disclaimer_openings=(
            "(?:diese|der inhalt dieser|die informationen? in dieser) "
            r"(?:e-?mail|nachricht)\b",
        ),
        legal_words=("vertraulich",),
        confidential_markings=("streng vertraulich",),
        sent_words=(
            "gesendet",
            "verschickt",
            "versendet",
            "geschickt",
            "herunterladen",
            "laden Sie",
            "holen Sie sich",
        ),
        scanner_words=(
            "virenfrei",
            "auf Viren (?:geprüft|überprüft)",
        ),
    ),
    banners=BannerWords(
        origins=(
            "extern(?:e[nrms]?)?",
            "außerhalb",
            "ausserhalb",
            "unbekannten? absender",
        ),
        advice=(
            "links?",
            "anhänge",
            "anlagen",
            "absenders?",
            "anklicken",
            "klicken",
        ),
        mail=("(?:diese|folgende) (?:e-?mail|nachricht|mail)",),
    ),
    contacts=ContactWords(
        # "Mit freundlichen Grüßen", "Viele Grüße aus München"
        closings=(
            "(?:mit )?(?:(?:viele|liebe|beste|schöne|herzliche|freundliche|sonnige)n? )?"
            "(?:grüße|grüsse|gruesse|gruß|gruss)n?(?: aus .{2,20})?",
            *("mfg", "lg", "vg", "danke", "vielen dank"),
        ),
        # "Telefon: +49 89 5550100"
        telephone_labels=("telefon",),
        # "Schick den Ofen an"
        announcing_ends=("an", "bei"),
        # "Hier ist ihre Nummer"
        announcing_words=("nummer", "telefon", "adress[ea]?n?", r"kontakt\w*"),
    ),
    machine_mail=MachineMailWords(
        # "nicht-antworten@x.example"
        no_reply_senders=("(?:nicht|keine)[-_.]?antwort(?:en)?",),
        service_senders=("kundenservice", "bestellung(?:en)?", "rechnung(?:en)?"),
        # Exchange: "Unzustellbar: Öfen"
        bounce_subjects=("unzustellbar", "nicht zugestellt", "zustellung fehlgeschlagen"),
        # Outlook: "Automatische Antwort: Öfen"; Lotus Notes: "Abwesenheitsnotiz: Öfen"
        away_subjects=("automatische antwort", r"abwesenheits\w+", "abwesend"),
        # Outlook: "Zugesagt: Ofentest", "Mit Vorbehalt: Ofentest"
        response_subjects=(
            *("zugesagt", "angenommen", "abgelehnt", "abgesagt", "mit vorbehalt", "vorläufig"),
        ),
        # Google: "Aktualisierte Einladung: Ofentest"
        invitation_subjects=("(?:aktualisierte )?einladung",),
        # "Ihre Bestellung 4711", "Buchungsbestätigung"
        receipt_subjects=(
            "ihre (?:bestellung|rechnung|buchung)",
            "(?:bestell|zahlungs|buchungs)bestätigung",
        ),
        # Outlook: "Wann: Dienstag 10:00 (UTC+01:00)"
        calendar_lines=("Wann: .*UTC",),
        # "Newsletter abbestellen: https://x.example/u"
        unsubscribe_phrases=(
            "(?:newsletter|e-?mails?).{0,40}(?:abbestellen|abmelden)",
            "(?:abbestellen|abmelden).{0,40}newsletter",
        ),
        click_words=("klick",),
        # "Diese Nachricht wurde automatisch erstellt", "Bitte nicht auf diese E-Mail antworten"
        automated_phrases=(
            "automatisch (?:generiert|erstellt|erzeugt)",
            "nicht auf diese (?:e-?mail|nachricht)",
        ),
    ),
    # Outlook: "AW: Öfen" answers, "WG: Öfen" forwards
    subjects=SubjectPrefixes(reply=("aw", "antw"), forward=("wg",)),
)
