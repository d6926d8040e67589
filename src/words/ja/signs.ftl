# 画面のはしに出る短いことば。半角空白は「ここで改行してよい」の印で、画面には出ない。
press = 押す：{ $does }
press-language = Language／ことば
press-next = 次へ すすむ
press-again = もう一度 ためす
press-begin-again = 最初に もどる
press-agree-and-join = 同意して 入る
press-understood = わかりました
press-try-out = 映り方を ためす
press-back = ひとつ もどる
press-restart = 起動し直す
press-pause = 自分の 映像と音を 止める
press-resume = 自分の 映像と音を 出す

hold = ３秒 長押し：{ $does }
hold-leave = 退室する
hold-start-again = 最初から やり直す
hold-back = ひとつ もどる

telephone = 電話：{ $number }

aside-paper-remembered = 市の紙は もう 読みました
aside-no-camera = カメラが 外れています。 声だけで 話せます
aside-plug-camera-in = カメラの ケーブルを つないでください
aside-no-microphone = マイクが 外れています。 電話も 使えます
aside-no-camera-nor-microphone = カメラと マイクが 外れています
aside-no-speaker = テレビの 音が 出ません。 電話も 使えます
aside-no-camera-nor-speaker = カメラが 外れ、 テレビの 音も 出ません
aside-no-microphone-nor-speaker = マイクが 外れ、 テレビの 音も 出ません
aside-no-camera-microphone-nor-speaker = カメラと マイクが 外れ、 テレビの 音も 出ません
aside-five-minutes = あと５分で 終わります
aside-one-minute = あと１分で 終わります
aside-new-time = 時間が { $starts }〜{ $ends }に 変わりました
aside-will-phone = 担当者から お電話します
aside-silent-tv = 音が きこえませんか？ 音量を 上げてください
aside-silent-microphone = マイクの 音が 入りません。 スイッチを 見てください
aside-loud-tv = テレビの 音を 少し 下げてください
aside-staff-muted = 担当者の マイクが オフです
aside-staff-camera-off = 担当者の カメラが オフです
aside-paused = あなたの 映像と音を 止めています
aside-development = 開発版です。 貸し出しには 使えません

scan-looking = コードを さがしています
scan-closer = もう少し 近づけてください
scan-further-away = もう少し はなしてください
scan-hold-still = そのまま 動かさないで
scan-found = 読めました
scan-no-camera = カメラを つないでください

wrong-another-city = これは ほかの市の 紙です。 この機器を 借りた 市の紙を 見せてください。
wrong-other-address = これは 別のページの コードです。 窓口では 使えません。
wrong-other-code = これは 別の コードです。 ここでは 使えません。
wrong-two-codes = コードが２つ 見えます。 ひとつだけ 見せてください。
wrong-wifi-instead = これは Wi-Fiの コードです。 今は 市の紙を 見せてください。
wrong-damaged-key = コードが 欠けていて 読めません。 紙を 平らにして もう一度 見せてください。
wrong-damaged-wifi = Wi-Fiの コードが 途中で 切れています。 別の コードを 見せてください。

quality-good = 回線は 良好
quality-fair = 少し 不安定
quality-weak = とぎれがち

staff = 担当者
remaining = のこり
# $unit は入る一番大きい単位、$count はその数
wait = { $unit ->
    [days] { $count }日
    [hours] { $count }時間
    [minutes] { $count }分
   *[seconds] { $count }秒
}
wait-label = あと{ $wait }で 入れます
month-day = { $month }月{ $day }日
slot = { $day }　{ $starts }〜{ $ends }
slot-open = 今、入れます
say-something = 声を 出すと バーが 動きます
loan-until = { $until }まで
loan-line = { $line }行目
software = ソフト
device-number = この機器
receipt = 消去の 番号
boot-files = 起動の 番号
camera-missing = カメラなし
picture-paused = 停止中

wipe-step-network = Wi-Fiの パスワード
wipe-step-key = 紙の コード
wipe-step-data = 保存した データ
wipe-step-verify = 残りが ないかの 確認
