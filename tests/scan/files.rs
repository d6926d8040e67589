//! `madoguchi qr read FILE...`: one line each, whatever the file.

use crate::scene::{Pose, Random, Scene};
use image::{GrayImage, LumaA};
use std::process::{Command, Output};

const TEXT: &str = "WIFI:T:WPA;S:手紙;P:tab\"and quote;;";

fn paper() -> GrayImage {
    let pose = Pose { middle: (160.0, 120.0), module: 4.0, roll: 5.0, tilt: (0.05, 20.0), bulge: 0.0 };
    let scene = Scene::room(320, 240, &mut Random::new(1)).with_code(TEXT.as_bytes(), &pose);
    GrayImage::from_raw(320, 240, scene.pixels()).expect("320 x 240 bytes")
}

fn qr_read(folder: &std::path::Path, files: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madoguchi"));
    command.current_dir(folder).args(["qr", "read"]).args(files).output().expect("the program starts")
}

#[test]
fn each_file_is_one_line_with_its_texts_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    paper().save(path("paper.png")).expect("written");
    paper().save(path("paper.jpg")).expect("written");
    // PNG by its content, whatever its name says.
    std::fs::copy(path("paper.png"), path("misnamed.jpg")).expect("copied");
    GrayImage::new(320, 240).save(path("black.png")).expect("written");
    let seen = qr_read(folder.path(), &["paper.png", "black.png", "paper.jpg", "misnamed.jpg"]);
    let json = r#""WIFI:T:WPA;S:手紙;P:tab\"and quote;;""#;
    let lines = format!("paper.png\t{json}\nblack.png\npaper.jpg\t{json}\nmisnamed.jpg\t{json}\n");
    assert_eq!(String::from_utf8_lossy(&seen.stdout), lines);
    assert!(seen.stderr.is_empty());
    assert_eq!(seen.status.code(), Some(0));
}

#[test]
fn what_is_transparent_is_white_paper() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = qrcode::QrCode::new(TEXT).expect("the text fits");
    let side = code.width() as u32;
    let colors = code.to_colors();
    let picture = image::ImageBuffer::from_fn((side + 8) * 4, (side + 8) * 4, |x, y| {
        let (i, j) = ((x / 4).wrapping_sub(4), (y / 4).wrapping_sub(4));
        let dark = i < side && j < side && colors[(j * side + i) as usize] == qrcode::Color::Dark;
        LumaA([0_u8, if dark { 255 } else { 0 }])
    });
    picture.save(folder.path().join("logo.png")).expect("written");
    let seen = qr_read(folder.path(), &["logo.png"]);
    assert!(String::from_utf8_lossy(&seen.stdout).starts_with("logo.png\t\"WIFI:"));
}

#[test]
fn a_file_that_is_no_picture_is_told_and_the_others_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("letter.png"), "no picture").expect("written");
    std::fs::write(folder.path().join("empty.jpg"), "").expect("written");
    paper().save(folder.path().join("paper.png")).expect("written");
    let seen = qr_read(folder.path(), &["letter.png", "missing.png", "empty.jpg", "paper.png"]);
    let lines = String::from_utf8_lossy(&seen.stdout).into_owned();
    assert!(lines.starts_with("letter.png\nmissing.png\nempty.jpg\npaper.png\t\"WIFI:"), "{lines}");
    let complaints = String::from_utf8_lossy(&seen.stderr).into_owned();
    assert_eq!(complaints.lines().count(), 3, "{complaints}");
    assert!(complaints.contains("cannot read missing.png as a picture"));
    assert_eq!(seen.status.code(), Some(1));
}
