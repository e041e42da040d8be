"""Spanish."""

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
        # Outlook: "De: Dana Cole", "Enviado el: martes, 3 de junio", "Para: ...", "Asunto: ..."
        sender_labels=("De",),
        to_labels=("Para", "A"),
        sent_labels=("Enviado el", "Enviado"),
        # Thunderbird: "Fecha: Tue, 3 Jun 2025 10:02:00 +0200"
        date_labels=("Fecha",),
        subject_labels=("Asunto",),
        # Outlook: "CCO: ..."
        other_labels=("CCO", "Cco", "Copia"),
        # Gmail: "El mar, 3 jun 2025 a las 10:02, Dana Cole (<dana@x.example>) escribió:"
        date_openings=("El",),
        wrote=("escribió",),
        wrote_on=("el",),
        # Horde: "Citando a Dana Cole <dana@x.example>:"
        quoting=("Citando",),
        quoting_hints=("Citando",),
        # quotequail has "-----Mensaje original-----" and "Inicio del mensaje reenviado:".
        separator_nouns=("mens",),
        forward_words=("reenviado",),
    ),
    footers=FooterWords(
        # "Enviado del iPad", "Enviado a partir de mi Samsung"; mailparser_reply has "Enviado desde
        # mi iPhone". The space at the end of "Enviado del " keeps "Enviado delante" out.
        device_lines=("Enviado del ", "Enviado a partir d"),
        # Outlook: "Obtener Outlook para iOS"
        get_outlook=("Obtener",),
        disclaimer_openings=(
            # "Aviso legal: ..."
            r"aviso (?:legal|légal|legale)\b",
            # "Este mensaje es confidencial ..."
            r"(?:este|la información contenida en este) (?:mensaje|correo|e-?mail)\b",
        ),
        # "destinatario", also typed with the accent of Portuguese
        legal_words=("confidencial", "destinat[aá]r"),
        confidential_markings=("estrictamente confidencial",),
        sent_words=(
            "enviado",
            "obtener",
            "descargar?",
        ),
        scanner_words=(
            "libre de virus",
            "analizado",
        ),
    ),
    banners=BannerWords(
        origins=(
            "externos?",
            "externa",
            "fuera de",
        ),
        advice=(
            "enlaces?",
            "v[ií]nculos?",
            "adjuntos",
            "remitente",
            "clic",
        ),
        mail=("este (?:mensaje|correo|e-?mail|mail)",),
    ),
    contacts=ContactWords(
        # "Un cordial saludo,", "Muchas gracias"
        closings=(
            "(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?",
            *("atentamente", "(?:muchas )?gracias", "un abrazo"),
        ),
        announcing_ends=("a", "al"),
        # "Este es su teléfono"
        announcing_words=("número", "teléfono", "dirección"),
    ),
    machine_mail=MachineMailWords(
        # "no-responder@x.example"
        no_reply_senders=("no[-_.]?responder", "no[-_.]?contestar"),
        service_senders=("pedidos?",),
        # Exchange: "No se puede entregar: hornos"
        bounce_subjects=("no se puede entregar", "no se pudo entregar", "no entregado"),
        # Outlook: "Respuesta automática: hornos"
        away_subjects=("respuesta automática", "fuera de la oficina"),
        # Outlook: "Aceptado: prueba", "Provisional: prueba"
        response_subjects=("aceptad[oa]", "rechazad[oa]", "cancelad[oa]", "provisional"),
        # Google: "Invitación: prueba"
        invitation_subjects=("invitación",),
        # "Confirmación de tu pedido", "Su factura"
        receipt_subjects=(
            "confirmación de (?:tu |su )?(?:pedido|compra|pago|reserva)",
            "(?:tu|su) (?:pedido|recibo|factura)",
        ),
        # "Darse de baja: https://x.example/u"
        unsubscribe_phrases=(
            "darse de baja",
            "cancelar (?:la|su|tu) suscripción",
            "anular (?:la|su) suscripción",
        ),
        click_words=("clic",),
        # "Por favor, no responda a este mensaje"
        automated_phrases=(
            *("no respond[ae] a este", "mensaje automático", "generado automáticamente"),
        ),
    ),
    # Outlook: "RV: hornos" forwards
    subjects=SubjectPrefixes(forward=("rv",)),
)
