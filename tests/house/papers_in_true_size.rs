//! The room-key paper as PDF, from the room server and from the staff's command line: printed, its code has its size to a
//! tenth of a millimetre, and a camera reads it. Pictures are left in `target/papers`.

use crate::desk::{Desk, header};
use image::GrayImage;
use madoguchi::command_line;
use madoguchi::meeting::invitation::FIRST;
use madoguchi::model::language::Language;
use madoguchi::room::key::KeyHash;
use madoguchi::room::store::Store;
use madoguchi::staff::command::Command;
use std::path::PathBuf;
use zxingcpp::{BarcodeFormat, ImageFormat, ImageView};

/// Dots an inch of the printer.
const RESOLUTION: u32 = 300;
/// What it may be wrong by: a dot is 0.085 mm.
const TOLERANCE: f32 = 0.1;

fn millimetres(dots: u32) -> f32 {
    dots as f32 / RESOLUTION as f32 * 25.4
}

/// What a printer puts on the paper.
fn printed(pdf: &[u8], name: &str) -> GrayImage {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/papers");
    std::fs::create_dir_all(&folder).unwrap();
    let (file, picture) = (folder.join(format!("{name}.pdf")), folder.join(name));
    std::fs::write(&file, pdf).unwrap();
    let printer = std::process::Command::new("pdftoppm")
        .args(["-r", &RESOLUTION.to_string(), "-gray", "-png", "-singlefile"])
        .args([file.as_path(), picture.as_path()])
        .output()
        .expect("pdftoppm is missing: install poppler-utils");
    assert!(printer.status.success() && printer.stderr.is_empty(), "{}", String::from_utf8_lossy(&printer.stderr));
    image::open(picture.with_extension("png")).unwrap().into_luma8()
}

fn texts(page: &GrayImage) -> Vec<String> {
    let view = ImageView::from_slice(page.as_raw(), page.width(), page.height(), ImageFormat::Lum).unwrap();
    let read = zxingcpp::read().formats(BarcodeFormat::QRCode).from(view).unwrap();
    read.into_iter().map(|code| code.text()).collect()
}

/// The paper is A4, and the code stands where it should, as large as it should be.
fn has_true_size(page: &GrayImage) {
    assert!((millimetres(page.width()) - 210.0).abs() < TOLERANCE, "{} wide", millimetres(page.width()));
    assert!((millimetres(page.height()) - 297.0).abs() < TOLERANCE, "{} high", millimetres(page.height()));
    let dots = |mm: f32| (mm / 25.4 * RESOLUTION as f32) as u32;
    // The code with its quiet zone and nothing else.
    let (columns, rows) = (dots(8.0)..dots(106.0), dots(49.5)..dots(142.0));
    let dark = |x: u32, y: u32| page.get_pixel(x, y).0[0] < 128;
    let wide: Vec<u32> = columns.clone().filter(|x| rows.clone().any(|y| dark(*x, y))).collect();
    let high: Vec<u32> = rows.clone().filter(|y| columns.clone().any(|x| dark(x, *y))).collect();
    for (found, at) in [(&wide, 14.0), (&high, 52.0)] {
        let (first, last) = (found[0], found[found.len() - 1]);
        let (begins, size) = (millimetres(first), millimetres(last - first + 1));
        assert!((begins - at).abs() < TOLERANCE, "it begins at {begins} mm, not {at}");
        assert!((size - 86.0).abs() < TOLERANCE, "it has {size} mm, not 86");
    }
    // Nothing light shows between modules that touch: but for the edges of modules, all is black or white.
    let finder = dots(14.6)..dots(15.8);
    assert!(finder.clone().all(|x| (dots(53.0)..dots(66.0)).all(|y| page.get_pixel(x, y).0[0] == 0)), "a line in it");
}

#[test]
fn from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("paper.pdf");
    let url = "https://madoguchi.city.midori.example/j?l=ja#7KQ2M9XR4TZP8WBD3HNC6VJS5K";
    let words = [
        ("--url", url),
        ("--city", "みどり市"),
        ("--city-en", "Midori City"),
        ("--counter", "子育て相談窓口"),
        ("--counter-en", "Childcare consultation"),
        ("--date", "2999-11-24"),
        ("--start", "14:00"),
        ("--end", "14:30"),
        ("--telephone", "0422-00-1234"),
        ("--hours", "平日 8:30〜17:15"),
        ("--hours-en", "Mon–Fri 8:30–17:15"),
    ];
    let words =
        ["madoguchi-staff", "sheet"].into_iter().chain(words.into_iter().flat_map(|(name, value)| [name, value]));
    let words = words.map(std::ffi::OsString::from).chain([out.clone().into_os_string()]);
    let command: Command = command_line::read(words, Language::English).ok().unwrap();
    command.run(Language::English).unwrap();
    let page = printed(&std::fs::read(&out).unwrap(), "command-line");
    assert_eq!(texts(&page), [url]);
    has_true_size(&page);
}

/// What stands in a hidden field of the page.
fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let rest = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
    rest.split_once('"').unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_room_server_while_its_key_is_good() {
    let desk = Desk::open().await;
    let (cookie, from) = (desk.cookie().await, desk.running().public.clone());
    let kind = "application/x-www-form-urlencoded";
    let headers = [("cookie", cookie.as_str()), ("origin", from.as_str()), ("content-type", kind)];
    let id = desk.demo.appointment.clone();
    let shown = desk.request("POST", &format!("/sheet/{id}"), &headers, "").await;
    assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
    let key = hidden(&shown, "key");
    for words in ["子育て相談窓口", "Childcare consultation", "0422-00-1234"] {
        assert!(shown.contains(words), "{words} is not said to whoever cannot see the paper");
    }
    assert!(!shown.contains("style=\""), "an inline style is not followed");

    let address = format!("/sheet/{id}/pdf");
    let body = format!("key={key}&language=ja");
    let answer = desk.request_bytes("POST", &address, &headers, &body).await;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, pdf) = (String::from_utf8(answer[..end].to_vec()).unwrap(), &answer[end + 4..]);
    assert_eq!(header(&head, "content-type"), Some("application/pdf"));
    let named = format!("attachment; filename=\"room-key-{id}.pdf\"");
    assert_eq!(
        (header(&head, "content-disposition"), header(&head, "cache-control")),
        (Some(named.as_str()), Some("no-store"))
    );
    let page = printed(pdf, "server");
    assert_eq!(texts(&page), [format!("{from}/j?l=ja#{key}")]);
    has_true_size(&page);

    // Nobody else gets it, and no other key is taken.
    let foreign = desk.request("POST", &address, &[headers[0], headers[2]], &body).await;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    let nobody = desk.request("POST", &address, &headers[1..], &body).await;
    assert!(nobody.starts_with("HTTP/1.1 401"), "{nobody}");
    let old = format!("key={}&language=en", desk.demo.key.expose());
    let refused = desk.request("POST", &address, &headers, &old).await;
    assert!(refused.starts_with("HTTP/1.1 404") && refused.contains("can no longer be used"), "{refused}");
    Store::open(&desk.demo.database).unwrap().set_key(&id, FIRST, KeyHash::of("another")).unwrap();
    let refused = desk.request("POST", &address, &headers, &body).await;
    assert!(refused.starts_with("HTTP/1.1 404") && refused.contains("作り直してください"), "{refused}");
}
