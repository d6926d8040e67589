# The rules of use. When their meaning changes, RULES_VERSION in model/wire.rs changes too.
rule-myself = Just me, just this meeting
rule-no-recording = No recording, no photos
rule-nobody-else = Nobody else watches
rule-no-posting = Nothing posted online
rule-keep-key = The code stays with me
rule-guardian = With a parent or guardian
rule-background = I check what's behind me
rule-on-time = Ends on time, even if late
rule-staff-may-end = Bad behaviour may end it
rule-telephone = If it fails, we use the phone
rule-own-cost = I pay for my connection
rules-full-text = Full text: in the city's guide
