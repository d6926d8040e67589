# 職員が打つコマンドの返事。端末に出る文なので、半角空白は半角空白のまま（改行の印ではない）。ていねいな文で書く。

# ファイルのこと
file-reading = { $what } { $file } を読めませんでした。{ $why }
file-writing = { $what } { $file } に書き込めませんでした。{ $why }
file-making-folder = フォルダー { $file } を作れませんでした。{ $why }
file-missing = この名前のファイルがありません。名前とフォルダーをお確かめください（{ $example } のような名前です）。
file-no-folder = 入れ先のフォルダーがありません。先にフォルダーを作るか、場所を直してください。
file-is-folder = これはフォルダーです。その中のファイル（{ $example } など）を指定してください。
file-folder-there = 同じ名前のフォルダーがあります。別の名前にするか、そのフォルダーを片づけてください。
file-not-a-folder = 場所の途中に、フォルダーではなくファイルがあります。場所を直してください。
file-may-not-read = このアカウントには読む権限がありません。ファイルの持ち主のアカウントで実行してください。
file-may-not-write = このアカウントには書き込む権限がありません。持ち主のアカウントで実行するか、別のフォルダーにしてください。
file-full = ディスクに空きがありません。要らないものを消すか、別のディスクにしてください。
file-write-protected = 書き込みが禁止されています。禁止を外すか、別のものにしてください。
file-there-already = 同じ名前のファイルがすでにあります。別の名前にしてください。
file-no-text = 文字のファイルではありません。{ $example } のような文字のファイルを指定してください。
file-other = もう一度お試しください。くり返すときは、次の行をこのパソコンの担当者に見せてください：{ $said }
file-loan = 貸し出しファイル
file-signing-key = 署名鍵
file-public-key = 公開鍵
file-certificate = 鍵の証明
file-update = 更新のファイル
file-boot-files = 起動ファイルの一覧
file-card = カード
file-paper = 用紙
file-on-stick = USBメモリーのファイル
file-settings = 設定ファイル
file-turn-secret = coturnの合言葉のファイル
file-second-factor-key = 確認番号を守る鍵のファイル
file-database = データベース
file-copy = 控え

# 貸し出しファイル
loan-file-wrong = { $file } の { $error }
loan-file-problem = { $field }：{ $problem }
loan-file-at-line = { $line }行目
loan-file-line = TOMLの書き方ではありません（{ $said }）。見本のように、項目 = "内容" の形で書いてください（引用符は半角の " です）。
loan-file-missing = この項目がありません。{ $example } のように書いてください。
loan-file-unknown = この名前の項目はありません。つづりを直すか、消してください（ここに書ける項目：{ $known }）。
# $wanted は英語なので、例だけで示す。
loan-file-value = { $wanted ->
   *[other] 書き方が違います。{ $example } のように書いてください。
}
loan-file-format = 形式 { $written } は使えません。この機器が読めるのは形式 { $read } です。ファイルを作り直してください。
loan-file-twice = 「{ $written }」が2回あります。1つにしてください。
loan-file-language = 「{ $written }」は使えません。{ $known } のどれかにしてください。
loan-file-long = 40文字までの1行にしてください。
loan-file-sound = { $file } は正しい貸し出しファイルです（good）。{ $city }、番号 { $id }、{ $until } まで。窓口：{ $hosts }。ことば：{ $languages }。
loan-file-over = { $file } の until：最終日 { $until } はもう過ぎているので、機器は受け付けません。これからの日にしてください。

# ルームキーの用紙
paper-day-over = --date：{ $date } はもう過ぎています。これからの日を指定してください。
paper-end = --end：終わりの時刻は、--start より後にしてください。
paper-telephone = --telephone：「{ $written }」は電話番号ではありません。0422-00-0000 のように、かけるとおりに書いてください。
paper-one-line = { $option }：1行の文字で書いてください。
paper-ending = { $file }：名前の終わりは .pdf か .svg か .png にしてください。
paper-there = { $file } はすでにあります。別の名前にするか、--replace を付けてください。
paper-written = 用紙 { $file } を作りました。A4に、拡大・縮小をせずに印刷してください。この用紙を持つ人はだれでも入室できます。
paper-address = アドレスは https://ホスト名/j#キー の形です。予約の画面から、全部をそのまま写してください。
paper-long-address = アドレスが長すぎて、カメラで読み取りやすいQRコードになりません（{ $said }）。短いホスト名にしてください。
paper-not-whole = 手で打つためのアドレスが用紙に入りきりません。短いホスト名にしてください。
paper-not-drawn = 用紙を描けませんでした（{ $said }）。プログラムの誤りです。作った人に知らせてください。
paper-time = 14:00 のように書いてください

