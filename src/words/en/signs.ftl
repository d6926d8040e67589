# Short words at the edges of a screen.
press = Press: { $does }
press-language = Language/日本語
press-next = go on
press-again = try again
press-begin-again = back to the start
press-agree-and-join = agree and join
press-understood = I understand
press-try-out = see how I look
press-back = go back
press-restart = restart
press-pause = my camera & mic off
press-resume = my camera & mic on

hold = Hold 3 sec: { $does }
hold-leave = leave
hold-start-again = start again
hold-back = go back

telephone = Phone { $number }

aside-paper-remembered = The city's paper has been read
aside-no-camera = Camera unplugged: you can still talk
aside-plug-camera-in = Please plug in the camera's cable
aside-no-microphone = Microphone unplugged: you can phone
aside-no-camera-nor-microphone = Camera and microphone unplugged
aside-no-speaker = No sound from the TV: you can phone
aside-no-camera-nor-speaker = Camera unplugged, no sound from the TV
aside-no-microphone-nor-speaker = Microphone unplugged, no TV sound
aside-no-camera-microphone-nor-speaker = No camera, microphone or TV sound
aside-five-minutes = 5 minutes left
aside-one-minute = 1 minute left
aside-new-time = The time is now { $starts }–{ $ends }
aside-will-phone = The staff will phone you
aside-silent-tv = No sound? Please turn up the TV
aside-silent-microphone = Microphone silent: check its switch
aside-loud-tv = Please turn the TV down a little
aside-staff-muted = The staff member's microphone is off
aside-staff-camera-off = The staff member's camera is off
aside-paused = Your camera and mic are off
aside-development = Development build: not to be lent

scan-looking = Looking for a code
scan-closer = Closer, please
scan-further-away = Further away, please
scan-hold-still = Hold it still, please
scan-found = Code read
scan-no-camera = Please plug the camera in

wrong-another-city = This paper is from another city. Show the paper of the city that lent you this device.
wrong-other-address = This code is for another web page. It does not work here.
wrong-other-code = This is a different code. It does not work here.
wrong-two-codes = I see two codes. Show only one, please.
wrong-wifi-instead = This is a Wi-Fi code. Show the city's paper now, please.
wrong-damaged-key = Part of the code is missing. Flatten the paper and show it again.
wrong-damaged-wifi = This Wi-Fi code is incomplete. Show another one, please.

quality-good = Good line
quality-fair = Unsteady line
quality-weak = Weak line

staff = Staff member
remaining = Time left
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
wait-label = You can join in { $wait }
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
slot-open = You can join now
say-something = Speak, and the bar moves
loan-until = until { $until }
loan-line = Line { $line }
software = Software
device-number = This device
receipt = Erasure number
boot-files = Boot files
camera-missing = No camera
picture-paused = Off

wipe-step-network = the Wi-Fi password
wipe-step-key = the code on your paper
wipe-step-data = saved data
wipe-step-verify = the final check
