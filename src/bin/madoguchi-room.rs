//! The room server's program: reads the command line and does what it says.

use madoguchi::command_line::{ended, language_here, read};
use madoguchi::room::command::{Command, run};
use madoguchi::words::message::{Message, Told as _};
use std::process::ExitCode;

const PROGRAM: &str = "madoguchi-room";

fn main() -> ExitCode {
    let language = language_here();
    let command: Command = match read(std::env::args_os(), language) {
        Ok(command) => command,
        Err(said) => return said.print(),
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = Message::new("room-not-started").with("said", error.to_string());
            return ended(PROGRAM, Err(error.said(language)));
        }
    };
    let (mut stdin, mut stdout) = (std::io::stdin().lock(), std::io::stdout());
    let done = runtime.block_on(run(command, language, &mut stdin, &mut stdout));
    ended(PROGRAM, done.map(|()| None).map_err(|error| error.message().said(language)))
}
