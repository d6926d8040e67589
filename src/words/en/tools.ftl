# What the staff's command lines say. Plain text for a terminal: a space is a space here, also in Japanese.

# Trouble with a file
file-reading = reading { $what } { $file }: { $why }
file-writing = writing { $what } { $file }: { $why }
file-making-folder = making the folder { $file }: { $why }
file-missing = there is no such file; check its name and folder (it is called { $example }, or alike)
file-no-folder = its folder is not there; make it first, or correct the path
file-is-folder = this is a folder; name the file in it, such as { $example }
file-folder-there = there is a folder of this name; take another name, or take the folder away
file-not-a-folder = a part of this path is a file and no folder; correct the path
file-may-not-read = this account may not read it; run the command as the account that it belongs to
file-may-not-write = this account may not write there; run the command as the account that it belongs to, or take another folder
file-full = the disk is full; delete something on it, or take another
file-write-protected = it is write-protected; take the protection off, or take another
file-there-already = there is a file of this name already; take another name
file-no-text = it holds no text; give a text file such as { $example }
file-other = { $said }; try it again, and if it stays so, show this line to whoever looks after this machine
file-loan = the loan file
file-signing-key = the signing key
file-public-key = the public key
file-certificate = the certificate
file-update = the update
file-boot-files = the list of boot files
file-card = the card
file-paper = the paper
file-on-stick = the file on the stick
file-settings = the settings
file-turn-secret = the file with coturn's secret
file-second-factor-key = the file with the key of second factors
file-database = the database
file-copy = the copy

# A loan file
loan-file-wrong = { $file }: { $error }
loan-file-problem = { $field }: { $problem }
loan-file-at-line = line { $line }
loan-file-line = is no TOML ({ $said }); write NAME = "VALUE" with straight quotes, as in the example loan
loan-file-missing = is missing; write it like { $example }
loan-file-unknown = is no field of this file; correct its spelling or take it out (the fields here are { $known })
loan-file-value = must be { $wanted }, such as { $example }
loan-file-format = is { $written }, but this device reads format { $read }; make the file anew
loan-file-twice = "{ $written }" stands there twice; leave one of them
loan-file-language = "{ $written }" has no words here; known are { $known }
loan-file-long = must be one line of at most 40 characters
loan-file-sound = { $file }: loan { $id } of { $city } until { $until } is sound; counters at { $hosts }; languages { $languages }.
loan-file-over = { $file }: until: its last day, { $until }, is over; no device would take it. Give a day to come.

# The room-key paper
paper-day-over = --date: { $date } is over; give a day to come
paper-end = --end: must be later than --start
paper-telephone = --telephone: "{ $written }" must be a number as people dial it, such as 0422-00-0000
paper-one-line = { $option }: must be one line of text
paper-ending = { $file }: the name must end in .pdf, .svg or .png
paper-there = { $file } is there already; take another name, or say --replace
paper-written = { $file } is written. Print it on A4 without scaling; whoever holds it can join.
paper-address = the address must look like https://HOST/j#KEY; copy it whole from the appointment's page
paper-long-address = the address is too long for a code that a camera reads well ({ $said }); use a shorter host name
paper-not-whole = the address does not fit on the paper, where somebody may type it from; use a shorter host name
paper-not-drawn = the paper could not be drawn: { $said }; this is a fault of the program, please report it
paper-time = write it like 14:00

