# For each screen one big sentence, and what to do next (.next). The names are those of Face::name in model/screen.rs.
# Say what happened and what to do; never blame.

boot-starting = Online counter of { $city }
    .next = Getting ready. Please wait.
# As long as the city's name is not known
boot-starting-nameless = Online counter
boot-wipe-owed = Erasing data from the last use.
    .next = Please leave the power on.
boot-no-loan = This device is not ready to use yet.
    .next = Please bring it to the city's counter.
boot-loan-ended = The loan period has ended.
    .next = Thank you. Please return the device to the city.

network-finding = Looking for the internet.
    .next = If you have a LAN cable, plug it in.
network-show-wifi = Show your Wi-Fi code to the camera.
    .next = It is on the router's label, or on a phone's "share Wi-Fi" screen.
network-joining = Connecting to your Wi-Fi.
    .next = Please wait.
network-joining-cable = Connecting to the internet.
    .next = Please wait, and leave the cable in.

network-trouble-open = This Wi-Fi is not protected, so it cannot be used.
    .next = Use your home Wi-Fi with a password, or a LAN cable.
network-trouble-wep = This Wi-Fi's protection is too old to use (WEP).
    .next = Set the router to WPA2 or WPA3, or use a LAN cable.
network-trouble-wpa1 = This Wi-Fi's protection is too weak to use (WPA).
    .next = Set the router to WPA2 or WPA3, or use a LAN cable.
network-trouble-owe = We cannot tell whose Wi-Fi this is, so it cannot be used.
    .next = Use your home Wi-Fi with a password, or a LAN cable.
network-trouble-wps-only = This Wi-Fi only works with the router's button (WPS).
    .next = Connect a LAN cable to the router.
network-trouble-enterprise = This Wi-Fi needs a company or school account.
    .next = Use your home Wi-Fi or a LAN cable.
network-trouble-downgraded = The Wi-Fi's protection became weaker, so we disconnected.
    .next = Use a LAN cable, or phone the city.
network-trouble-portal = This Wi-Fi shows a web page first, so it cannot be used.
    .next = Use your home Wi-Fi or a LAN cable.
network-trouble-wrong-password = The Wi-Fi password did not match.
    .next = Show a code with the current password.
network-trouble-not-in-the-air = This Wi-Fi cannot be found.
    .next = Switch the router on and put this device near it.
network-trouble-too-weak = The Wi-Fi signal is too weak here.
    .next = Put this device near the router, or use a LAN cable.
network-trouble-no-address = The router is not answering.
    .next = Switch the router off and on, and wait 2 minutes.
network-trouble-no-names = The address was not found on the internet.
    .next = Switch the router off and on, and wait 2 minutes.
network-trouble-no-internet = The router has no internet connection.
    .next = Switch the router off and on, and wait 2 minutes.
network-trouble-server-unreachable = The city's counter is not answering.
    .next = Wait a little and try again, or phone us.
network-trouble-untrusted = We cannot be sure that this is the city's counter.
    .next = We stopped, to be safe. Please phone the city.
network-trouble-clock-unknown = The device cannot get the right time.
    .next = Switch the router off and on, or phone the city.
network-trouble-no-radio = This device's Wi-Fi is not working.
    .next = Connect a LAN cable to the router.
network-trouble-line-lost = The internet connection was lost.
    .next = Check the router's power and cables.

qr-show-paper = Show the city's paper to the camera.
    .next = Hold it flat, in good light.

ready-asking-room = Checking with the city's counter.
    .next = Please wait.
ready-refused-unknown-key = The code on this paper was not found.
    .next = Check the paper's date and show it again, or phone us.
ready-refused-over = This appointment time is over.
    .next = Make a new appointment, or phone us.
ready-refused-revoked = The city has cancelled this paper's code.
    .next = Please phone the city.
ready-refused-room-full = Another device has joined with this paper.
    .next = Leave on the other device, then try again.
ready-refused-let-leave = The staff ended this consultation.
    .next = To continue, please phone us.
ready-refused-too-many-tries = There were several tries, so there is a short wait.
    .next = Please wait. It will retry automatically.
ready-refused-version = This device's software does not match the counter's.
    .next = Please phone the city.
ready-refused-busy = The counter is very busy.
    .next = Wait a little and try again.

ready-mirror = Is anything private visible behind you?
    .next = The background is not blurred.
ready-rules = If you agree to these rules, press the button.
ready-rules-early = You can join in { $wait }. Please read the rules.
ready-try-out = Check how you look and sound.
    .next = Nobody else can see you now.

session-entering = Connecting to the counter.
    .next = Please wait.
session-lobby = Please wait for the staff member.
    .next = You will be called in soon.
session-lobby-staff-absent = The staff member is not here yet.
    .next = If nobody comes at the set time, please phone us.
session-held = The staff member paused picture and sound.
    .next = Please wait.
session-coming-back = The connection was lost. Reconnecting.
    .next = You need not do anything. Please wait.

session-ended-left = You have left the consultation.
    .next = Thank you for using the counter.
session-ended-ended = The consultation has ended.
    .next = Thank you for using the counter.
session-ended-let-leave = The staff ended this consultation.
    .next = If you have questions, please phone us.
session-ended-slot-over = Your appointment time is over.
    .next = To continue, please phone us.
session-ended-revoked = The city cancelled this appointment.
    .next = If you have questions, please phone us.
session-ended-line-lost = The connection did not come back. Let us use the telephone.
    .next = Please phone the number below.
session-ended-will-phone = We will continue by telephone.
    .next = The staff will phone you. Please stay near your telephone.

wipe-forgetting = Erasing the data on this device.
    .next = Please leave the power on.
wipe-forgotten = All data from this visit is erased.
    .next = Please keep the paper in a safe place.
wipe-receipt = All your data on this device is erased.
    .next = Unplug it and return it to the city.
wipe-failed = The data could not be erased yet.
    .next = Trying again. Please wait and do not use the device.
