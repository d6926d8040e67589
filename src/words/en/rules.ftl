# The rules of use. When their meaning changes, RULES_VERSION in model/wire.rs changes too.
# .sheet is the short form that is printed.
rule-myself = Please use it yourself, for this consultation only
    .sheet = Just me, just this meeting
rule-no-recording = Please do not record or take photos
    .sheet = No recording, no photos
rule-nobody-else = Please let nobody else watch
    .sheet = Nobody else watches
rule-no-posting = Please post nothing of it online
    .sheet = Nothing posted online
rule-keep-key = Please give the QR code to nobody
    .sheet = The code stays with me
rule-guardian = A parent or guardian must be there
    .sheet = With a parent or guardian
rule-background = Mind what is behind you: it is not blurred
    .sheet = I check what's behind me
rule-on-time = It ends on time, even if you start late
    .sheet = Ends on time, even if late
rule-staff-may-end = Staff may end it after rude behaviour
    .sheet = Bad behaviour may end it
rule-telephone = If it does not connect, we talk by phone
    .sheet = If it fails, we use the phone
rule-own-cost = Your usual internet charges apply
    .sheet = My usual internet charges
rules-full-text = The full text is in the city's guide
