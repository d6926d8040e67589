//! Passes that need no repeating.
//!
//! What a pass depends on is taken as checksums: the bytes that are booted, the sources of the test program and of what
//! is built, the versions of the tools, and what of the environment chooses among a test's parts. A record lies outside
//! the clone, so that a fresh one finds it; only a pass at the first attempt is recorded.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Records of one test that are kept: some branches, and the way back from them.
const KEPT: usize = 6;

/// What is compiled into the test program, compared by it, or built by it, from the repository's root.
const SOURCES: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "image",
    "src",
    "systemd",
    "tests/image",
    "tests/live",
    "tests/media/stranger.rs",
    "tests/screens/golden/1080p",
    "tests/support",
    "udev",
];
/// Debian packages that a test's outcome can depend on.
const TOOLS: &[&str] = &[
    "chromium",
    "chromium-driver",
    "coturn",
    "device-tree-compiler",
    "dnsmasq-base",
    "dosfstools",
    "fonts-noto-cjk",
    "iproute2",
    "libasound2-plugins",
    "libslirp0",
    "libusbredirparser1",
    "mmdebstrap",
    "mtools",
    "nmap",
    "p11-kit",
    "pulseaudio",
    "qemu-system-arm",
    "qemu-utils",
    "softhsm2",
    "util-linux",
];

/// What a pass depends on: names of parts, and their checksums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depends(Vec<(String, String)>);

impl Depends {
    /// Of every test: what is booted (a folder), this repository, and this machine's tools.
    pub fn gather(images: &Path) -> Result<Self, String> {
        let booted = sum_of(images, &|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !matches!(&*name, "complete" | "in-use") && !name.starts_with("booted-once")
        })?;
        let mut sources = Sha256::new();
        for source in SOURCES {
            let sum = sum_of(Path::new(source), &|path| path.extension().is_none_or(|extension| extension != "md"))?;
            sources.update(sum);
        }
        sources.update(said(Command::new("rustc").arg("-vV"))?);
        // A package that is missing makes it end badly, after it has told of the others.
        let tools = said(Command::new("dpkg-query").args(["-W", "-f", "${Package} ${Version}\n"]).args(TOOLS))?;
        let tools = hex(&Sha256::digest(tools + said(Command::new("uname").arg("-r"))?.as_str()));
        Ok(Self::of(&[("images", booted), ("program", hex(&sources.finalize())), ("tools", tools)]))
    }

    /// Of these parts.
    pub fn of(parts: &[(&str, String)]) -> Self {
        Self(parts.iter().map(|(name, sum)| ((*name).to_owned(), sum.clone())).collect())
    }

    /// And of these in the environment.
    pub fn and(&self, variables: &[(&str, String)]) -> Self {
        let mut more = self.clone();
        let form = |(name, value): &(&str, String)| ((*name).to_owned(), hex(&Sha256::digest(value)));
        more.0.extend(variables.iter().map(form));
        more
    }

    fn key(&self) -> String {
        hex(&Sha256::digest(self.lines()))[..32].to_owned()
    }

    fn lines(&self) -> String {
        self.0.iter().fold(String::new(), |mut lines, (name, sum)| {
            let _ = writeln!(lines, "{name} {sum}");
            lines
        })
    }
}

/// A pass that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How long it took.
    pub seconds: u64,
    /// How long ago it was.
    pub ago: Duration,
}

/// The records of this machine's user.
pub struct Proofs {
    folder: PathBuf,
}

impl Proofs {
    /// Those in the user's cache.
    pub fn of_this_user() -> Self {
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
        Self::at(&cache.join("madoguchi/boots"))
    }

    /// Those in a folder.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The pass of a test with all of this.
    pub fn find(&self, test: &str, depends: &Depends) -> Option<Proof> {
        read(&self.place(test).join(depends.key())).map(|(proof, _)| proof)
    }

    /// Records a pass; the oldest records of this test go.
    pub fn keep(&self, test: &str, depends: &Depends, seconds: u64) -> Result<(), String> {
        let place = self.place(test);
        let file = place.join(depends.key());
        let written = std::fs::create_dir_all(&place)
            .and_then(|()| std::fs::write(&file, format!("seconds {seconds}\n{}", depends.lines())));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        for (_, old) in self.newest_first(test).into_iter().skip(KEPT) {
            let _ = std::fs::remove_file(old);
        }
        Ok(())
    }

    /// How long the newest recorded pass took, whatever it depended on.
    pub fn seconds(&self, test: &str) -> Option<u64> {
        let (_, newest) = self.newest_first(test).into_iter().next()?;
        read(&newest).map(|(proof, _)| proof.seconds)
    }

    /// Parts that are other than in the newest recorded pass; nothing if there is none.
    pub fn changed(&self, test: &str, depends: &Depends) -> Vec<String> {
        let newest = self.newest_first(test).into_iter().next();
        let Some((_, before)) = newest.and_then(|(_, newest)| read(&newest)) else { return Vec::new() };
        depends.0.iter().filter(|part| !before.0.contains(part)).map(|(name, _)| name.clone()).collect()
    }

    fn place(&self, test: &str) -> PathBuf {
        self.folder.join(test.replace("::", "-"))
    }

    fn newest_first(&self, test: &str) -> Vec<(SystemTime, PathBuf)> {
        let entries = std::fs::read_dir(self.place(test)).into_iter().flatten().flatten();
        let dated = |entry: std::fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
        let mut all: Vec<_> = entries.filter_map(dated).collect();
        all.sort_by(|one, other| other.cmp(one));
        all
    }
}

fn read(record: &Path) -> Option<(Proof, Depends)> {
    let text = std::fs::read_to_string(record).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let ("seconds", seconds) = lines.next()? else { return None };
    let ago = std::fs::metadata(record).ok()?.modified().ok()?.elapsed().unwrap_or_default();
    let parts = lines.map(|(name, sum)| (name.to_owned(), sum.to_owned())).collect();
    Some((Proof { seconds: seconds.parse().ok()?, ago }, Depends(parts)))
}

/// Checksum of a file, or of all files below a folder that are wanted, with their names.
fn sum_of(path: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<String, String> {
    let mut files = Vec::new();
    let tried = |error: std::io::Error| format!("{}: {error}", path.display());
    collect(path, wanted, &mut files).map_err(tried)?;
    files.sort();
    let mut sum = Sha256::new();
    for file in files {
        let name = file.strip_prefix(path).unwrap_or(&file);
        sum.update(format!("{}\n", name.display()));
        sum.update(content(&file).map_err(tried)?);
    }
    Ok(hex(&sum.finalize()))
}

fn collect(path: &Path, wanted: &dyn Fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::symlink_metadata(path)?.is_dir() {
        files.extend(wanted(path).then(|| path.to_owned()));
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        collect(&entry?.path(), wanted, files)?;
    }
    Ok(())
}

/// Checksum of a file's bytes; of where a link leads.
fn content(file: &Path) -> std::io::Result<String> {
    if std::fs::symlink_metadata(file)?.is_symlink() {
        return Ok(std::fs::read_link(file)?.display().to_string());
    }
    let (mut sum, mut open, mut piece) = (Sha256::new(), File::open(file)?, vec![0; 1 << 20]);
    loop {
        match open.read(&mut piece)? {
            0 => return Ok(hex(&sum.finalize())),
            count => sum.update(&piece[..count]),
        }
    }
}

/// What a program prints.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
