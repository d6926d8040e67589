//! The room server's program: reads the command line and does what it says.

use clap::Parser as _;
use madoguchi::model::language::Language;
use madoguchi::room::command::{Command, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = Command::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("madoguchi-room: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let (mut stdin, mut stdout) = (std::io::stdin().lock(), std::io::stdout());
    match runtime.block_on(run(command, Language::English, &mut stdin, &mut stdout)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madoguchi-room: {error}");
            ExitCode::FAILURE
        }
    }
}
