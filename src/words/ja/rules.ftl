# 利用のきまり。意味を変えるときは model/wire.rs の RULES_VERSION も変えること。
# .sheet は用紙に印刷する短い形。
# 文の中の半角空白は「ここで改行してよい」の印で、画面には出ない。本当の空白は全角で書く。
rule-myself = 予約した 本人が、 この相談だけに 使ってください
    .sheet = この相談だけに 本人が使います
rule-no-recording = ご家庭で 録音・録画・撮影を しないでください
    .sheet = 録音・録画・ 撮影をしません
rule-nobody-else = 相談の 画面を、 ほかの人に 見せないでください
    .sheet = ほかの人に 見せません
rule-no-posting = 相談の ようすを、 SNSや サイトに のせないでください
    .sheet = SNSやサイトに のせません
rule-keep-key = 市の紙の QRコードを、 人に 渡さないでください
    .sheet = この紙を 人に渡しません
rule-guardian = お子さんだけでは 使えません。 保護者が いっしょに いてください
    .sheet = 保護者が いっしょにいます
rule-background = うしろに 映る物に、 気をつけてください（ぼかせません）
    .sheet = 背景に映るものに 気をつけます
rule-on-time = おくれて 始めても、 予約の 時間で 終わります
    .sheet = おくれても 時間で終わります
rule-staff-may-end = 失礼な 言動が あるときは、 担当者が 相談を 終わりに します
    .sheet = 失礼な言動が あれば終了します
rule-telephone = つながらないときは、 電話で 話します
    .sheet = つながらないなら 電話にします
rule-own-cost = インターネットの 料金は、 ご家庭の いつもの 契約の とおりです
    .sheet = 料金は いつもの契約どおり
rules-full-text = お約束の 全文は、 市の案内に あります
