"""Mail that a program wrote: nobody's words, so no example is made of it.

Decided from sender, subject and own words alone, because a CRM row has no headers. A human who
answers such a mail ("Re: ...") is not taken for one.
"""

import re

_BOUNCE_SENDER = re.compile(r"(?:mailer-daemon|postmaster|mail-?daemon|bounces?\b.*)@")
_NO_REPLY_SENDER = re.compile(
    r"(?:.*[-_.+])?(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|nao[-_.]?responda|no[-_.]?responder"
    r"|no[-_.]?contestar|ne[-_.]?pas[-_.]?repondre|(?:nicht|keine)[-_.]?antwort(?:en)?"
    r"|non[-_.]?rispondere|niet[-_.]?(?:be)?antwoorden|svar[-_.]?ikke|svara[-_.]?inte"
    r"|nie[-_.]?odpowiadaj|notifications?|notify|auto-?confirm|auto-?mailer|automated|daemon)"
    r"(?:[-_.+].*|\d*)@"
)
_NEWSLETTER_SENDER = re.compile(r"(?:.*[-_.+])?(?:newsletters?|digests?|mailings?)(?:[-_.+].*)?@")
_SERVICE_SENDER = re.compile(
    r"(?:.*[-_.+])?(?:orders?|billing|receipts?|invoices?|payments?|service|support|shop|store"
    r"|booking|bookings|reservations?|kundenservice|bestellung(?:en)?|rechnung(?:en)?|commandes?"
    r"|facturation|pedidos?|ordini|encomendas?|bestellingen|ordre|zamowienia|sales|info)"
    r"(?:[-_.+].*|\d*)@"
)
_BOUNCE = re.compile(
    r"undeliver(?:able|ed)\b|mail delivery (?:failed|failure|subsystem|system)|delivery (?:status "
    r"notification|failure|has failed)|returned mail\b|failure notice|message not delivered"
    r"|unzustellbar|nicht zugestellt|zustellung fehlgeschlagen|non remis|échec de (?:la )?remise"
    r"|message non distribué|no se puede entregar|no se pudo entregar|no entregado|non recapitabile"
    r"|mancato recapito|não entregue|não foi possível entregar|falha na entrega|onbestelbaar"
    r"|niet bezorgd|ikke leveret|kan ikke leveres|kunde inte levereras|går inte att leverera"
    r"|olevererbart|nie można dostarczyć|niedostarczon|niedostarczaln",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"(?:auto(?:matic)?[- ]?reply|out of (?:the )?office|automatische antwort|abwesenheits\w+"
    r"|abwesend|réponse automatique|absence du bureau|respuesta automática|fuera de la oficina"
    r"|risposta automatica|fuori (?:sede|ufficio)|resposta automática|fora do escritório"
    r"|automatisch antwoord|afwezigheids\w+|afwezig|niet aanwezig|automatisk svar|autosvar"
    r"|ikke på kontoret|automatiskt svar|frånvaro\w*|automatyczna odpowiedź"
    r"|odpowiedź automatyczna|poza biurem|nieobecność)\b(?:[^:]{0,30}:|\s*auto-?reply$)",
    re.IGNORECASE,
)
_RESPONSE = re.compile(
    r"(?:accepted|declined|tentative|tentatively accepted|cancell?ed(?: event)?|new time proposed"
    r"|meeting forward notification|zugesagt|angenommen|abgelehnt|abgesagt|mit vorbehalt"
    r"|vorläufig|accepté|refusé|annulé|provisoire|aceptad[oa]|rechazad[oa]|cancelad[oa]|provisional"
    r"|accettato|rifiutato|annullato|provvisorio|aceit[oe]|recusado|geaccepteerd|afgewezen"
    r"|geannuleerd|voorlopig|accepteret|afvist|aflyst|foreløbig|accepterat|accepterad|avböjt"
    r"|tackat nej|inställt|preliminärt|zaakceptowan[oey]|odrzucon[oey]|odwołan[oey]|wstępnie)\s?:",
    re.IGNORECASE,
)
_INVITATION = re.compile(
    r"(?:(?:updated |re-)?invitation|meeting request|(?:aktualisierte )?einladung|invitación|invito"
    r"|convite|uitnodiging|inbjudan|zaproszenie)\s?:",
    re.IGNORECASE,
)
_CALENDAR = re.compile(
    r"^(?:BEGIN:VCALENDAR|[ \t]*TASK ASSIGNMENT[ \t]*$|CALENDAR ENTRY:"
    r"|\*~\*~\*~|When: .*GMT|Wann: .*UTC)"
    r"|calendar\.google\.com|^(?:Microsoft Teams|Join Zoom) Meeting|teams\.microsoft\.com/l/meetup",
    re.MULTILINE | re.IGNORECASE,
)
_RECEIPT = re.compile(
    r"(?:your |order |payment |booking |purchase )*(?:receipt|order|payment|booking|reservation"
    r"|purchase) (?:from|confirm\w+|received|#|no\b|has)|(?:your )?(?:e-?)?receipt\b"
    r"|thank you for your "
    r"(?:order|purchase|payment)|ihre (?:bestellung|rechnung|buchung)|(?:bestell|zahlungs|buchungs)"
    r"bestätigung|confirmation de (?:votre )?(?:commande|paiement|réservation)|votre (?:commande"
    r"|reçu"
    r"|facture)|confirmación de (?:tu |su )?(?:pedido|compra|pago|reserva)|(?:tu|su) (?:pedido"
    r"|recibo"
    r"|factura)|conferma (?:d[ei]l? |d'|dell')?(?:ordine|pagamento|prenotazione|acquisto)"
    r"|(?:la tua "
    r"|vostra )?ricevuta|confirmação d[aeo] (?:seu )?(?:pedido|encomenda|pagamento|compra|reserva)"
    r"|(?:o )?seu (?:pedido|recibo)|(?:order|bestel|betalings|boekings)bevestiging|bevestiging van "
    r"(?:je|uw) (?:bestelling|boeking)|ordrebekræftelse|(?:din )?kvittering|orderbekräftelse"
    r"|(?:ditt )?"
    r"kvitto|bokningsbekräftelse|potwierdzenie (?:zamówienia|płatności|rezerwacji|zakupu)",
    re.IGNORECASE,
)
_UNSUBSCRIBE = re.compile(
    r"unsubscribe|you(?:'re|\s+are)\s+(?:receiving|subscribed)|stop receiving this|(?:newsletter"
    r"|e-?mails?).{0,40}(?:abbestellen|abmelden)|(?:abbestellen"
    r"|abmelden).{0,40}"
    r"newsletter|désabonner|désinscri|darse de baja|cancelar (?:la|su|tu) suscripción"
    r"|anular (?:la|su) "
    r"suscripción|annulla(?:re)? l'iscrizione|disiscri|cancelar (?:a |sua )?(?:inscrição"
    r"|subscrição)"
    r"|descadastr|uitschrijven|afmelden voor|afmeld|frameld|avregistrera|avprenumerera|avsluta "
    r"prenumerationen|wypisz się|wypisać się|zrezygnować z (?:subskrypcji|newslettera)",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://|www\.|click|klick|klik|cliqu|clic|clique|\S@\S")
_AUTOMATED = re.compile(
    r"this is an auto(?:mated|matic(?:ally generated)?) (?:e-?mail|message|notification|reply"
    r"|response)"
    r"|(?:e-?mail|message) (?:was|is|has been) (?:automatically|auto-?) ?(?:generated|sent)"
    r"|do not reply (?:directly )?to this (?:e-?mail|message|address)|automatisch (?:generiert"
    r"|erstellt"
    r"|erzeugt|gegenereerd|aangemaakt|verzonden)|nicht auf diese (?:e-?mail|nachricht)"
    r"|ne pas répondre à"
    r" ce|message (?:est )?(?:généré|envoyé) automatiquement|no respond[ae] a este"
    r"|mensaje automático"
    r"|generado automáticamente|non rispondere a quest|generat[oa] automaticamente"
    r"|não respond[ae] a est"
    r"|(?:gerad[oa]|enviad[oa]) automaticamente|niet (?:te )?(?:antwoorden|reageren) op (?:dit"
    r"|deze)"
    r"|(?:svar|besvar) (?:venligst )?ikke (?:på )?denne|automatisk (?:genereret|sendt|genererat"
    r"|skickat)"
    r"|svara inte på (?:detta|denna)|nie odpowiada(?:ć|j) na t[eę]|wygenerowan[aoey] automatycznie",
    re.IGNORECASE,
)
_MIN_NEWSLETTER = 120
_READ_CHARACTERS = 20_000


def automatic(sender: str, subject: str, text: str) -> str | None:
    """Why a mail is a program's (bounce, out of office, invitation, newsletter, receipt, no-reply),
    None where a human wrote it.

    `sender` in lower case, `text`: its own words, without quotes and footers: the footer of a
    mailing list below a human's words says nothing about him.
    """
    text = text[:_READ_CHARACTERS]
    if _BOUNCE_SENDER.match(sender) or _BOUNCE.match(subject):
        return "bounce"
    if _AWAY.match(subject):
        return "out of office"
    if _RESPONSE.match(subject) or _CALENDAR.search(text):
        return "invitation"
    if _INVITATION.match(subject) and not text:
        return "invitation"
    automated = bool(_AUTOMATED.search(text))
    no_reply = bool(_NO_REPLY_SENDER.match(sender))
    if _RECEIPT.match(subject) and (automated or no_reply or _SERVICE_SENDER.match(sender)):
        return "receipt"
    if _NEWSLETTER_SENDER.match(sender) or _is_newsletter(text):
        return "newsletter"
    return "no-reply" if no_reply or automated else None


def _is_newsletter(text: str) -> bool:
    said = _UNSUBSCRIBE.search(text) if len(text) >= _MIN_NEWSLETTER else None
    return bool(said and _LINK.search(text, max(said.start() - 200, 0), said.end() + 200))
