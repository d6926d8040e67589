//! A paper as the workbench's camera sees it, its code held in the middle.

use image::{RgbImage, RgbaImage};
use madoguchi_pixels::paper::Code;
pub use madoguchi_pixels::paper::{COMES_INTO_VIEW, Sheet, wall};
use std::time::Duration;

/// The frame of a paper `t` after somebody began to bring it, before `backdrop`, in the backdrop's size.
///
/// `severity` goes from 0 (flat, sharp, still) over 1 (an ordinary living room) to about 2 (a bad one). The same
/// arguments give the same pixels.
pub fn paper_in_view(paper: &RgbaImage, backdrop: &RgbImage, t: Duration, severity: f32) -> RgbImage {
    sheet(paper, backdrop.clone()).frame(t, severity)
}

/// Makes `paper` ready to be seen before `backdrop`. A code on it is held in the middle.
pub fn sheet(paper: &RgbaImage, backdrop: RgbImage) -> Sheet {
    Sheet::new(paper, find_code(paper), backdrop)
}

/// The first QR code on a paper.
fn find_code(paper: &RgbaImage) -> Option<Code> {
    let grey = image::imageops::grayscale(paper);
    let view = zxingcpp::ImageView::from_slice(grey.as_raw(), grey.width(), grey.height(), zxingcpp::ImageFormat::Lum);
    let found = zxingcpp::read().formats(zxingcpp::BarcodeFormat::QRCode).from(view.ok()?).ok()?;
    let corners = found.first()?.position();
    let corners = [corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left];
    let middle = |values: [i32; 4]| values.iter().sum::<i32>() as f32 / 4.0;
    let side = (corners[1].x - corners[0].x) as f32;
    let height = (corners[1].y - corners[0].y) as f32;
    let centre = (middle(corners.map(|point| point.x)), middle(corners.map(|point| point.y)));
    Some(Code { centre, side: side.hypot(height) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::papers;

    fn texts(frame: &RgbImage) -> Vec<String> {
        let grey = image::DynamicImage::ImageRgb8(frame.clone()).to_luma8();
        let view =
            zxingcpp::ImageView::from_slice(grey.as_raw(), grey.width(), grey.height(), zxingcpp::ImageFormat::Lum);
        let read = zxingcpp::read().formats(zxingcpp::BarcodeFormat::QRCode).from(view.unwrap()).unwrap();
        read.iter().map(|code| code.text()).collect()
    }

    const TEXT: &str = "https://localhost:8443/j?l=ja#MDG1QWERTYUPASDFGHJKLZXCVBNM234567";

    #[test]
    fn a_paper_comes_into_view_and_can_be_read_once_it_is_held() {
        let paper = papers::sheet(TEXT, papers::Ink::Room).unwrap();
        for (width, height) in [(640, 480), (1280, 720)] {
            let sheet = super::sheet(&paper, wall(width, height));
            assert_eq!(texts(&sheet.frame(Duration::ZERO, 1.0)), Vec::<String>::new(), "not in view at first");
            for millis in [1500, 1900, 2500, 4000, 9000] {
                let frame = sheet.frame(Duration::from_millis(millis), 1.0);
                assert_eq!(texts(&frame), [TEXT], "{width}x{height} at {millis} ms");
            }
        }
    }

    #[test]
    fn the_same_arguments_give_the_same_pixels_and_a_held_paper_trembles() {
        let paper = papers::sheet(TEXT, papers::Ink::Room).unwrap();
        let at = |millis| paper_in_view(&paper, &wall(320, 240), Duration::from_millis(millis), 1.0);
        assert_eq!(at(2000), at(2000));
        assert_ne!(at(2000), at(2400));
    }
}