# Passwords
password-empty = the password is empty; choose one of at least { $shortest } characters, such as five words
password-short = the password has fewer than { $shortest } characters (words that are tried first, such as "password" or the account's name, do not count); choose a longer one, such as five words
password-guessable = the password repeats or counts, such as 1234; choose a longer one, such as five words
password-not-hashed = the password could not be hashed: { $said }; try it again
password-no-terminal = asking for the password at the terminal: { $said }; run the command in a terminal

# The city's signing key
key-there = { $file } is there already; choose another folder
key-ask = Password for the signing key:
key-ask-again = The same once more:
key-ask-to-open = Password of { $file }:
key-weak = { $weak }; no key was made
key-empty = { $weak }; no key was made (--no-password is for a machine that signs by itself)
key-differ = the two passwords differ; no key was made, start again
key-not-made = making the key: { $said }; try it again
key-made =
    { $secret } signs loans: keep it secret, and keep a copy in a safe.
    { $public } goes onto each device with its certificate: send it to whoever has the release's key ("keys certify").
key-made-release =
    { $secret } vouches for city keys ("keys certify") and signs no loans: keep it secret, and keep a copy in a safe.
    { $public } goes into the images that are built: into the folder that is given as KEYS.
key-certified =
    { $certificate } is written: the release vouches for { $public }.
    Both go onto each device: copy them into the folder "site" of its boot partition.
key-certifies-itself = { $key } is the key of this very city; give the file { $release }
key-none = { $file } is no signing key; give the file { $secret }, not { $public }
key-damaged = { $file } is a damaged signing key ({ $said }); take the copy from the safe
key-wrong-password = { $file } does not open: the password is wrong; type it again, and mind the keyboard's language
key-not-public = { $file } is no public key ({ $said }); give the file { $public } that "keys new" wrote

# A device's card
card-no-list = { $list } is no list of boot files; give the image's NAME.boot-files.sha256
card-number-same = { $number } is the number of the image's boot files ({ $list }). A device that was tampered with may tell any number: flash its card all the same before it is lent again.
card-number-differs = { $number } is not the number of the image's boot files ({ $wanted }, by { $list }): flash the card before the device is lent again, and ask who had it. (Is the list of the version that was flashed?)
card-same = The boot partition { $card } is that of the image ({ $list }).
card-differs = The boot partition { $card } is not that of the image ({ $list }): flash the card before the device is lent again, and ask who had it.{ $lines }
card-changed = { $file }: changed
card-missing = { $file }: missing
card-added = { $file }: not part of the image

# Sticks
stick-no-folder = { $folder } is no folder; give the folder where the stick is mounted
stick-other-there = { $file } is another one; take another stick, or say --replace
stick-not-signed = signing { $name }: { $said }; nothing was written, try it again
update-name = { $file }: by its name no update can be told; give it as the build made it, madoguchi-VERSION-arm64.raucb
update-pointed =
    { $file } is written: version { $version } is offered from { $from } until { $until }.
    Put the bundle and this file into the room server's folder of updates, the bundle first.
stick-not-removed = removing the old { $file }: { $why }
stick-not-renamed = renaming { $from } to { $file }: { $why }
stick-not-kept = writing { $file } to the stick: { $why }; do not use this stick
stick-loan-written = { $file }: loan { $id } of { $city } until { $until } is on the stick, signed. Put the stick into the device.
stick-return-written = { $file }: the order to return loan { $id } is on the stick, signed. A device that is lent as { $id } forgets everything when the stick is put in.
stick-return-wrong = the order for "{ $id }": { $error }
stick-return-name = "{ $id }" is no loan's number but looks like a name; take the number from the loan file, such as M-2026-014
stick-good = { $stick }: good.{ $lines }
stick-refused = { $stick }: a device would refuse this.{ $lines }
stick-nothing = { $stick }: nothing for a device is on this stick (no *.raucb, no { $loan }, no { $return }); write it with "stick loan" or "stick return"
stick-file-system = this stick cannot be read by a device: its file system is { $kind }; format it with FAT or exFAT and write it again
stick-update = update { $file }: the device itself checks who made it
stick-both = loan { $id }: the order to return it ({ $return }) lies beside it and goes before it; delete the one that is not meant
stick-loan-over = loan { $id }: its last day, { $until }, is over; write a loan with a day to come
stick-loan-good = loan { $id } until { $until }: signed and sound
stick-return-good = order to return loan { $id }: signed and sound
stick-paper = { $name }: { $why }
stick-no-signature = no signature lies beside it ({ $signature }); write the stick again
stick-wrong-key = signed with another key; sign it with the secret half of this one
stick-changed = changed or damaged since it was signed; write the stick again
stick-unreadable = cannot be read as a plain file; write the stick again
stick-unreadable-stick = this stick cannot be read; format it with FAT or exFAT and write it again
stick-misnamed = the file is called "{ $written }"; rename it to "{ $name }" (Windows may hide the last ending)
stick-other-refusal = a device would refuse it ({ $said }); write the stick again


# The room server: what it is set up with, and what it does not do
room-settings = { $file } does not hold settings as they are written there; correct it, as in the example: { $said }
room-no-terminal = reading from standard input, or writing to standard output: { $why }
serve-plain = { $address } is not a loopback address, and without a certificate everybody on the way could listen; give --cert and --key, or listen on 127.0.0.1 behind a proxy that has one
serve-metrics = the metrics address { $address } is not a loopback address; use 127.0.0.1:PORT
serve-public = the public address "{ $written }" is not https://HOST[:PORT] (http:// only for a loopback host)
serve-time-zone = "{ $written }" is not a known time zone; write "Asia/Tokyo"
serve-listen-taken = cannot listen on { $address }: another program listens there, perhaps this server; end it, or choose another port
serve-listen-elsewhere = cannot listen on { $address }: this machine does not have that address; give one of its own, or 127.0.0.1
serve-listen-denied = cannot listen on { $address }: this account may not; choose a port from 1024 on, or start it by its systemd unit
serve-listen-other = cannot listen on { $address }: { $said }; check the address
serve-certificate = cannot use the certificate { $cert } with the key { $key }: { $why }
serve-certificate-missing = one of the two files is not there; check both paths
serve-certificate-wrong = { $said }; give the certificate's whole chain and the key that belongs to it, both as PEM
serve-second-factor-key = second_factor is on in [staff], but key_file holds no key: write one by "head -c 32 /dev/urandom | base64 > /etc/madoguchi-room/second-factor-key", and name it as in the example
store = the database { $file }: { $why }
store-busy = another program is writing to it; try it again in a moment
store-damaged = it is damaged; stop the server and put the last backup in its place
store-not-opened = it cannot be opened; check that its folder exists and that this account may write there
store-other = { $said }; try it again, and if it stays so, show this line to whoever looks after this machine
store-missing = there is no database { $file }; check the path (`madoguchi-room serve` makes the file when it first starts)
store-foreign = { $file } is no database of a room server; check the path
store-newer = the database { $file } has format { $found }, but this program knows { $known }; install the newer program again
reserve-no-counter = there is no counter "{ $wanted }"; known are: { $known }
reserve-no-counters = there is no counter "{ $wanted }" and no other; make one with "counter add"
reserve-length = a slot lasts 5 to 240 minutes, not { $minutes }
reserve-past = the slot would be over already; choose a later start
reserve-too-far = the slot starts more than a year from now; check the date
reserve-sites = two sites take part, the counter and one family, not { $sites }: the pages and the box show one other end each
reserve-remark = the remark has more than 80 characters, or a line break; keep it short and without names
reserve-sent-twice = this form was sent already, and its appointment was made then; its key was shown once
reserve-random = the operating system gives no random bytes for a key: { $said }; try it again
room-no-account = there is no staff account { $name }; known are: { $known }
room-no-accounts = there is no staff account { $name } and no other; make one with "staff add"
room-account-name = a staff name has 1 to 40 characters and no spaces; choose another
room-trail-whole = the trail is whole: { $lines } lines (and { $unchained } of an earlier version, which no hash protects); the last is line { $number }, hash { $hash }. Compare it with the server's journal.
room-trail-broken = the audit trail is not whole: line { $line } was changed, or lines before it are missing. Keep a copy of the file and of the journal, and compare both with a backup
room-trail-cut = the audit trail is not whole: line { $written } was written, but the last that is there is { $found }. Keep a copy of the file and of the journal, and compare both with a backup
room-no-factor = { $name } has no second factor; nothing was changed.
room-factor-reset = { $name } has no second factor any more, and is signed out everywhere. Let them enrol anew at once: until then the password alone is enough to.
room-role = "{ $written }" is no role; write desk, lender or admin
room-no-appointment = there is no appointment { $id }; take the number from the staff page's list
room-language = "{ $written }" has no words here; write ja or en
room-no-such-time = the start does not exist in this time zone ({ $said }); choose another
room-copy-there = { $file } exists already; choose a new name
room-copied = The database is copied into { $file }.
room-ask-password = Password for { $name } (one line):
room-account-made = { $name } can sign in.
room-account-removed = { $name } can no longer sign in.
room-counter-made = The counter { $id } is there.
room-revoked = The appointment { $id } is withdrawn; its key is no longer good.
room-listens = listening on { $address } ({ $public })
room-health = health and metrics on { $address }
room-not-started = the program cannot start: { $said }; close other programs, and try it again
