//! The `madoguchi` command.

use clap::{Parser, Subcommand};
use madoguchi::device::camera::read_files::read_files;
use madoguchi::device::media::process;
use madoguchi::screens::catalogue::every_screen;
use madoguchi::screens::paint::Painter;
use madoguchi::supervisor::{good, hardware};
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// A loaner device that brings a family to the city's online counter with one button.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The box: button, camera, TV and network of this machine, under systemd.
    Run(hardware::HardwareConfig),
    /// Waits until a call could be made, so that the running system's slot can be marked good; ends badly and says why otherwise.
    Good(good::GoodConfig),
    /// The sessions of the box: started by it, with its socket as standard input.
    #[command(hide = true)]
    Media,
    /// Paints every screen into a folder, to be looked at.
    Screens {
        /// Where the pictures go
        folder: PathBuf,
        /// Height of the pictures: 1080 or 720
        #[arg(long, default_value_t = 1080)]
        height: u32,
        /// Only screens whose name has one of these in it
        names: Vec<String>,
    },
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

/// What is still under way when the box ends gets so long.
const ENDING: Duration = Duration::from_secs(2);

fn main() -> io::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Run(config) => Ok(run_the_box(config)),
        Command::Good(config) => Ok(call_could_be_made(config)),
        Command::Media => Ok(media()),
        Command::Screens { folder, height, names } => Ok(match save_every_screen(&folder, height, &names) {
            Ok(count) => {
                println!("{count} screens in {}", folder.display());
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("madoguchi: {error}");
                ExitCode::FAILURE
            }
        }),
        Command::Qr(Qr::Read { files }) => {
            let all_read = read_files(&files, &mut io::stdout().lock(), &mut io::stderr().lock())?;
            Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// Paints every screen whose name contains one of `wanted` (all, if there are none) into `folder` as `NAME.png`, to be
/// looked at. Gives their number.
fn save_every_screen(folder: &Path, height: u32, wanted: &[String]) -> Result<usize, Box<dyn Error>> {
    std::fs::create_dir_all(folder).map_err(|error| format!("making the folder {}: {error}", folder.display()))?;
    let mut painter = Painter::new(height * 16 / 9, height);
    let mut count = 0;
    for (name, screen) in every_screen() {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            let file = folder.join(format!("{name}.png"));
            painter.paint(&screen)?.save_png(&file).map_err(|error| format!("writing {}: {error}", file.display()))?;
            count += 1;
        }
    }
    Ok(count)
}

fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(io::stderr).init();
}

fn call_could_be_made(config: good::GoodConfig) -> ExitCode {
    log();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("tokio does not start: {error}"));
    match runtime.and_then(|runtime| runtime.block_on(good::good(config))) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("madoguchi good: {error}");
            ExitCode::FAILURE
        }
    }
}

fn media() -> ExitCode {
    log();
    match process::live() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the media process: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_the_box(config: hardware::HardwareConfig) -> ExitCode {
    log();
    let ended =
        tokio::runtime::Runtime::new().map_err(|error| format!("tokio does not start: {error}")).and_then(|runtime| {
            let ended = runtime.block_on(hardware::run(config));
            // A display that is just being opened must not keep systemd waiting.
            runtime.shutdown_timeout(ENDING);
            ended
        });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
