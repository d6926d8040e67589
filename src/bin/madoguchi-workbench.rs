//! The workbench's program: sets a house up on this desk and says where to look.

use clap::Parser as _;
use madoguchi::device::media::process;
use madoguchi::workbench::house::command::{Command, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == process::ARGUMENT) {
        return media();
    }
    let command = Command::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("madoguchi-workbench: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madoguchi-workbench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// This program as the media process of its own appliance.
fn media() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match process::live() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the media process: {error}");
            ExitCode::FAILURE
        }
    }
}
