# The room-key paper (A4).
sheet-title = Room key for the online counter
sheet-when = When
sheet-where = Counter
sheet-step-1 = Switch on the device at your TV
sheet-step-2 = Show this code to the camera
sheet-step-3 = Press the button when it is lit
sheet-telephone = If it does not work, please phone
sheet-rules = The rules in short
sheet-secret = This paper is the key to your room. Do not give it to anybody and do not photograph it.
sheet-own-device = On a phone, the code opens the room in the browser.
sheet-typed = On a computer that reads no code, open this address and type the key.
sheet-address = Address
sheet-key = Key
# $weekday: 1 is Monday
sheet-date = { $weekday ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[7] Sun
}, { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
sheet-time = { $starts }–{ $ends }
sheet-number = Number
sheet-opens = Open from { $opens }
