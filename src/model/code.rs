//! Names what a code seen by the camera is.

use super::invite::{Invite, InviteError};
use super::loan::Loan;
use super::screen::WrongCode;
use super::secret::Secret;
use super::wifi_code::WifiCode;

/// What the camera read.
#[derive(Clone, PartialEq, Eq)]
pub enum Code {
    /// A router's Wi-Fi code.
    Wifi(WifiCode),
    /// A room key for one of the loan's counters.
    Invite(Invite),
    /// Neither: named for what it is.
    Wrong(WrongCode),
}

/// Names what one picture showed: the texts of all codes in it. The same text twice is one code.
///
/// Never [`WrongCode::WifiInstead`]: which code is asked for is not known here.
pub fn name(texts: &[Secret], loan: &Loan) -> Option<Code> {
    let (text, others) = texts.split_first()?;
    if others.iter().any(|other| other != text) {
        return Some(Code::Wrong(WrongCode::TwoCodes));
    }
    let text = text.expose();
    if WifiCode::looks_like(text) {
        return Some(WifiCode::parse(text).map_or(Code::Wrong(WrongCode::DamagedWifi), Code::Wifi));
    }
    Some(match Invite::parse(text, loan) {
        Ok(invite) => Code::Invite(invite),
        Err(InviteError::NotAnAddress) => Code::Wrong(WrongCode::OtherCode),
        Err(InviteError::OtherAddress) => Code::Wrong(WrongCode::OtherAddress),
        Err(InviteError::AnotherCity) => Code::Wrong(WrongCode::AnotherCity),
        Err(InviteError::DamagedKey) => Code::Wrong(WrongCode::DamagedKey),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789ABCDEFGHJKMNPQRS";

    fn named(texts: &[&str]) -> Option<Code> {
        let loan = Loan::from_toml(include_str!("../workbench/demo-loan.toml")).unwrap();
        name(&texts.iter().map(|text| Secret::new(*text)).collect::<Vec<_>>(), &loan)
    }

    fn wrong(texts: &[&str]) -> Option<WrongCode> {
        match named(texts) {
            Some(Code::Wrong(wrong)) => Some(wrong),
            _ => None,
        }
    }

    #[test]
    fn a_good_code_is_the_code_it_is() {
        let wifi = "WIFI:T:WPA;S:home;P:12345678;;";
        assert!(named(&[]).is_none());
        assert!(matches!(named(&[wifi]), Some(Code::Wifi(code)) if code.ssid == "home"));
        assert!(matches!(named(&[wifi, wifi]), Some(Code::Wifi(_))));
        let invite = format!("https://localhost:8443/j#{KEY}");
        assert!(matches!(named(&[&invite]), Some(Code::Invite(invite)) if invite.key.expose() == KEY));
    }

    #[test]
    fn anything_else_is_named() {
        assert_eq!(wrong(&["WIFI:T:WPA;S:home;;"]), Some(WrongCode::DamagedWifi));
        assert_eq!(wrong(&["https://localhost:8443/j#0123"]), Some(WrongCode::DamagedKey));
        assert_eq!(wrong(&[&format!("https://elsewhere.example/j#{KEY}")]), Some(WrongCode::AnotherCity));
        assert_eq!(wrong(&["https://elsewhere.example/"]), Some(WrongCode::OtherAddress));
        assert_eq!(wrong(&["4901234567894"]), Some(WrongCode::OtherCode));
        assert_eq!(wrong(&["one", "one", "other"]), Some(WrongCode::TwoCodes));
    }
}
