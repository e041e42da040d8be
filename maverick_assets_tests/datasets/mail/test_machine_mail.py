"""Mail of programs is marked in ten languages; mail of people about the same things is not."""

import pytest

from maverick_assets.datasets.mail.machine_mail import machine_mail_reason

DANA = "dana@x.example"
NEWS = "Our new ovens are here, and so is the sale of the year. " * 5


@pytest.mark.parametrize(
    ("reason", "sender", "subject", "text"),
    [
        ("bounce", "mailer-daemon@x.example", "Re: ovens", "550 unknown user"),
        *(
            ("bounce", "mail@x.example", subject, "The address is unknown.")
            for subject in (
                "Undeliverable: ovens",
                "Unzustellbar: Öfen",
                "Non remis : fours",
                "No se puede entregar: hornos",
                "Non recapitabile: forni",
                "Não entregue: fornos",
                "Onbestelbaar: ovens",
                "Ikke leveret: ovne",
                "Kunde inte levereras: ugnar",
                "Nie można dostarczyć: piekarniki",
            )
        ),
        *(
            ("out of office", DANA, subject, "I am back on Monday.")
            for subject in (
                "Automatic reply: ovens",
                "Out of Office AutoReply: ovens",
                "Automatische Antwort: Öfen",
                "Abwesenheitsnotiz: Öfen",
                "Réponse automatique : fours",
                "Respuesta automática: hornos",
                "Risposta automatica: forni",
                "Resposta automática: fornos",
                "Automatisch antwoord: ovens",
                "Automatisk svar: ovne",
                "Automatiskt svar: ugnar",
                "Automatyczna odpowiedź: piekarniki",
            )
        ),
        *(
            ("invitation", DANA, subject, "")
            for subject in (
                "Accepted: oven test",
                "Invitation: oven test @ Tue 3 Jun",
                "Zugesagt: Ofentest",
                "Abgelehnt: Ofentest",
                "Accepté : essai",
                "Aceptado: prueba",
                "Accettato: prova",
                "Aceito: teste",
                "Geaccepteerd: test",
                "Accepteret: test",
                "Accepterat: test",
                "Zaakceptowano: test",
            )
        ),
        ("invitation", DANA, "Oven test", "When: Tuesday 10:00 (GMT+01:00)\nWhere: kitchen"),
        *(
            ("newsletter", "hello@x.example", "Ovens!", f"{NEWS}\n\n{footer}")
            for footer in (
                "Unsubscribe: https://x.example/u",
                "Newsletter abbestellen: https://x.example/u",
                "Se désabonner : https://x.example/u",
                "Darse de baja: https://x.example/u",
                "Disiscriviti: https://x.example/u",
                "Cancelar inscrição: https://x.example/u",
                "Uitschrijven: https://x.example/u",
                "Afmeld: https://x.example/u",
                "Avregistrera: https://x.example/u",
                "Wypisz się: https://x.example/u",
            )
        ),
        ("newsletter", "newsletter@x.example", "Ovens!", "short"),
        *(
            ("receipt", "orders@x.example", subject, "Total: 30 EUR")
            for subject in (
                "Your order confirmation",
                "Your receipt from Ovens",
                "Ihre Bestellung 4711",
                "Votre commande 4711",
                "Confirmación de pedido",
                "Conferma d'ordine",
                "Confirmação do pedido",
                "Orderbevestiging 4711",
                "Ordrebekræftelse",
                "Orderbekräftelse",
                "Potwierdzenie zamówienia",
            )
        ),
        ("no-reply", "no-reply@x.example", "Your account", "Something happened."),
        ("no-reply", "nicht-antworten@x.example", "Ihr Konto", "Etwas ist geschehen."),
        ("no-reply", "it@x.example", "Disk", "This is an automated message. Disk is 90 % full."),
    ],
)
def test_machine_mail_has_its_reason(reason: str, sender: str, subject: str, text: str) -> None:
    assert machine_mail_reason(sender, subject, text) == reason


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        (DANA, "Re: Undeliverable: ovens", "Odd, I sent it again."),
        (DANA, "Re: Automatic reply: ovens", "Have a good holiday!"),
        (DANA, "Out of office tomorrow and a question", "Could you take the call?"),
        (DANA, "Invitation: summer party", "Hi all, come by at six. Dana"),
        (DANA, "Order confirmation", "Attached is our order confirmation. Dana"),
        (DANA, "the list", "How do I unsubscribe from www.x.example?"),
        (DANA, "Read this", "please"),
        ("noreen.plytas@x.example", "Hello", "Hi!"),
        ("allan@newsletter-shop.example", "Hello", "Hi!"),
        (DANA, "Accepted!", "We got the deal."),
    ],
)
def test_mail_of_people_has_no_reason(sender: str, subject: str, text: str) -> None:
    assert machine_mail_reason(sender, subject, text) is None
