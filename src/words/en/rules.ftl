# The rules of use. When their meaning changes, RULES_VERSION in model/wire.rs changes too.
rule-myself = Only me, only this consultation
rule-no-recording = No recording, no photographs
rule-nobody-else = Nobody else watches
rule-no-posting = Nothing is posted online
rule-keep-key = The code stays with me
rule-guardian = A parent or guardian is here
rule-background = I mind what is seen behind me
rule-on-time = It ends on time, even if I am late
rule-staff-may-end = Staff may end it for misconduct
rule-telephone = If it fails, we use the telephone
rule-own-cost = I pay for my own connection
rules-full-text = Details: see the city’s guide
