//! The Wi-Fi code of a router: the `WIFI:` text of the ZXing wiki and of the WPA3 Specification, section 7.

use super::secret::Secret;
use encoding_rs::SHIFT_JIS;
use zeroize::Zeroizing;

/// A Wi-Fi network as a code describes it.
#[derive(Clone, PartialEq, Eq)]
pub struct WifiCode {
    /// The name as text.
    pub ssid: String,
    /// Other byte forms under which the name may be in the air, beside its UTF-8 form: Shift_JIS for a Japanese
    /// name, and the decoded bytes of a name that is all hexadecimal digits. The UTF-8 form may be longer than the
    /// 32 bytes of an SSID; then only these forms can be in the air.
    pub other_forms: Vec<Vec<u8>>,
    /// What the code claims about the security. The beacon has the last word.
    pub claim: Claim,
    /// The passphrase; nothing for an open network.
    pub passphrase: Option<Secret>,
    /// The name is not in the beacon.
    pub hidden: bool,
    /// Transition mode is disabled by `R:1` (WPA3 Specification, sections 7 and 8): nothing below WPA3 counts as this
    /// network. Unlike [`Self::claim`] this is no hint: only a router that knows itself writes it.
    pub wpa3_only: bool,
}

/// The security that a code claims. A hint: telephones write `T:SAE` for networks that offer WPA2 as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `T:WPA` or `T:WPA2`: pre-shared key, WPA2 or WPA3.
    Wpa,
    /// `T:SAE`, `T:WPA3`, or transition mode disabled by `R:1`: WPA3, and where the name is not in the air nothing else
    /// is tried.
    Sae,
    /// `T:WEP`.
    Wep,
    /// `T:nopass` or no type and no passphrase.
    Open,
    /// `T:WPA2-EAP` and kin.
    Enterprise,
}

/// Why a text is no usable Wi-Fi code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WifiCodeError {
    /// It does not begin with `WIFI:`.
    #[error("the text does not begin with WIFI:")]
    NotWifi,
    /// There is no `S:` field, or it is empty.
    #[error("the Wi-Fi code has no network name (S:)")]
    NoName,
    /// The name has more than 32 bytes in every form (IEEE 802.11, 9.4.2.2).
    #[error("the network name of the Wi-Fi code is longer than 32 bytes")]
    NameTooLong,
    /// There is no `P:` field although the claimed security needs one.
    #[error("the Wi-Fi code has no password (P:), which its security needs")]
    NoPassphrase,
    /// A WPA passphrase has neither 8 to 63 bytes without control characters nor 64 hexadecimal digits
    /// (IEEE 802.11, J.4).
    #[error("the password of the Wi-Fi code is not 8 to 63 characters long")]
    PassphraseLength,
}

/// Length of an SSID in bytes, at most (IEEE 802.11, 9.4.2.2).
const LONGEST_SSID: usize = 32;

impl WifiCode {
    /// Whether the text is meant to be a Wi-Fi code, whole or not.
    pub fn looks_like(text: &str) -> bool {
        after_scheme(text).is_some()
    }

