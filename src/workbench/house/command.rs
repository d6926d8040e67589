//! The workbench's command line.
use super::{House, HouseConfig, HouseError};
use crate::device::media::process::Home;
use crate::meeting::turn::Turn;
use crate::model::language::Language;
use crate::supervisor::tasks::Tasks;
use crate::workbench::DeskConfig;
use clap::Parser;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// Madoguchi on a desk: a room server with a demo city, and the appliance with a web page instead of a TV.
#[derive(Debug, Parser)]
#[command(name = "madoguchi-workbench", version)]
pub struct Command {
    /// Port of the workbench page on 127.0.0.1
    #[arg(long, default_value_t = 8800)]
    port: u16,
    /// Port of the room server on 127.0.0.1
    #[arg(long, default_value_t = 8443)]
    room_port: u16,
    /// Language of today's paper: ja or en
    #[arg(long, default_value = "ja", value_parser = language)]
    language: Language,
    /// Folder for the room server's file and the loan; a new one under the system's temporary folder without it
    #[arg(long)]
    folder: Option<PathBuf>,
}

fn language(tag: &str) -> Result<Language, String> {
    Language::from_tag(tag).ok_or_else(|| format!("\"{tag}\" has no words here; known are ja and en"))
}

/// Sets the house up, says where to look, and waits for Ctrl-C.
///
/// # Errors
/// What does not start, or which part ended.
pub async fn run(command: Command) -> Result<(), HouseError> {
    let own = command.folder.is_none();
    let folder = command
        .folder
        .unwrap_or_else(|| std::env::temp_dir().join(format!("madoguchi-workbench-{}", std::process::id())));
    // What the box asks of a usual USB camera.
    let (camera_size, camera_rate) = ((1280, 720), 30);
    let desk = DeskConfig { port: command.port, camera_size, camera_rate, ..DeskConfig::default() };
    let config = HouseConfig {
        folder: folder.clone(),
        room_port: command.room_port,
        turn: Turn::default(),
        language: command.language,
        desk,
        tv: (1280, 720),
        media: Home::this_program().map_err(HouseError::Part)?,
        other_rooms: Vec::new(),
    };
    let mut tasks = Tasks::default();
    let house = House::start(config, &mut tasks).await?;
    println!("{}", welcome(&house));
    let stop = tasks.stop();
    let ended = tokio::select! {
        ended = tasks.run() => ended,
        asked = asked_to_end() => {
            stop.cancel();
            asked.map_err(|error| format!("Ctrl-C cannot be waited for: {error}"))
        }
    };
    house.room.stop().await;
    if own {
        // What is left there is the demo's, and the system clears its temporary folder anyway.
        let _ = std::fs::remove_dir_all(&folder);
    }
    ended.map_err(HouseError::Part)
}

/// Ctrl-C at the terminal, or whoever started us.
async fn asked_to_end() -> std::io::Result<()> {
    let mut ended = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = ended.recv() => Ok(()),
    }
}

fn welcome(house: &House) -> String {
    format!(
        "\n  Madoguchi is on your desk.\n\n  \
         The TV, the button and the camera   http://{desk}/\n  \
         The staff page                      {room}/staff\n    \
         sign in as {staff} with the password {password}\n\n  \
         Put the cable in (or show a Wi-Fi code), show today's sheet, press the button, and let the family in on the\n  \
         staff page. Ctrl-C ends everything.\n",
        desk = house.desk.address,
        room = house.room.public,
        staff = house.demo.staff,
        password = house.demo.password.expose(),
    )
}
