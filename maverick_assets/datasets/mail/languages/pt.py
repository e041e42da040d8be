"""Portuguese, of Portugal and of Brazil."""

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
        # Outlook: "De: Dana Cole", "Enviada em: terça-feira, 3 de junho", "Para: ...",
        # "Assunto: ..."; Thunderbird: "Data: Tue, 3 Jun 2025 10:02:00 +0200"
        sender_labels=("De",),
        to_labels=("Para",),
        sent_labels=("Enviado em", "Enviada em", "Enviado", "Enviada"),
        date_labels=("Data",),
        subject_labels=("Assunto",),
        # Outlook: "Cco: ..."
        other_labels=("CCO", "Cco"),
        # Gmail: "Em ter., 3 de jun. de 2025 às 10:02, Dana Cole <dana@x.example> escreveu:"
        # Apple Mail: "No dia 3 de jun. de 2025, às 10:02, Dana Cole <...> escreveu:"
        date_openings=("Em", "No dia"),
        wrote=("escreveu",),
        wrote_on=("em",),
        # Horde: "Citando Dana Cole <dana@x.example>:"
        quoting=("Citando",),
        quoting_hints=("Citando",),
        # Outlook: "-----Mensagem original-----"
        original_separators=("Mensagem original",),
        # Gmail: "---------- Mensagem encaminhada ---------", in Portugal "reencaminhada"
        # Apple Mail: "Início da mensagem encaminhada:"
        forward_separators=(
            *("Mensagem encaminhada", "Mensagem reencaminhada"),
            *("Início da mensagem encaminhada", "Início da mensagem reencaminhada"),
        ),
        separator_nouns=("mens",),
        forward_words=("encaminhada",),
    ),
    footers=FooterWords(
        # Apple Mail: "Enviado do meu iPhone"; others: "Enviado a partir do meu telefone". The
        # space at the end of "Enviado do " keeps "Enviado domingo" out.
        device_lines=("Enviado do ", "Enviado a partir d"),
        # Outlook: "Obter o Outlook para iOS"
        get_outlook=("Obter o",),
        # "Esta mensagem é confidencial ..."
        disclaimer_openings=(
            "(?:esta|este|a informação contida nesta) "
            r"(?:mensagem|e-?mail|comunicação)\b",
        ),
        legal_words=("confidencial", "destinat[aá]r"),
        confidential_markings=("estritamente confidencial",),
        sent_words=(
            "enviado",
            "enviada",
            "obter",
            "obtenha",
            "baix(?:ar|e)",
            "descarregar",
        ),
        scanner_words=(
            "livre de vírus",
            "verificado",
        ),
    ),
    banners=BannerWords(
        origins=(
            "externo",
            "externa",
            "fora da",
        ),
        advice=(
            "links?",
            "anexos",
            "remetente",
            "clique",
        ),
        mail=("(?:este|esta) (?:mensagem|e-?mail)",),
    ),
    contacts=ContactWords(
        # "Um abraço,", "Com os melhores cumprimentos"
        closings=(
            *("(?:um )?abraços?", "atenciosamente", "cordialmente"),
            "(?:(?:com os )?(?:melhores|meus) )?cumprimentos",
            *("obrigad[oa]", "att", "saudações"),
        ),
        # "Telefone: +351 21 555 0100"
        telephone_labels=("telefone?",),
        announcing_ends=("a",),
        # "O telefone dela"
        announcing_words=("número", "telefone", "endereço"),
        # "TestPilot Lda."
        abbreviations=("Lda",),
    ),
    machine_mail=MachineMailWords(
        # "nao-responda@x.example"
        no_reply_senders=("nao[-_.]?responda",),
        service_senders=("pedidos?", "encomendas?"),
        # Exchange: "Não entregue: fornos"
        bounce_subjects=("não entregue", "não foi possível entregar", "falha na entrega"),
        # Outlook: "Resposta automática: fornos"
        away_subjects=("resposta automática", "fora do escritório"),
        # Outlook: "Aceito: teste", in Portugal "Aceite: teste"
        response_subjects=("aceit[oe]", "recusado", "cancelad[oa]"),
        # Google: "Convite: teste"
        invitation_subjects=("convite",),
        # "Confirmação do pedido", "O seu recibo"
        receipt_subjects=(
            "confirmação d[aeo] (?:seu )?(?:pedido|encomenda|pagamento|compra|reserva)",
            "(?:o )?seu (?:pedido|recibo)",
        ),
        # "Cancelar inscrição: https://x.example/u"
        unsubscribe_phrases=("cancelar (?:a |sua )?(?:inscrição|subscrição)", "descadastr"),
        click_words=("clique",),
        # "Por favor, não responda a este e-mail"
        automated_phrases=("não respond[ae] a est", "(?:gerad[oa]|enviad[oa]) automaticamente"),
    ),
    # Outlook: "RES: fornos" answers, "ENC: fornos" forwards
    subjects=SubjectPrefixes(reply=("res",), forward=("enc",)),
)
