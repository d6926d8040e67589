//! `madoguchi qr read`: reads the codes of image files with the very strategy of the live camera.

use crate::scan::reader::{Plane, Reader};
use image::ImageReader;
use madoguchi_pixels::frames;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes one line for each file: its name and each text as a JSON string, tab-separated; the name alone when there
/// is no code or the file cannot be read, which `complaints` then says. True when every file could be read.
///
/// # Errors
/// The lines could not be written.
pub fn read_files(files: &[PathBuf], lines: &mut dyn Write, complaints: &mut dyn Write) -> io::Result<bool> {
    let mut reader = Reader::new();
    let mut all_read = true;
    for file in files {
        write!(lines, "{}", file.display())?;
        match texts(file, &mut reader) {
            Ok(texts) => texts.iter().try_for_each(|text| write!(lines, "\t{text}"))?,
            Err(problem) => {
                all_read = false;
                let problem = problem.split_whitespace().collect::<Vec<_>>().join(" ");
                writeln!(complaints, "cannot read {} as a picture: {problem}", file.display())?;
            }
        }
        writeln!(lines)?;
        lines.flush()?;
    }
    Ok(all_read)
}

/// The texts of one picture as JSON strings.
fn texts(file: &Path, reader: &mut Reader) -> Result<Vec<String>, String> {
    let opened = ImageReader::open(file).and_then(ImageReader::with_guessed_format);
    let picture = opened.map_err(|error| error.to_string())?.decode().map_err(|error| error.to_string())?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let bytes = frames::brightness(&picture);
    let reading = reader.read_still(Plane { bytes: &bytes, width, height, row_stride: width, pixel_stride: 1 });
    reading.texts.iter().map(|text| serde_json::to_string(text.expose()).map_err(|error| error.to_string())).collect()
}