# パスワード
password-empty = パスワードが空です。{ $shortest }文字以上にしてください。たとえば、関係のないことばを5つ並べます。
password-short = パスワードが{ $shortest }文字より短いです（「password」のように最初に試されることばと職員名は数えません）。もっと長くしてください。たとえば、関係のないことばを5つ並べます。
password-guessable = パスワードがくり返しや連番（1234など）です。別のものにしてください。たとえば、関係のないことばを5つ並べます。
password-not-hashed = パスワードを保存できる形にできませんでした（{ $said }）。もう一度お試しください。
password-no-terminal = パスワードを尋ねられませんでした（{ $said }）。端末の画面で実行してください。

# 市の署名鍵
key-there = { $file } はすでにあります。別のフォルダーにしてください。
key-ask = 署名鍵のパスワード：
key-ask-again = 同じパスワードをもう一度：
key-ask-to-open = { $file } のパスワード：
key-weak = { $weak }鍵は作っていません。
key-empty = { $weak }鍵は作っていません（自動で署名する機械だけは --no-password を使います）。
key-differ = 2つのパスワードが違います。鍵は作っていません。もう一度、初めからお試しください。
key-not-made = 鍵を作れませんでした（{ $said }）。もう一度お試しください。
key-made =
    { $secret } で貸し出しに署名します。人に渡さず、控えを金庫に入れてください。
    { $public } は、証明といっしょにそれぞれの機器に入れます。リリースの鍵を持つ担当者に送って、証明（keys certify）をもらってください。
key-made-release =
    { $secret } で市の鍵を証明します（keys certify）。貸し出しの署名には使いません。人に渡さず、控えを金庫に入れてください。
    { $public } は、これから作るイメージに入れます。KEYS に指定するフォルダーに写してください。
key-certified =
    { $public } の証明 { $certificate } を作りました。
    2つとも、それぞれの機器に入れます。起動領域の「site」フォルダーに写してください。
key-certifies-itself = { $key } は、この市の鍵そのものです。{ $release } を指定してください。
key-none = { $file } は署名鍵ではありません。{ $public } ではなく { $secret } を指定してください。
key-damaged = 署名鍵 { $file } がこわれています（{ $said }）。金庫の控えをお使いください。
key-wrong-password = { $file } が開きません。パスワードが違います。入力の切り替え（日本語・英数）を確かめて、もう一度入れてください。
key-not-public = { $file } は公開鍵ではありません（{ $said }）。keys new で作った { $public } を指定してください。

# 機器のカード
card-no-list = { $list } は起動ファイルの一覧ではありません。イメージといっしょにある 名前.boot-files.sha256 を指定してください。
card-number-same = { $number } は、イメージの起動ファイルの番号と同じです（{ $list }）。手を加えられた機器はどんな番号でも出せるので、次に貸す前に、それでもカードを書き込み直してください。
card-number-differs = { $number } は、イメージの起動ファイルの番号（{ $wanted }、{ $list }）と違います。次に貸す前にカードを書き込み直し、だれの手にあったかを確かめてください（一覧は、カードに書き込んだ版のものですか）。
card-same = 起動領域 { $card } は、イメージのとおりです（{ $list }）。
card-differs = 起動領域 { $card } は、イメージ（{ $list }）と違います。次に貸す前にカードを書き込み直し、だれの手にあったかを確かめてください。{ $lines }
card-changed = { $file }：変わっています
card-missing = { $file }：ありません
card-added = { $file }：イメージにないファイルです

# USBメモリー
stick-no-folder = { $folder } というフォルダーはありません。USBメモリーの場所を指定してください。
stick-other-there = { $file } は別の貸し出しのものです。別のUSBメモリーにするか、--replace を付けてください。
stick-not-signed = { $name } に署名できませんでした（{ $said }）。何も書き込んでいません。もう一度お試しください。
update-name = { $file } は、名前から更新と分かりません。作られたときの名前（madoguchi-VERSION-arm64.raucb）のまま指定してください。
update-pointed =
    { $file } を作りました。バージョン { $version } を、{ $from } から { $until } まで配ります。
    更新のファイルとこのファイルを、ルームサーバーの更新フォルダーに入れてください。更新のファイルを先に入れます。
