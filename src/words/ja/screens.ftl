# 画面ひとつにつき、大きな一文と、次にすること（.next）。 名前は model/screen.rs の Face::name と同じ。
# 半角空白は「ここで改行してよい」の印で、画面には出ない。 本当の空白は全角で書く。
# 起きたことと次にすることを書き、相手を責めない。

boot-starting = { $city }の オンライン窓口
    .next = 準備を しています。 このまま お待ちください。
# 市の名前が まだ わからないとき
boot-starting-nameless = オンライン窓口
boot-wipe-owed = 前に 使った 記録を 消しています。
    .next = 電源を 切らずに お待ちください。
boot-no-loan = この機器は まだ 貸し出しの 準備中です。
    .next = お手数ですが、 市の窓口へ お持ちください。
boot-loan-ended = 貸し出しの 期間が 終わりました。
    .next = ありがとうございました。 機器を 市へ お返しください。

# 起動領域（だれのパソコンでも 書ける）に、 使えない 市の鍵が あったとき。 ２０秒で 次へ すすむ。
boot-key-refused-uncertified = 市の鍵に 証明が ないので、 使いません。
boot-key-refused-wrong-certificate = 市の鍵の 証明が ちがうので、 使いません。
boot-key-refused-withdrawn = この市の鍵は 使用を 止められたので、 使いません。
boot-key-refused-broken = 市の鍵の ファイルが 読めないので、 使いません。
boot-key-refused-next = 機器は このまま 使えます。 下の 名前を 市に お知らせください。
boot-loan-refused = この機器は 今、 貸し出されて いません。
    .next = 下の 貸し出しの 署名は もう 使えません。 市の窓口へ お持ちください。

boot-made-anew = 機器の 記憶が こわれたので、 作り直しました。
    .next = 貸し出しの 準備が もう一度 必要です。 市の窓口へ お持ちください。
boot-went-back = ソフトの更新が うまく いかなかったので、 前のソフトに もどりました。
    .next = このまま 使えます。 あとで 市に お知らせください。
boot-stick-reading = USBメモリーを 読んでいます。
    .next = 抜かずに お待ちください。
boot-update-installing = 新しい ソフトを 入れています。
    .next = 電源を 切らず、 USBメモリーも 抜かないでください。
boot-restarting = 機器を 起動し直しています。
    .next = 電源を 切らずに、 ２分ほど お待ちください。
boot-up-to-date = ソフトは もう 新しく なっています。
    .next = USBメモリーを 抜いてください。
boot-loan-prepared = 貸し出しの 準備が できました。
    .next = USBメモリーを 抜いてください。

# 更新できなかったとき。 機器は 前のまま 使える。
boot-update-refused-unsigned = この更新は、 本物か たしかめられないので 入れません。
    .next = 機器は 前のまま 使えます。 正しい 更新を もらい直してください。
boot-update-refused-other-product = この更新は、 ちがう機種の ものです。
    .next = 機器は 前のまま 使えます。 この機種の 更新を 入れてください。
boot-update-refused-older = この更新は、 今の ソフトより 古いので 入れません。
    .next = 機器は 前のまま 使えます。 新しい 更新を 入れてください。
boot-update-refused-damaged = 更新の ファイルが こわれています。
    .next = 機器は 前のまま 使えます。 USBメモリーに もう一度 書きこんでください。
boot-update-refused-too-large = この更新は 大きすぎて 入りません。
    .next = 機器は 前のまま 使えます。 更新を 作った人に お知らせください。
boot-update-refused-pulled-out = 途中で USBメモリーが 抜けたので、 更新を やめました。
    .next = 機器は 前のまま 使えます。 USBメモリーを もう一度 さしてください。
boot-update-refused-tried-already = この更新は、 前に 入れて うまく いきませんでした。
    .next = もう一度 ためすときは、 USBメモリーを 抜いて さしてください。
boot-update-refused-failed = 更新を 入れられませんでした。
    .next = 機器は 前のまま 使えます。 USBメモリーを さし直して ためしてください。

# 貸し出し・返却の ファイルが 使えないとき。 市の担当者が 読む。
boot-paper-refused-no-signature = USBメモリーの ファイルに 署名が ありません。
    .next = 署名（.minisig）も いっしょに 書きこんでください。
boot-paper-refused-wrong-key = この市の 署名では ありません。
    .next = この機器に 入れた 市の鍵で 署名してください。
boot-paper-refused-changed = ファイルが 署名のあとで 変わっています。
    .next = USBメモリーに もう一度 書きこんでください。
boot-paper-refused-no-keys = この機器に 市の鍵が 入っていません。
    .next = 市の鍵と その証明を 起動領域の siteに 入れて、 起動し直してください。
boot-paper-refused-unreadable = USBメモリーの ファイルが 読めません。
    .next = USBメモリーに もう一度 書きこんでください。
boot-paper-refused-unreadable-stick = この USBメモリーは 読めません。
    .next = FATか exFATで フォーマットした ものを 使ってください。
