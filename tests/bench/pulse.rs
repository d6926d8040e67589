//! A sound card for the kiosk: a PulseAudio of its own, whose TV and microphone stand in the same computed room as the box's.
//!
//! The TV is a null sink that keeps the machine's time; what it plays is recorded, comes back through the [`Living`] room, and
//! is written into the microphone's pipe. What PulseAudio takes for that comes on top of what the TV is late by.

use crate::living::Living;
use crate::sound::RATE;
use nix::fcntl::{FcntlArg, fcntl};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long it may take to start.
const STARTS_WITHIN: Duration = Duration::from_secs(10);
/// How long a program may take until it is connected.
const CONNECTS_WITHIN: Duration = Duration::from_secs(2);
/// Bytes of 10 ms: one channel of 16 bits.
const PIECE: usize = RATE as usize / 100 * 2;
/// Bytes that wait in the microphone's pipe at the most (43 ms, and the least that a pipe can have).
const WAITING: i32 = 4096;
/// What the programs that measure ask of PulseAudio.
const LATENCY: &str = "--latency-msec=10";
/// One channel of 16 bits, without a head.
const FORM: [&str; 4] = ["--raw", "--format=s16le", "--rate=48000", "--channels=1"];

/// It ends when it is dropped.
pub struct SoundCard {
    children: Vec<Child>,
    folder: tempfile::TempDir,
    /// What PulseAudio adds from a program that plays to one that records, in ms.
    pub adds: f64,
    /// How far the room was behind what is played at the most, in ms.
    behind: Arc<AtomicU64>,
}

impl SoundCard {
    /// Starts it, in a room.
    pub fn start(living: Living) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut card = Self { children: Vec::new(), folder, adds: f64::NAN, behind: Arc::default() };
        let at = |name: &str| card.folder.path().join(name);
        let (socket, pipe) = (at("socket"), at("microphone"));
        let script = format!(
            "load-module module-native-protocol-unix socket={} auth-anonymous=1\n\
             load-module module-null-sink sink_name=tv rate={RATE} channels=2\n\
             load-module module-pipe-source source_name=microphone file={} format=s16le rate={RATE} channels=1\n\
             set-default-sink tv\nset-default-source microphone\n",
            socket.display(),
            pipe.display()
        );
        std::fs::write(at("sound.pa"), script).unwrap();
        std::fs::create_dir_all(at(".config/pulse")).unwrap();
        std::fs::write(at(".config/pulse/daemon.conf"), format!("default-sample-rate = {RATE}\n")).unwrap();
        let log = File::create(at("pulse.log")).unwrap();
        let daemon = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no", "-F"])
            .arg(at("sound.pa"))
            .env("HOME", card.folder.path())
            .env("XDG_RUNTIME_DIR", card.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        card.children.push(daemon.unwrap_or_else(|why| {
            panic!("pulseaudio does not start ({why}); install it with: apt-get install pulseaudio pulseaudio-utils")
        }));
        let deadline = Instant::now() + STARTS_WITHIN;
        while !(socket.exists() && pipe.exists()) {
            let said = || std::fs::read_to_string(card.folder.path().join("pulse.log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PulseAudio has no socket and pipe; it said: {}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
        let microphone = OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(&pipe).unwrap();
        fcntl(&microphone, FcntlArg::F_SETPIPE_SZ(WAITING)).unwrap();
        let played = card.listens("tv.monitor");
        let behind = card.behind.clone();
        let carry = move || sounds(played, microphone, &living, &behind);
        std::thread::Builder::new().name("room".into()).spawn(carry).unwrap();
        card
    }

    /// What to put before a program so that it plays and records here.
    pub fn environment(&self) -> String {
        format!("env PULSE_SERVER=unix:{} PULSE_SINK=tv PULSE_SOURCE=microphone", self.socket().display())
    }

    /// How far the room was behind what is played at the most: an echo that comes so much later is another room's.
    pub fn behind(&self) -> Duration {
        Duration::from_millis(self.behind.load(Ordering::Relaxed))
    }

    /// Measures what it adds to the room's own delay `late`, with a noise that is played now. The room must be silent.
    pub fn measure(&mut self, late: Duration) {
        let mut heard = self.listens("microphone");
        let mut played = self.program("pacat", "tv", Stdio::piped(), Stdio::null());
        let mut into = played.stdin.take().unwrap();
        self.children.push(played);
        let (say, said) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut piece = [0; PIECE];
            while heard.read_exact(&mut piece).is_ok() {
                let loud = piece.chunks_exact(2).any(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs() > 3000);
                if loud {
                    // Nobody waits any more when it came too late.
                    let _ = say.send(Instant::now());
                    return;
                }
            }
        });
        // What is written before it is connected would wait in its pipe for ever, and be measured as well.
        std::thread::sleep(CONNECTS_WITHIN);
        let begun = Instant::now();
        let mut noise = None;
        for number in 0_u32..500 {
            std::thread::sleep((Duration::from_millis(10) * number).saturating_sub(begun.elapsed()));
            // A second of silence first: all that has a buffer fills it.
            let loud = (100..110).contains(&number);
            let piece: Vec<u8> = (0..PIECE / 2)
                .flat_map(|at| {
                    (if loud { if at / 40 % 2 == 0 { 16_000_i16 } else { -16_000 } } else { 0 }).to_le_bytes()
                })
                .collect();
            if loud {
                noise.get_or_insert_with(Instant::now);
            }
            if into.write_all(&piece).is_err() {
                return;
            }
            if let (Some(noise), Ok(came)) = (noise, said.try_recv()) {
                self.adds = (came.saturating_duration_since(noise).as_secs_f64() - late.as_secs_f64()) * 1000.0;
                return;
            }
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn listens(&mut self, to: &str) -> std::process::ChildStdout {
        let mut child = self.program("parec", to, Stdio::null(), Stdio::piped());
        let out = child.stdout.take().unwrap();
        self.children.push(child);
        out
    }

    fn program(&self, name: &str, device: &str, input: Stdio, output: Stdio) -> Child {
        let mut command = Command::new(name);
        command.args(FORM).args([LATENCY, "-d", device]).env("PULSE_SERVER", server(&self.socket()));
        // It complains when it is not listened to any more.
        let log = File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        command.env("HOME", self.folder.path()).stdin(input).stdout(output).stderr(log).spawn().unwrap()
    }
}

fn server(socket: &Path) -> String {
    format!("unix:{}", socket.display())
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            // Ended by itself already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Carries what is played through the room into the microphone until nothing is played any more.
fn sounds(mut played: impl Read, mut microphone: File, living: &Living, behind: &AtomicU64) {
    let mut piece = [0; PIECE];
    let mut at = u64::from(RATE);
    let mut first = None;
    while played.read_exact(&mut piece).is_ok() {
        let samples: Vec<i16> = piece.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        living.plays(at, &samples);
        let heard: Vec<u8> = living.hears(samples.len(), Some(at)).into_iter().flat_map(i16::to_le_bytes).collect();
        at += samples.len() as u64;
        let first = *first.get_or_insert_with(Instant::now);
        let carried = Duration::from_secs_f64((at - u64::from(RATE)) as f64 / f64::from(RATE));
        let late = first.elapsed().saturating_sub(carried).as_millis() as u64;
        behind.fetch_max(late, Ordering::Relaxed);
        // What nobody records is lost, as before any microphone.
        let _ = microphone.write_all(&heard);
    }
}
