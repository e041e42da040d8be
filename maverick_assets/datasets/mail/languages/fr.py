"""French."""

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
        # Outlook: "De : Dana Cole", "Envoyé : mardi 3 juin 2025", "À : ...", "Objet : ..."
        sender_labels=("De",),
        to_labels=("À", "A", "Pour"),
        sent_labels=("Envoyé",),
        date_labels=("Date",),
        subject_labels=("Objet", "Sujet"),
        # Outlook: "Cci : ..."; Thunderbird: "Répondre à : ..."
        other_labels=("CCI", "Cci", "Répondre à"),
        # Gmail: "Le mar. 3 juin 2025 à 10:02, Dana Cole <dana@x.example> a écrit :"
        # Eudora: "A 10:02 03/06/2025, Dana Cole a écrit :"
        date_openings=("Le", "A"),
        wrote=("a écrit",),
        wrote_on=("le",),
        # Outlook: "-----Message d'origine-----"
        original_separators=("Message d'origine", "Message original"),
        # Gmail: "---------- Message transféré ---------"; Apple: "Début du message transféré :"
        forward_separators=("Message transféré", "Début du message transféré"),
        separator_nouns=("message",),
        forward_words=("réexpédié", "transféré"),
    ),
    footers=FooterWords(
        # Apple Mail: "Envoyé de mon iPhone"; Outlook: "Envoyé à partir d'Outlook"
        device_lines=("Envoyé de mon", "Envoyé à partir d"),
        # Outlook: "Télécharger Outlook pour iOS"
        get_outlook=("Obtenir", "Télécharger"),
        disclaimer_openings=(
            # "Avis légal : ..."
            r"(?:avis|note) (?:legal|légal|legale)\b",
            # "Ce message et ses pièces jointes sont confidentiels ..."
            "(?:ce|cet|le contenu de ce|les informations contenues dans ce) "
            r"(?:message|courriel|e-?mail|mail)\b",
        ),
        legal_words=("confidentiel", "destinataire"),
        confidential_markings=("strictement confidentiel",),
        sent_words=(
            "envoyé",
            "envoyée?",
            "obtenir",
            "télécharg(?:er|ez)",
            "provenance",
        ),
        scanner_words=(
            "sans virus",
            "analysé",
            "garanti sans virus",
        ),
    ),
    banners=BannerWords(
        origins=(
            r"l\Wextérieur",
            "externes?",
            "hors de",
        ),
        advice=(
            "liens?",
            "pièces jointes",
            "expéditeur",
            "cliquez",
        ),
        mail=("(?:ce|cet) (?:message|e-?mail|courriel|mail)",),
    ),
    contacts=ContactWords(
        # "Bien cordialement,", "Salutations distinguées"
        closings=(
            "(?:bien )?cordialement",
            "(?:meilleures |sincères )?salutations(?: distinguées)?",
            *("amicalement", "bien à (?:vous|toi)", "merci(?: .{1,20})?", "bonne journée"),
            *("à bientôt", "amitiés", "bises", "cdlt"),
        ),
        # "Tél. : +33 1 55 55 01 00"
        telephone_labels=("tél",),
        announcing_ends=("à", "a"),
        # "Voici ses coordonnées"
        announcing_words=("num[ée]ro", "t[ée]l[ée]phone", "coordonnées", "adress[ea]?n?"),
    ),
    machine_mail=MachineMailWords(
        # "ne-pas-repondre@x.example"
        no_reply_senders=("ne[-_.]?pas[-_.]?repondre",),
        service_senders=("commandes?", "facturation"),
        # Exchange: "Non remis : fours"
        bounce_subjects=("non remis", "échec de (?:la )?remise", "message non distribué"),
        # Outlook: "Réponse automatique : fours"
        away_subjects=("réponse automatique", "absence du bureau"),
        # Outlook: "Accepté : essai", "Provisoire : essai"
        response_subjects=("accepté", "refusé", "annulé", "provisoire"),
        # "Confirmation de votre commande", "Votre facture"
        receipt_subjects=(
            "confirmation de (?:votre )?(?:commande|paiement|réservation)",
            "votre (?:commande|reçu|facture)",
        ),
        # "Se désabonner : https://x.example/u"
        unsubscribe_phrases=("désabonner", "désinscri"),
        click_words=("cliqu",),
        # "Merci de ne pas répondre à ce message"
        automated_phrases=(
            "ne pas répondre à ce",
            "message (?:est )?(?:généré|envoyé) automatiquement",
        ),
    ),
    # Outlook: "TR : fours" forwards
    subjects=SubjectPrefixes(forward=("tr",)),
)