    /// Reads the text of a code. Fields may stand in any order; of two with the same key the first counts; unknown
    /// keys are ignored. Everything is read in time proportional to the length.
    ///
    /// Where the two forms of the text differ, the code's own marks decide:
    /// - `R:` and `K:` stand in the WPA3 form alone: `%3B` is decoded there.
    /// - `T:SAE`, `H:false` and any backslash before a punctuation sign come from writers that escape with backslashes
    ///   (ZXing, Android): `%` is a percent sign there.
    /// - Without any of these a value is decoded when each of its triplets stands for what the WPA3 form must encode
    ///   (`;`, `%`, control characters, bytes above 126).
    /// - `\` before one of `\ ; , : "` takes away its meaning. Where every backslash of the code precedes a punctuation
    ///   sign its writer escapes them all, as some routers do, and all of these backslashes go; elsewhere a backslash
    ///   before anything else is itself.
    /// - Double quotes around a whole value are taken off. An unquoted name of hexadecimal digits is taken as it
    ///   stands, as telephones do; its bytes are among [`WifiCode::other_forms`], and so is a name's other reading.
    ///
    /// # Errors
    /// [`WifiCodeError`] says which part is missing or out of range.
    pub fn parse(text: &str) -> Result<Self, WifiCodeError> {
        let fields = Fields::of(after_scheme(text).ok_or(WifiCodeError::NotWifi)?);
        let (ssid, mut other_forms) = fields.name()?;
        if ssid.len() > LONGEST_SSID && !other_forms.iter().any(|form| form.len() <= LONGEST_SSID) {
            return Err(WifiCodeError::NameTooLong);
        }
        other_forms.retain(|form| form.len() <= LONGEST_SSID);
        let passphrase = fields.passphrase();
        let claim = fields.claim(passphrase.is_some());
        let passphrase = match claim {
            Claim::Open => None,
            Claim::Wep | Claim::Enterprise => passphrase,
            Claim::Sae => Some(passphrase.ok_or(WifiCodeError::NoPassphrase)?),
            Claim::Wpa => Some(passphrase.ok_or(WifiCodeError::NoPassphrase)?),
        };
        if claim == Claim::Wpa && !passphrase.as_ref().is_some_and(|secret| is_wpa_passphrase(secret.expose())) {
            return Err(WifiCodeError::PassphraseLength);
        }
        let wpa3_only = claim == Claim::Sae && fields.disables_transition();
        Ok(Self { ssid, other_forms, claim, passphrase, hidden: fields.is_hidden(), wpa3_only })
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']).trim_end_matches(['\r', '\n']);
    let (scheme, rest) = text.split_at_checked(5)?;
    scheme.eq_ignore_ascii_case("WIFI:").then_some(rest)
}

fn is_wpa_passphrase(text: &str) -> bool {
    let raw_key = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    raw_key || ((8..=63).contains(&text.len()) && !text.chars().any(char::is_control))
}

/// The raw values of the keys that matter, escapes and all.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    name: Option<&'a str>,
    passphrase: Option<&'a str>,
    hidden: Option<&'a str>,
    transition_disable: Option<&'a str>,
    public_key: Option<&'a str>,
    eap_method: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(mut rest: &'a str) -> Self {
        let mut fields = Self::default();
        while !rest.is_empty() {
            let end = unescaped_semicolon(rest);
            let field = rest.get(..end).unwrap_or_default();
            rest = rest.get(end + 1..).unwrap_or_default();
            let Some((key, value)) = field.split_once(':') else {
                continue;
            };
            let slot = match key.trim().to_ascii_uppercase().as_str() {
                "T" => &mut fields.kind,
                "S" => &mut fields.name,
                "P" => &mut fields.passphrase,
                "H" => &mut fields.hidden,
                "R" => &mut fields.transition_disable,
                "K" => &mut fields.public_key,
                "E" => &mut fields.eap_method,
                // I (identity), A (anonymous identity), PH2 and what may come.
                _ => continue,
            };
            slot.get_or_insert(value);
        }
        fields
    }

