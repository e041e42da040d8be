"""Secrets as people write them in ways that no rule lists: found by rules, classifier or both."""

from collections.abc import Callable

import pytest

from maverick_assets.datasets.secrets.find import excerpt, find_secrets
from maverick_assets_tests.corpora.planted_secrets import is_found
from maverick_assets_tests.corpora.unseen_secrets import (
    Phrase,
    clean_phrases,
    second_phrases,
    third_phrases,
    unseen_clean_texts,
    unseen_phrases,
    unseen_texts,
)


def test_both_halves_have_every_common_language_and_more_than_150_phrases() -> None:
    for locked in (False, True):
        phrases = unseen_phrases(locked)
        languages = {phrase.language for phrase in phrases}
        assert languages >= {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da"}
        assert len(phrases) > 150
        assert len(clean_phrases(locked)) > 150


@pytest.mark.parametrize(("set_phrases", "least"), [(second_phrases, 120), (third_phrases, 150)])
def test_further_sets_have_phrases_and_80_look_alikes_in_ten_languages(
    set_phrases: Callable[[bool], list[Phrase]], least: int
) -> None:
    phrases, clean = set_phrases(False), set_phrases(True)
    assert len(phrases) >= least
    assert len(clean) >= 80
    assert min(len({phrase.language for phrase in each}) for each in (phrases, clean)) >= 10
    texts = [{p.text for locked in (False, True) for p in unseen_phrases(locked)}]
    texts += [{p.text for p in other(False)} for other in (second_phrases, third_phrases)]
    assert len(set.union(*texts)) == sum(map(len, texts))


def is_held(text: str, secret: str) -> bool:
    """Whether a finding covers a part of the secret, and the excerpt shows none of it."""
    findings = find_secrets(text)
    start = text.index(secret)
    overlaps = any(each.start < start + len(secret) and each.end > start for each in findings)
    return overlaps and secret not in excerpt(text, findings)


# Rows of kinds that were once missed, each followed by five more of its kind.
APP_PASSWORDS = [
    ("The copier has an app password of its own now, wbqk rtyl pxov hzcm", "wbqk rtyl pxov hzcm"),
    ("app password for Thunderbird: tgvn qazp lmwx doir", "tgvn qazp lmwx doir"),
    (
        "For the old iPad I generated pjhx vbwq ozyk rtnd in the account settings",
        "pjhx vbwq ozyk rtnd",
    ),
    ("Google gave me this for the camera:\nxwzq plkj tyvb nmqs", "xwzq plkj tyvb nmqs"),
    ("App-Passwort vom Drucker lautet hqzt wrkp mvxl bnds", "hqzt wrkp mvxl bnds"),
    ("mot de passe d'application: vqtz-kpwx-rlmj-hgbd", "vqtz-kpwx-rlmj-hgbd"),
]
LISTS_OF_CODES = [
    ("Backup codes of my Dropbox:\n3307 6614\n9182 4475\n2046 7731", "3307 6614"),
    ("recovery codes for GitLab\n- 83726451\n- 19283746\n- 55647382", "83726451"),
    ("Spare 2FA codes\n1f3a9-77bc2\n90de1-4ab35", "1f3a9-77bc2"),
    ("Ersatzcodes für PayPal\n774 201\n118 903", "774 201"),
    ("codes de secours LinkedIn\n6620 1183\n9047 5521", "6620 1183"),
    ("códigos de emergencia del correo\n48210937\n66720193", "48210937"),
]
LOGINS_ON_LINES = [
    ("Your access to the shop backend\nnora@quietharbor.example\nKestrel88?", "Kestrel88?"),
    ("Login for the wiki\nnora.k\nPlum-Tart-41", "Plum-Tart-41"),
    ("Zugang zum Archiv\nnora@quietharbor.example\nMohnblume77!", "Mohnblume77!"),
    ("accès à la boutique\nnora\nCerise!2209", "Cerise!2209"),
    ("account for the fleet tool:\n\nnora\nGr4nite_Owl", "Gr4nite_Owl"),
    ("inloggen webshop\nnora@quietharbor.example\nRegenboog#5", "Regenboog#5"),
]
LOGINS_IN_SENTENCES = [
    ("sign in to the dashboard as nora (Kestrel88?)", "Kestrel88?"),
    ("login for the archive: nora / Kestrel88?", "Kestrel88?"),
    ("ssh nora@10.9.0.3 with Plum-Tart-41", "Plum-Tart-41"),
    ("melde dich im Shop als nora an (Mohnblume77!)", "Mohnblume77!"),
    ("connexion boutique : nora / Cerise!2209", "Cerise!2209"),
    ("entra nel gestionale come nora (Ciliegia_33!)", "Ciliegia_33!"),
]
WALLETS = [
    (
        "the twelve words of my Trezor are river cactus violin pepper marble sunset engine ladder"
        " cotton walnut bridge harbor",
        "river cactus violin",
    ),
    (
        "seed words wallet:\nwalnut bridge harbor river cactus violin pepper marble sunset engine"
        " ladder cotton",
        "walnut bridge",
    ),
    (
        "Die 12 Wörter der Wallet: ladder cotton walnut bridge harbor river cactus violin pepper"
        " marble sunset engine",
        "ladder cotton",
    ),
    (
        "recovery phrase\n1. engine 2. ladder 3. cotton 4. walnut 5. bridge 6. harbor 7. river"
        " 8. cactus 9. violin 10. pepper 11. marble 12. sunset",
        "engine",
    ),
    (
        "mes mots de récupération sont violin pepper marble sunset engine ladder cotton walnut"
        " bridge harbor river cactus",
        "violin pepper",
    ),
    (
        "metamask words, hide them: pepper, marble, sunset, engine, ladder, cotton, walnut, bridge,"
        " harbor, river, cactus, violin",
        "pepper, marble",
    ),
]
LINKS = [
    (
        "Pick a new one at https://id.quietharbor.example/reset?code=Qm4xT81bZkWv93sLyPd2",
        "Qm4xT81bZkWv93sLyPd2",
    ),
    (
        "https://quietharbor.example/verify?user=7&token=9fK2mQ7xV4bT1wZ8rLp3",
        "9fK2mQ7xV4bT1wZ8rLp3",
    ),
    (
        "log in with https://app.quietharbor.example/magic/8sK1vP0qXz72LmN4tRwY",
        "8sK1vP0qXz72LmN4tRwY",
    ),
    (
        "Hier: https://konto.quietharbor.example/neu?key=Aa93kLm20PqZx81RtVw5",
        "Aa93kLm20PqZx81RtVw5",
    ),
    (
        "invite: https://chat.quietharbor.example/invite/Zp81Kx03LqWm72VtRb94",
        "Zp81Kx03LqWm72VtRb94",
    ),
    (
        "https://api.quietharbor.example/v1/files?api_key=4kT9xW2mQ8vL1zR7pB3n&limit=5",
        "4kT9xW2mQ8vL1zR7pB3n",
    ),
]
NUMBERS_OF_THE_STATE = [
    ("They want my SSN for the form, 412 55 7093", "412 55 7093"),
    ("SSN 412 55 7093", "412 55 7093"),
    ("social security number is 412557093", "412557093"),
    ("my social: 412-55-7093", "412-55-7093"),
    ("meine Steuer-ID lautet 86 095 742 719", "86 095 742 719"),
    ("PESEL: 44051401359", "44051401359"),
]
ACCOUNTS = [
    ("IBAN DE12 5001 0517 5407 3249 31", "5407"),  # its check digits are wrong
    ("pay to FR76.3000.6000.0112.3456.7890.188", "3000"),
    ("NL12RABO0123456788", "NL12RABO"),
    ("ES91 210 00418 4502 0005 1331 please", "00418"),
    ("de12500105175407324930", "de12"),
    ("PL27-1140-2004-0000-3002-0135-5386", "1140"),
]
KEYS = [
    ("the transcription service: gsk_" + "a1B2" * 9, "a1B2"),
    ("put dckr_pat_" + "x9Yz" * 7 + " in the pipeline", "x9Yz"),
    ("tskey-auth-" + "k1Mn" * 5 + "-" + "q2Ws" * 6, "k1Mn"),
    ("sbp_" + "0a1b" * 10, "0a1b"),
    ("glpat-" + "Ab1_" * 5 + ".01.0z1k", "Ab1_"),
    ("use qmx_" + "K4r9Tz2w" * 4 + " for the sandbox", "K4r9"),
]
COMBINATIONS = [
    ("combination of the wall safe 31-07-22", "31-07-22"),
    ("the vault at the office opens with 14 88 02", "14 88 02"),
    ("Tresor im Büro: R17 L42 R8", "R17 L42 R8"),
    ("coffre-fort : 55-12-90", "55-12-90"),
    ("bike lock 7741", "7741"),
    ("kluis 08-15-47, twee keer links", "08-15-47"),
]
QUESTIONS = [
    ("What was the login of the archive?\nnora / Kestrel88?", "Kestrel88?"),
    ("What was the login of the archive?\nnora and Kestrel88?", "Kestrel88?"),
    ("wifi password?\nKestrel88?", "Kestrel88?"),
    ("Wie war das Passwort fürs NAS?\nMohnblume77!", "Mohnblume77!"),
    ("c'est quoi le code de la porte ?\n7741B", "7741B"),
    ("which PIN did the bank send?\n7741", "7741"),
    ("me recuerdas la clave del archivo?\nclaro, Cereza#2209", "Cereza#2209"),
]
ONE_TIME_CODES = [
    ("Quietharbor: 551 904. Valid for five minutes, never hand it to anybody.", "551 904"),
    ("551904 is your Quietharbor code, it expires soon", "551904"),
    ("Ihr Code für Quietharbor: 551904. Er gilt 10 Minuten.", "551904"),
    ("Quietharbor : 551904. Valable 5 minutes.", "551904"),
    ("Enter 551904 to confirm your sign-in at Quietharbor. If this wasn't you, call us.", "551904"),
    ("Quietharbor: 551904. Expira en 10 minutos.", "551904"),
]


SPELLED = [
    ("The alarm of the shop is four seven one nine", "four seven one nine"),
    ("Türcode: sieben null drei drei", "sieben null drei drei"),
    ("code du portail, cinq huit deux un", "cinq huit deux un"),
    ("el PIN de la tarjeta es nueve cero seis dos", "nueve cero seis dos"),
    ("codice del cancello: sei quattro otto uno", "sei quattro otto uno"),
    ("pincode van de kluis is drie zeven vijf vijf", "drie zeven vijf vijf"),
]
TURNS = [
    ("Tresor: links 34, rechts 12, links 71", "links 34"),
    ("the safe opens left 8, right 51, left 22", "left 8"),
    ("coffre-fort : gauche 34, droite 12, gauche 71", "gauche 34"),
    ("caja fuerte: izquierda 8, derecha 51, izquierda 22", "izquierda 8"),
    ("cassaforte: sinistra 8, destra 51, sinistra 22", "sinistra 8"),
    ("kluis: links 8, rechts 51, links 22", "links 8"),
]
VALUES_BELOW = [
    ("WiFi\nHarborGuest\nKestrel88?", "Kestrel88?"),
    ("WLAN\nUferhaus\nMohnblume77!", "Mohnblume77!"),
    ("wifi :\nMaison-Port\nCerise!2209", "Cerise!2209"),
    ("Red wifi\nCasaPuerto\nCereza#2209", "Cereza#2209"),
    ("rete wifi\nCasaPorto\nCiliegia_33!", "Ciliegia_33!"),
    ("netwerk\nHavenhuis\nRegenboog#5", "Regenboog#5"),
]
PAIRS = [
    ("user nora, then Kestrel88?", "Kestrel88?"),
    ("Benutzer nora, dann Mohnblume77!", "Mohnblume77!"),
    ("utilisateur nora, puis Cerise!2209", "Cerise!2209"),
    ("usuario nora, luego Cereza#2209", "Cereza#2209"),
    ("utente nora, poi Ciliegia_33!", "Ciliegia_33!"),
    ("gebruiker nora, daarna Regenboog#5", "Regenboog#5"),
]
# No noun announces the secret: the shape does, or who wants it and what one does with it.
HANDED_OVER = [
    ("Grandpa's tablet insists on Kestrel88?", "Kestrel88?"),
    ("nora / Plum-Tart-41 until the new badge comes", "Plum-Tart-41"),
    ("der Plotter im Keller verlangt Mohnblume77!", "Mohnblume77!"),
    ("le scanner réclame Cerise!2209", "Cerise!2209"),
    ("la sbarra del parcheggio vuole 7741#", "7741#"),
    ("Quietharbor: enter 551904 to finish your registration", "551904"),
    ("Quietharbor: geben Sie 551904 ein, um die Zahlung freizugeben", "551904"),
]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        *APP_PASSWORDS, *LISTS_OF_CODES, *LOGINS_ON_LINES, *LOGINS_IN_SENTENCES, *WALLETS, *LINKS,
        *NUMBERS_OF_THE_STATE, *ACCOUNTS, *KEYS, *COMBINATIONS, *QUESTIONS, *ONE_TIME_CODES,
        *HANDED_OVER, *SPELLED, *TURNS, *VALUES_BELOW, *PAIRS,
    ],
)  # fmt: skip
def test_a_secret_is_held_however_it_is_written(text: str, secret: str) -> None:
    assert is_held(text, secret)


@pytest.mark.parametrize(
    "text",
    [
        "The scanner does 600*600 at best, mine 100-200",
        "we are on 2.6.10-5 here, http://quietharbor.example/bbs?m=1\n&mid=11711",
        "cool cool cool, see you at the harbour",
        "that was late...We slept until noon!Love",
        "Account Quietharbor: 4192 seats, $1949.34 a month",
        "Weeks of the plan: 40 41 42 43 44 45 46",
        "How many of them came?\n4192",
        "Did you get my text? yes, 14:35",
        "try me at 713 853\n3230",
        "call me at 713 555 3230",
        "turn left, after 3 km right, the 2 houses are ours",
        "one two three, go",
        "login\nnora\n14:30-16:00",
        "USt-IdNr. DE280 209 021",
    ],
)
def test_figures_that_open_nothing_are_not_held(text: str) -> None:
    assert find_secrets(text) == []


def test_phrases_never_seen_are_nearly_all_found_and_look_alikes_hardly_held() -> None:
    texts = unseen_texts(locked=False)
    assert sum(map(is_found, texts)) >= 0.94 * len(texts)
    clean = unseen_clean_texts(locked=False)
    assert sum(bool(find_secrets(text)) for text in clean) <= 0.03 * len(clean)
