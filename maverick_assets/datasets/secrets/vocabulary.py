"""The words with which people hand over secrets, one block per language.

To add a language, copy a block, translate it and list it in `VOCABULARIES`; nothing else names a
language. The entries of a field are separated by ", ". Each is a regular expression for lower-case
text, or a plain word in the fields marked "words". Accents count: where people leave them out, list
a word without them, too.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What one language calls secrets, and the words that tie a value to such a noun."""

    # Nouns for passwords.
    password: str = ""  # whole words that mean nothing else
    password_ending: str = ""  # may also end a longer word: German "WLAN-Passwort"
    credentials: str = ""  # a user's name and password together
    password_short: str = ""  # abbreviations that are words of their own: "pass"
    password_or_code: str = ""  # mostly something else: Spanish "clave"
    code_or_key: str = ""  # nearly always something else, unless beside a network or a user

    # Nouns for figures.
    pin: str = ""  # codes that are always secret
    code: str = ""  # codes that are secret if they open or confirm something; may end a longer word
    account: str = ""

    # Nouns for keys, and for the phrases that recover a wallet.
    key: str = ""
    key_ending: str = ""  # may also end a longer word: German "API-Schlüssel"
    wallet: str = ""

    # What a bank asks before it resets a password.
    answer: str = ""

    # Words that tie a value to a noun.
    is_: str = ""  # words: "is", in the present tense
    links: str = ""  # words: other verbs that say "is": "was", "equals"
    prepositions: str = ""  # words before a value: prepositions, articles, "and"
    adverbs: str = ""  # words between "is" and a value: "is still"
    before_code: str = ""  # words between "is" and a code: "is the 4711"
    as_: str = ""  # words: "as", when the value comes before its noun
    this: str = ""  # words: "this", "that", when figures come before their noun

    # Words that say that a value is something else.
    not_password: str = ""  # words that follow "password:" but are no password
    before_figure: str = ""  # words before a time, a page, a paragraph
    before_year: str = ""  # words before a year
    grammar: str = ""  # words of a sentence, which no recovery phrase holds

    # Parts of words that say what a code is for.
    access: str = ""  # it opens or confirms something
    public_code: str = ""  # everyone may know it: "zip code", "error code"
    offer: str = ""  # it buys something cheaper
    network: str = ""
    user: str = ""  # starts a label of a user's name: "user: anna"


# Words that are the same in every language.
ANY_LANGUAGE = Vocabulary(
    password_or_code="wifi, wi-fi, wlan",
    pin=r"pin(?:[- ]?(?:codes?|kode[nr]?|kod|koden|number|nummer|nr))?, puk(?:[- ]?[a-z]{3,5})?,"
    " otp, tan, mtan",
    code="token",
    account="iban",
    key_ending="tokens?",
    wallet="wallet",
    links="nr, #",
    offer=r"\d ?%(?!\w)",
    network="wi-?fi, wlan",
)

_NUMBER = "(?: ?(?:number|no|nr|num|#))?"

