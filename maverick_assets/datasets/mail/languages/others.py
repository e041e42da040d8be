"""Languages of which only a few words are covered: Russian, Chinese, Turkish, Finnish and others.

A language that gets more of them moves to a module of its own.
"""

from maverick_assets.datasets.mail.language import (
    FooterWords,
    MailLanguage,
    QuoteWords,
    SubjectPrefixes,
)

LANGUAGE = MailLanguage(
    quotes=QuoteWords(
        # Outlook, Russian: "От: Dana Cole", "Кому: ...", "Дата: ...", "Тема: ..."
        sender_labels=("От кого", "От"),
        to_labels=("Кому",),
        date_labels=("Дата",),
        subject_labels=("Тема",),
        # Gmail, Russian: the verb after "3 июня 2025, 10:02 Dana Cole"
        wrote_in_quotequail=("написал",),
        # Thunderbird, Russian: "-------- Пересылаемое сообщение --------", which quotequail has
        separator_nouns=("сообщение",),
        forward_words=("пересылаемое",),
    ),
    footers=FooterWords(
        sent_words=(
            # Apple Mail: "Lähetetty iPhonesta", "Odesláno z iPhonu", "iPhone'umdan gönderildi"
            *("lähetetty", "hanki", "sendt", "skaff deg", "odesláno", "získa(?:t|jte)", "odoslané"),
            *("отправлено", "надіслано", "скачать", "gönderildi", "gönderilmiştir", "edinin"),
            *("elküldve", "küldve", "trimis", "στάλθηκε", "αποστολή", "poslano", "изпратено"),
            *("gửi từ", "dikirim dari", "נשלח", "أرسلت", "보냄", "보내기"),
        ),
    ),
    subjects=SubjectPrefixes(
        # Outlook, Chinese: the first two answer and the third forwards. It is no `forward` here: a
        # Chinese forward is recognised by what its body says. Outlook, Turkish: "YNT: ...",
        # Russian: "Отв: ...", Greek: "ΑΠ: ...", Hungarian: "VÁ: ...", Hebrew, Arabic, Vietnamese.
        reply=(
            "回复",
            "答复",
            "转发",
            "回覆",
            "ynt",
            "отв",
            "ответ",
            "απ",
            "vá",
            "תגובה",
            "رد",
            "trả lời",
        ),
        # Outlook, Turkish: "İLT: ...", Finnish: "VL: ...", Greek: "ΠΡΘ: ...", Hungarian: "TOV: ..."
        forward=("i̇?lt", "vl", "πρθ", "tov", "הועבר"),
    ),
)
