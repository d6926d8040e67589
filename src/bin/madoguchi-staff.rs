//! The staff's command line.

use clap::Parser;
use madoguchi::model::language::Language;
use madoguchi::staff::command::Command;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Command::parse().run(Language::English) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("madoguchi-staff: {error}");
            ExitCode::FAILURE
        }
    }
}