    fn dialect(&self) -> Dialect {
        let values = || [self.name, self.passphrase].into_iter().flatten();
        let sae = self.kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("SAE"));
        let not_hidden = self.hidden.is_some_and(|hidden| hidden.trim().eq_ignore_ascii_case("false"));
        if self.transition_disable.is_some() || self.public_key.is_some() {
            Dialect::Wpa3
        } else if values().any(|raw| raw.contains('\\')) {
            Dialect::Backslash { everything: values().all(escapes_punctuation) }
        } else if sae || not_hidden {
            Dialect::Backslash { everything: false }
        } else {
            Dialect::Unmarked
        }
    }

    /// The name and its other forms.
    fn name(&self) -> Result<(String, Vec<Vec<u8>>), WifiCodeError> {
        let raw = self.name.unwrap_or_default();
        let dialect = self.dialect();
        let (bytes, quoted) = value(raw, dialect);
        if bytes.is_empty() {
            return Err(WifiCodeError::NoName);
        }
        let (ssid, mut others) = match String::from_utf8(bytes.to_vec()) {
            Ok(ssid) => (ssid, Vec::new()),
            // Percent-encoded bytes of another character set; in Japan that is Shift_JIS.
            Err(_) => (SHIFT_JIS.decode_without_bom_handling(&bytes).0.into_owned(), vec![bytes.to_vec()]),
        };
        let (shift_jis, _, unmappable) = SHIFT_JIS.encode(&ssid);
        if !unmappable {
            others.push(shift_jis.into_owned());
        }
        // What the other dialect would mean by it: the air tells which of them it was.
        let other = match dialect {
            Dialect::Backslash { everything: true } => Some(Dialect::Backslash { everything: false }),
            Dialect::Backslash { everything: false } if !raw.contains('\\') => Some(Dialect::Wpa3),
            _ => None,
        };
        others.extend(other.map(|other| value(raw, other).0.to_vec()));
        if !quoted && let Ok(decoded) = data_encoding::HEXLOWER_PERMISSIVE.decode(ssid.as_bytes()) {
            others.push(decoded);
        }
        let mut forms: Vec<Vec<u8>> = Vec::new();
        for form in others {
            if form != ssid.as_bytes() && !forms.contains(&form) {
                forms.push(form);
            }
        }
        Ok((ssid, forms))
    }

    fn passphrase(&self) -> Option<Secret> {
        let (bytes, _) = value(self.passphrase?, self.dialect());
        // Percent-encoding that gives no text was none.
        let text = std::str::from_utf8(&bytes).unwrap_or(self.passphrase?);
        (!text.is_empty()).then(|| Secret::new(text))
    }

    fn is_hidden(&self) -> bool {
        self.hidden.is_some_and(|value| value.trim().eq_ignore_ascii_case("true") || value.trim() == "1")
    }

    fn claim(&self, has_passphrase: bool) -> Claim {
        let (kind, _) = value(self.kind.unwrap_or_default().trim(), Dialect::Backslash { everything: true });
        let kind = String::from_utf8_lossy(&kind).to_ascii_uppercase();
        let says = |part: &str| kind.contains(part);
        let wpa3_only = says("SAE") || says("WPA3");
        let both = ["MIXED", "TRANSITION", "COMPAT"].iter().any(|word| says(word));
        let wpa2_too = both || says("WPA2") || says("PSK") || says("WPA/") || kind.ends_with("WPA");
        match kind.as_str() {
            "" if has_passphrase => self.wpa(),
            "" | "NOPASS" | "NONE" | "OPEN" | "OWE" => Claim::Open,
            _ if says("WEP") => Claim::Wep,
            _ if says("EAP") || says("ENTERPRISE") || says("802.1X") => Claim::Enterprise,
            _ if self.eap_method.is_some_and(|method| !method.is_empty()) => Claim::Enterprise,
            _ if wpa3_only && !wpa2_too => Claim::Sae,
            // A type that nobody knows: the beacon will say.
            _ if !has_passphrase && !kind.starts_with("WPA") => Claim::Open,
            _ => self.wpa(),
        }
    }

    fn wpa(&self) -> Claim {
        if self.disables_transition() { Claim::Sae } else { Claim::Wpa }
    }

    /// Bit 0 of the transition disable bitmap: WPA3-Personal (WPA3 Specification, section 8).
    fn disables_transition(&self) -> bool {
        let bits = self.transition_disable.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
        bits.is_some_and(|bits| bits & 1 == 1)
    }
}

/// How the writer of a code writes what would end a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// As the WPA3 Specification has it: `%3B`.
    Wpa3,
    /// With a backslash: `\;`. `everything`: before every punctuation sign, also where nothing asks for it.
    Backslash { everything: bool },
    /// No mark tells.
    Unmarked,
}

