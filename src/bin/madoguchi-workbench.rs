//! The workbench's program: sets a house up on this desk and says where to look.

use clap::Parser as _;
use madoguchi::workbench::house::command::{Command, run};
use std::process::ExitCode;

fn main() -> ExitCode {
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
