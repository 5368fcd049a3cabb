"""What the fictional shop's customers ask and what it answers, in four languages. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """One subject in one language. `asks` start it, `answers` are ours, `adds` come after one."""

    subject: str
    asks: tuple[str, ...]
    answers: tuple[str, ...]
    adds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """How a language's customers sound. `prefix` begins their numbers, then come `digits` more.

    `name` takes a given and a family name from the two lists, in the language's own order;
    both lists are separated by blanks.
    """

    language: str
    prefix: str
    digits: int
    name: str
    givens: str
    families: str
    scripts: tuple[Script, ...]
    closing: tuple[str, ...]
    thanks: tuple[str, ...]
    regrets: tuple[str, ...]


JAPANESE = Voice(
    language="ja",
    prefix="+81900000",
    digits=4,
    name="{family} {given}",
    givens="美咲 健 結衣 大輔 さくら 翔太 葵 陽菜 蓮 真央 悠斗 凛 拓海 千尋",
    families="佐藤 鈴木 高橋 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 松本 井上 木村",
    scripts=(
        Script(
            "refund",
            ("返金できますか?", "昨日届いたライトが壊れていました。返品したいです。"),
            (
                "ご不便をおかけして申し訳ございません。ご注文の日付を教えていただけますか。",
                "確認しました。返品用の伝票をお送りします。",
            ),
            ("注文したのは先週の火曜日です。", "先週の火曜日に注文しました。領収書もあります。"),
        ),
        Script(
            "price",
            (
                "ロードバイクの価格を教えてください。",
                "試乗はできますか?価格も知りたいです。",
            ),
            (
                "お問い合わせありがとうございます。ご予算はどのくらいでしょうか。",
                "ご身長に合う二台をご用意しておきます。",
            ),
            ("15万円くらいまでで考えています。", "身長は162cmです。"),
        ),
        Script(
            "order",
            (
                "注文した自転車はいつ届きますか?届かないので心配です。",
                "注文番号4471の配送状況を知りたいです。",
            ),
            ("お調べしますので少々お待ちください。", "明日の午前中に到着の予定です。"),
            ("午後の配達だと助かります。", "置き配でお願いします。"),
        ),
        Script(
            "repair",
            (
                "後輪がパンクしました。今日修理できますか?",
                "ブレーキの音が気になります。修理はいくらですか。",
            ),
            ("本日は17時まで承っております。", "点検は無料、部品代は別になります。"),
            ("16時ごろに行きます。", "では、夕方に伺います。"),
        ),
        Script(
            "other",
            ("営業時間を教えてください。", "駐輪場はありますか?"),
            ("平日の10時から19時までご利用いただけます。",),
            ("わかりました。明日伺います。",),
        ),
    ),
    closing=("ほかにお手伝いできることはございますか。", "またのご連絡をお待ちしております。"),
    thanks=("ありがとうございます。助かりました。", "わかりました、ありがとう!"),
    regrets=("まだ直っていません。もう一度お願いします。",),
)

FRENCH = Voice(
    language="fr",
    prefix="+3363998",
    digits=4,
    name="{given} {family}",
    givens="Claire Julien Nadia Hugo Manon Théo Léa Yanis Chloé Paul Sarah Louis Emma",
    families="Martin Bernard Dubois Laurent Girard Roussel Fontaine Mercier Garnier Lambert Perrin",
    scripts=(
        Script(
            "refund",
            (
                "Bonjour, mon casque est arrivé cassé. Un remboursement est possible ?",
                "Le pédalier est abîmé, je voudrais le renvoyer.",
            ),
            (
                "Nous sommes désolés. Quelle est la date de votre commande ?",
                "C'est noté, l'étiquette de retour part dans l'heure.",
            ),
            ("C'était le 3 du mois.", "Je l'ai commandé le 3, et j'ai encore la facture."),
        ),
        Script(
            "price",
            (
                "Bonjour, quel est le prix du vélo pliant ?",
                "À quel prix est le vélo pliant, et puis-je faire un essai samedi ?",
            ),
            (
                "Bonjour ! Le vélo pliant est à 890 €.",
                "Un essai samedi à 10 h 30 vous conviendrait-il ?",
            ),
            ("Plutôt vers 11 h, si possible.", "Je mesure 1,78 m, si cela vous aide."),
        ),
        Script(
            "order",
            (
                "Ma commande 5120 devait arriver hier, où est-elle ?",
                "La livraison était prévue ce matin et je n'ai rien reçu.",
            ),
            (
                "Je regarde tout de suite auprès du transporteur.",
                "Le colis est au dépôt, il part en tournée demain.",
            ),
            ("Vous pouvez le laisser au gardien.", "Je serai absente le matin."),
        ),
        Script(
            "repair",
            (
                "Crevaison ce matin, vous pouvez vous en occuper aujourd'hui ?",
                "Combien coûte une réparation du dérailleur ?",
            ),
            (
                "Passez avant 17 h, et c'est prêt le soir même.",
                "Comptez 35 €, plus la pièce s'il en faut une.",
            ),
            ("J'arrive vers 16 h.", "Très bien, je passe cet après-midi."),
        ),
        Script(
            "other",
            ("Bonjour, êtes-vous ouverts le lundi ?", "Faites-vous le marquage antivol ?"),
            ("Oui, du lundi au vendredi, de 10 h à 19 h.",),
            ("Parfait, je passerai demain.",),
        ),
    ),
    closing=("Puis-je faire autre chose pour vous ?", "Bonne route !"),
    thanks=("Parfait, merci beaucoup.", "Merci pour votre aide !"),
    regrets=("En fait cela ne marche toujours pas.",),
)

CHINESE = Voice(
    language="zh-hans",
    prefix="+819000005",
    digits=3,
    name="{family}{given}",
    givens="洁 浩 洋 敏 磊 婷 强 静 晓明 思雨",
    families="陈 王 刘 赵 黄 周 吴 徐 孙",
    scripts=(
        Script(
            "refund",
            ("您好,车灯坏了,可以退款吗?", "收到的头盔坏了,怎么退货?"),
            ("非常抱歉,请告诉我订单日期。", "已经登记,退货单马上发给您。"),
            ("上周五买的。", "是上周五下的单,收据还在。"),
        ),
        Script(
            "price",
            ("请问折叠车多少钱?", "周末可以试骑吗?"),
            ("您好!折叠车是 12 万日元,欢迎来店试骑。", "周六上午十点可以吗?"),
            ("那我周六过去。", "我身高一米七。"),
        ),
        Script(
            "order",
            ("我的快递到哪里了?", "什么时候发货?"),
            ("我帮您查一下,请稍等。", "明天上午送到。"),
            ("下午送到更方便。",),
        ),
    ),
    closing=("还有什么可以帮您的吗?",),
    thanks=("谢谢!", "好的,明白了,谢谢。"),
    regrets=("还是不行,请再看一下。",),
)

ENGLISH = Voice(
    language="en",
    prefix="+447700900",
    digits=3,
    name="{given} {family}",
    givens="Oliver Maya Jack Sofia Noah Isla Ruby Leo Amara",
    families="Grant Patel Turner Reyes Fields Brook Hart Marsh Cole",
    scripts=(
        Script(
            "refund",
            (
                "Hi, the pump I bought is broken. Can I get a refund?",
                "My lock arrived broken, what can I do?",
            ),
            (
                "I am sorry about that. When did you order it?",
                "Done. The refund reaches you within three days.",
            ),
            ("On the 2nd, I think.", "I ordered it on the 2nd and still have the receipt."),
        ),
        Script(
            "price",
            (
                "What is the price of the touring bike?",
                "How much is the touring bike, and can I take a test ride on Saturday?",
            ),
            (
                "The touring bike is £940, with lights and a lock.",
                "Saturday at 11 is free for a test ride. Shall I book it?",
            ),
            ("A ride on Saturday would be great.", "I am 178 cm tall, if that helps."),
        ),
        Script(
            "order",
            ("Where is my order 3308?", "My order 3308 was due yesterday and is not here."),
            ("Let me look that up for you.", "It left the depot this morning."),
            ("Please leave it with the neighbour.",),
        ),
        Script(
            "repair",
            ("I have a puncture, can you repair it today?", "How long does a gear repair take?"),
            (
                "Bring it in before five and we will look at it today.",
                "If a part is missing, it takes two days.",
            ),
            ("Great, I will be there at four.",),
        ),
        Script(
            "other",
            ("Are you open on Monday?", "Do you sell gift cards in the shop?"),
            ("Yes. Come by on any weekday from ten to seven.",),
            ("Perfect, I will come by tomorrow.",),
        ),
    ),
    closing=("Is there anything else?", "Have a good ride!"),
    thanks=("Great, thank you!", "That helps, thanks."),
    regrets=("It is still not working, sorry.",),
)

VOICES = {voice.language: voice for voice in (JAPANESE, FRENCH, CHINESE, ENGLISH)}

NOTES = (
    "A regular customer for three years.",
    "This is the third time this month. Please be generous.",
    "I asked a colleague about this one and will answer today.",
)
