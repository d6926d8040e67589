//! Paints every screen into a folder, to be looked at: `cargo run --example screens -- OUTDIR [HEIGHT] [NAME…]`.
#![expect(clippy::disallowed_methods, reason = "an example reads its arguments and writes pictures")]

use madoguchi::device::tv::catalogue::every_screen;
use madoguchi::device::tv::paint::Painter;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("say into which folder")?);
    let height: u32 = arguments.next().map_or(Ok(1080), |text| text.parse())?;
    let wanted: Vec<String> = arguments.collect();
    std::fs::create_dir_all(&folder)?;
    let mut painter = Painter::new(height * 16 / 9, height);
    for (name, screen) in every_screen() {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            painter.paint(&screen)?.save_png(folder.join(format!("{name}.png")))?;
        }
    }
    Ok(())
}