/// Index of the first `;` that no backslash precedes, else the length.
fn unescaped_semicolon(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b';' if !escaped => return index,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The bytes that a raw value stands for, and whether it was quoted.
fn value(raw: &str, dialect: Dialect) -> (Zeroizing<Vec<u8>>, bool) {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|inner| !ends_escaped(inner));
    let text = inner.unwrap_or(raw);
    let has_triplet = || (0..text.len()).any(|index| triplet(text.as_bytes(), index).is_some());
    let bytes = match dialect {
        // A backslash is a sign like any other there; some writers escape with it all the same.
        Dialect::Wpa3 if inner.is_none() && (has_triplet() || !text.contains('\\')) => percent_decoded(text),
        Dialect::Unmarked if inner.is_none() && must_be_percent_encoded(text) => percent_decoded(text),
        Dialect::Wpa3 | Dialect::Unmarked => unescaped(text, false),
        Dialect::Backslash { everything } => unescaped(text, everything),
    };
    (bytes, inner.is_some())
}

/// Whether every backslash stands before a punctuation sign.
fn escapes_punctuation(text: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'\\' && !rest.next().is_some_and(|next| next.is_ascii_punctuation()) {
            return false;
        }
    }
    true
}

/// Whether a backslash takes away the meaning of what follows the text.
fn ends_escaped(text: &str) -> bool {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Takes escapes away: the format's own, or, where the writer escapes `everything`, those before any punctuation sign.
fn unescaped(text: &str, everything: bool) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        match (byte, rest.peek()) {
            (b'\\', Some(&meant))
                if matches!(meant, b'\\' | b';' | b',' | b':' | b'"')
                    || (everything && meant.is_ascii_punctuation()) =>
            {
                bytes.push(meant);
                rest.next();
            }
            _ => bytes.push(byte),
        }
    }
    bytes
}

/// The byte that begins at `index` as `%XX`.
fn triplet(bytes: &[u8], index: usize) -> Option<u8> {
    let [b'%', high, low] = *bytes.get(index..index + 3)? else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Whether each `%` begins a triplet for what the WPA3 form must encode, and there is one.
fn must_be_percent_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let must = |byte: u8| matches!(byte, b';' | b'%' | ..=31 | 127..);
    let mut signs = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').map(|(index, _)| index).peekable();
    signs.peek().is_some() && signs.all(|index| triplet(bytes, index).is_some_and(must))
}

