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
sheet-own-device = On a phone or computer, the code opens the room in the browser.