boot-paper-refused-misnamed = USBメモリーの ファイルの 名前が ちがいます。
    .next = 下の 名前を 「{ $name }」に 直してください。
boot-paper-refused-invalid = USBメモリーの ファイルに まちがいが あります。
loan-problem-line = この行を 「項目 = "内容"」の 形に 直して、 署名し直してください。
loan-problem-missing = この項目が ありません。 「{ $example }」の ように 書いて、 署名し直してください。
loan-problem-unknown = この項目は ありません。 つづりを 直して、 署名し直してください。
loan-problem-value = 「{ $example }」の ように 書いて、 署名し直してください。
loan-problem-format = この機器が 読めるのは 形式{ $format }です。 作り直して、 署名してください。
loan-problem-twice = 「{ $written }」が ２回 あります。 １つに して、 署名し直してください。
loan-problem-language = 「{ $written }」は 使えません。 { $known }の どれかに 直して、 署名し直してください。
loan-problem-long = 40文字までの １行に して、 署名し直してください。
boot-paper-refused-already-lent = この機器は もう 貸し出し中です。
    .next = 先に 下の 貸し出しを 返却してください。
boot-paper-refused-expired = この貸し出しは 期限が すぎています。
    .next = 新しい 期限で 作り直してください。
boot-paper-refused-other-loan = 返却の ファイルが、 別の 貸し出しの ものです。
    .next = 今は 下の 貸し出し中です。
boot-paper-refused-nothing-lent = この機器は 貸し出し中では ありません。
    .next = 返却する ものは ありません。 USBメモリーを 抜いてください。
boot-paper-refused-not-written = 貸し出しを 書きこめませんでした。
    .next = 機器を 起動し直して、 もう一度 ためしてください。

network-finding = インターネットを さがしています。
    .next = LANケーブルが あれば、 つないでください。
network-show-wifi = Wi-Fiの コードを カメラに 見せてください。
    .next = ルーターのラベルか、 スマートフォンの Wi-Fi共有画面に あります。
network-joining = Wi-Fiに つないでいます。
    .next = このまま お待ちください。
network-joining-cable = インターネットに つないでいます。
    .next = ケーブルを 抜かずに お待ちください。

network-trouble-open = この Wi-Fiは、 パスワードが ないので 使えません。
    .next = 人に 見られる おそれが あります。 ご家庭の Wi-Fiか、 LANケーブルを 使ってください。
network-trouble-wep = この Wi-Fiは、守りが 古いので 使えません（WEP）。
    .next = ルーターの 暗号化の設定を WPA2に するか、 LANケーブルを 使ってください。
network-trouble-wpa1 = この Wi-Fiは、守りが 弱いので 使えません（WPA）。
    .next = ルーターの 暗号化の設定を WPA2に するか、 LANケーブルを 使ってください。
network-trouble-owe = この Wi-Fiは、 持ち主がわからないので 使えません。
    .next = パスワードのある ご家庭の Wi-Fiか、 LANケーブルを 使ってください。
network-trouble-wps-only = この Wi-Fiは、 ボタンでつなぐ 方式だけなので 使えません（WPS）。
    .next = ルーターに LANケーブルを つないでください。
network-trouble-enterprise = この Wi-Fiは、 会社や学校の 登録が 必要なので 使えません。
    .next = ご家庭の Wi-Fiか、 LANケーブルを 使ってください。
network-trouble-unsupported = この Wi-Fiの 守りの方式は、 この機器では 使えません。
    .next = ルーターの 暗号化の設定を WPA2に するか、 LANケーブルを 使ってください。
network-trouble-radio-without-wpa3 = この Wi-Fiは WPA3だけなので、 この機器では 使えません。
    .next = ルーターの 暗号化の設定を 「WPA2/WPA3」に するか、 LANケーブルを 使ってください。
network-trouble-downgraded = Wi-Fiの守りが 本来より 弱いので、 接続を止めました。
    .next = にせの Wi-Fiかも しれません。 LANケーブルを 使うか、 市に お電話ください。
network-trouble-portal = この回線は、 同意のページが 出るので使えません。
    .next = ご家庭の Wi-Fiか、 ご家庭の LANケーブルを 使ってください。
network-trouble-wrong-password = Wi-Fiの パスワードが 合いませんでした。
    .next = スマートフォンの Wi-Fi共有画面の コードを 見せるか、 LANケーブルを 使ってください。
network-trouble-not-in-the-air = この Wi-Fiが 見つかりません。
    .next = ルーターの 電源を 入れて、 この機器を 近くに 置いてください。
network-trouble-not-on-this-band = この Wi-Fiが 見つかりません。
    .next = 5GHz（-aや5G）は 使えません。 2.4GHz（-gや2G）の コードを 見せてください。
network-trouble-too-weak = Wi-Fiの 電波が 弱くて 届きません。
    .next = この機器を ルーターの 近くに 置くか、 LANケーブルを 使ってください。
network-trouble-no-address = ルーターから 返事が ありません。
    .next = ルーターの 電源を 入れ直して、 ２分 お待ちください。
