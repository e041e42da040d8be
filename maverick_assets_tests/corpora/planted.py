"""Texts with one secret each, and texts that only look as if: as people write mails and notes.

Written before the detector and without a look at its rules: the phrases come from how people
tell each other passwords, PINs and account numbers, not from what a pattern would match. Nothing
here is real: every value is drawn from a seed.
"""

import random
import string
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "da", "sv", "pl")


@dataclass(frozen=True)
class Planted:
    """`text[start:end]` is the secret."""

    language: str
    kind: str
    text: str
    start: int
    end: int


def planted_texts(count: int, seed: int = 4) -> list[Planted]:
    """`count` texts, the languages and kinds in equal parts."""
    rng = random.Random(seed)
    found = []
    for at in range(count):
        language = LANGUAGES[at % len(LANGUAGES)]
        kinds = list(_SAID[language])
        kind = kinds[at // len(LANGUAGES) % len(kinds)]
        before, _, after = rng.choice(_SAID[language][kind]).partition("@")
        secret = rng.choice(_VALUES[kind])(rng)
        opening, closing = _around(rng, language)
        before = opening + _fill(before, rng)
        text = before + secret + _fill(after, rng) + closing
        found.append(Planted(language, kind, text, len(before), len(before) + len(secret)))
    return found


def clean_texts(count: int, seed: int = 5) -> list[str]:
    """`count` texts without a secret, the languages in equal parts."""
    rng = random.Random(seed)
    found = []
    for at in range(count):
        language = LANGUAGES[at % len(LANGUAGES)]
        opening, closing = _around(rng, language)
        said = rng.choice(_HARMLESS[language] + _HARMLESS_ANYWHERE)
        found.append(opening + _fill(said, rng) + closing)
    return found


def _around(rng: random.Random, language: str) -> tuple[str, str]:
    """What stands before and after: nothing in a chat, greeting and talk in a mail."""
    hello, talk, bye = _TALK[language]
    opening, closing = rng.choice(
        [
            ("", ""),
            (f"{rng.choice(hello)},\n\n", ""),
            (f"{rng.choice(hello)}\n{rng.choice(talk)} ", f"\n\n{rng.choice(bye)}\n"),
            ("", f" {rng.choice(talk)}"),
            (f"{rng.choice(talk)}\n\n", f"\n{rng.choice(talk)}\n{rng.choice(bye)}"),
        ]
    )
    return opening, closing


def _fill(template: str, rng: random.Random) -> str:
    """`{name}` of a template becomes a value of that kind."""
    out, rest = "", template
    while "{" in rest:
        head, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        out += head + _HARMLESS_VALUES[name](rng)
    return out + rest


def _digits(rng: random.Random, count: int) -> str:
    return str(rng.randint(1, 9)) + "".join(rng.choices(string.digits, k=count - 1))


def _letters(rng: random.Random, count: int, alphabet: str = string.ascii_letters) -> str:
    return "".join(rng.choices(alphabet, k=count))


def _token(rng: random.Random, count: int) -> str:
    return _letters(rng, count, string.ascii_letters + string.digits)


def _hexes(rng: random.Random, count: int) -> str:
    return _letters(rng, count, "0123456789abcdef")


def _luhn(prefix: str, length: int, rng: random.Random) -> str:
    body = prefix + "".join(rng.choices(string.digits, k=length - 1 - len(prefix)))
    doubled = [int(d) * (2 if at % 2 == 0 else 1) for at, d in enumerate(reversed(body))]
    return body + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def _grouped(text: str, size: int, separator: str) -> str:
    return separator.join(text[at : at + size] for at in range(0, len(text), size))


_WORDS = [
    "hunter",
    "monkey",
    "dragon",
    "sunshine",
    "liverpool",
    "snowball",
    "kaffee",
    "sommer",
    "winter",
    "chocolat",
    "soleil",
    "amor",
    "fuego",
    "gatito",
    "farfalla",
    "luna",
    "saudade",
    "praia",
    "fiets",
    "kaas",
    "hygge",
    "sommerfugl",
    "fika",
    "blomma",
    "kotek",
    "pierogi",
    "bluebird",
    "tiger",
    "pizza",
    "rocket",
    "banana",
    "falcon",
    "maple",
    "thunder",
    "guitar",
]


def _password(rng: random.Random) -> str:
    word, other = rng.sample(_WORDS, 2)
    leet = word.translate(str.maketrans("aeio", "4310"))
    return rng.choice(
        [
            f"{word}{rng.randint(1, 99)}!!",
            f"{word.title()}{rng.randint(1980, 2029)}{rng.choice('!#$?*')}",
            f"{word.title()}_{other}{rng.randint(1, 999)}",
            f"{leet}{rng.randint(10, 99)}",
            f"{word}-{other}-{rng.randint(10, 99)}",
            f"{word.upper()}{rng.randint(100, 999)}",
            f"{rng.choice('!$%&')}{word.title()}{other.title()}{rng.randint(0, 9)}",
            _letters(rng, 10, string.ascii_letters + string.digits + "!#$%&*+-_=?@") + "7a",
            _token(rng, 8) + "4k",
            _letters(rng, 6, string.ascii_lowercase) + _digits(rng, 3),
        ]
    )


def _word_password(rng: random.Random) -> str:
    """People do choose such; only unmistakable when set off by a colon or quotes."""
    return rng.choice(_WORDS)


def _pin(rng: random.Random) -> str:
    return _digits(rng, rng.choice([4, 4, 4, 5, 6]))


def _door(rng: random.Random) -> str:
    return rng.choice(
        [_digits(rng, 4), _digits(rng, 4) + "#", "*" + _digits(rng, 5), "B" + _pin(rng)]
    )


def _otp(rng: random.Random) -> str:
    code = _digits(rng, 6)
    return rng.choice([code, code, f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}", code[:4]])


def _card(rng: random.Random) -> str:
    if rng.random() < 0.2:
        number = _luhn("37", 15, rng)
        return rng.choice([number, f"{number[:4]} {number[4:10]} {number[10:]}"])
    number = _luhn(rng.choice(["4", "51", "53", "55", "2221", "6011"]), 16, rng)
    return rng.choice([number, _grouped(number, 4, " "), _grouped(number, 4, "-")])


_IBANS = {"DE": 18, "FR": 23, "ES": 20, "NL": 0, "GB": 0, "IT": 0, "PT": 21, "DK": 14, "SE": 20}
_IBANS |= {"PL": 24}


def _iban(rng: random.Random) -> str:
    country, digits = rng.choice(list(_IBANS.items()))
    upper = string.ascii_uppercase
    account = {
        "NL": lambda: _letters(rng, 4, upper) + _digits(rng, 10),
        "GB": lambda: _letters(rng, 4, upper) + _digits(rng, 14),
        "IT": lambda: _letters(rng, 1, upper) + _digits(rng, 22),
    }.get(country, lambda: _digits(rng, digits))()
    as_number = "".join(str(int(each, 36)) for each in account + country + "00")
    iban = f"{country}{98 - int(as_number) % 97:02d}{account}"
    return rng.choice([iban, _grouped(iban, 4, " "), _grouped(iban, 4, " ").lower()])


def _uuid(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _jwt(rng: random.Random) -> str:
    head = b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = b64encode(f'{{"sub":"{_digits(rng, 8)}"}}'.encode()).decode().rstrip("=")
    return f"{head}.{body}.{_token(rng, 43)}"


def _pem(rng: random.Random) -> str:
    kind = rng.choice(["RSA ", "OPENSSH ", "EC ", ""])
    lines = "\n".join(_token(rng, 64) for _ in range(4))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


_KEYS: list[Callable[[random.Random], str]] = [
    lambda rng: "AKIA" + _letters(rng, 16, string.ascii_uppercase + "234567"),
    lambda rng: "ghp_" + _token(rng, 36),
    lambda rng: "gho_" + _token(rng, 36),
    lambda rng: f"github_pat_{_token(rng, 22)}_{_token(rng, 59)}",
    lambda rng: "glpat-" + _token(rng, 20),
    lambda rng: f"xoxb-{_digits(rng, 12)}-{_digits(rng, 12)}-{_token(rng, 24)}",
    lambda rng: "sk_live_" + _token(rng, 24),
    lambda rng: "rk_live_" + _token(rng, 24),
    lambda rng: "whsec_" + _token(rng, 32),
    lambda rng: f"sk-{_token(rng, 20)}T3BlbkFJ{_token(rng, 20)}",
    lambda rng: "sk-proj-" + _token(rng, 60),
    lambda rng: f"sk-ant-api03-{_token(rng, 93)}AA",
    lambda rng: "AIza" + _token(rng, 35),
    lambda rng: f"SG.{_token(rng, 22)}.{_token(rng, 43)}",
    lambda rng: "npm_" + _token(rng, 36),
    lambda rng: "pypi-AgEIcHlwaS5vcmc" + _token(rng, 70),
    lambda rng: "hf_" + _letters(rng, 34),
    lambda rng: "dop_v1_" + _hexes(rng, 64),
    lambda rng: "key-" + _hexes(rng, 32),
    lambda rng: f"{_digits(rng, 10)}:AA{_token(rng, 33)}",
    lambda rng: "shpat_" + _hexes(rng, 32),
    lambda rng: "ntn_" + _token(rng, 46),
    lambda rng: f"figd_{_token(rng, 40)}",
    lambda rng: "lin_api_" + _token(rng, 40),
    lambda rng: "dapi" + _hexes(rng, 32),
    lambda rng: "hvs." + _token(rng, 90),
    lambda rng: f"PMAK-{_hexes(rng, 24)}-{_hexes(rng, 34)}",
    lambda rng: f"{_hexes(rng, 32)}-us{rng.randint(1, 20)}",
    lambda rng: "glc_" + _token(rng, 60),
    lambda rng: "ATATT3xFfGF0" + _token(rng, 60),
    lambda rng: (
        f"https://hooks.slack.com/services/T{_digits(rng, 8)}/B{_digits(rng, 8)}/{_token(rng, 24)}"
    ),
    lambda rng: f"https://discord.com/api/webhooks/{_digits(rng, 18)}/{_token(rng, 68)}",
    lambda rng: "sq0atp-" + _token(rng, 22),
    lambda rng: "EAAC" + _token(rng, 100) + "ZD",
    lambda rng: "AGE-SECRET-KEY-1" + _letters(rng, 58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    lambda rng: _token(rng, 40),
    lambda rng: _hexes(rng, 32),
    lambda rng: _hexes(rng, 64),
    _uuid,
    _jwt,
    _pem,
]

_CONNECTIONS: list[Callable[[random.Random], str]] = [
    lambda rng: f"postgres://app:{_token(rng, 12)}@db.internal:5432/prod",
    lambda rng: f"postgresql+psycopg://crm:{_token(rng, 10)}@10.0.3.7/crm",
    lambda rng: f"mysql://root:{_token(rng, 9)}@localhost/shop",
    lambda rng: f"mongodb+srv://admin:{_token(rng, 14)}@cluster0.ab1cd.mongodb.net/live",
    lambda rng: f"redis://:{_token(rng, 16)}@cache:6379/0",
    lambda rng: f"amqp://guest:{_token(rng, 8)}@rabbit/vhost",
    lambda rng: f"https://deploy:{_token(rng, 10)}@git.example.org/site.git",
    lambda rng: f"ftp://upload:{_token(rng, 8)}@files.example.org",
    lambda rng: f"Server=sql01;Database=erp;User Id=sa;Password={_token(rng, 11)};",
    lambda rng: f"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={_token(rng, 86)}==;",
    lambda rng: f"DB_PASSWORD={_token(rng, 12)}",
    lambda rng: f"AWS_SECRET_ACCESS_KEY={_token(rng, 40)}",
    lambda rng: f'"client_secret": "{_token(rng, 32)}"',
    lambda rng: f"curl -u admin:{_token(rng, 9)} https://api.example.org/v1/jobs",
    lambda rng: f'curl -H "Authorization: Bearer {_token(rng, 40)}" https://api.example.org',
    lambda rng: f"sshpass -p '{_token(rng, 10)}' ssh ops@10.2.0.4",
    lambda rng: f"mysql -u root -p{_token(rng, 10)} shop",
]

_SEED_WORDS = [
    "abandon",
    "ability",
    "able",
    "about",
    "above",
    "absent",
    "absorb",
    "abstract",
    "absurd",
    "abuse",
    "access",
    "accident",
    "account",
    "accuse",
    "achieve",
    "acid",
    "acoustic",
    "acquire",
    "across",
    "act",
    "action",
    "actor",
    "actress",
    "actual",
    "galaxy",
    "gallery",
    "game",
    "gap",
    "garage",
    "garbage",
    "garden",
    "garlic",
    "garment",
    "gas",
    "gasp",
    "gate",
    "gather",
    "gauge",
    "mango",
    "mansion",
    "manual",
    "maple",
    "marble",
    "march",
    "margin",
    "marine",
    "market",
    "marriage",
    "mask",
    "mass",
    "master",
    "velvet",
    "vendor",
    "venture",
    "venue",
    "verb",
    "verify",
    "version",
    "very",
    "vessel",
    "veteran",
    "viable",
    "vibrant",
    "vicious",
    "zebra",
    "zero",
    "zone",
    "zoo",
]


def _phrase(rng: random.Random) -> str:
    words = rng.choices(_SEED_WORDS, k=rng.choice([12, 12, 24]))
    numbered = " ".join(f"{at}. {word}" for at, word in enumerate(words, 1))
    return rng.choice([" ".join(words), " ".join(words), numbered, ", ".join(words)])


def _account(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{_digits(rng, 8)}",
            f"{_digits(rng, 10)}",
            f"{_digits(rng, 4)} {_digits(rng, 6)}",
            f"{_digits(rng, 3)}-{_digits(rng, 7)}",
        ]
    )


_VALUES: dict[str, list[Callable[[random.Random], str]]] = {
    "password": [_password],
    "set off": [_password, _word_password],
    "pin": [_pin],
    "door": [_door],
    "otp": [_otp],
    "card": [_card],
    "iban": [_iban],
    "account": [_account],
    "key": _KEYS,
    "connection": _CONNECTIONS,
    "phrase": [_phrase],
}

# "@" stands for the secret.
_SAID: dict[str, dict[str, list[str]]] = {
    "en": {
        "password": [
            "pw is @",
            "the wifi password is @ and the network is {name}_Guest",
            "my netflix pass is @ - don't change it pls",
            "I set your password to @, please change it after you log in.",
            "Log in as {user} with @ as the password",
            "user {user} / password @",
            "ok so the new pwd for the shared inbox is @",
            "You can use my login, {user} and then @ for the password.",
            "pass for the zip is @",
            "forgot to say, passwd @",
            "I changed the admin password from the old one to @",
        ],
        "set off": [
            "Password: @",
            "Username: {user}\nPassword: @\nLet me know if it works",
            "wifi: {name}5G pw: @",
            'the password is "@"',
            "login {user}, pwd = @",
            "Passphrase: @",
            "meeting id {digits9}, passcode: @",
            "Your temporary password: @",
        ],
        "pin": [
            "my PIN @",
            "The pin for the company card is @",
            "PIN: @ (the blue card)",
            "Use pin code @ at the machine.",
            "phone unlock pin is @ in case you need it",
            "my voicemail PIN's @",
            "SIM PIN @, please keep it",
            "pin number is @, take out 200",
        ],
        "door": [
            "gate code is @",
            "The code for the front door is @",
            "Door code: @",
            "alarm code @, you have 30 seconds",
            "you can get in with @, that's the code for the lockbox",
            "The combination of the safe is @",
            "entry code for the building: @",
        ],
        "otp": [
            "Your verification code is @",
            "@ is your {name} verification code. Don't share it.",
            "Use @ to sign in. This code expires in 10 minutes.",
            "Your one-time password is @. It is valid for 5 min.",
            "they sent me the code, it's @, quick before it expires",
            "G-@ is your Google verification code.",
            "OTP for your transaction is @.",
            "security code: @",
            "2FA code is @",
        ],
        "card": [
            "put it on my card @ exp 09/27",
            "Visa @, CVV 123",
            "You can charge @, expiry 04/28, name as on the account.",
            "card number is @",
            "My amex is @ if they ask",
        ],
        "iban": [
            "Please wire it to @.",
            "our IBAN is @, BIC on the invoice",
            "IBAN: @",
            "Send the deposit to @ (my savings account).",
        ],
        "account": [
            "my account number is @, sort code {sort}",
            "Bank account: @",
            "Acct no. @ at Barclays",
            "sort code {sort} account @",
            "routing number 0{digits8}, account number @",
        ],
        "key": [
            "the api key is @",
            "API key: @",
            "here's the token for staging: @",
            "I still had @ in my notes as the access token, can you rotate it?",
            "use this secret key @ for now",
            "Auth token -> @",
            "export API_KEY=@",
        ],
        "connection": [
            "try this: @",
            "the connection string is @ ok?",
            "prod settings below\n\n@\n",
            "I used `@` and it worked.",
        ],
        "phrase": [
            "my recovery phrase is @",
            "Seed phrase (keep it safe!): @",
            "wallet backup words: @",
            "write these 12 words down for the wallet: @",
        ],
    },
    "de": {
        "password": [
            "das pw ist @",
            "Das Passwort lautet @, bitte nicht weitergeben.",
            "Das WLAN-Passwort ist @ und das Netz heißt {name}-Gast.",
            "Dein neues Kennwort ist @, bitte nach dem ersten Login ändern.",
            "Hab das Passwort auf @ geändert",
            "Zugang: {user} mit Passwort @",
            "mein Passwort für Netflix wäre @",
            "Melde dich mit {user} und dem Kennwort @ an.",
            "pw fürs zip ist @",
            "Benutzer {user}, Passwort @",
        ],
        "set off": [
            "Passwort: @",
            "Benutzername: {user}\nKennwort: @\n",
            "WLAN-Schlüssel: @",
            'Das Passwort ist "@"',
            "Zugangsdaten: {user} / PW: @",
            "Login {user}, Passwort = @",
            "Kenncode: @",
            "Das Kennwort lautet „@“.",
        ],
        "pin": [
            "meine PIN ist @",
            "Die Geheimzahl der Karte lautet @",
            "PIN: @ (EC-Karte)",
            "die PIN vom Handy ist @",
            "Mit der Pin @ kommst du rein",
            "EC-Karte liegt im Flur, Geheimnummer @",
            "PUK @ falls du dich vertippst",
        ],
        "door": [
            "der Code für die Haustür ist @",
            "Türcode: @",
            "Der Code vom Tresor lautet @",
            "Alarmanlage ausschalten mit Code @",
            "Zahlencode fürs Fahrradschloss: @",
            "Schlüsselkasten rechts, Code @",
            "Zugangscode zum Büro ist @",
        ],
        "otp": [
            "Ihr Bestätigungscode lautet @",
            "@ ist dein Sicherheitscode für {name}. Gib ihn nicht weiter.",
            "Ihre TAN: @",
            "Ihr Einmalpasswort lautet @ und ist 5 Minuten gültig.",
            "Der Verifizierungscode ist @.",
            "mobileTAN @ für die Überweisung über {price}",
            "Ihr Anmeldecode: @",
        ],
        "card": [
            "bitte von der Kreditkarte @ abbuchen, gültig bis 09/27",
            "Kreditkartennummer: @",
            "Visa @, Prüfziffer 123",
            "meine Mastercard ist @",
        ],
        "iban": [
            "Bitte auf @ überweisen.",
            "Meine IBAN ist @",
            "IBAN: @, Verwendungszweck Miete",
            "Kontoverbindung: @",
        ],
        "account": [
            "Kontonummer @ bei der Sparkasse, BLZ {digits8}",
            "Kto. @, BLZ {digits8}",
            "Meine Kontonummer ist @",
            "Konto-Nr.: @",
        ],
        "key": [
            "der API-Schlüssel ist @",
            "API-Key: @",
            "hier der Token für Staging: @",
            "nimm als Zugriffstoken @ bis Montag",
            "Der geheime Schlüssel lautet @",
        ],
        "connection": ["probier mal @", "Die Verbindung ist @ .", "In der .env steht\n@\n"],
        "phrase": [
            "meine Wiederherstellungsphrase: @",
            "Die Seed-Phrase vom Wallet ist @",
            "Die Wörter für das Wallet: @",
        ],
    },
    "fr": {
        "password": [
            "le mdp c'est @",
            "Le mot de passe du wifi est @, le réseau s'appelle {name}_invites.",
            "ton nouveau mot de passe est @, change-le vite",
            "J'ai remplacé le mot de passe par @",
            "Connecte-toi avec {user} et le mot de passe @",
            "mon mdp netflix @",
            "identifiant {user} et mot de passe @",
            "Votre mot de passe provisoire est le suivant : @",
        ],
        "set off": [
            "Mot de passe : @",
            "mdp: @",
            "Identifiant : {user}\nMot de passe : @\n",
            "Le mot de passe est « @ ».",
            "Clé wifi : @",
            "Code wifi = @",
        ],
        "pin": [
            "mon code PIN est le @",
            "Le code de la carte bleue c'est @",
            "code PIN : @",
            "le code secret de la carte est @",
            "Code de déverrouillage du téléphone : @",
            "Le PIN de la SIM est @",
        ],
        "door": [
            "le code de la porte est @",
            "Digicode : @",
            "Le digicode de l'immeuble c'est @, deuxième étage",
            "code de l'alarme @",
            "Le code du coffre est @",
            "Code du portail : @",
            "la boîte à clés s'ouvre avec le code @",
        ],
        "otp": [
            "Votre code de vérification est @",
            "@ est votre code de validation {name}.",
            "Votre code de sécurité : @. Ne le communiquez à personne.",
            "Code à usage unique : @",
            "Saisissez le code @ pour confirmer votre paiement de {price}.",
            "Utilisez @ comme code de connexion.",
        ],
        "card": [
            "numéro de carte : @ exp 09/27",
            "tu peux payer avec ma carte @, cryptogramme 123",
            "Ma carte bleue : @",
            "carte Visa @ valable jusqu'au 04/28",
        ],
        "iban": [
            "Merci de faire le virement sur @.",
            "mon IBAN est @",
            "IBAN : @",
            "Voici mon RIB : @",
        ],
        "account": [
            "mon numéro de compte est le @",
            "Compte bancaire n° @",
            "Numéro de compte : @",
            "compte n°@ à la BNP",
        ],
        "key": [
            "la clé API est @",
            "Clé d'API : @",
            "voici le jeton pour la préprod : @",
            "utilise le token @ en attendant",
            "La clé secrète : @",
        ],
        "connection": ["essaie @", "dans le .env on a\n@\n", "la chaîne de connexion est @ ."],
        "phrase": [
            "ma phrase de récupération : @",
            "La phrase secrète du portefeuille est @",
            "Les 12 mots du wallet : @",
        ],
    },
    "es": {
        "password": [
            "la contraseña es @",
            "La clave del wifi es @ y la red {name}_invitados",
            "Tu nueva contraseña es @, cámbiala cuando entres.",
            "He cambiado la contraseña a @",
            "Entra con el usuario {user} y la contraseña @",
            "mi clave de netflix es @",
            "la contra es @",
            "usuario {user} / contraseña @",
        ],
        "set off": [
            "Contraseña: @",
            "Usuario: {user}\nClave: @\n",
            'La contraseña es "@"',
            "clave wifi: @",
            "Contraseña temporal: @",
            "pass: @",
        ],
        "pin": [
            "mi PIN es @",
            "El pin de la tarjeta es el @",
            "PIN: @",
            "Número secreto de la tarjeta: @",
            "el pin del móvil es @",
            "Código PIN @",
        ],
        "door": [
            "el código de la puerta es @",
            "Código del portal: @",
            "La alarma se quita con @, ese es el código",
            "el código de la caja fuerte es @",
            "La combinación del candado es @",
            "código de acceso al edificio @",
        ],
        "otp": [
            "Tu código de verificación es @",
            "@ es tu código de seguridad de {name}.",
            "Su clave de un solo uso es @",
            "Código de confirmación: @. No lo comparta con nadie.",
            "Use el código @ para autorizar la compra de {price}.",
            "me llegó el código, es @",
        ],
        "card": [
            "número de tarjeta @ caduca 09/27",
            "Paga con mi tarjeta @, CVV 123",
            "mi visa es @",
            "Tarjeta: @",
        ],
        "iban": [
            "Haz la transferencia a @.",
            "mi IBAN es @",
            "Cuenta: @",
            "El número de cuenta es @",
        ],
        "account": [
            "mi número de cuenta es @",
            "Cuenta bancaria: @",
            "Nº de cuenta @",
            "ingrésalo en la cuenta @ del Santander",
        ],
        "key": [
            "la clave de la API es @",
            "API key: @",
            "aquí tienes el token de pruebas: @",
            "usa el token @ por ahora",
            "Clave secreta: @",
        ],
        "connection": ["prueba con @", "En el .env pone\n@\n", "la cadena de conexión es @ ."],
        "phrase": [
            "mi frase de recuperación es @",
            "Frase semilla: @",
            "Las palabras de la cartera: @",
        ],
    },
    "it": {
        "password": [
            "la password è @",
            "La password del wifi è @, la rete si chiama {name}_ospiti",
            "La tua nuova password è @, cambiala al primo accesso.",
            "Ho cambiato la password in @",
            "Entra con {user} e password @",
            "la pw di netflix è @",
            "utente {user} e password @",
            "La parola d'ordine per il file è @",
        ],
        "set off": [
            "Password: @",
            "Utente: {user}\nPassword: @\n",
            'La password è "@"',
            "Chiave wifi: @",
            "Parola d'accesso: @",
            "psw: @",
        ],
        "pin": [
            "il mio PIN è @",
            "Il pin del bancomat è @",
            "PIN: @",
            "codice segreto della carta @",
            "il PIN del telefono è @",
            "Codice PIN: @",
        ],
        "door": [
            "il codice del portone è @",
            "Codice cancello: @",
            "Il codice dell'allarme è @",
            "la combinazione della cassaforte è @",
            "Codice per entrare in ufficio: @",
            "per la cassetta delle chiavi il codice è @",
        ],
        "otp": [
            "Il tuo codice di verifica è @",
            "@ è il tuo codice di sicurezza {name}.",
            "Codice OTP: @",
            "La tua password usa e getta è @",
            "Inserisci il codice @ per confermare il pagamento di {price}.",
            "Il codice di conferma è @",
        ],
        "card": [
            "numero della carta @ scadenza 09/27",
            "Paga con la mia carta @, CVV 123",
            "la mia visa è @",
            "Carta di credito: @",
        ],
        "iban": [
            "Fai il bonifico su @.",
            "il mio IBAN è @",
            "IBAN: @",
            "Coordinate bancarie: @",
        ],
        "account": [
            "il mio numero di conto è @",
            "Conto corrente n. @",
            "Numero di conto: @",
            "c/c @ presso Intesa",
        ],
        "key": [
            "la chiave API è @",
            "Chiave API: @",
            "ecco il token per lo staging: @",
            "per ora usa il token @",
            "Chiave segreta: @",
        ],
        "connection": ["prova con @", "nel .env c'è\n@\n", "la stringa di connessione è @ ."],
        "phrase": [
            "la mia frase di recupero: @",
            "La seed phrase del wallet è @",
            "Le parole del portafoglio: @",
        ],
    },
    "pt": {
        "password": [
            "a senha é @",
            "A senha do wifi é @ e a rede é {name}_visitas",
            "A tua nova palavra-passe é @, muda depois de entrares.",
            "Mudei a senha para @",
            "Entra com {user} e a senha @",
            "minha senha do netflix é @",
            "usuário {user} senha @",
            "a palavra passe do zip é @",
        ],
        "set off": [
            "Senha: @",
            "Utilizador: {user}\nPalavra-passe: @\n",
            'A senha é "@"',
            "senha do wi-fi: @",
            "Chave do wifi: @",
            "Senha provisória: @",
        ],
        "pin": [
            "o meu PIN é @",
            "O pin do cartão é @",
            "PIN: @",
            "Código secreto do cartão: @",
            "o pin do telemóvel é @",
            "Código PIN @",
        ],
        "door": [
            "o código da porta é @",
            "Código do portão: @",
            "O código do alarme é @",
            "a combinação do cofre é @",
            "Código de acesso ao prédio: @",
            "a caixa das chaves abre com o código @",
        ],
        "otp": [
            "O seu código de verificação é @",
            "@ é o seu código de segurança {name}.",
            "Código de confirmação: @. Não partilhe com ninguém.",
            "Sua senha de uso único é @",
            "Use o código @ para autorizar a compra de {price}.",
            "Seu token de acesso é @",
        ],
        "card": [
            "número do cartão @ validade 09/27",
            "Paga com o meu cartão @, CVV 123",
            "o meu visa é @",
            "Cartão de crédito: @",
        ],
        "iban": [
            "Faz a transferência para @.",
            "o meu IBAN é @",
            "IBAN: @",
            "Dados bancários: @",
        ],
        "account": [
            "o número da minha conta é @",
            "Conta bancária: @",
            "Conta nº @",
            "agência 0123 conta @",
        ],
        "key": [
            "a chave da API é @",
            "Chave API: @",
            "aqui está o token de testes: @",
            "usa o token @ por agora",
            "Chave secreta: @",
        ],
        "connection": ["tenta @", "no .env está\n@\n", "a string de conexão é @ ."],
        "phrase": [
            "a minha frase de recuperação: @",
            "A seed phrase da carteira é @",
            "As palavras da carteira: @",
        ],
    },
    "nl": {
        "password": [
            "het wachtwoord is @",
            "ww is @",
            "Het wifi-wachtwoord is @, netwerk {name}_gast",
            "Je nieuwe wachtwoord is @, wijzig het meteen.",
            "Ik heb het wachtwoord veranderd in @",
            "Log in met {user} en wachtwoord @",
            "gebruikersnaam {user}, wachtwoord @",
            "mijn wachtwoord van netflix is @",
        ],
        "set off": [
            "wachtwoord: @",
            "Gebruikersnaam: {user}\nWachtwoord: @\n",
            'Het wachtwoord is "@"',
            "ww: @",
            "Wifi code: @",
            "Tijdelijk wachtwoord: @",
        ],
        "pin": [
            "mijn pincode is @",
            "De pincode van de pas is @",
            "Pincode: @",
            "pin @ van de bedrijfspas",
            "de pin van mijn telefoon is @",
            "Toegangspin: @",
        ],
        "door": [
            "de code van de voordeur is @",
            "Deurcode: @",
            "De alarmcode is @",
            "code van het sleutelkastje is @",
            "De code van de kluis: @",
            "toegangscode kantoor @",
        ],
        "otp": [
            "Je verificatiecode is @",
            "@ is je beveiligingscode voor {name}.",
            "Uw tancode: @",
            "Je eenmalige code is @. Deel deze met niemand.",
            "Gebruik code @ om je betaling van {price} te bevestigen.",
            "Inlogcode: @",
        ],
        "card": [
            "creditcardnummer @ geldig tot 09/27",
            "betaal maar met mijn kaart @, CVC 123",
            "mijn visa is @",
            "Creditcard: @",
        ],
        "iban": [
            "Maak het maar over naar @.",
            "mijn IBAN is @",
            "Rekeningnummer: @",
            "Graag op rekening @ storten.",
        ],
        "account": [
            "mijn rekeningnummer is @",
            "Bankrekening: @",
            "Rekening nr. @ bij de Rabobank",
            "rekeningnummer @ t.n.v. {name}",
        ],
        "key": [
            "de API-sleutel is @",
            "API key: @",
            "hier is het token voor test: @",
            "gebruik voorlopig token @",
            "Geheime sleutel: @",
        ],
        "connection": ["probeer @", "in de .env staat\n@\n", "de connectiestring is @ ."],
        "phrase": [
            "mijn herstelzin: @",
            "De seed phrase van de wallet is @",
            "De herstelwoorden van de wallet: @",
        ],
    },
    "da": {
        "password": [
            "koden er @",
            "Adgangskoden er @",
            "Wifi-koden er @ og netværket hedder {name}_gæst",
            "Din nye adgangskode er @, skift den med det samme.",
            "Jeg har ændret kodeordet til @",
            "Log ind med {user} og kodeord @",
            "brugernavn {user}, kodeord @",
            "mit password til netflix er @",
        ],
        "set off": [
            "Adgangskode: @",
            "Brugernavn: {user}\nKodeord: @\n",
            'Kodeordet er "@"',
            "kode til wifi: @",
            "Midlertidig adgangskode: @",
            "password: @",
        ],
        "pin": [
            "min pinkode er @",
            "Pinkoden til kortet er @",
            "PIN: @",
            "pinkode @ til firmakortet",
            "pin til telefonen er @",
            "PUK-kode: @",
        ],
        "door": [
            "koden til hoveddøren er @",
            "Dørkode: @",
            "Alarmkoden er @",
            "koden til nøgleboksen er @",
            "Koden til pengeskabet: @",
            "Portkode @",
        ],
        "otp": [
            "Din bekræftelseskode er @",
            "@ er din sikkerhedskode til {name}.",
            "Din engangskode er @. Del den ikke med nogen.",
            "Brug koden @ for at godkende betalingen på {price}.",
            "Engangskode: @",
            "SMS-kode: @",
        ],
        "card": [
            "kortnummer @ udløber 09/27",
            "betal med mit kort @, CVC 123",
            "mit visa er @",
            "Dankort: @",
        ],
        "iban": [
            "Overfør til @.",
            "mit IBAN er @",
            "IBAN: @",
            "Sæt pengene ind på @ tak",
        ],
        "account": [
            "mit kontonummer er @",
            "Reg. {digits4} konto @",
            "Kontonr.: @",
            "overfør til konto @ i Danske Bank",
        ],
        "key": [
            "API-nøglen er @",
            "API key: @",
            "her er token til test: @",
            "brug token @ indtil videre",
            "Hemmelig nøgle: @",
        ],
        "connection": ["prøv @", "i .env står\n@\n", "forbindelsesstrengen er @ ."],
        "phrase": [
            "min gendannelsessætning: @",
            "Seed phrase til min wallet er @",
            "Ordene til wallet: @",
        ],
    },
    "sv": {
        "password": [
            "lösenordet är @",
            "lösen är @",
            "Wifi-lösenordet är @ och nätet heter {name}_gäst",
            "Ditt nya lösenord är @, byt det direkt.",
            "Jag har bytt lösenordet till @",
            "Logga in med {user} och lösenord @",
            "användarnamn {user}, lösenord @",
            "mitt lösen till netflix är @",
        ],
        "set off": [
            "Lösenord: @",
            "Användare: {user}\nLösenord: @\n",
            'Lösenordet är "@"',
            "lösen: @",
            "Tillfälligt lösenord: @",
            "kod till wifi: @",
        ],
        "pin": [
            "min pinkod är @",
            "Pinkoden till kortet är @",
            "PIN-kod: @",
            "pin @ på företagskortet",
            "koden till min telefon är @",
            "PUK-kod: @",
        ],
        "door": [
            "koden till porten är @",
            "Portkod: @",
            "Larmkoden är @",
            "koden till nyckelskåpet är @",
            "Koden till kassaskåpet: @",
            "Dörrkod @",
        ],
        "otp": [
            "Din verifieringskod är @",
            "@ är din säkerhetskod för {name}.",
            "Din engångskod är @. Dela den inte med någon.",
            "Ange koden @ för att godkänna köpet på {price}.",
            "Engångskod: @",
            "SMS-kod: @",
        ],
        "card": [
            "kortnummer @ giltigt till 09/27",
            "betala med mitt kort @, CVC 123",
            "mitt visa är @",
            "Kreditkort: @",
        ],
        "iban": [
            "För över till @.",
            "mitt IBAN är @",
            "IBAN: @",
            "Sätt in pengarna på @ tack",
        ],
        "account": [
            "mitt kontonummer är @",
            "Clearing {digits4} konto @",
            "Kontonr: @",
            "sätt in på konto @ i Swedbank",
        ],
        "key": [
            "API-nyckeln är @",
            "API key: @",
            "här är token för test: @",
            "använd token @ så länge",
            "Hemlig nyckel: @",
        ],
        "connection": ["testa @", "i .env står\n@\n", "anslutningssträngen är @ ."],
        "phrase": [
            "min återställningsfras: @",
            "Seed phrase till plånboken är @",
            "Orden till plånboken: @",
        ],
    },
    "pl": {
        "password": [
            "hasło to @",
            "Hasło do wifi to @, sieć {name}_gosc",
            "Twoje nowe hasło to @, zmień je po zalogowaniu.",
            "Zmieniłem hasło na @",
            "Zaloguj się jako {user} z hasłem @",
            "użytkownik {user}, hasło @",
            "moje haslo do netflixa to @",
            "hasło jest takie: @",
        ],
        "set off": [
            "Hasło: @",
            "Login: {user}\nHasło: @\n",
            'Hasło to "@"',
            "haslo: @",
            "Hasło tymczasowe: @",
            "Hasło brzmi „@”.",
        ],
        "pin": [
            "mój PIN to @",
            "PIN do karty to @",
            "PIN: @",
            "kod PIN @ do karty firmowej",
            "pin do telefonu @",
            "Kod PUK: @",
        ],
        "door": [
            "kod do drzwi to @",
            "Kod do bramy: @",
            "Kod alarmu to @",
            "kod do skrytki na klucze to @",
            "Szyfr do sejfu: @",
            "domofon @, drugie piętro",
        ],
        "otp": [
            "Twój kod weryfikacyjny to @",
            "@ to Twój kod bezpieczeństwa {name}.",
            "Kod jednorazowy: @. Nikomu go nie podawaj.",
            "Hasło jednorazowe: @",
            "Kod SMS: @ do przelewu na kwotę {price}",
            "Wpisz kod @, aby potwierdzić płatność.",
        ],
        "card": [
            "numer karty @ ważna do 09/27",
            "zapłać moją kartą @, CVV 123",
            "moja visa to @",
            "Karta kredytowa: @",
        ],
        "iban": [
            "Przelej na @.",
            "mój IBAN to @",
            "Numer konta: @",
            "Rachunek bankowy @",
        ],
        "account": [
            "mój numer konta to @",
            "Nr konta @",
            "Rachunek: @",
            "wpłać na konto @ w PKO",
        ],
        "key": [
            "klucz API to @",
            "Klucz API: @",
            "tu jest token do testów: @",
            "na razie użyj tokenu @",
            "Tajny klucz: @",
        ],
        "connection": ["spróbuj @", "w .env jest\n@\n", "connection string to @ ."],
        "phrase": [
            "moja fraza odzyskiwania: @",
            "Seed phrase do portfela to @",
            "Słowa do portfela: @",
        ],
    },
}

_NAMES = [
    "Fritz",
    "Nord",
    "Acme",
    "Globex",
    "Linden",
    "Hanse",
    "Rivoli",
    "Soho",
    "Delta",
    "Kiosk",
    "Atlas",
    "Mimosa",
    "Vesta",
]


def _user(rng: random.Random) -> str:
    return rng.choice(["admin", "anna", "b.lind", "office", "jan", f"user{rng.randint(1, 99)}"])


def _price(rng: random.Random) -> str:
    amount = f"{rng.randint(1, 9999)}"
    cents = f"{rng.randint(0, 99):02d}"
    return rng.choice(
        [f"{amount},{cents} €", f"${amount}.{cents}", f"{amount} kr", f"EUR {amount}"]
    )


def _date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1999, 2029)
    return rng.choice(
        [f"{day:02d}.{month:02d}.{year}", f"{year}-{month:02d}-{day:02d}", f"{day}/{month}/{year}"]
    )


def _phone(rng: random.Random) -> str:
    return rng.choice(
        [
            f"+49 {_digits(rng, 3)} {_digits(rng, 7)}",
            f"({_digits(rng, 3)}) {_digits(rng, 3)}-{_digits(rng, 4)}",
            f"0{_digits(rng, 9)}",
            f"+33 6 {_digits(rng, 2)} {_digits(rng, 2)} {_digits(rng, 2)} {_digits(rng, 2)}",
        ]
    )


def _tracking(rng: random.Random) -> str:
    return rng.choice(
        [
            f"1Z{_letters(rng, 16, string.ascii_uppercase + string.digits)}",
            f"00{_digits(rng, 18)}",
            f"JD0{_digits(rng, 17)}",
            f"RR{_digits(rng, 9)}DE",
        ]
    )


_HARMLESS_VALUES: dict[str, Callable[[random.Random], str]] = {
    "name": lambda rng: rng.choice(_NAMES),
    "user": _user,
    "price": _price,
    "date": _date,
    "year": lambda rng: str(rng.randint(1950, 2030)),
    "time": lambda rng: f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}",
    "phone": _phone,
    "tracking": _tracking,
    "order": lambda rng: rng.choice([_digits(rng, 8), f"2024-{_digits(rng, 5)}", _digits(rng, 12)]),
    "ticket": lambda rng: f"{rng.choice(['OPS', 'CRM', 'WEB'])}-{rng.randint(10, 9999)}",
    "number": lambda rng: str(rng.randint(2, 9999)),
    "digits4": lambda rng: _digits(rng, 4),
    "digits8": lambda rng: _digits(rng, 8),
    "digits9": lambda rng: _grouped(_digits(rng, 9), 3, " "),
    "sort": lambda rng: _grouped(_digits(rng, 6), 2, "-"),
    "sha": lambda rng: _hexes(rng, 40),
    "short_sha": lambda rng: _hexes(rng, 7),
    "uuid": _uuid,
    "version": lambda rng: f"{rng.randint(0, 9)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}",
    "zip": lambda rng: _digits(rng, 5),
    "ip": lambda rng: ".".join(str(rng.randint(1, 254)) for _ in range(4)),
    "promo": lambda rng: f"{rng.choice(['SUMMER', 'SPRING', 'HELLO'])}{rng.randint(5, 50)}",
}

_TALK: dict[str, tuple[list[str], list[str], list[str]]] = {
    "en": (
        ["Hi Anna", "Hey", "Dear all", "Hello Tom"],
        ["Sorry for the late answer.", "Thanks for yesterday!", "I'm on the train until four."],
        ["Best,\nKim", "Cheers", "Kind regards\nKim"],
    ),
    "de": (
        ["Hallo Anna", "Moin", "Sehr geehrte Frau Lind", "Hi zusammen"],
        ["Entschuldige die späte Antwort.", "Danke für gestern!", "Ich bin bis vier im Zug."],
        ["Viele Grüße\nKim", "LG", "Mit freundlichen Grüßen\nKim"],
    ),
    "fr": (
        ["Bonjour Anna", "Salut", "Chère Madame"],
        ["Désolé pour le retard.", "Merci pour hier !", "Je suis dans le train jusqu'à 16 h."],
        ["Bien à toi\nKim", "Bises", "Cordialement,\nKim"],
    ),
    "es": (
        ["Hola Anna", "Buenas", "Estimada señora"],
        ["Perdona la tardanza.", "¡Gracias por lo de ayer!", "Voy en el tren hasta las cuatro."],
        ["Un saludo,\nKim", "Besos", "Saludos\nKim"],
    ),
    "it": (
        ["Ciao Anna", "Buongiorno", "Gentile signora"],
        ["Scusa il ritardo.", "Grazie per ieri!", "Sono in treno fino alle quattro."],
        ["Un saluto\nKim", "A presto", "Cordiali saluti,\nKim"],
    ),
    "pt": (
        ["Olá Anna", "Oi", "Cara senhora"],
        ["Desculpa a demora.", "Obrigado por ontem!", "Estou no comboio até às quatro."],
        ["Abraço\nKim", "Beijos", "Cumprimentos,\nKim"],
    ),
    "nl": (
        ["Hoi Anna", "Hallo", "Beste mevrouw"],
        [
            "Sorry voor de late reactie.",
            "Bedankt voor gisteren!",
            "Ik zit tot vier uur in de trein.",
        ],
        ["Groetjes\nKim", "Groet", "Met vriendelijke groet,\nKim"],
    ),
    "da": (
        ["Hej Anna", "Hejsa", "Kære alle"],
        ["Undskyld det sene svar.", "Tak for i går!", "Jeg sidder i toget til klokken fire."],
        ["Kh\nKim", "Vi ses", "Med venlig hilsen\nKim"],
    ),
    "sv": (
        ["Hej Anna", "Tjena", "Bästa alla"],
        ["Förlåt sent svar.", "Tack för igår!", "Jag sitter på tåget till fyra."],
        ["Kram\nKim", "Vi hörs", "Vänliga hälsningar\nKim"],
    ),
    "pl": (
        ["Cześć Anna", "Hej", "Szanowna Pani"],
        ["Przepraszam za późną odpowiedź.", "Dzięki za wczoraj!", "Do czwartej jadę pociągiem."],
        ["Pozdrawiam\nKim", "Do zobaczenia", "Z poważaniem\nKim"],
    ),
}

_HARMLESS: dict[str, list[str]] = {
    "en": [
        "the password is wrong",
        "The password is the same as last time.",
        "Your password has expired, please choose a new one.",
        "I forgot my password again, can you reset it?",
        "I'll send you the password in a separate mail.",
        "Never share your PIN or password with anyone.",
        "the pin broke off the hinge, need {number} new ones",
        "Pin it to the board please.",
        "your code compiles now",
        "The code is on my desk, about {number} lines.",
        "Use code {promo} at checkout for 20% off.",
        "The zip code is {zip}.",
        "area code {digits4} I think",
        "error code {digits4} when I start it",
        "Order number {order} was shipped on {date}.",
        "invoice {order} over {price} is due on {date}",
        "Your account manager is {name}.",
        "I opened an account in {year} with {name}.",
        "the card is in the mail, should arrive by {date}",
        "I'll pay by card, {price} is fine.",
        "Call me at {phone}",
        "The key is under the mat",
        "key figures: {number} users, {price} revenue",
        "token count was {number} for that prompt",
        "He passed the exam in {year}.",
        "Room {digits4}, third floor",
        "The secret is good coffee.",
        "We need a pass for the parking lot from {date}.",
        "password must be at least 12 characters long",
        "Did the verification code arrive?",
        "reset your password here: https://example.org/reset",
        "I changed the password yesterday.",
        "The alarm went off at {time}.",
    ],
    "de": [
        "das Passwort ist falsch",
        "Das Passwort ist noch das alte.",
        "Ihr Passwort ist abgelaufen.",
        "Passwort vergessen? Kein Problem.",
        "Ich schicke dir das Kennwort per SMS.",
        "Geben Sie Ihre PIN niemals weiter.",
        "der Code läuft jetzt, {number} Zeilen",
        "Bestellnummer {order} vom {date}",
        "Rechnung {order} über {price} ist am {date} fällig.",
        "Postleitzahl {zip}",
        "Mein Konto habe ich seit {year}.",
        "Ruf mich an: {phone}",
        "Der Schlüssel liegt unter der Matte.",
        "Kundennummer {digits8}, bitte immer angeben",
        "Das Kennwort muss mindestens 12 Zeichen haben.",
        "Die Karte kommt per Post bis {date}.",
        "Fehlercode {digits4} beim Start",
        "Das Geheimnis ist guter Kaffee.",
        "Zimmer {digits4}, dritter Stock",
        "Ich habe das Passwort gestern geändert.",
    ],
    "fr": [
        "le mot de passe est faux",
        "Le mot de passe est le même que la dernière fois.",
        "Votre mot de passe a expiré.",
        "Mot de passe oublié ?",
        "Ne communiquez jamais votre code secret.",
        "le code compile enfin, {number} lignes",
        "Commande {order} du {date}",
        "La facture {order} de {price} est à payer avant le {date}.",
        "code postal {zip}",
        "Appelle-moi au {phone}",
        "La clé est sous le paillasson.",
        "J'ai un compte chez {name} depuis {year}.",
        "La carte arrive par la poste le {date}.",
        "Utilisez le code promo {promo} avant le {date}.",
        "Le mot de passe doit contenir au moins 12 caractères.",
        "chambre {digits4}, troisième étage",
        "Le secret, c'est le beurre.",
    ],
    "es": [
        "la contraseña es incorrecta",
        "La contraseña es la misma de siempre.",
        "Su contraseña ha caducado.",
        "¿Olvidaste tu contraseña?",
        "No comparta nunca su PIN.",
        "el código ya compila, {number} líneas",
        "Pedido {order} del {date}",
        "La factura {order} de {price} vence el {date}.",
        "código postal {zip}",
        "Llámame al {phone}",
        "La llave está debajo del felpudo.",
        "La clave es la paciencia.",
        "Tengo cuenta en {name} desde {year}.",
        "La tarjeta llega por correo el {date}.",
        "Usa el código {promo} y ahorra un 20 %.",
        "La contraseña debe tener al menos 12 caracteres.",
        "habitación {digits4}, tercera planta",
    ],
    "it": [
        "la password è sbagliata",
        "La password è la stessa dell'altra volta.",
        "La tua password è scaduta.",
        "Hai dimenticato la password?",
        "Non comunicare mai il tuo PIN.",
        "il codice compila, {number} righe",
        "Ordine {order} del {date}",
        "La fattura {order} di {price} scade il {date}.",
        "CAP {zip}",
        "Chiamami al {phone}",
        "La chiave è sotto lo zerbino.",
        "Ho un conto da {name} dal {year}.",
        "La carta arriva per posta il {date}.",
        "Usa il codice {promo} per lo sconto.",
        "La password deve avere almeno 12 caratteri.",
        "camera {digits4}, terzo piano",
        "codice fiscale e partita IVA sono in fattura",
    ],
    "pt": [
        "a senha está errada",
        "A senha é a mesma de sempre.",
        "A sua palavra-passe expirou.",
        "Esqueceu a senha?",
        "Nunca partilhe o seu PIN.",
        "o código já compila, {number} linhas",
        "Encomenda {order} de {date}",
        "A fatura {order} de {price} vence em {date}.",
        "código postal {zip}",
        "Liga-me para {phone}",
        "A chave está debaixo do tapete.",
        "Tenho conta na {name} desde {year}.",
        "O cartão chega por correio em {date}.",
        "Usa o código {promo} e poupa 20 %.",
        "A senha deve ter pelo menos 12 caracteres.",
        "quarto {digits4}, terceiro andar",
    ],
    "nl": [
        "het wachtwoord is verkeerd",
        "Het wachtwoord is nog hetzelfde.",
        "Je wachtwoord is verlopen.",
        "Wachtwoord vergeten?",
        "Geef je pincode nooit aan anderen.",
        "de code compileert nu, {number} regels",
        "Bestelling {order} van {date}",
        "Factuur {order} van {price} vervalt op {date}.",
        "postcode {digits4} AB",
        "Bel me op {phone}",
        "De sleutel ligt onder de mat.",
        "Ik heb een rekening bij {name} sinds {year}.",
        "De pas komt met de post op {date}.",
        "Gebruik kortingscode {promo} voor 20% korting.",
        "Het wachtwoord moet minstens 12 tekens hebben.",
        "kamer {digits4}, derde verdieping",
        "De rekening was {price}.",
    ],
    "da": [
        "koden er forkert",
        "Adgangskoden er den samme som sidst.",
        "Din adgangskode er udløbet.",
        "Glemt adgangskode?",
        "Del aldrig din pinkode med nogen.",
        "koden kompilerer nu, {number} linjer",
        "Ordre {order} fra {date}",
        "Faktura {order} på {price} forfalder {date}.",
        "postnummer {digits4}",
        "Ring til mig på {phone}",
        "Nøglen ligger under måtten.",
        "Jeg har haft konto hos {name} siden {year}.",
        "Kortet kommer med posten den {date}.",
        "Brug rabatkode {promo} og spar 20 %.",
        "Adgangskoden skal have mindst 12 tegn.",
        "værelse {digits4}, tredje sal",
    ],
    "sv": [
        "lösenordet är fel",
        "Lösenordet är samma som förra gången.",
        "Ditt lösenord har gått ut.",
        "Glömt lösenordet?",
        "Lämna aldrig ut din pinkod.",
        "koden kompilerar nu, {number} rader",
        "Order {order} från {date}",
        "Faktura {order} på {price} förfaller {date}.",
        "postnummer {zip}",
        "Ring mig på {phone}",
        "Nyckeln ligger under mattan.",
        "Jag har haft konto hos {name} sedan {year}.",
        "Kortet kommer med posten den {date}.",
        "Använd rabattkoden {promo} och spara 20 %.",
        "Lösenordet måste ha minst 12 tecken.",
        "rum {digits4}, tredje våningen",
    ],
    "pl": [
        "hasło jest złe",
        "Hasło jest takie samo jak ostatnio.",
        "Twoje hasło wygasło.",
        "Nie pamiętasz hasła?",
        "Nigdy nie podawaj nikomu kodu PIN.",
        "kod już się kompiluje, {number} linii",
        "Zamówienie {order} z {date}",
        "Faktura {order} na {price} jest płatna do {date}.",
        "kod pocztowy {zip}",
        "Zadzwoń do mnie: {phone}",
        "Klucz jest pod wycieraczką.",
        "Mam konto w {name} od {year}.",
        "Karta przyjdzie pocztą do {date}.",
        "Użyj kodu {promo} i oszczędź 20 %.",
        "Hasło musi mieć co najmniej 12 znaków.",
        "pokój {digits4}, trzecie piętro",
    ],
}

_HARMLESS_ANYWHERE = [
    "commit {sha}",
    "fixed in {short_sha}, see {ticket}",
    "{ticket}: {name} login page",
    "request id {uuid}",
    "Tracking: {tracking}",
    "v{version} -> v{version}",
    "{ip}:{number}",
    'password = os.environ["DB_PASSWORD"]',
    "API_KEY=${API_KEY_FROM_VAULT}".replace("{", "(").replace("}", ")"),
    "password: ********",
    "api_key: <your-api-key>",
    "Password: (hidden)",
    "postgres://localhost:5432/dev",
    "https://example.org/a/{uuid}?page={number}",
    "def check(password: str) -> bool: ...",
    "ISBN 978-3-16-148410-0, {price}",
    "{date} {time} {name} {price}",
    "Message-ID: <{uuid}@example.org>",
    "sha256 {sha}",
    "Tel. {phone}, Fax {phone}",
    "VAT DE{digits9}",
    "Zoom: https://example.org/j/{digits8}",
]
