//! The sample papers that lie on the desk, drawn in code: a sheet with a QR code and a few lines that look like text.
//!
//! They stand in where nothing better is given: the room-key sheet of the staff's command line is handed to the desk
//! as a picture and lies there like any other.

use super::air;
use image::{Rgba, RgbaImage};
use qrcode::{EcLevel, QrCode};

/// A paper on the desk.
#[derive(Clone)]
pub struct Paper {
    /// Short name in commands, such as `room-today`.
    pub id: String,
    /// Title in Japanese.
    pub ja: String,
    /// Title in English.
    pub en: String,
    /// The paper itself.
    pub image: RgbaImage,
}

/// Colour of the band at the head of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// A router's sticker.
    Router,
    /// The city's sheet.
    Room,
}

impl Paper {
    /// A paper with a title.
    pub fn new(id: &str, ja: &str, en: &str, image: RgbaImage) -> Self {
        Self { id: id.to_owned(), ja: ja.to_owned(), en: en.to_owned(), image }
    }
}

/// Pixels of one module of the code.
const MODULE: u32 = 10;
/// Quiet zone in modules (ISO/IEC 18004, section 9.1).
const QUIET: u32 = 4;

/// A sheet with `text` as a QR code of level M.
///
/// # Errors
/// A sentence, when the text is too long for a code.
pub fn sheet(text: &str, ink: Ink) -> Result<RgbaImage, String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| format!("no QR code can hold these {} bytes: {error}", text.len()))?;
    let modules = code.width() as u32;
    let side = (modules + 2 * QUIET) * MODULE;
    let (width, head) = (side + 8 * MODULE, 9 * MODULE);
    let height = head + side + 16 * MODULE;
    let mut paper = RgbaImage::from_pixel(width, height, Rgba([250, 249, 245, 255]));
    let band = match ink {
        Ink::Router => Rgba([52, 58, 70, 255]),
        Ink::Room => Rgba([18, 92, 80, 255]),
    };
    fill(&mut paper, (0, 0), (width, head - 3 * MODULE), band);
    let pale = Rgba([240, 240, 236, 255]);
    fill(&mut paper, (3 * MODULE, 2 * MODULE), (width / 2, 2 * MODULE), pale);
    let dark = Rgba([20, 20, 24, 255]);
    let origin = (4 + QUIET) * MODULE;
    for (index, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            let (x, y) = (index as u32 % modules, index as u32 / modules);
            fill(&mut paper, (origin + x * MODULE, head + (QUIET + y) * MODULE), (MODULE, MODULE), dark);
        }
    }
    let grey = Rgba([150, 150, 152, 255]);
    for (line, part) in [9, 8, 6].into_iter().enumerate() {
        let y = head + side + (1 + 4 * line as u32) * MODULE;
        fill(&mut paper, (4 * MODULE, y), (side * part / 10, MODULE * 3 / 2), grey);
    }
    Ok(paper)
}

/// Text of the Wi-Fi code of an access point (ZXing wiki; WPA3 Specification section 7).
pub fn wifi_text(point: &air::AccessPoint) -> String {
    let escape = |text: &str| {
        text.chars().fold(String::new(), |mut out, c| {
            if "\\;,:\"".contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        })
    };
    let kind = match point.security {
        air::Kind::Wep => "WEP",
        air::Kind::Wpa3 => "SAE",
        air::Kind::Open | air::Kind::Owe | air::Kind::OweTransition => "nopass",
        _ => "WPA",
    };
    let passphrase = match kind {
        "nopass" => String::new(),
        _ => format!("P:{};", escape(&point.passphrase)),
    };
    let hidden = if point.hidden { "H:true;" } else { "" };
    format!("WIFI:T:{kind};S:{};{passphrase}{hidden};", escape(&point.name))
}

/// The Wi-Fi papers of the demo city's air: a good one, WEP and no password.
///
/// # Errors
/// A sentence, when a code cannot be drawn.
pub fn demo_wifi() -> Result<Vec<Paper>, String> {
    let titles = [
        ("wifi-good", "良い Wi-Fi", "Good Wi-Fi (WPA2/WPA3)"),
        ("wifi-wep", "弱い Wi-Fi (WEP)", "Weak Wi-Fi (WEP)"),
        ("wifi-open", "パスワードなし Wi-Fi", "Wi-Fi without password"),
    ];
    let drawn = air::demo()
        .into_iter()
        .zip(titles)
        .map(|(point, (id, ja, en))| Ok(Paper::new(id, ja, en, sheet(&wifi_text(&point), Ink::Router)?)));
    drawn.collect()
}

fn fill(paper: &mut RgbaImage, at: (u32, u32), size: (u32, u32), colour: Rgba<u8>) {
    for y in at.1..(at.1 + size.1).min(paper.height()) {
        for x in at.0..(at.0 + size.0).min(paper.width()) {
            paper.put_pixel(x, y, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wifi_text_is_escaped_and_names_its_kind() {
        let mut point = air::demo().remove(0);
        assert_eq!(wifi_text(&point), "WIFI:T:WPA;S:midori-home;P:sakura-saku-2026;;");
        point.name = "a;b".into();
        point.security = air::Kind::Open;
        assert_eq!(wifi_text(&point), "WIFI:T:nopass;S:a\\;b;;");
        point.security = air::Kind::Wpa3;
        point.hidden = true;
        assert_eq!(wifi_text(&point), "WIFI:T:SAE;S:a\\;b;P:sakura-saku-2026;H:true;;");
    }

    #[test]
    fn a_text_that_fits_no_code_is_refused_in_words() {
        let error = sheet(&"x".repeat(4000), Ink::Room).map(|_| ()).unwrap_err();
        assert!(error.contains("no QR code can hold these 4000 bytes"), "{error}");
    }
}
