//! Paints every screen into a folder, to be looked at: `cargo run --example screens -- OUTDIR [HEIGHT] [NAME…]`.
#![expect(clippy::disallowed_methods, reason = "an example reads its own arguments")]

use madoguchi::device::tv::catalogue::save_every_screen;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("say into which folder: cargo run --example screens -- OUTDIR")?;
    let height = arguments.next().map_or(Ok(1080), |text| text.parse())?;
    let wanted: Vec<String> = arguments.collect();
    println!("{} screens are in {folder}", save_every_screen(Path::new(&folder), height, &wanted)?);
    Ok(())
}
