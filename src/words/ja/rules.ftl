# 利用のきまり。意味を変えるときは model/wire.rs の RULES_VERSION も変えること。
# 文の中の半角空白は「ここで改行してよい」の印で、画面には出ない。本当の空白は全角で書く。
rule-myself = この相談だけに 本人が使います
rule-no-recording = 録音・録画・ 撮影をしません
rule-nobody-else = ほかの人に 見せません
rule-no-posting = SNSやサイトに のせません
rule-keep-key = 紙のコードを 人に渡しません
rule-guardian = 保護者が いっしょにいます
rule-background = 背景に映るものに 気をつけます
rule-on-time = おくれても 時間で終わります
rule-staff-may-end = 失礼な言動が あれば終了します
rule-telephone = つながらないなら 電話にします
rule-own-cost = 通信の料金は 自分で払います
rules-full-text = 全文は市の 案内にあります
