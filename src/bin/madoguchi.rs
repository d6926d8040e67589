//! The `madoguchi` command.

use clap::{Parser, Subcommand};
use madoguchi::device::camera::read_files::read_files;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// A loaner device that brings a family to the city's online counter with one button.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Codes as the camera reads them.
    #[command(subcommand)]
    Qr(Qr),
}

#[derive(Subcommand)]
enum Qr {
    /// Prints one line for each picture: FILE and each text as a JSON string, tab-separated.
    Read {
        /// Pictures: PNG, JPEG, WebP, GIF, BMP, PNM.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

fn main() -> io::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Qr(Qr::Read { files }) => {
            let all_read = read_files(&files, &mut io::stdout().lock(), &mut io::stderr().lock())?;
            Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}
