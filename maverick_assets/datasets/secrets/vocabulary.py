"""The words by which people tell secrets, in ten languages.

Nouns such as "password", with stems of which every text that holds one has one: looking for these
is fast. Words that tie a value to a noun, and that say what is meant.
"""

import re
from dataclasses import dataclass

from maverick_assets.datasets.secrets.rules import listed

_LEFT, _RIGHT = r"(?<![^\W_])", r"(?![^\W_])"


@dataclass(frozen=True)
class Noun:
    """`pattern` is for texts in lower case."""

    pattern: re.Pattern[str]
    stems: tuple[str, ...]


PASSWORD = Noun(
    re.compile(
        rf"(?:{_LEFT}(?P<loose>(?P<short>pass|contra|lösen|losen|ww)|clave|wi-?fi|wlan|koden?"
        r"|kode|kod|(?P<open>code|código|codice|clé|key|chiave|chave|schlüssel|sleutel|nyckel|nøgle))"
        rf"|{_LEFT}(?<![$/.?&])(?:pwd?|psw|p/w|pword|passwd|mdp|mots? de passe"
        r"|parola d['\u2019 ]\w+|parola chiave|palavra[- ]?passe|senhas?|kenncode"
        r"|(?P<pair>creds|credentials|zugangsdaten|identifiants|credenciales|credenziali|credenciais)"
        r"|haseł|has[łl][oaeu]\w{0,2})"
        r"|pass-?word(?:s|et|en)?|pass ?phrases?|pass-?codes?|passwort(?:e?s)?|kennwort(?:e?s)?"
        r"|contrase(?:ñ|n\u0303?)as?|wachtwoord|adgangskoden?|kodeord(?:et)?|lösenord(?:et)?"
        rf"|losenord(?:et)?){_RIGHT}"
    ),
    listed(
        "cred zugangsd identifi"
        " pass pw p/w psw mdp parola senha kenn clave contra wachtwoord ww kode lös losen hasł hasl"
        " hase wifi wi-fi wlan code código codice kod clé key chiave chave schlüssel sleutel"
        " nyckel nøgle"
    ),
)
CODE = Noun(
    re.compile(
        rf"(?:{_LEFT}(?P<pin>(?:toegangs)?pin"
        r"(?:[- ]?(?:codes?|kode[nr]?|kod|koden|number|nummer|nr))?"
        r"|pinkod(?:en)?|pinkode[nr]?|geheim(?:zahl|nummer)|puk(?:[- ]?[a-z]{3,5})?|otp|tan"
        r"|mtan|mobiletan|tancode|digicode|domofonu?|einmalpasswort|szyfr"
        r"|(?:numéro|número|codice) (?:secreto|segreto|secret))"
        r"|(?:codes?|kode[nr]?|kod(?:en|u|em)?|códigos?|codigo|codice"
        r"|combinations?|combinación|combinazione|combinação|token|senha|clave|contraseña|password"
        r"|hasło|kodeord|passwort|lösenord|wachtwoord|mot de passe)"
        rf"){_RIGHT}"
    ),
    listed(
        "pin puk otp tan cod cód kod geheim domofon combina szyfr einmal token senha clave contrase"
        " password hasło passwort lösenord wachtwoord passe secret"
        " segret"
    ),
)
ACCOUNT = Noun(
    re.compile(
        rf"{_LEFT}(?:(?:bank )?(?:account|acct|a/c)(?: ?(?:number|no|nr|num|#))?|sort code"
        r"|routing(?: number| no)?|kontonummer|konto-?nr|konto(?:verbindung)?|kto(?:-?nr)?|blz"
        r"|bankverbindung|compte(?: bancaire)?|rib|cuenta(?: bancaria)?|conto(?: corrente)?|c/c"
        r"|coordinate bancarie|conta(?: bancária)?|dados bancários|(?:bank)?rekening(?:nummer|nr)?"
        r"|bankkonto|kontonr|rachun\w{2,4}|kont[aou]|kontem|iban)"
        rf"{_RIGHT}\.?"
    ),
    listed(
        "account acct a/c sort code routing kont kto blz compte rib cuenta conto c/c coordinate"
        " conta rekening clearing rachun bankverb dados iban"
    ),
)
KEY = Noun(
    re.compile(
        rf"(?:{_LEFT}(?:keys?|secrets?|clés?|clave|chiave|chave|jeton|nyckel|nøgle|klucz)"
        r"|tokens?|tokenu|schlüssel|sleutel|nyckeln|nøglen"
        rf"){_RIGHT}"
    ),
    listed("key secret clé clave chiave chave jeton nyckel nøgle klucz token schlüssel sleutel"),
)
WALLET = Noun(
    re.compile(
        rf"{_LEFT}(?:(?:seed|recovery|backup|mnemonic)[ -](?:phrase|words)|mnemonic|seed-phrase"
        r"|(?:wallet|portefeuille|cartera|portafoglio|carteira|plånboken|portfela|portfel)"
        r"|wiederherstellungs\w+|phrase de récupération|phrase secrète|frase de recuperación"
        r"|frase semilla|frase di recupero|frase de recuperação|herstel(?:zin|woorden)"
        rf"|gendannelses\w+|återställningsfras|fraza odzyskiwania|wallet backup words){_RIGHT}"
    ),
    listed(
        "seed recovery backup mnemonic wallet portefeuille cartera portafoglio carteira plånboken"
        " portfel wiederherst récup secrète recup semilla herstel gendann återst odzysk"
    ),
)
LINKS = listed(
    "is are was are: it's thats that's will be equals now now: number no nr # ist sind lautet"
    " war wäre heißt est c'est serait es son era sería è e' sono é são eh seria zijn was wordt"
    " er hedder blir är heter to jest brzmi"
)
TOWARDS = listed(
    "to with and then use as auf mit und par avec et a con y in e para com met naar en til med"
    " og till och na z i le el il o den the det de za"
)
STILL = listed(
    "still now again just always jetzt noch nun immer toujours maintenant encore sigue ahora siendo"
    " sempre ancora adesso agora ainda nu nog steeds stadig fortfarande nadal teraz ciągle"
)
ENGLISH = listed("pass password passwords passcode code key")
SIGNS = listed("-> => » « “ „ n° nº")
NO_PASSWORD = listed(
    "wrong incorrect expired invalid required needed not attached changed reset missing safe"
    " strong weak set correct working fine okay here there below above still now too the your"
    " our his her same different about protected saved stored sent never please what when where"
    " unknown yes no forgotten ask see falsch abgelaufen richtig nicht vergessen siehe"
    " incorrecta incorrecto oublié voir olvidada ninguna nessuna nenhuma geen vergeten ingen"
    " glemt inget glömt brak none optional hidden secret empty blank tbd email username next"
    " show change forgot click klicken cliquez clic klik klicka kliknij haz fai clicca"
)
AS_PASSWORD = re.compile(
    r"(\S{4,60})['\"”»,]? (?:is|as|for|ist|als|comme|est|como|come|é|è|es|is|som|är|er|jako|to)"
    r" (?:\S{1,12} ){0,3}$"
)
OFFERS = re.compile(
    r"promo|rabat|discount|coupon|voucher|checkout|sconto|ahorr|poup|remise|korting|kupon|oszcz"
    r"|spar[ae]|\d ?%(?!\w)"
)
NETWORK = re.compile(r"wi-?fi|wlan|netz|network|réseau")
USER = re.compile(
    r"(?:user|usuario|usuário|benutzer|utilisateur|identifiant|utente|utilizador|gebruiker|bruger"
    r"|användare|użytkownik|login)\w*[ :=]"
)
LOCKED = re.compile(
    r"entrée|entrada|entrata|ingresso|wejści|indgang|ingång|eingang|ingang"
    r"|door|gate|alarm|safe|lock|front|building|entry|access|verif|securi|confirm|log ?in|sign in"
    r"|one-time|2fa|otp|sms|expire|valid|payment|authori|garage|unlock|phone|voice ?mail|card"
    r"|tür|haus|tresor|schloss|schlüssel|zugang|büro|bestätig|sicherheit|verifizier|anmeld|einmal"
    r"|überweis|keypad|porte|immeuble|coffre|portail|boîte|sécurité|vérif|valida|usage unique"
    r"|confirmer|connexion|déverrou|carte|puerta|portal|caja|candado|acceso|edificio|segur|un solo"
    r"|autoriz|tarjeta|llegó|portone|cancello|cassa|cassetta|ufficio|sicurezza|conferma|usa e getta"
    r"|carta|porta|portão|cofre|prédio|caixa|uso único|cartão|deur|kluis|sleutel|toegang|beveilig"
    r"|eenmalig|inlog|bevestig|betaling|pas\b|dør|nøgle|penge|bekræft|sikker|engang|godkend|telefon"
    r"|port|larm|kassa|nyckel|säker|engång|godkän|dörr|drzwi|bram|skryt|weryf|bezpiecz|jednoraz"
    r"|potwierdz|płatno|przelew|sejf|garaż|box|wallet|pages|fahrrad|bike|office|flat|key"
)
OPEN = re.compile(
    r"zip|post(?:al|nummer|leitzahl|code)|area code|error|fail|fehler|erreur|dress|\bqr|product"
    r"|country|source|sort code|cost cent|kostenstelle|artikel|buchungs|dial code|dialling"
    r"|reference|referenz|booking|kod pocztowy|\bcap |vorwahl|token count|invoice|ticket|\border"
    r"|promo|rabat|discount|korting|sconto|status|sic code|exit code|short ?code|priority|claim"
    r"|\bad code|touch|ask for|key ?code|media|offer|mention"
)
IS_YOUR = re.compile(
    r"[,;]? ?(?:-|is|ist|est|es|è|é|är|er|to|as|that|this|ese|este|esse|als|comme|como|come|som"
    r"|jako|das|dat|det|c'est)\b"
)
OF_TIME = listed("at by section article since until um bis ab kl klokken page seite hole")
OF_YEARS = listed("in im en em nel i w depuis sedan siden sinds seit od desde dal")
