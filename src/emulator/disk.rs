//! Overlays that leave the image untouched, sticks made from folders, and the programs of this desk that make them.
#![expect(clippy::disallowed_methods, reason = "files are made by Debian's own tools")]

use super::EmulatorError;
use std::ffi::OsStr;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tokio::process::Command;

const MIB: u64 = 1 << 20;
/// FAT32 needs some size.
const SMALLEST_STICK: u64 = 64 * MIB;

/// Runs a program of `package` to its end, and gives what it printed.
pub(super) async fn run<I, S>(program: &str, package: &'static str, arguments: I) -> Result<Vec<u8>, EmulatorError>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    // Some of them lie in sbin, which a person's PATH need not have.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let mut command = Command::new(program);
    command.args(arguments).env("PATH", path).stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => EmulatorError::Missing { program: program.to_owned(), package },
        _ => EmulatorError::Io { what: format!("starting {program}"), why: error },
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(EmulatorError::Program { program: program.to_owned(), status: output.status, said })
}

/// Makes an overlay over a raw image. `whole_card` rounds its size up to a power of two, as QEMU's SD cards need it.
pub(super) async fn overlay(image: &Path, overlay: &Path, whole_card: bool) -> Result<(), EmulatorError> {
    let no = |advice: &str| {
        let advice = advice.to_owned();
        EmulatorError::NoFile { what: "image", path: image.to_owned(), advice }
    };
    // An overlay finds its image by this path, wherever it is itself.
    let image = std::fs::canonicalize(image).map_err(|_| no("build one with: make image"))?;
    let size = std::fs::metadata(&image).map_err(EmulatorError::io(format!("reading {}", image.display())))?.len();
    let mut arguments: Vec<&OsStr> = ["create", "-q", "-f", "qcow2", "-F", "raw", "-b"].map(OsStr::new).to_vec();
    arguments.extend([image.as_os_str(), overlay.as_os_str()]);
    let card = size.next_power_of_two().to_string();
    if whole_card {
        arguments.push(OsStr::new(&card));
    }
    run("qemu-img", "qemu-utils", arguments).await.map(drop)
}

/// Removes a file that may be missing.
pub(super) fn forget(path: &Path) -> Result<(), EmulatorError> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
            Err(EmulatorError::Io { what: format!("removing {}", path.display()), why })
        }
        _ => Ok(()),
    }
}

/// Copies a disk as it is; holes stay holes.
pub(super) async fn copy(from: &Path, to: &Path) -> Result<(), EmulatorError> {
    let how = ["--sparse=always", "--reflink=auto", "--"].map(OsStr::new);
    run("cp", "coreutils", how.into_iter().chain([from.as_os_str(), to.as_os_str()])).await.map(drop)
}

/// Makes a stick with the contents of a folder: one FAT32 partition, as sticks are sold.
///
/// # Errors
/// A missing folder or tool; what does not fit FAT.
pub async fn stick_of(folder: &Path, image: &Path) -> Result<(), EmulatorError> {
    let tried = || format!("making a stick of {}", folder.display());
    let space = occupied(folder).map_err(EmulatorError::io(tried()))?;
    let size = (space + space / 8 + SMALLEST_STICK).next_multiple_of(MIB);
    partitioned(image, size).map_err(EmulatorError::io(tried()))?;
    let format = ["-F", "32", "-n", "STICK", "--offset", "2048"].map(OsStr::new);
    let blocks = ((size - MIB) / 1024).to_string();
    let words = format.into_iter().chain([image.as_os_str(), OsStr::new(&blocks)]);
    run("mkfs.vfat", "dosfstools", words).await?;
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(EmulatorError::io(tried()))? {
        entries.push(entry.map_err(EmulatorError::io(tried()))?.path());
    }
    entries.sort();
    if entries.is_empty() {
        return Ok(());
    }
    let how = [OsStr::new("-s"), OsStr::new("-Q"), OsStr::new("-i")];
    let partition = partition_of(image);
    let words = how.into_iter().chain([partition.as_os_str()]).chain(entries.iter().map(|path| path.as_os_str()));
    run("mcopy", "mtools", words.chain([OsStr::new("::/")])).await.map(drop)
}

/// Copies all that is on a stick made by [`stick_of`] into a folder.
///
/// # Errors
/// A stick that cannot be read, a missing tool.
pub async fn read_stick(image: &Path, folder: &Path) -> Result<(), EmulatorError> {
    std::fs::create_dir_all(folder).map_err(EmulatorError::io(format!("making {}", folder.display())))?;
    let partition = partition_of(image);
    let words = [OsStr::new("-s"), OsStr::new("-n"), OsStr::new("-i"), partition.as_os_str(), OsStr::new("::/")];
    run("mcopy", "mtools", words.into_iter().chain([folder.as_os_str()])).await.map(drop)
}

/// How mtools name the first partition of an image.
fn partition_of(image: &Path) -> PathBuf {
    let mut name = image.as_os_str().to_owned();
    name.push("@@1M");
    name.into()
}

/// What a folder's files take, in bytes, each in whole clusters.
fn occupied(folder: &Path) -> std::io::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let about = std::fs::metadata(&path)?;
        sum += if about.is_dir() { 4096 + occupied(&path)? } else { about.len().next_multiple_of(4096) };
    }
    Ok(sum)
}

/// An empty disk with one FAT32 partition from 1 MiB to its end.
fn partitioned(image: &Path, size: u64) -> std::io::Result<()> {
    let too_large = |_| std::io::Error::other("it is too large for a stick");
    let sectors = u32::try_from((size - MIB) / 512).map_err(too_large)?;
    let mut record = [0_u8; 512];
    record[440..444].copy_from_slice(b"mado");
    // One entry: not bootable, FAT32 by block addresses.
    record[446 + 4] = 0x0c;
    record[446 + 8..446 + 12].copy_from_slice(&2048_u32.to_le_bytes());
    record[446 + 12..446 + 16].copy_from_slice(&sectors.to_le_bytes());
    record[510..].copy_from_slice(&[0x55, 0xaa]);
    let mut file = std::fs::File::create(image)?;
    file.set_len(size)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&record)
}