stick-not-removed = 古い { $file } を消せませんでした。{ $why }
stick-not-renamed = { $from } を { $file } に置き換えられませんでした。{ $why }
stick-not-kept = { $file } がUSBメモリーに残りませんでした。{ $why }このUSBメモリーは使わないでください。
stick-loan-written = { $file } に貸し出し { $id }（{ $city }、{ $until } まで）を署名して書き込みました。USBメモリーを機器にさしてください。
stick-return-written = { $file } に貸し出し { $id } の返却を署名して書き込みました。{ $id } として貸し出した機器は、さすとすべての記録を消します。
stick-return-wrong = 「{ $id }」の返却：{ $error }
stick-return-name = 「{ $id }」は番号ではなく、名前のようです。貸し出しファイルの番号（M-2026-014 など）を指定してください。
stick-good = { $stick } は使えます（good）。{ $lines }
stick-refused = { $stick } は、このままでは機器が受け付けません。{ $lines }
stick-nothing = { $stick }：機器が使うものがありません（*.raucb、{ $loan }、{ $return } のどれもありません）。stick loan か stick return で書き込んでください。
stick-file-system = このUSBメモリーは機器では読めません（形式は { $kind }）。FATかexFATでフォーマットして、もう一度書き込んでください。
stick-update = 更新 { $file }：だれが作ったかは、機器が自分で確かめます
stick-both = 貸し出し { $id }：その返却（{ $return }）もいっしょに入っていて、返却が先になります。要らない方を消してください
stick-loan-over = 貸し出し { $id }：最終日 { $until } はもう過ぎています。これからの日で書き直してください
stick-loan-good = 貸し出し { $id }、{ $until } まで：署名も内容も正しいです
stick-return-good = 貸し出し { $id } の返却：署名も内容も正しいです
stick-paper = { $name }：{ $why }
stick-no-signature = 署名（{ $signature }）がありません。もう一度書き込んでください
stick-wrong-key = 別の鍵の署名です。この公開鍵と組になる署名鍵で署名してください
stick-changed = 署名のあとで変わったか、こわれています。もう一度書き込んでください
stick-unreadable = ふつうのファイルとして読めません。もう一度書き込んでください
stick-unreadable-stick = このUSBメモリーは読めません。FATかexFATでフォーマットして、もう一度書き込んでください
stick-misnamed = ファイルの名前が「{ $written }」です。「{ $name }」に直してください（Windowsは名前の終わりを見せないことがあります）
stick-other-refusal = 機器が受け付けません（{ $said }）。もう一度書き込んでください

