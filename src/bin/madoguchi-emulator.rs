//! The emulator's program: boots an image on this desk, and is the hands in front of it.

use clap::Parser as _;
use madoguchi::emulator::command::{Program, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let program = Program::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("madoguchi-emulator: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(run(program));
    // A line of the terminal may still be waited for.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madoguchi-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}
