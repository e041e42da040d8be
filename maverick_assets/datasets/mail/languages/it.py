"""Italian."""

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
        # Outlook: "Da: Dana Cole", "Inviato: martedì 3 giugno 2025", "A: ...", "Oggetto: ..."
        sender_labels=("Da",),
        to_labels=("A",),
        sent_labels=("Inviato",),
        # Thunderbird: "Data: Tue, 3 Jun 2025 10:02:00 +0200"
        date_labels=("Data",),
        subject_labels=("Oggetto",),
        # Outlook: "Ccn: ...", "Allegati: forno.pdf"
        other_labels=("Ccn", "Copia", "Allegati"),
        # Gmail: "Il giorno mar 3 giu 2025 alle ore 10:02 Dana Cole <dana@x.example> ha scritto:"
        date_openings=("Il",),
        wrote=("ha scritto",),
        wrote_on=("il",),
        # Horde: "Citando Dana Cole <dana@x.example>:"
        quoting=("Citando",),
        quoting_hints=("Citando",),
        # Outlook: "-----Messaggio originale-----"
        original_separators=("Messaggio originale",),
        # Gmail: "---------- Messaggio inoltrato ---------"; Apple: "Inizio messaggio inoltrato:"
        forward_separators=("Messaggio inoltrato", "Inizio messaggio inoltrato"),
        separator_nouns=("messaggio",),
        forward_words=("inoltrato",),
    ),
    footers=FooterWords(
        # Apple Mail: "Inviato da iPhone"; others: "Inviato dal mio Galaxy"
        device_lines=("Inviato dal?",),
        # Outlook: "Scarica Outlook per iOS"
        get_outlook=("Scarica",),
        disclaimer_openings=(
            # "Avvertenza legale: ..."
            r"avvertenza (?:legal|légal|legale)\b",
            # "Le informazioni contenute in questo messaggio sono riservate ..."
            "(?:questo|questa|le informazioni contenute in questo) "
            r"(?:messaggio|e-?mail|comunicazione)\b",
        ),
        legal_words=("riservat", "destinat[aá]r"),
        confidential_markings=("strettamente riservato",),
        sent_words=(
            "inviato",
            "inviata",
            "ottieni",
            "scarica",
        ),
        scanner_words=(
            "privo di virus",
            "controllat[ao]",
        ),
    ),
    banners=BannerWords(
        origins=(
            "esterno",
            "esterna",
            r"all\Westerno",
        ),
        advice=(
            "link",
            "collegamenti",
            "allegati",
            "mittente",
            "cliccare",
        ),
        mail=("(?:questo|questa|la presente) (?:messaggio|e-?mail|mail)",),
    ),
    contacts=ContactWords(
        # "Cordiali saluti,", "Grazie mille"
        closings=(
            "cordialmente",
            "(?:(?:cordiali|distinti|cari|tanti) )?saluti",
            *("un saluto", "grazie(?: mille)?", "a presto"),
        ),
        announcing_ends=("a", "al"),
        # "Questo è il suo indirizzo"
        announcing_words=("num[ée]ro", "telefono", "indirizzo"),
    ),
    machine_mail=MachineMailWords(
        # "non-rispondere@x.example"
        no_reply_senders=("non[-_.]?rispondere",),
        service_senders=("ordini",),
        # Exchange: "Non recapitabile: forni"
        bounce_subjects=("non recapitabile", "mancato recapito"),
        # Outlook: "Risposta automatica: forni"
        away_subjects=("risposta automatica", "fuori (?:sede|ufficio)"),
        # Outlook: "Accettato: prova", "Provvisorio: prova"
        response_subjects=("accettato", "rifiutato", "annullato", "provvisorio"),
        # Google: "Invito: prova"
        invitation_subjects=("invito",),
        # "Conferma d'ordine", "La tua ricevuta"
        receipt_subjects=(
            "conferma (?:d[ei]l? |d'|dell')?(?:ordine|pagamento|prenotazione|acquisto)",
            "(?:la tua |vostra )?ricevuta",
        ),
        # "Disiscriviti: https://x.example/u"
        unsubscribe_phrases=("annulla(?:re)? l'iscrizione", "disiscri"),
        click_words=("clic",),
        # "Si prega di non rispondere a questa e-mail"
        automated_phrases=("non rispondere a quest", "generat[oa] automaticamente"),
    ),
    # Outlook: "R: forni" answers, "I: forni" forwards. A first mail that begins with "R:" is rarer
    # than an Italian. Threads do not strip "I:", so that "I: forni" and "forni" stay two subjects.
    subjects=SubjectPrefixes(reply=("rif", "r"), ambiguous_forward=("i",)),
)