network-trouble-no-names = インターネットで 相手先が 見つかりません。
    .next = ルーターの 電源を 入れ直して、 ２分 お待ちください。
network-trouble-no-internet = ルーターが インターネットに つながっていません。
    .next = ルーターの 電源を 入れ直して、 ２分 お待ちください。
network-trouble-server-unreachable = 市の 窓口に つながりません。
    .next = 少し待って もう一度ためすか、 お電話ください。
network-trouble-untrusted = つなぐ相手が 市の窓口か、 たしかめられません。
    .next = 安全のため 止めました。 市に お電話ください。
network-trouble-clock-unknown = 正しい 時刻が わかりません。
    .next = ルーターの 電源を 入れ直すか、 市に お電話ください。
network-trouble-no-radio = この機器の Wi-Fiが 動いていません。
    .next = ルーターに LANケーブルを つないでください。
network-trouble-radio-off = この機器の Wi-Fiが 切ってあります。
    .next = ルーターに LANケーブルを つなぐか、 市に お電話ください。
network-trouble-not-working = この機器の 通信の部分が 動いていません。
    .next = この機器の 電源を 入れ直すか、 市に お電話ください。
network-trouble-line-lost = インターネットが 切れました。
    .next = ルーターの 電源と ケーブルを 見てください。

qr-show-paper = 市の紙の コードを カメラに 見せてください。
    .next = 紙を平らにして、 明るいところで 見せてください。

ready-asking-room = 市の 窓口に たしかめています。
    .next = このまま お待ちください。
ready-refused-unknown-key = この紙の コードは 見つかりませんでした。
    .next = 紙の日付を たしかめて もう一度 見せるか、 お電話ください。
ready-refused-over = この 予約の 時間は 終わりました。
    .next = 新しく 予約を するか、 お電話ください。
ready-refused-revoked = この紙のコードは、 市が使用を止めました。
    .next = 市に お電話ください。
ready-refused-room-full = この紙で 別の 機器が もう 入っています。
    .next = 別の 機器で 退室してから、 もう一度 ためしてください。
ready-refused-let-leave = この紙の相談は、 担当者が 終わりにしました。
    .next = 続けたい ときは お電話ください。
ready-refused-too-many-tries = 続けて ためしたので、 少し 待ち時間が あります。
    .next = 自動で もう一度 ためします。 このまま お待ちください。
ready-refused-version = この機器のソフトが 窓口と合わないので 入れません。
    .next = 市に お電話ください。
ready-refused-busy = 窓口が こみあっています。
    .next = 少し待って もう一度 ためしてください。

ready-mirror = うしろに映る 個人情報に ご注意ください。
    .next = 背景は ぼかせません。
ready-rules = きまりに 同意するときは ボタンを 押してください。
ready-rules-early = あと{ $wait }で 入れます。 きまりを お読みください。
ready-try-out = 映り方と 声を たしかめましょう。
    .next = 今は だれにも 見えていません。

session-entering = 窓口に つないでいます。
    .next = このまま お待ちください。
session-lobby = 担当者を お待ちください。
    .next = まもなく お呼びします。
session-lobby-staff-absent = 担当者が 来るのを 待っています。
    .next = 時間を すぎても 来ないときは、 お電話ください。
session-held = 担当者が 映像と 音を いったん 止めました。
    .next = このまま お待ちください。
session-coming-back = 回線が 切れたので、 つなぎ直しています。
    .next = 何も しないで、 このまま お待ちください。
session-unverified = 相手が 市の窓口か たしかめられないので、 つないでいません。
    .next = 映像と声は 送っていません。 お電話で 相談できます。
session-unverified-again = もう一度 ためしましたが、 相手を たしかめられません。
    .next = 映像と声は 送っていません。 下の 番号に お電話ください。

session-ended-left = 退室しました。
    .next = ご利用 ありがとうございました。
session-ended-ended = 相談が 終わりました。
    .next = ご利用 ありがとうございました。
session-ended-let-leave = 担当者が この 相談を 終わりに しました。
    .next = わからない ことは お電話ください。
session-ended-slot-over = 予約の 時間が 終わりました。
    .next = 続きの 相談は お電話ください。
session-ended-revoked = 市が この 予約を 取り消しました。
    .next = わからない ことは お電話ください。
session-ended-line-lost = 回線が もどらないので、 電話に 切りかえます。
    .next = 下の 番号に お電話ください。
session-ended-will-phone = この あとは 電話で お話しします。
    .next = 担当者から お電話します。 電話の 近くで お待ちください。

wipe-forgetting = この機器の 記録を 消しています。
    .next = 電源を 切らずに お待ちください。
wipe-forgotten = 今回の 記録を すべて 消しました。
    .next = 紙は 大切に しまってください。
wipe-receipt = 機器の 記録を すべて 消しました。
    .next = 電源を 抜いてください。 次に 貸す前に、 カードを 書きこみ直してください。
wipe-failed = 記録を まだ 消せていません。
    .next = もう一度 消しています。 このまま 使わずに お待ちください。
