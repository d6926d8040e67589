# Short words at the edges of a screen.
press = Press: { $does }
press-language = 日本語（Japanese）
press-read-rules = read the rules
press-next-page = next rules
press-again = try again
press-show-code = show a QR code
press-other-paper = show another paper
press-begin-again = start another visit
press-agree-and-join = agree and start
press-understood = close this
press-forget = erase and finish
press-come-back = back to the visit
press-try-out = see how I look
press-stop-trying = stop checking
press-read-again = read the rules again
press-pause = my camera & mic off
press-resume = my camera & mic on
press-stay-hidden = stay off afterwards
press-be-seen = be on afterwards

hold = Hold 3 sec: { $does }
hold-leave = leave
hold-start-again = start again
hold-back = go back
hold-disagree = I do not agree
hold-restart = restart

telephone = Phone { $number }
telephone-if-none-comes = If no call comes: { $number }
for-staff = For city staff
step = Step { $number }/3
rules-page = Rules { $number }/3

aside-paper-remembered = The city's paper has been read
aside-no-camera = Camera unplugged: you can still talk
aside-no-microphone = Microphone unplugged: you can also phone
aside-no-camera-nor-microphone = Camera and microphone unplugged
aside-no-speaker = No sound from the TV: you can also phone
aside-no-camera-nor-speaker = Camera unplugged, no sound from the TV
aside-no-microphone-nor-speaker = Microphone unplugged, no TV sound
aside-no-camera-microphone-nor-speaker = No camera, microphone or TV sound
aside-five-minutes = 5 minutes left
aside-one-minute = 1 minute left
aside-new-time = The time is now { $starts }–{ $ends }
aside-will-phone = A staff member will phone you
aside-silent-tv = No sound? Please turn up the TV
aside-silent-microphone = Microphone silent: check its switch
aside-loud-tv = Please turn the TV down a little
aside-staff-muted = The staff member's microphone is off
aside-staff-camera-off = The staff member's camera is off
aside-paused = Your camera and mic are off
aside-bring-back = Too old: please bring it back to the city
aside-updating = Updating: please leave the power on
aside-development = Development build: not to be lent

scan-closer = A little closer, please.
scan-further-away = A little further away, please.
scan-hold-still = Hold it still, please.
scan-found = Code read. You can put the paper down.
    .next = Next comes the Wi-Fi QR code.
scan-no-camera = Please plug the camera in.
    .next = Put the camera's cable into this device.

wrong-wifi-another-city = This paper is from another city.
    .next = Please show the Wi-Fi QR code now.
wrong-wifi-other-address = This QR code is for a web page.
    .next = Please show the Wi-Fi QR code now.
wrong-wifi-other-code = This is not a Wi-Fi QR code.
    .next = Please show the Wi-Fi QR code now.
wrong-wifi-two-codes = I see two QR codes.
    .next = Show only one, please.
wrong-wifi-damaged-key = This is the QR code of the city's paper.
    .next = Please show the Wi-Fi QR code now.
wrong-wifi-damaged-wifi = This Wi-Fi QR code is incomplete.
    .next = Show the QR code on a phone's “share Wi-Fi” screen.
wrong-paper-another-city = This paper is from another city.
    .next = Show the paper of the city that lent you this device.
wrong-paper-other-address = This QR code is for a web page.
    .next = Please show the QR code on the city's paper now.
wrong-paper-other-code = This is not the QR code of the city's paper.
    .next = Please show the QR code on the city's paper now.
wrong-paper-two-codes = I see two QR codes.
    .next = Show only one, please.
wrong-paper-wifi-instead = This is a Wi-Fi QR code.
    .next = Please show the QR code on the city's paper now.
wrong-paper-damaged-key = Part of the QR code is missing.
    .next = Flatten the paper and show it again.
wrong-paper-damaged-wifi = This is a Wi-Fi QR code.
    .next = Please show the QR code on the city's paper now.

quality-good = Connection: good
quality-fair = Connection: unsteady
quality-weak = Connection: weak

staff = Staff member
remaining = About { $minutes } min left
remaining-soon = Ending soon
# $unit is the largest unit that fits, $count how many of it
wait = { $unit ->
    [days] { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
    [hours] { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
    [minutes] { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
   *[seconds] { $count ->
        [one] { $count } second
       *[other] { $count } seconds
    }
}
wait-label = You can start in { $wait }
month-day = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $day }
slot = { $day }, { $starts }–{ $ends }
slot-open = You can start now
say-something = Speak, and the bar moves
loan-until = until { month-day }, { $year }
loan-line = Line { $line }
loan-field = { $field } of { $table } { $number }
software = Software
device-number = This device
receipt = Erasure number
boot-files = Boot files
camera-missing = No camera
picture-paused = Off

wipe-step-network = the Wi-Fi password
wipe-step-key = the QR code on your paper
wipe-step-data = saved data
wipe-step-verify = the final check
