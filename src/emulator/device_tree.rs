//! The device tree of `virt` with the button named as on the product's boards.

use super::EmulatorError;
use super::disk::run;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The input device's name, as the product's rules know it (`udev/`).
const NAME: &str = "madoguchi-button";
/// `BTN_0` of `linux/input-event-codes.h`: not KEY_POWER, which the system itself would take.
const KEY: &str = "256";
/// The pin of `virt`'s own button.
pub(super) const PIN: u8 = 3;

/// Writes the tree that this machine would show its guest, changed so that its button is ours.
pub(super) async fn with_button(qemu: &[OsString], options: &[OsString], tree: &Path) -> Result<(), EmulatorError> {
    let mut dump = OsString::from("dumpdtb=");
    dump.push(tree.as_os_str().to_string_lossy().replace(',', ",,"));
    let (program, always) = qemu.split_first().ok_or_else(|| EmulatorError::Wrong("no QEMU is named".to_owned()))?;
    let mut words: Vec<OsString> = always.to_vec();
    words.extend(options.iter().cloned());
    words.extend(["-nodefaults".into(), "-display".into(), "none".into(), "-machine".into(), dump]);
    run(&program.to_string_lossy(), "qemu-system-arm", words).await?;
    let put = async |kind: &str, node: &str, property: &str, value: &str| {
        let words = [OsStr::new("-t"), OsStr::new(kind), tree.as_os_str(), OsStr::new(node)];
        let words = words.into_iter().chain([OsStr::new(property), OsStr::new(value)]);
        run("fdtput", "device-tree-compiler", words).await
    };
    put("s", "/gpio-keys", "label", NAME).await?;
    put("u", "/gpio-keys/poweroff", "linux,code", KEY).await.map(drop)
}