fn percent_decoded(text: &str) -> Zeroizing<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut decoded = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let meant = triplet(bytes, index);
        decoded.push(meant.unwrap_or(*byte));
        index += if meant.is_some() { 3 } else { 1 };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (String, Claim, Option<String>, bool) {
        let code = WifiCode::parse(text).unwrap();
        (code.ssid, code.claim, code.passphrase.map(|secret| secret.expose().to_owned()), code.hidden)
    }

    fn error(text: &str) -> WifiCodeError {
        WifiCode::parse(text).map(|_| ()).unwrap_err()
    }

    fn wpa(ssid: &str, passphrase: &str) -> (String, Claim, Option<String>, bool) {
        (ssid.to_owned(), Claim::Wpa, Some(passphrase.to_owned()), false)
    }

    #[test]
    fn the_usual_forms_are_read_whatever_their_order_and_case() {
        for text in [
            "WIFI:T:WPA;S:home;P:correct horse;;",
            "WIFI:S:home;P:correct horse;T:WPA2;H:false;;",
            "wifi:p:correct horse;t:wpa;s:home;;",
            "WIFI:T:WPA;S:home;P:correct horse",
            "WIFI:S:home;P:correct horse;;",
            "\u{feff}WIFI:T:WPA2/WPA3;S:home;P:correct horse;X:future;;\r\n",
            "WIFI:T:WPA;R:0;S:home;P:correct horse;S:second;;",
        ] {
            assert_eq!(read(text), wpa("home", "correct horse"), "{text}");
        }
        assert!(read("WIFI:T:WPA;S:home;P:correct horse;H:true;;").3);
    }

    #[test]
    fn backslash_and_quotes_are_those_of_zxing() {
        assert_eq!(read(r#"WIFI:T:WPA;S:a\;b\,c\:d\\e\"f;P:12\;34\\\;78;;"#), wpa(r#"a;b,c:d\e"f"#, r"12;34\;78"));
        assert_eq!(read(r#"WIFI:T:WPA;S:"00ff";P:"in quotes";;"#), wpa("00ff", "in quotes"));
        assert_eq!(read(r"WIFI:T:WPA;S:C\home;P:back\slash;;"), wpa(r"C\home", r"back\slash"));
        assert_eq!(read(r#"WIFI:T:WPA;S:"half;P:quote at end";;"#), wpa(r#""half"#, r#"quote at end""#));
        assert_eq!(read(r"WIFI:T:WPA;S:home;P:ends with \\;;"), wpa("home", r"ends with \"));
    }

    #[test]
    fn a_writer_that_escapes_every_punctuation_sign_is_understood() {
        let said = |text: &str| read(text).2.unwrap();
        assert_eq!(said(r"WIFI:S:home;T:WPA;P:ab\/cd\'efgh;;"), "ab/cd'efgh");
        assert_eq!(said(r"WIFI:S:home;T:WPA;P:a\.b\-c\_d\!e\$f\#g\&h\%41;;"), "a.b-c_d!e$f#g&h%41");
        assert_eq!(said(r#"WIFI:S:home;T:WPA;P:"ab\/cd\'efgh";;"#), "ab/cd'efgh");
        assert_eq!(said(r"WIFI:S:home;T:WPA;P:ends so \\\!;;"), r"ends so \!");
        assert_eq!(read(r"WIFI:T:WPA\/WPA2;S:Bob\'s\ home;P:12345678;;").0, r"Bob\'s\ home");
        assert_eq!(read(r"WIFI:T:WPA\/WPA2;S:Bob\'s home;P:12345678;;"), wpa("Bob's home", "12345678"));
        // One backslash before a letter, and its writer escapes no more than the format asks.
        assert_eq!(said(r"WIFI:S:home;T:WPA;P:ab\/cd\efgh;;"), r"ab\/cd\efgh");
        assert_eq!(said(r"WIFI:S:C\home;T:WPA;P:ab\/cd\;gh;;"), r"ab\/cd;gh");
        assert_eq!(said(r"WIFI:S:home;T:WPA;P:backslash\;;"), r"backslash;".to_owned());
        let code = WifiCode::parse(r"WIFI:S:R\&D;T:WPA;P:12345678;;").unwrap();
        assert_eq!((code.ssid.as_str(), code.other_forms), ("R&D", vec![br"R\&D".to_vec()]), "the air tells");
    }

    #[test]
    fn a_percent_sign_is_one_where_the_writer_escapes_with_backslashes() {
        let said = |text: &str| read(text).2.unwrap();
        assert_eq!(said("WIFI:S:home;T:SAE;P:sale%50today;H:false;;"), "sale%50today");
        assert_eq!(said("WIFI:S:home;T:SAE;P:100%25 sure;;"), "100%25 sure");
        assert_eq!(said("WIFI:S:home;T:WPA;P:100%3Bsure;H:false;;"), "100%3Bsure");
        assert_eq!(said(r"WIFI:S:a\;b;T:WPA;P:100%3Bsure;;"), "100%3Bsure");
        // The marks of the WPA3 form go before all others; a backslash is a sign like any other there.
        assert_eq!(said("WIFI:T:SAE;R:1;S:home;P:sale%50today;H:false;;"), "salePtoday");
        assert_eq!(said(r"WIFI:T:WPA;S:home;P:a\,b%3Bc\\d;K:AA==;;"), r"a\,b;c\\d");
        let code = WifiCode::parse("WIFI:S:caf%C3%A9;T:SAE;P:12345678;;").unwrap();
        assert_eq!((code.ssid.as_str(), code.other_forms), ("caf%C3%A9", vec!["café".into()]), "the air tells");
    }

    #[test]
    fn percent_encoding_is_decoded_only_where_the_wpa3_form_wrote_it() {
        assert_eq!(read("WIFI:T:WPA;R:0;S:caf%C3%A9%20bar;P:semi%3Bcolon;;"), wpa("café bar", "semi;colon"));
        assert_eq!(read("WIFI:T:WPA;S:caf%C3%A9;P:semi%3Bcolon;;"), wpa("café", "semi;colon"));
        assert_eq!(read("WIFI:T:WPA;S:100%25;P:50%20off!;;"), wpa("100%", "50%20off!"));
        assert_eq!(read("WIFI:T:WPA;S:50%;P:1234567%6;;"), wpa("50%", "1234567%6"));
        assert_eq!(read("WIFI:T:SAE;S:a;P:%zz%;;").2.unwrap(), "%zz%");
        let code = WifiCode::parse("WIFI:T:WPA;S:%8E%E8%8E%86;P:12345678;;").unwrap();
        assert_eq!((code.ssid.as_str(), code.other_forms), ("手紙", vec![vec![0x8e, 0xe8, 0x8e, 0x86]]));
    }

    #[test]
    fn every_security_is_understood() {
        for (text, claim) in [
            ("WIFI:T:SAE;S:a;P:x;;", Claim::Sae),
            ("WIFI:T:WPA3;S:a;P:x;;", Claim::Sae),
            ("WIFI:T:WPA;R:1;S:a;P:x;;", Claim::Sae),
            ("WIFI:T:WPA;R:3;S:a;P:12345678;;", Claim::Sae),
            ("WIFI:T:WPA;R:2;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:WPA2-PSK;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:WPA/WPA2/WPA3;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:sae-mixed;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:WPA3-Transition;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:WPA3-Compatible;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:WPA2WPA3;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:WPA3SAE_WPA2PSK;S:a;P:12345678;;", Claim::Wpa),
            ("WIFI:T:WEP;S:a;P:12345;;", Claim::Wep),
            ("WIFI:T:nopass;S:a;P:ignored;;", Claim::Open),
            ("WIFI:T:;S:a;P:;;", Claim::Open),
            ("WIFI:S:a;;", Claim::Open),
            ("WIFI:T:WPA2-EAP;S:a;E:PEAP;PH2:MS-CHAPv2;A:anon;I:me;P:x;;", Claim::Enterprise),
            ("WIFI:T:WPA;S:a;E:TTLS;I:me;P:x;;", Claim::Enterprise),
        ] {
            let (_, seen, passphrase, _) = read(text);
            assert_eq!(seen, claim, "{text}");
            assert_eq!(passphrase.is_none(), claim == Claim::Open, "{text}");
        }
    }

    #[test]
    fn only_a_router_that_disables_its_transition_mode_pins_wpa3() {
        for (text, pinned) in [
            ("WIFI:T:SAE;S:a;P:12345678;;", false),
            ("WIFI:T:WPA3;S:a;P:12345678;;", false),
            ("WIFI:T:WPA;R:1;S:a;P:12345678;;", true),
            ("WIFI:T:SAE;R:3;S:a;P:12345678;;", true),
            ("WIFI:T:SAE;R:2;S:a;P:12345678;;", false),
        ] {
            assert_eq!(WifiCode::parse(text).unwrap().wpa3_only, pinned, "{text}");
        }
    }

    #[test]
    fn what_is_missing_or_out_of_range_is_named() {
        let long = "x".repeat(33);
        assert_eq!(error("https://city.example/"), WifiCodeError::NotWifi);
        assert_eq!(error("WIFI"), WifiCodeError::NotWifi);
        assert_eq!(error("WIFI:"), WifiCodeError::NoName);
        assert_eq!(error("WIFI:T:WPA;S:;P:12345678;;"), WifiCodeError::NoName);
        assert_eq!(error(&format!("WIFI:T:WPA;S:{long};P:12345678;;")), WifiCodeError::NameTooLong);
        assert_eq!(error("WIFI:T:WPA;S:a;;"), WifiCodeError::NoPassphrase);
        assert_eq!(error("WIFI:T:SAE;S:a;;"), WifiCodeError::NoPassphrase);
        assert_eq!(error("WIFI:T:WPA;S:a;P:1234567;;"), WifiCodeError::PassphraseLength);
        assert_eq!(error(&format!("WIFI:T:WPA;S:a;P:{}z;;", "0".repeat(63))), WifiCodeError::PassphraseLength);
        assert_eq!(error("WIFI:T:WPA;S:a;P:1234567\u{7};;"), WifiCodeError::PassphraseLength);
        assert_eq!(read(&format!("WIFI:T:WPA;S:a;P:{};;", "0f".repeat(32))).1, Claim::Wpa);
    }

    #[test]
    fn a_japanese_name_has_its_shift_jis_form_and_a_hexadecimal_one_its_bytes() {
        let forms = |text: &str| WifiCode::parse(text).map(|code| code.other_forms).unwrap_or_default();
        assert_eq!(forms("WIFI:T:WPA;S:手紙;P:12345678;;"), [[0x8e, 0xe8, 0x8e, 0x86]]);
        assert_eq!(forms("WIFI:T:WPA;S:76697267;P:12345678;;"), [b"virg"]);
        assert!(forms("WIFI:T:WPA;S:\"76697267\";P:12345678;;").is_empty());
        assert!(forms("WIFI:T:WPA;S:home;P:12345678;;").is_empty());
        assert!(forms("WIFI:T:WPA;S:한국어;P:12345678;;").is_empty());
        // 36 bytes of UTF-8, 24 of Shift_JIS.
        assert_eq!(forms("WIFI:T:WPA;S:来客用無線会議室南館二階;P:12345678;;").concat().len(), 24);
    }

    fn escaped(text: &str) -> String {
        text.chars().flat_map(|c| r#"\;,:""#.contains(c).then_some('\\').into_iter().chain([c])).collect()
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}", tail in r#"[TSPHRIKE:;\\"%0-9A-Fa-f手]{0,80}"#) {
            let _ = WifiCode::parse(&text);
            let _ = WifiCode::parse(&format!("WIFI:{tail}"));
        }

        #[test]
        fn what_zxing_would_write_is_read_back(
            ssid in r#"[ -~手紙]{1,10}"#, passphrase in "[ -~]{8,63}", order in 0..6_usize, closed: bool,
        ) {
            // A percent sign would leave open which form it is.
            let (ssid, passphrase) = (ssid.replace('%', "x"), passphrase.replace('%', "x"));
            let fields = ["T:WPA".to_owned(), format!("S:{}", escaped(&ssid)), format!("P:{}", escaped(&passphrase))];
            let order = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][order];
            let body = order.map(|index| fields[index].as_str()).join(";");
            let end = if closed { ";;" } else { "" };
            prop_assert_eq!(read(&format!("WIFI:{body}{end}")), wpa(&ssid, &passphrase));
        }

        #[test]
        fn what_the_wpa3_form_would_write_is_read_back(ssid in "[ -~手紙]{1,10}", passphrase in "[ -~é]{1,31}") {
            let encode = |text: &str| text.bytes().fold(String::new(), |out, byte| match byte {
                b' '..=b'~' if !br#";%\""#.contains(&byte) => out + char::from(byte).to_string().as_str(),
                _ => out + format!("%{byte:02X}").as_str(),
            });
            let text = format!("WIFI:T:WPA;R:1;S:{};P:{};K:AA==;;", encode(&ssid), encode(&passphrase));
            prop_assert_eq!(read(&text), (ssid, Claim::Sae, Some(passphrase), false));
        }
    }
}
