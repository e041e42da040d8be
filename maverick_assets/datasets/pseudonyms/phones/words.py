"""Words before a figure that say whether it is a phone number.

To add a language, add its words to the lists. Endings stand for all that follows: `bestell` denies
"Bestellnummer" and "Bestell-Nr.".
"""

import re
from typing import Literal

# A word that announces a number, which therefore may have any form: "Tel. 713 853 4759",
# "Handy 0171/1234567", "Tél. 04 91 22 33 44", "móvil 612345678", "Komórka: 600123456"
_ANNOUNCING = """
tel tele telephone telephones telefon telefono teléfono téléphone telefone telefone telefoon
telefonnummer telefoonnummer telefonszám telefonu telefonní tlf tlm tlph tél phone phones phone# fon
fone cell cellphone cellulare cel celular mobile mobil mobiel mobilnummer mobiltelefon móvil
telemóvel telemovel movil portable port. gsm natel handy handynummer rufnummer mob kom komórka
komórkowy matkapuhelin puhelin puh fax faks telefax pager festnetz fixe fijo fisso direct durchwahl
dw hotline whatsapp viber telegram тел телефон моб мобильный мобільний факс τηλ τηλέφωνο κινητό
irtibat cep
電話 电话 携帯 手机 微信同号 手機 전화 טלפון נייד هاتف جوال تلفن موبایل फोन मोबाइल
"""
# A word that makes a number in an odd form likely: "call 555 01 23", "her number is 555-0132"
_SUGGESTING = """
call calls ring rings dial text sms reach reached try at number num line office landline ruf rufe
anrufen nummer unter wähl appelle appelez rappelle rappeler numéro joignable llama llamar llame
número chiama chiamare numero liga ligar ligue bel bellen ring ringe zadzwoń numer zavolej číslo
num number's звони звоните номер מספר 番号 号码 ph
"""
# A word that says what else a figure is: "Order no. 4155550132", "Kundennummer: 0664 1234567"
_DENYING = """
order orders invoice ticket sku part article item tracking customer account acct reference ref
serial isbn issn ean upc iban bic swift vat ssn ein id uid pid uuid port build commit hash timestamp
epoch version versions rfc chmod locker meter reading batch job file lot zip policy claim route
bestell auftrag rechnung kunden artikel sendung aktenzeichen az vertrag konto blz ust steuer zähler
postleitzahl plz commande facture client dossier siret siren référence devis pedido factura cliente
expediente ordine fattura pratica codice partita encomenda fatura processo cpf cnpj nif order klant
factuur bestelling kvk btw ordre faktura kunde konto cvr org organisasjons organisations kid
bankgiro plusgiro faktur zamówieni paczek paczk przesyłk umow nip regon krs pesel objednávk faktur
ičo dič abn acn bsb clabe ifsc pan заказ счёт счет инн огрн договор 注文 订单 kontonummer sort
"""


def _any_word(text: str) -> str:
    return "|".join(sorted({re.escape(word) for word in text.split()}, key=len, reverse=True))


# Between such a word and the number, a few words at most: "my cell is", "Mobil Nr.",
# "Telefonnummer lautet", "call me at"
_GAP = (
    r"(?:[ \t.:#/=()\[\]°-]|\b(?:no|nr|number|numéro|número|numer|nummer|is|ist|est|es|lautet|me|us"
    r"|him|her|them|at|on|au|al|ao|pod|op|på|til|w|poste|direct)\b){0,20}\n?[ >#]{0,12}"
)
_ANNOUNCED = re.compile(
    rf"(?:(?<![^\W_])(?:{_any_word(_ANNOUNCING)})|[☎☏✆📞📱📠]️?){_GAP}\Z", re.IGNORECASE
)
_ONE_LETTER = re.compile(r"(?<![^\W\d_])[TMFP][.:]? ?\Z")  # in a signature: "T 020 7946 0123"
_SUGGESTED = re.compile(
    rf"(?<![^\W_])(?:{_any_word(_SUGGESTING)})(?![^\W_])[^\d\n]{{0,25}}\Z", re.IGNORECASE
)
_STEM_LETTERS = 5  # of a word that denies with any ending; a shorter one must be whole
_SIGNS = r"[ \t.:#°º№()/-]{0,4}"
_NUMBER_WORD = (
    r"(?:(?:#|no|nr|num|number|numbers|id|n°|nº|zamówienia|faktury|de|of|do)[ \t.:#°]{0,3}){1,2}"
)
_DENYING_STEMS = " ".join(word for word in _DENYING.split() if len(word) >= _STEM_LETTERS)
_OTHER_NUMBER = (
    rf"(?<![^\W_])(?:(?:{_any_word(_DENYING)})|(?:{_any_word(_DENYING_STEMS)})"
    rf"[^\s\d:]{{0,14}}){_SIGNS}"
)
_DENIED = re.compile(rf"{_OTHER_NUMBER}(?:{_NUMBER_WORD})?\Z", re.IGNORECASE)
_NUMBERED = re.compile(rf"{_OTHER_NUMBER}{_NUMBER_WORD}\Z", re.IGNORECASE)
LOOK_BACK = 48  # characters before a number that say what it is


Evidence = Literal["announced", "suggested", "other", "numbered", "none"]


def evidence(before: str) -> Evidence:
    """What the words before a figure say of it.

    `other`: that it is the number of something else, perhaps. `numbered`: beyond doubt, as in
    `order no. 415-555-0132`, but not in `order: 415-555-0132`.
    """
    if _ANNOUNCED.search(before):
        return "announced"
    if _DENIED.search(before):
        return "numbered" if _NUMBERED.search(before) else "other"
    if _SUGGESTED.search(before) or _ONE_LETTER.search(before):
        return "suggested"
    return "none"
