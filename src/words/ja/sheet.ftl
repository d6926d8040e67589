# ルームキーの紙（A4）。半角空白は「ここで改行してよい」の印。
sheet-title = オンライン窓口の ルームキー
sheet-when = 日時
sheet-where = 窓口
sheet-step-1 = テレビの前の 機器の 電源を 入れます
sheet-step-2 = この紙の QRコードを カメラに 見せます
sheet-step-3 = 光った ボタンを 押します
sheet-telephone = つながらない ときは お電話ください
sheet-rules = 使うときの お約束
sheet-secret = この紙は あなたの 部屋の かぎです。 人に 渡したり、写真を とったり しないでください。
sheet-own-device = スマートフォンでは、QRコードを 読むと ブラウザーで 入れます。
sheet-typed = QRコードを 読めない パソコンでは、下の アドレスを 開いて、キーを 入れます。
sheet-address = アドレス
sheet-key = キー
# $weekday: 1 は月曜日
sheet-date = { $year }年{ $month }月{ $day }日（{ $weekday ->
    [1] 月
    [2] 火
    [3] 水
    [4] 木
    [5] 金
    [6] 土
   *[7] 日
}）
sheet-time = { $starts }〜{ $ends }
sheet-number = 予約番号
# $opens: 13:50 など
sheet-opens = { $opens }から 始められます
