//! The staff's command line.

use madoguchi::command_line::{ended, language_here, read};
use madoguchi::staff::command::Command;
use std::process::ExitCode;

const PROGRAM: &str = "madoguchi-staff";

fn main() -> ExitCode {
    let language = language_here();
    let done = match read::<Command>(std::env::args_os(), language) {
        Ok(command) => {
            command.run(language).map(|said| Some(said.said(language))).map_err(|error| error.said(language))
        }
        Err(said) => return said.print(),
    };
    ended(PROGRAM, done)
}