# ルームサーバー
room-settings = 設定ファイル { $file } の書き方が違います。見本と見くらべて直してください：{ $said }
room-no-terminal = 入力を読むか、返事を出すことができませんでした。{ $why }
serve-plain = { $address } はこのパソコンの外からも届くアドレスで、証明書がないと通信を盗み聞きされます。--cert と --key を指定するか、証明書のあるプロキシの後ろで 127.0.0.1 を使ってください。
serve-metrics = 計測用のアドレス { $address } は、このパソコンの外からも届きます。127.0.0.1:ポート にしてください。
serve-public = 公開アドレス「{ $written }」の形が違います。https://ホスト名[:ポート] にしてください（http:// はこのパソコンの中だけ）。
serve-time-zone = 「{ $written }」という時間帯はありません。「Asia/Tokyo」のように書いてください。
serve-listen-taken = { $address } は別のプログラムが使っています（このサーバーがもう動いているかもしれません）。それを止めるか、別のポートにしてください。
serve-listen-elsewhere = { $address } はこのパソコンのアドレスではありません。このパソコンのアドレスか 127.0.0.1 にしてください。
serve-listen-denied = このアカウントでは { $address } を使えません。1024以上のポートにするか、systemdのユニットから始めてください。
serve-listen-other = { $address } を使えません（{ $said }）。アドレスをお確かめください。
serve-certificate = 証明書 { $cert } と鍵 { $key } を使えません。{ $why }
serve-certificate-missing = どちらかのファイルがありません。両方の場所をお確かめください。
serve-certificate-wrong = { $said }。証明書（中間証明書もふくむ全部）と、それに合う鍵を、PEMの形で指定してください。
serve-second-factor-key = [staff] の second_factor を使う設定ですが、key_file に鍵がありません。「head -c 32 /dev/urandom | base64 > /etc/madoguchi-room/second-factor-key」で作り、見本のように指定してください。
store = データベース { $file } を使えません。{ $why }
store-busy = 別のプログラムが書き込んでいます。少し待ってから、もう一度お試しください。
store-damaged = こわれています。サーバーを止めて、最後の控えと取り替えてください。
store-not-opened = 開けません。フォルダーがあり、このアカウントで書き込めることをお確かめください。
store-other = もう一度お試しください。くり返すときは、次の行をこのパソコンの担当者に見せてください：{ $said }
store-missing = データベース { $file } がありません。場所をお確かめください（madoguchi-room serve が初めて動くときに作ります）。
store-foreign = { $file } はルームサーバーのデータベースではありません。場所をお確かめください。
store-newer = データベース { $file } は新しい形式 { $found } ですが、このプログラムが使えるのは { $known } です。新しいプログラムを入れ直してください。
reserve-no-counter = 「{ $wanted }」という窓口はありません。次のどれかにしてください：{ $known }
reserve-no-counters = 「{ $wanted }」という窓口も、ほかの窓口もありません。counter add で作ってください。
reserve-length = 時間は5分から240分までです（{ $minutes }分にはできません）。直してください。
reserve-past = もう過ぎた時間です。これからの日時にしてください。
reserve-too-far = 1年より先の予約は作れません。日付をお確かめください。
reserve-sites = 参加できるのは、窓口とご家族の2か所です（{ $sites }か所にはできません）。2にしてください。
reserve-remark = 備考は80文字までの1行です。短くして、お名前は書かないでください。
reserve-sent-twice = この用紙はもう作られています。キーはそのとき一度だけ表示されました。一覧をお確かめください。
reserve-random = キーに使う乱数が得られませんでした（{ $said }）。もう一度お試しください。
room-no-account = { $name } という職員アカウントはありません。次のどれかにしてください：{ $known }
room-no-accounts = { $name } という職員アカウントも、ほかのアカウントもありません。staff add で作ってください。
room-account-name = 職員名は1文字から40文字で、空白は使えません。別の名前にしてください。
room-trail-whole = 記録はそろっています：{ $lines } 行（ほかに、照合できない以前の版の記録が { $unchained } 行）。最後は { $number } 行目、ハッシュは { $hash } です。サーバーのログと見くらべてください。
room-trail-broken = 記録がそろっていません：{ $line } 行目が書き換えられたか、その前の行がありません。データベースとログの写しを取り、バックアップと見くらべてください。
room-trail-cut = 記録がそろっていません：{ $written } 行目まで書かれましたが、{ $found } 行目までしかありません。データベースとログの写しを取り、バックアップと見くらべてください。
room-no-factor = { $name } は確認番号を登録していません。何も変えていません。
room-factor-reset = { $name } の確認番号の登録を消し、すべての端末のサインインを終わらせました。すぐに登録し直してもらってください。それまでは、パスワードだけで登録できます。
room-role = 「{ $written }」という役割はありません。desk、lender、admin のどれかにしてください。
room-no-appointment = 番号 { $id } の予約はありません。職員画面の一覧で番号をお確かめください。
room-language = 「{ $written }」は使えません。ja か en にしてください。
room-no-such-time = この開始の日時は、この時間帯にはありません（{ $said }）。別の日時にしてください。
room-copy-there = { $file } はすでにあります。新しい名前にしてください。
room-copied = データベースの控えを { $file } に作りました。
room-ask-password = { $name } のパスワード（1行）：
room-account-made = { $name } でサインインできます。
room-account-removed = { $name } ではもうサインインできません。
room-counter-made = 窓口 { $id } を登録しました。
room-revoked = 予約 { $id } を取り消しました。キーはもう使えません。
room-listens = { $address } で始めました（{ $public }）
room-health = 状態と計測は { $address }
room-not-started = プログラムを始められません（{ $said }）。ほかのプログラムを閉じて、もう一度お試しください。