# "the wifi password is hunter2!!", "my PIN 4471"
_ENGLISH = Vocabulary(
    password="pw, pwd, psw, p/w, pword, passwd",
    password_ending="pass-?words?, pass ?phrases?, pass-?codes?",
    credentials="creds, credentials",
    password_short="pass",
    code_or_key="code, key",
    code="codes?, combinations?, password",
    account=f"account{_NUMBER}, acct{_NUMBER}, a/c{_NUMBER}, bank account{_NUMBER},"
    f" bank acct{_NUMBER}, bank a/c{_NUMBER}, sort code, routing(?: number| no)?",
    key="keys?, secrets?",
    wallet="seed[ -](?:phrase|words), recovery[ -](?:phrase|words), backup[ -](?:phrase|words),"
    " mnemonic(?:[ -](?:phrase|words))?",
    answer=r"maiden name, (?:first|childhood|favou?rite) (?:pet|dog|cat|teacher|school|car),"
    r" pet's name, memorable (?:word|date|place), (?:security|secret)"
    r" (?:question|answer)s?, street i grew up, city of birth",
    is_="is",
    links="are, was, it's, thats, that's, will, be, equals, now, number, no",
    prepositions="to, with, and, then, use, as, in, the",
    adverbs="still, now, again, just, always",
    before_code="the, now",
    as_="as",
    this="that, this",
    not_password="wrong, incorrect, expired, invalid, required, needed, not, attached, changed,"
    " reset, missing, safe, strong, weak, set, correct, working, fine, okay, here, there, below,"
    " above, still, now, too, the, your, our, his, her, same, different, about, protected, saved,"
    " stored, sent, never, please, what, when, where, unknown, yes, no, forgotten, ask, see, none,"
    " optional, hidden, secret, empty, blank, tbd, email, username, next, show, change, forgot,"
    " click",
    before_figure="at, by, section, article, since, until, page, hole",
    before_year="in",
    grammar="the, and, for, was, were, with, from, but, not, his, her, our",
    access="door, gate, alarm, safe, lock, front, building, entry, access, verif, securi, confirm,"
    " log ?in, sign in, one-time, 2fa, otp, sms, expire, valid, payment, authori, garage, unlock,"
    " phone, voice ?mail, card, keypad, bike, office, flat, key, box, wallet, pages",
    public_code=r"zip, post(?:al|code), area code, error, fail, dress, \bqr, product, country,"
    r" source, sort code, cost cent, dial code, dialling, reference, booking, token count,"
    r" invoice, ticket, \border, promo, discount, status, sic code, exit code, short ?code,"
    r" priority, claim, \bad code, touch, ask for, key ?code, media, offer, mention",
    offer="promo, discount, coupon, voucher, checkout, percent off",
    network="network",
    user="user, login",
)

# "Das Passwort lautet Sommer2024!", "der Code für die Haustür ist 4711#"
_GERMAN = Vocabulary(
    password="kenncode",
    password_ending="passwort(?:e?s)?, kennwort(?:e?s)?",
    credentials="zugangsdaten",
    code_or_key="schlüssel",
    pin="geheimzahl, geheimnummer, mobiletan, tancode, einmalpasswort",
    code="kode[nr]?, passwort",
    account="kontonummer, konto-?nr, konto, kontoverbindung, kto(?:-?nr)?, blz, bankverbindung",
    key_ending="schlüssel",
    wallet=r"wiederherstellungs\w+",
    answer=r"sicherheitsfrage, sicherheitsantwort, geheime frage, mädchenname\w*, geburtsname\w*,"
    r" erste[ns]? haustiers?, erste[rs]? hund",
    is_="ist",
    links="sind, lautet, war, wäre, heißt",
    prepositions="auf, mit, und, den",
    adverbs="jetzt, noch, nun, immer",
    before_code="jetzt",
    as_="als",
    this="das",
    not_password="falsch, abgelaufen, richtig, nicht, vergessen, siehe, klicken",
    before_figure="um, bis, ab, seite",
    before_year="in, im, seit",
    grammar="und, der",
    access="tür, haus, tresor, schloss, schlüssel, zugang, büro, bestätig, sicherheit, verifizier,"
    " anmeld, einmal, überweis, eingang, fahrrad",
    public_code="postleitzahl, fehler, kostenstelle, artikel, buchungs, referenz, vorwahl, rabat",
    offer="rabat, kupon, spar[ae]",
    network="netz",
    user="benutzer",
)

# "le mot de passe est Soleil99", "le code d'entrée : 45B78"
_FRENCH = Vocabulary(
    password="mot de passe, mots de passe, mdp",
    credentials="identifiants",
    code_or_key="code, clé",
    pin="digicode, numéro (?:secreto|segreto|secret)",
    code="codes?, mot de passe",
    account="compte(?: bancaire)?, rib",
    key="clés?, jeton",
    wallet="portefeuille, phrase de récupération, phrase secrète",
    answer=r"question (?:secrète|de sécurité), réponse secrète, nom de jeune fille, premier"
    r" (?:animal|chien|chat)",
    is_="est",
    links="c'est, serait",
    prepositions="par, avec, et, en, le, de",
    adverbs="toujours, maintenant, encore",
    before_code="le",
    as_="comme",
    this="c'est",
    not_password="oublié, voir, clic, cliquez",
    before_year="en, depuis",
    grammar="les, que",
    access="entrée, porte, immeuble, coffre, portail, boîte, sécurité, vérif, valida, usage unique,"
    " confirmer, connexion, déverrou, carte",
    public_code="postal, erreur",
    offer="remise, promo",
    network="réseau",
    user="utilisateur, identifiant",
)

