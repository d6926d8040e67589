# 画面のはしに出る短いことば。半角空白は「ここで改行してよい」の印で、画面には出ない。
press = 押す：{ $does }
press-language = English（英語）に する
press-read-rules = お約束を 読む
press-next-page = 次の お約束を 読む
press-again = もう一度 ためす
press-show-code = QRコードを 見せる
press-other-paper = 別の紙を 見せる
press-begin-again = もう一度 相談を 始める
press-agree-and-join = 同意して 始める
press-understood = この案内を とじる
press-forget = 記録を 消して 終わる
press-come-back = 相談に もどる
press-try-out = 映り方を ためす
press-stop-trying = ためすのを 終わる
press-read-again = お約束を もう一度 読む
press-pause = 自分の 映像と音を 止める
press-resume = 自分の 映像と音を 出す
press-stay-hidden = もどっても 映さない
press-be-seen = もどったら 映す

hold = ３秒 長押し：{ $does }
hold-leave = 相談から 出る
hold-start-again = 最初から やり直す
hold-back = ひとつ もどる
hold-disagree = 同意しない
hold-restart = 起動し直す

telephone = 電話：{ $number }
telephone-if-none-comes = 電話が 来ないとき：{ $number }
for-staff = 市の職員の方へ
step = ステップ { $number }／3
rules-page = お約束 { $number }／3

aside-paper-remembered = 市の紙は もう 読みました
aside-no-camera = カメラが 外れています。 声だけで 話せます
aside-no-microphone = マイクが 外れています。 お電話でも 話せます
aside-no-camera-nor-microphone = カメラと マイクが 外れています
aside-no-speaker = テレビの 音が 出ません。 お電話でも 話せます
aside-no-camera-nor-speaker = カメラが 外れ、 テレビの 音も 出ません
aside-no-microphone-nor-speaker = マイクが 外れ、 テレビの 音も 出ません
aside-no-camera-microphone-nor-speaker = カメラと マイクが 外れ、 テレビの 音も 出ません
aside-five-minutes = あと５分で 終わります
aside-one-minute = あと１分で 終わります
aside-new-time = 時間が { $starts }〜{ $ends }に 変わりました
aside-will-phone = 窓口から お電話します
aside-silent-tv = 音が きこえませんか？ 音量を 上げてください
aside-silent-microphone = マイクの 音が 入りません。 スイッチを 見てください
aside-loud-tv = テレビの 音を 少し 下げてください
aside-staff-muted = 担当者の マイクが オフです
aside-staff-camera-off = 担当者の カメラが オフです
aside-paused = あなたの 映像と音を 止めています
aside-bring-back = この機器は 古いため、 市に 返して 更新が 必要です
aside-updating = ソフトを 更新しています。 電源を 抜かないでください
aside-development = 開発版です。 貸し出しには 使えません

scan-closer = もう少し 近づけてください。
scan-further-away = もう少し はなしてください。
scan-hold-still = そのまま 動かさないでください。
scan-found = 読めました。 紙を おろしてください。
    .next = 次は Wi-Fiの QRコードです。
scan-no-camera = カメラを つないでください。
    .next = カメラの ケーブルを、 この機器に さしてください。

wrong-wifi-another-city = これは ほかの市の 紙です。
    .next = 今は、 Wi-Fiの QRコードを 見せてください。
wrong-wifi-other-address = これは ホームページの QRコードです。
    .next = 今は、 Wi-Fiの QRコードを 見せてください。
wrong-wifi-other-code = これは Wi-Fiの QRコードでは ありません。
    .next = 今は、 Wi-Fiの QRコードを 見せてください。
wrong-wifi-two-codes = QRコードが ２つ 見えます。
    .next = ひとつだけ 見せてください。
wrong-wifi-damaged-key = これは 市の紙の QRコードです。
    .next = 今は、 Wi-Fiの QRコードを 見せてください。
wrong-wifi-damaged-wifi = この Wi-Fiの QRコードは 使えません。
    .next = スマートフォンの Wi-Fi共有画面の QRコードを 見せてください。
wrong-paper-another-city = これは ほかの市の 紙です。
    .next = この機器を 借りた 市の紙を 見せてください。
wrong-paper-other-address = これは ホームページの QRコードです。
    .next = 今は、 市の紙の QRコードを 見せてください。
wrong-paper-other-code = これは 市の紙の QRコードでは ありません。
    .next = 今は、 市の紙の QRコードを 見せてください。
wrong-paper-two-codes = QRコードが ２つ 見えます。
    .next = ひとつだけ 見せてください。
wrong-paper-wifi-instead = これは Wi-Fiの QRコードです。
    .next = 今は、 市の紙の QRコードを 見せてください。
wrong-paper-damaged-key = QRコードの 一部が 見えません。
    .next = 紙を 平らにして、 もう一度 見せてください。
wrong-paper-damaged-wifi = これは Wi-Fiの QRコードです。
    .next = 今は、 市の紙の QRコードを 見せてください。

quality-good = インターネット：良い
quality-fair = インターネット：少し 不安定
quality-weak = インターネット：とぎれがち

staff = 担当者
remaining = のこり 約{ $minutes }分
remaining-soon = まもなく 終わります
# $unit は入る一番大きい単位、$count はその数
wait = { $unit ->
    [days] { $count }日
    [hours] { $count }時間
    [minutes] { $count }分
   *[seconds] { $count }秒
}
wait-label = あと{ $wait }で 始められます
month-day = { $month }月{ $day }日
slot = { $day }　{ $starts }〜{ $ends }
slot-open = 今、 始められます
say-something = 声を 出すと バーが 動きます
loan-until = { $year }年{ month-day }まで
loan-line = { $line }行目
loan-field = { $table }の { $number }番目：{ $field }
software = ソフト
device-number = この機器
receipt = 消去の 番号
boot-files = 起動の 番号
camera-missing = カメラなし
picture-paused = 停止中

wipe-step-network = Wi-Fiの パスワード
wipe-step-key = 紙の QRコード
wipe-step-data = 保存した データ
wipe-step-verify = 残りが ないかの 確認
