"""What mail programs call the folders and labels that say what became of a mail, by language.

Names are compared in lower case, whole, and without accents, punctuation and spaces. Gmail's labels
are among them. To add a language, add its names here.
"""

from typing import Literal

Place = Literal["sent", "draft", "deleted", "spam", "other"]

FOLDER_NAMES: dict[Place, str] = {
    # English, German, French, Spanish, Portuguese, Italian, Dutch, Danish, Norwegian, Swedish,
    # Finnish, Polish, Czech, Slovak, Hungarian, Romanian, Turkish, Greek, Russian, Ukrainian,
    # Chinese, Japanese, Korean, Arabic, Hebrew; a line each where there are several names
    "sent": """
        sent | sent mail | sent items | sent messages | sent-mail | sent email | sent objects
        outgoing | sent folder
        gesendet | gesendete elemente | gesendete objekte | gesendete nachrichten | gesendete mails
        gesendete e-mails | gesendete emails | gesendete | postausgang gesendet | versendet
        envoyés | messages envoyés | éléments envoyés | courrier envoyé | objets envoyés
        envoyé | mails envoyés
        enviados | elementos enviados | mensajes enviados | correo enviado | correos enviados
        enviado
        itens enviados | mensagens enviadas | e-mails enviados | correio enviado | enviadas
        e-mail enviado
        posta inviata | inviati | inviata | messaggi inviati | elementi inviati | inviate
        verzonden | verzonden items | verzonden berichten | verzonden e-mail | verstuurd
        sendt | sendt post | sendte elementer | sendte e-mails | sendte meddelelser
        sendt e-post | sendte
        skickat | skickade | skickade objekt | skickade meddelanden | skickat mail
        lähetetyt | lähetetyt viestit | lähetetty | lähetetyt kohteet
        wysłane | elementy wysłane | wysłane wiadomości | wysłana poczta
        odeslané | odeslaná pošta | odoslané | odoslaná pošta | odoslané položky
        elküldött | elküldött elemek | elküldött levelek | elküldött üzenetek | elküldött üzenet
        trimise | mesaje trimise | elemente trimise | gönderilmiş | gönderilmiş öğeler
        gönderilmiş postalar
        gönderilen | gönderilenler | gönderilmiş iletiler
        απεσταλμένα | απεσταλμένα στοιχεία | στάλθηκαν | σταλμένα | изпратени | изпратена поща
        отправленные | отправленное | исходящие отправленные | надіслані | надіслано | відправлені
        已发送 | 已发送邮件 | 已发邮件 | 已傳送 | 寄件備份 | 寄件備份匣 | 已寄出 | 已传送
        送信済み | 送信済みメール | 送信済みアイテム | 送信済みトレイ | 送信トレイ送信済み
        보낸편지함 | 보낸 편지함 | 보낸 메일함 | 보낸메일함 | 보낸 항목
        المرسلة | البريد المرسل | الرسائل المرسلة | العناصر المرسلة | المُرسَلة
        דואר יוצא | דואר שנשלח | נשלח | פריטים שנשלחו | הודעות שנשלחו | thư đã gửi | đã gửi
        terkirim
        poslano | poslane poruke | poslata | послато | saadetud | nosūtīts | išsiųsta | išsiųsti
        ส่งแล้ว
        elements enviats | enviats | bidaliak | sendir hlutir | sent mails | ps sent | copies sent
    """,
    "draft": """
        drafts | draft | unsent | unsent messages | outbox | templates | template | scheduled
        unsent mail | queue
        entwürfe | entwurf | postausgang | vorlagen | geplant | brouillons | brouillon | modèles
        boîte d'envoi
        programmés | planifiés | borradores | borrador | bandeja de salida | plantillas
        programados
        rascunhos | rascunho | caixa de saída | modelos | programadas | agendados | agendado
        agendadas
        bozze | bozza | posta in uscita | modelli | programmati | in programma | concepten
        concept | sjablonen | postvak uit | gepland
        kladder | kladde | kladd | udkast | udbakke | utboks | skabeloner | utkast | utkorg
        utkorgen | mallar
        luonnokset | luonnos | lähtevät | szkice | kopie robocze | wersje robocze | robocze
        skrzynka nadawcza | szablony
        koncepty | rozepsané | pošta k odeslání | šablony | piszkozatok | vázlatok | kimenő
        sablonok
        ciorne | schițe | mesaje nefinalizate | taslaklar | giden kutusu | şablonlar | πρόχειρα
        εξερχόμενα
        черновики | исходящие | шаблоны | чернетки | вихідні | чернови
        草稿 | 草稿箱 | 草稿匣 | 发件箱 | 寄件匣 | 模板 | 下書き | 送信トレイ | テンプレート
        送信待ち
        임시보관함 | 임시 보관함 | 임시보관 | 보낼편지함 | مسودات | المسودات | صندوق الصادر
        טיוטות | דואר לשליחה
        thư nháp | bản nháp | draf | konsep | skice | nacrti | juodraščiai | melnraksti
        mustandid | ร่างจดหมาย | esborranys
    """,
    "deleted": """
        trash | deleted | deleted items | deleted messages | bin | deleted mail | wastebasket
        rubbish | trash can
        papierkorb | gelöscht | gelöschte elemente | gelöschte objekte | gelöschte nachrichten
        gelöschte
        corbeille | éléments supprimés | messages supprimés | supprimés | poubelle
        papelera | elementos eliminados | eliminados | mensajes eliminados | papelera de reciclaje
        lixo | lixeira | itens excluídos | itens eliminados | mensagens excluídas | excluídos
        reciclagem
        cestino | posta eliminata | elementi eliminati | eliminati | messaggi eliminati
        prullenbak | verwijderde items | verwijderd | verwijderde berichten | prullenmand
        papirkurv | slettet post | slettede elementer | slettet | slettede | søppelkurv
        papirkurven | papperskorg | papperskorgen
        borttaget | borttagna objekt | roskakori | poistetut | poistetut viestit
        kosz | elementy usunięte | usunięte | koš | odstraněná pošta | odstraněné | vymazané
        odstránené
        törölt elemek | törölt | kuka | lomtár | coș de gunoi | gunoi | elemente șterse | șterse
        çöp | çöp kutusu | silinmiş öğeler | silinmiş
        κάδος | κάδος απορριμμάτων | διαγραμμένα | διαγραμμένα στοιχεία | корзина | удаленные
        удалённые | кошик | видалені | кошче
        废件箱 | 已删除 | 已删除邮件 | 垃圾桶 | 刪除的郵件 | 已刪除 | 回收站 | ごみ箱 | ゴミ箱
        削除済み | 削除済みアイテム | 휴지통 | 지운 편지함 | 삭제된 항목
        المهملات | سلة المهملات | العناصر المحذوفة | אשפה | פריטים שנמחקו | thùng rác | sampah
        smeće | otpad | šiukšlinė | ถังขยะ | paperera
    """,
    "spam": """
        spam | junk | junk mail | junk e-mail | junk email | bulk mail | bulk | spamverdacht
        quarantine | quarantäne
        junk-e-mail | werbung spam | unerwünscht | unerwünschte werbung
        courrier indésirable | indésirables | indésirable | pourriel | pourriels
        correo no deseado | no deseado | correo basura
        lixo eletrônico | lixo electrónico | spam mail | posta indesiderata | indesiderata
        posta spazzatura
        ongewenste e-mail | ongewenst | ongewenste reclame | uønsket e-post | uønsket post
        uønsket mail | søppelpost
        skräppost | roskaposti | wiadomości-śmieci | śmieci | niechciane | nevyžádaná pošta
        nevyžiadaná pošta | levélszemét
        mesaje nedorite | istenmeyen posta | önemsiz | önemsiz e-posta | gereksiz | ανεπιθύμητα
        ανεπιθύμητη αλληλογραφία
        спам | нежелательная почта | небажана пошта | нежелана поща | 垃圾邮件 | 垃圾郵件
        垃圾信件 | 迷惑メール | 스팸 | 스팸메일함 | 스팸편지함 | 정크 메일
        البريد العشوائي | البريد غير الهام | ספאם | דואר זבל | thư rác | neželjena pošta
        brukalai | surogatpost | สแปม | correu brossa
    """,
}