# "la contraseña es Luna2024", "el código de la puerta es el 4711"
_SPANISH = Vocabulary(
    password_ending="contrase(?:ñ|n\u0303?)as?",
    credentials="credenciales",
    password_short="contra",
    password_or_code="clave",
    code_or_key="código",
    pin="número (?:secreto|segreto|secret)",
    code="códigos?, codigo, combinación, clave, contraseña",
    account="cuenta(?: bancaria)?",
    key="clave",
    wallet="cartera, frase de recuperación, frase semilla",
    answer=r"pregunta (?:secreta|de seguridad), respuesta secreta, apellido de soltera, primera"
    r" mascota, primer perro",
    is_="es",
    links="son, era, sería",
    prepositions="a, con, y, en, el, de",
    adverbs="sigue, ahora, siendo",
    before_code="el",
    as_="como",
    this="ese, este",
    not_password="incorrecta, incorrecto, olvidada, ninguna, haz, clic",
    before_year="en, desde",
    grammar="que",
    access="entrada, puerta, portal, caja, candado, acceso, edificio, segur, un solo, autoriz,"
    " tarjeta, llegó",
    public_code="postal, promo",
    offer="ahorr, promo",
    user="usuario",
)

# "la password è farfalla22", "il codice del portone è 4711"
_ITALIAN = Vocabulary(
    password=r"parola d['\u2019 ]\w+, parola chiave",
    credentials="credenziali",
    code_or_key="codice, chiave",
    pin="codice (?:secreto|segreto|secret)",
    code="codice, combinazione, password",
    account="conto(?: corrente)?, c/c, coordinate bancarie",
    key="chiave",
    wallet="portafoglio, frase di recupero",
    answer=r"domanda (?:segreta|di sicurezza), risposta segreta, cognome da (?:nubile|ragazza),"
    r" primo (?:cane|gatto|animale)",
    is_="è",
    links="e', sono, era",
    prepositions="a, con, in, e, il",
    adverbs="sempre, ancora, adesso",
    as_="come",
    not_password="nessuna, fai, clicca",
    before_year="nel, dal",
    access="entrata, ingresso, portone, cancello, cassa, cassetta, ufficio, sicurezza, conferma,"
    " usa e getta, carta",
    public_code=r"\bcap , sconto",
    offer="sconto",
    user="utente",
)

# "a senha é Praia2024", "o código da porta é 4711"
_PORTUGUESE = Vocabulary(
    password="palavra[- ]?passe, senhas?",
    credentials="credenciais",
    code_or_key="código, chave",
    code="códigos?, codigo, combinação, senha",
    account="conta(?: bancária)?, dados bancários",
    key="chave",
    wallet="carteira, frase de recuperação",
    answer=r"pergunta (?:secreta|de segurança), resposta secreta, nome de solteira, primeiro"
    r" (?:animal|cão|gato|cachorro)",
    is_="é",
    links="são, eh, era, seria",
    prepositions="a, para, com, e, o, de",
    adverbs="sempre, agora, ainda",
    as_="como",
    this="esse, este",
    not_password="nenhuma",
    before_year="em, desde",
    access="entrada, porta, portão, cofre, prédio, caixa, uso único, cartão",
    public_code="postal",
    offer="poup, promo",
    user="usuário, utilizador",
)

# "het wachtwoord is fiets22", "de code van de kluis is 4711"
_DUTCH = Vocabulary(
    password_ending="wachtwoord",
    password_short="ww",
    code_or_key="code, sleutel",
    pin="toegangspin(?:[- ]?(?:codes?|kode[nr]?|kod|koden|number|nummer|nr))?",
    code="codes?, wachtwoord",
    account="rekening(?:nummer|nr)?, bankrekening(?:nummer|nr)?",
    key_ending="sleutel",
    wallet="herstelzin, herstelwoorden",
    answer=r"beveiligingsvraag, geheime vraag, meisjesnaam, eerste (?:huisdier|hond|kat)",
    is_="is",
    links="zijn, was, wordt",
    prepositions="met, naar, en, de",
    adverbs="nu, nog, steeds",
    before_code="nu",
    as_="als",
    this="dat",
    not_password="geen, vergeten, klik",
    before_year="in, sinds",
    access="ingang, deur, kluis, sleutel, toegang, beveilig, eenmalig, inlog, bevestig, betaling,"
    r" pas\b",
    public_code="postcode, korting",
    offer="korting",
    user="gebruiker",
)

