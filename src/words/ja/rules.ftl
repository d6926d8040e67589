# 利用のきまり。意味を変えるときは model/wire.rs の RULES_VERSION も変えること。
# 文の中の半角空白は「ここで改行してよい」の印で、画面には出ない。本当の空白は全角で書く。
rule-myself = 本人が、この 相談だけに 使います
rule-no-recording = 録音・録画・ 撮影を しません
rule-nobody-else = ほかの人に 見せません
rule-no-posting = SNSや サイトに のせません
rule-keep-key = 紙のコードを 人に 渡しません
rule-guardian = 保護者が いっしょに います
rule-background = うしろに 映るものに 気をつけます
rule-on-time = おくれても、 時間どおりに 終わります
rule-staff-may-end = 失礼な 言動が あれば 終了します
rule-telephone = つながらない ときは 電話に します
rule-own-cost = 通信の 料金は 自分で 払います
rules-full-text = くわしくは 市の案内を ご覧ください
