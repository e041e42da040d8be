"""Polish."""

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
        # Outlook: "Od: Dana Cole", "Wysłano: wtorek, 3 czerwca 2025", "Do: ...", "Temat: ..."
        sender_labels=("Od",),
        to_labels=("Do",),
        sent_labels=("Wysłano", "Wysłane"),
        date_labels=("Data",),
        subject_labels=("Temat",),
        # Outlook: "DW: ...", "UDW: ..."
        other_labels=("DW", "UDW", "Kopia"),
        # Onet: "Dnia 3 czerwca 2025 10:02 Dana Cole <dana@x.example> napisał(a):"
        # Thunderbird: "W dniu 3.06.2025 o 10:02, Dana Cole pisze:"
        date_openings=("Dnia", "W dniu"),
        wrote=(r"napisał(?:\(a\)|a)?", "pisze"),
        wrote_on=("dnia", "w dniu"),
        # Apple Mail: "Wiadomość napisana przez Dana Cole w dniu 3 cze 2025, o godz. 10:02:"
        quoting=("Wiadomość napisana przez",),
        quoting_hints=("przez",),
        # Outlook: "-----Wiadomość oryginalna-----"
        original_separators=("Wiadomość oryginalna", "Oryginalna wiadomość"),
        # Gmail: "---------- Przekazana wiadomość ---------"; Thunderbird: "-------- Wiadomość
        # przekazana dalej --------"; Apple Mail: "Początek przekazywanej wiadomości:"
        forward_separators=(
            *("Wiadomość przekazana(?: dalej)?", "Przekazana wiadomość"),
            *("Początek przekazywanej wiadomości", "Treść przekazanej wiadomości"),
        ),
        separator_nouns=("wiadomo",),
        forward_words=("przekaz",),
    ),
    footers=FooterWords(
        # Apple Mail: "Wysłane z iPhone'a"
        device_lines=("Wysłan[eo] z",),
        # Outlook: "Pobierz program Outlook dla systemu iOS"
        get_outlook=("Pobierz",),
        # "Ta wiadomość jest poufna ..."
        disclaimer_openings=(
            r"(?:ta|niniejsza|treść tej|informacje zawarte w tej) (?:wiadomoś\w+|e-?mail)\b",
        ),
        legal_words=("poufn",),
        confidential_markings=("ściśle poufne",),
        sent_words=(
            "wysłan[eoay]",
            "wysłano",
            "pobierz",
            "uzyskaj",
        ),
        scanner_words=(
            "wolna od wirusów",
            "sprawdzon[ay]",
        ),
    ),
    banners=BannerWords(
        origins=(
            r"zewnętrzn\w+",
            "spoza",
            "zewnątrz",
        ),
        advice=(
            "linki",
            "linków",
            "załączniki",
            "załączników",
            r"nadawc\w+",
        ),
        mail=("(?:ta|ten) (?:wiadomość|e-?mail)",),
    ),
    contacts=ContactWords(
        # "Pozdrawiam serdecznie,", "Z poważaniem"
        closings=(
            *("(?:serdecznie )?pozdrawiam(?: serdecznie)?", "(?:łączę )?pozdrowienia"),
            *("z poważaniem", "dziękuję"),
        ),
        telephone_labels=("telefon",),
        announcing_ends=("do",),
        # "To jej numer"
        announcing_words=("telefon", "adres", r"kontakt\w*", "numer"),
        # "TestPilot Sp. z o.o."
        abbreviations=("Sp",),
    ),
    machine_mail=MachineMailWords(
        # "nie-odpowiadaj@x.example"
        no_reply_senders=("nie[-_.]?odpowiadaj",),
        service_senders=("zamowienia",),
        # Exchange: "Nie można dostarczyć: piekarniki"
        bounce_subjects=("nie można dostarczyć", "niedostarczon", "niedostarczaln"),
        # Outlook: "Automatyczna odpowiedź: piekarniki"
        away_subjects=(
            *("automatyczna odpowiedź", "odpowiedź automatyczna", "poza biurem", "nieobecność"),
        ),
        # Outlook: "Zaakceptowano: test", "Wstępnie: test"
        response_subjects=(*("zaakceptowan[oey]", "odrzucon[oey]", "odwołan[oey]", "wstępnie"),),
        # Google: "Zaproszenie: test"
        invitation_subjects=("zaproszenie",),
        # "Potwierdzenie zamówienia"
        receipt_subjects=("potwierdzenie (?:zamówienia|płatności|rezerwacji|zakupu)",),
        # "Wypisz się: https://x.example/u"
        unsubscribe_phrases=(
            *("wypisz się", "wypisać się", "zrezygnować z (?:subskrypcji|newslettera)"),
        ),
        click_words=("klik",),
        # "Prosimy nie odpowiadać na tę wiadomość"
        automated_phrases=(
            "nie odpowiada(?:ć|j) na t[eę]",
            "wygenerowan[aoey] automatycznie",
        ),
    ),
    # Thunderbird: "Odp: piekarniki" answers; Outlook: "PD: piekarniki" forwards
    subjects=SubjectPrefixes(reply=("odp",), forward=("pd",)),
)