# "adgangskoden er hygge22", "koden til døren er 4711"
_DANISH = Vocabulary(
    password_ending="adgangskoden?, kodeord(?:et)?, pass-?word(?:et|en)",
    password_or_code="koden?",
    code_or_key="nøgle",
    pin="pinkode[nr]?",
    code="kode[nr]?, kodeord",
    account="bankkonto, kontonummer, kontonr, konto",
    key="nøgle",
    key_ending="nøglen",
    wallet=r"gendannelses\w+",
    answer=r"sikkerhedsspørgsmål(?:et)?, pigenavn, første (?:kæledyr|hunds?)",
    is_="er",
    links="hedder",
    prepositions="til, med, og, den, det",
    adverbs="nu, stadig",
    before_code="nu",
    as_="som",
    this="det",
    not_password="ingen, glemt, klik",
    before_figure="kl, klokken",
    before_year="i, siden",
    access="indgang, dør, nøgle, penge, bekræft, sikker, engang, godkend, telefon",
    public_code="postnummer, rabat",
    offer="rabat, kupon, spar[ae]",
    user="bruger",
)

# "lösenordet är fika22", "koden till porten är 4711"
_SWEDISH = Vocabulary(
    password_ending="lösenord(?:et)?, losenord(?:et)?",
    password_short="lösen, losen",
    password_or_code="kod, koden",
    code_or_key="nyckel",
    pin="pinkod(?:en)?",
    code="kod(?:en|u|em)?, lösenord",
    account="kontonummer, kontonr, konto",
    key="nyckel",
    key_ending="nyckeln",
    wallet="plånboken, återställningsfras",
    answer=r"säkerhetsfråga(?:n)?, flicknamn, första (?:husdjur|hund)(?:en|et)?",
    is_="är",
    links="blir, heter",
    prepositions="till, med, och, den, det",
    adverbs="nu, fortfarande",
    before_code="nu",
    as_="som",
    this="det",
    not_password="inget, glömt, klicka",
    before_year="i, sedan",
    access="ingång, port, larm, kassa, nyckel, säker, engång, godkän, dörr",
    public_code="postnummer, rabat",
    offer="rabat, kupon, spar[ae]",
    user="användare",
)

# "hasło to kotek22", "kod do bramy to 4711"
_POLISH = Vocabulary(
    password=r"haseł, hasł[oaeu]\w{0,2}, hasl[oaeu]\w{0,2}",
    password_or_code="kod",
    pin="domofonu?, szyfr",
    code="kod(?:en|u|em)?, hasło",
    account=r"rachun\w{2,4}, konto, konta, kontu, kontem",
    key="klucz",
    key_ending="tokenu",
    wallet="portfela, portfel, fraza odzyskiwania",
    answer=r"pytanie (?:pomocnicze|bezpieczeństwa), tajne pytanie, nazwisko panieńskie,"
    r" pierwsz(?:y|ego) (?:pies|psa|kot)",
    is_="to",
    links="jest, brzmi",
    prepositions="na, z, i, za",
    adverbs="nadal, teraz, ciągle",
    as_="jako",
    not_password="brak, kliknij",
    before_year="w, od",
    access="wejści, drzwi, bram, skryt, weryf, bezpiecz, jednoraz, potwierdz, płatno, przelew,"
    " sejf, garaż",
    public_code="kod pocztowy, rabat",
    offer="rabat, kupon, oszcz",
    user="użytkownik",
)

VOCABULARIES = {
    "en": _ENGLISH,
    "de": _GERMAN,
    "fr": _FRENCH,
    "es": _SPANISH,
    "it": _ITALIAN,
    "pt": _PORTUGUESE,
    "nl": _DUTCH,
    "da": _DANISH,
    "sv": _SWEDISH,
    "pl": _POLISH,
}

# "to" means "is" in Polish. After one of these nouns the text is English, and it does not.
ENGLISH_NOUNS = frozenset(["pass", "password", "passwords", "passcode", "code", "key"])
