//! What both ends see and hear of each other: self-made, and recognisable by a machine.

use image::{Rgb, RgbImage};
use madoguchi::workbench::sound::Heard;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the code in the counter's picture says.
pub const COUNTER_SAYS: &str = "MADOGUCHI COUNTER 7";
/// The tone between the family's words, in hertz.
pub const FAMILY_TONE: f32 = 660.0;
/// The counter's tone, in hertz.
pub const COUNTER_TONE: f32 = 1000.0;
/// Samples a second.
pub const RATE: u32 = 48_000;

/// The counter's camera: a code that stands still and a bar that moves, as a stream of JPEG pictures.
pub fn counter_camera(folder: &Path) -> PathBuf {
    let (width, height) = (1280, 720);
    let code = qrcode::QrCode::new(COUNTER_SAYS).unwrap();
    let (modules, size) = (code.to_colors(), u32::try_from(code.width()).unwrap());
    let module = 14;
    let mut still = RgbImage::from_pixel(width, height, Rgb([58, 96, 120]));
    let (left, top) = (440, 150);
    for y in 0..(size + 8) * module {
        for x in 0..(size + 8) * module {
            let inside = x / module >= 4 && y / module >= 4 && x / module < size + 4 && y / module < size + 4;
            let dark = inside && modules[((y / module - 4) * size + x / module - 4) as usize] == qrcode::Color::Dark;
            still.put_pixel(left + x, top + y, if dark { Rgb([16; 3]) } else { Rgb([245; 3]) });
        }
    }
    let path = folder.join("counter.mjpeg");
    let mut file = std::fs::File::create(&path).unwrap();
    for step in 0..30u32 {
        let mut picture = still.clone();
        for y in 620..680 {
            for x in step * 40..step * 40 + 80 {
                picture.put_pixel(x.min(width - 1), y, Rgb([240, 200, 60]));
            }
        }
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 85).encode_image(&picture).unwrap();
    }
    file.flush().unwrap();
    path
}

/// The counter's voice: a tone, half a second on and half a second off.
pub fn counter_voice(folder: &Path) -> PathBuf {
    let path = folder.join("counter.wav");
    write_wav(&path, &beeps(COUNTER_TONE, 4.0));
    path
}

/// The family's voice: espeak-ng says a sentence, with tones in between.
pub fn family_voice(folder: &Path, language: &str) -> Heard {
    let words = if language == "en" {
        "Good morning. Can you hear me?"
    } else {
        "おはようございます。 きこえますか。"
    };
    let spoken = folder.join("spoken.wav");
    let said = Command::new("espeak-ng").args(["-v", language, "-w"]).arg(&spoken).arg(words).status();
    assert!(
        said.is_ok_and(|status| status.success()),
        "espeak-ng does not speak; install it with: apt-get install espeak-ng"
    );
    let Ok(Heard::Voice(voice)) = Heard::wav(&spoken) else { panic!("espeak-ng wrote no recording") };
    Heard::Voice(voice.iter().copied().chain(beeps(FAMILY_TONE, 3.0)).collect())
}

/// A tone, half a second on and half a second off.
pub fn beeps(hertz: f32, seconds: f32) -> Vec<i16> {
    (0..(seconds * RATE as f32) as u32)
        .map(|at| {
            let on = (at / (RATE / 2)).is_multiple_of(2);
            let wave = (at as f32 * hertz * std::f32::consts::TAU / RATE as f32).sin();
            if on { (wave * 12_000.0) as i16 } else { 0 }
        })
        .collect()
}

/// Writes samples as a recording.
pub fn write_wav(path: &Path, samples: &[i16]) {
    let bytes = u32::try_from(samples.len() * 2).unwrap();
    let mut file = Vec::with_capacity(samples.len() * 2 + 44);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, file).unwrap();
}
