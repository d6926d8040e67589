//! Which machine, as a value; it becomes QEMU's command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Debian's U-Boot for QEMU's `virt` machine (package `u-boot-qemu`).
pub const U_BOOT: &str = "/usr/lib/u-boot/qemu_arm64/u-boot.bin";

/// The board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Board {
    /// QEMU's own machine: quick, with all that can be plugged.
    Virt,
    /// A Raspberry Pi 3B: slow, with its own device tree, an SD card and its USB controller.
    Raspi3b,
}

/// What runs first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Boot {
    /// A boot loader, such as U-Boot.
    Loader(PathBuf),
    /// A kernel, past any boot loader.
    Kernel {
        /// Its file.
        kernel: PathBuf,
        /// Its initrd.
        initrd: Option<PathBuf>,
        /// Its command line.
        arguments: String,
    },
}

/// The disk, or the SD card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disk {
    /// A raw image, which stays untouched: all writing goes to an overlay in the machine's folder.
    Image(PathBuf),
    /// An overlay that an earlier machine left, or [`super::machine::Machine::snapshot_of_disk`]; it is written to.
    Overlay(PathBuf),
}

/// The one button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// `gpio-keys` on a pin, named `madoguchi-button` in the device tree. `virt` only.
    Pin,
    /// A USB keyboard whose Enter key is the button.
    Usb,
    /// None.
    Absent,
}

/// Where a person sees the TV while the machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Nowhere; pictures can be had all the same.
    Nowhere,
    /// In a window (package `qemu-system-gui`).
    Window,
    /// By VNC on 127.0.0.1, at this display number (port 5900 and up).
    Vnc(u16),
}

/// The cable to the world: QEMU's user networking. The guest is 10.0.2.15; this desk's loopback is 10.0.2.2 to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Nothing but the forwarded ports passes.
    pub restrict: bool,
    /// Further options of `-netdev user`, such as `hostfwd=tcp:127.0.0.1:8022-:22` or `guestfwd=…`.
    pub options: Vec<String>,
}

/// A sound card (HDA) with a microphone and a speaker, at ALSA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// ALSA's configuration for QEMU (`ALSA_CONFIG_PATH`), with a PCM `mic` and a PCM `speaker`.
    pub alsa: PathBuf,
}

/// A machine to be started.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where its overlay, its logs and its sticks are kept; made if missing.
    pub folder: PathBuf,
    /// Which board.
    pub board: Board,
    /// What runs first.
    pub boot: Boot,
    /// A device tree instead of the board's own; `raspi3b` needs one for a kernel.
    pub device_tree: Option<PathBuf>,
    /// Its disk.
    pub disk: Option<Disk>,
    /// U-Boot's environment: an image of 64 MiB as the second flash of `virt`, which nothing writes to.
    pub environment: Option<PathBuf>,
    /// Processors of `virt`.
    pub processors: u32,
    /// Memory of `virt`, in MiB.
    pub memory: u32,
    /// The TV of `virt`, in pixels; without, no TV is plugged.
    pub tv: Option<(u32, u32)>,
    /// Where a person sees it.
    pub show: Show,
    /// The button.
    pub button: Button,
    /// The cable; without, none is plugged.
    pub network: Option<Network>,
    /// Whether our USB camera is plugged (see [`super::camera`]).
    pub camera: bool,
    /// Sound; without, there is no sound device.
    pub sound: Option<Sound>,
    /// The clock at the start, as `-rtc base=` takes it, such as `2026-04-01T09:00:00`; without, this desk's time.
    pub clock: Option<String>,
    /// Whether the machine goes on after the guest's reboot. Without, a reboot ends it.
    pub reboot: bool,
    /// QEMU, by name or path, and options that always go first.
    pub qemu: Vec<OsString>,
    /// Further options, at the end.
    pub more: Vec<OsString>,
}

/// Places for the lines between QEMU and us.
pub(super) struct Sockets<'a> {
    pub(super) qmp: &'a Path,
    pub(super) qtest: Option<&'a Path>,
    pub(super) camera: &'a Path,
    pub(super) serial: [&'a Path; 2],
}

impl Setup {
    /// `virt` with U-Boot and this disk, as the product is tried: TV, cable, USB sockets and a button on a pin.
    pub fn virt(folder: impl Into<PathBuf>, disk: Disk) -> Self {
        Self {
            folder: folder.into(),
            board: Board::Virt,
            boot: Boot::Loader(U_BOOT.into()),
            device_tree: None,
            disk: Some(disk),
            environment: None,
            processors: 2,
            memory: 2048,
            tv: Some((1920, 1080)),
            show: Show::Nowhere,
            button: Button::Pin,
            network: Some(Network::default()),
            camera: false,
            sound: None,
            clock: None,
            reboot: true,
            qemu: vec!["qemu-system-aarch64".into()],
            more: Vec::new(),
        }
    }

    /// A Raspberry Pi 3B with this boot loader or kernel, its device tree, and an SD card.
    pub fn raspi3b(folder: impl Into<PathBuf>, boot: Boot, device_tree: PathBuf, card: Disk) -> Self {
        let (network, button) = (None, Button::Absent);
        let device_tree = Some(device_tree);
        Self { board: Board::Raspi3b, boot, device_tree, tv: None, network, button, ..Self::virt(folder, card) }
    }

    /// QEMU's options. `disk` is the overlay to write to, `device_tree` the one to use.
    pub(super) fn options(
        &self,
        sockets: &Sockets<'_>,
        disk: Option<&Path>,
        device_tree: Option<&Path>,
    ) -> Vec<OsString> {
        let mut line = Options::default();
        line.add("-nodefaults", "");
        line.add("-name", "madoguchi");
        match self.board {
            Board::Virt => self.virt_board(&mut line),
            Board::Raspi3b => line.add("-machine", "raspi3b"),
        }
        match (&self.boot, self.board) {
            (Boot::Loader(loader), Board::Virt) => line.path("-bios", loader),
            (Boot::Loader(loader), Board::Raspi3b) => line.path("-kernel", loader),
            (Boot::Kernel { kernel, initrd, arguments }, _) => {
                line.path("-kernel", kernel);
                if let Some(initrd) = initrd {
                    line.path("-initrd", initrd);
                }
                line.add("-append", arguments);
            }
        }
        if let Some(tree) = device_tree {
            line.path("-dtb", tree);
        }
        for (number, serial) in sockets.serial.iter().enumerate() {
            // The second line is the Pi's other UART: its boot loader and its kernel may use different ones.
            if number == 0 || self.board == Board::Raspi3b {
                line.file("-chardev", &format!("socket,id=serial{number},path="), serial);
                line.add("-serial", &format!("chardev:serial{number}"));
            }
        }
        line.file("-qmp", "unix:", sockets.qmp);
        if let Some(qtest) = sockets.qtest {
            line.file("-qtest", "unix:", qtest);
            line.add("-qtest-log", "none");
        }
        self.drives(&mut line, disk);
        if self.camera {
            line.file("-chardev", "socket,id=camera,path=", sockets.camera);
            line.add("-device", "usb-redir,chardev=camera,id=camera");
        }
        self.plugs(&mut line);
        line.add("-rtc", &format!("base={}", self.clock.as_deref().unwrap_or("utc")));
        if !self.reboot {
            line.add("-no-reboot", "");
        }
        line.words.extend(self.more.iter().cloned());
        line.words
    }

    /// What the device tree of `virt` depends on.
    pub(super) fn virt_options(&self) -> Vec<OsString> {
        let mut line = Options::default();
        // With ACPI and a boot loader, `virt` has no GPIO controller, and so no button on a pin.
        line.add("-machine", "virt,acpi=off");
        // Measured once each to the end of an initrd: 27 % quicker than cortex-a72 on QEMU 7.2, 18 % on QEMU 10.
        line.add("-cpu", "max,pauth=off");
        line.add("-accel", "tcg,thread=multi");
        line.add("-smp", &self.processors.to_string());
        line.add("-m", &self.memory.to_string());
        line.words
    }

    fn virt_board(&self, line: &mut Options) {
        line.words.extend(self.virt_options());
        line.add("-device", "virtio-rng-pci");
        if let Some((width, height)) = self.tv {
            line.add("-device", &format!("virtio-gpu-pci,xres={width},yres={height}"));
        }
        line.add("-device", "qemu-xhci,id=usb,p2=8,p3=8");
    }

    fn drives(&self, line: &mut Options, disk: Option<&Path>) {
        if let Some(disk) = disk {
            let options = match self.board {
                Board::Virt => "id=disk,if=none,format=qcow2,discard=unmap,file=",
                Board::Raspi3b => "id=disk,if=sd,format=qcow2,file=",
            };
            line.file("-drive", options, disk);
            if self.board == Board::Virt {
                line.add("-device", "virtio-blk-pci,drive=disk,bootindex=0");
            }
        }
        if let (Board::Virt, Some(environment)) = (self.board, &self.environment) {
            line.file("-drive", "if=pflash,unit=1,format=raw,readonly=on,file=", environment);
        }
    }

    fn plugs(&self, line: &mut Options) {
        if let Some(network) = &self.network {
            let mut options = "user,id=cable".to_owned();
            if network.restrict {
                options.push_str(",restrict=on");
            }
            for option in &network.options {
                options.push(',');
                options.push_str(option);
            }
            line.add("-netdev", &options);
            line.add(
                "-device",
                match self.board {
                    Board::Virt => "virtio-net-pci,netdev=cable,romfile=",
                    Board::Raspi3b => "usb-net,netdev=cable",
                },
            );
        }
        if self.button == Button::Usb {
            line.add("-device", "usb-kbd,id=button");
        }
        if self.sound.is_some() {
            // By its own timer and with a long buffer: PulseAudio's way of waking QEMU up starves the speaker.
            let both = ["in", "out"].map(|way| format!("{way}.try-poll=off,{way}.frequency=48000")).join(",");
            let names = "in.dev=mic,out.dev=speaker,out.buffer-length=100000";
            line.add("-audiodev", &format!("alsa,id=sound,{names},{both}"));
            line.add("-device", "intel-hda");
            line.add("-device", "hda-duplex,audiodev=sound");
        }
        match self.show {
            Show::Nowhere => line.add("-display", "none"),
            Show::Window => line.add("-display", "gtk"),
            Show::Vnc(number) => line.add("-display", &format!("vnc=127.0.0.1:{number}")),
        }
    }
}

/// A command line that grows.
#[derive(Default)]
struct Options {
    words: Vec<OsString>,
}

impl Options {
    fn add(&mut self, name: &str, value: &str) {
        self.words.push(name.into());
        if !value.is_empty() {
            self.words.push(value.into());
        }
    }

    fn path(&mut self, name: &str, path: &Path) {
        self.words.push(name.into());
        self.words.push(path.into());
    }

    /// An option that ends with a path. A comma in it would begin the next one, so it is doubled.
    fn file(&mut self, name: &str, before: &str, path: &Path) {
        self.add(name, &format!("{before}{}", path.display().to_string().replace(',', ",,")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(setup: &Setup) -> String {
        let serial = [Path::new("/s/0"), Path::new("/s/1")];
        let sockets = Sockets { qmp: Path::new("/s/qmp"), qtest: None, camera: Path::new("/s/camera"), serial };
        let words = setup.options(&sockets, Some(Path::new("/o,ut/disk.qcow2")), setup.device_tree.as_deref());
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_comma_in_a_path_stays_in_the_path() {
        let line = line(&Setup::virt("/o,ut", Disk::Image("a.img".into())));
        assert!(line.contains("file=/o,,ut/disk.qcow2 "), "{line}");
    }

    #[test]
    fn a_pi_has_both_its_serial_lines_and_no_pci() {
        let boot = Boot::Loader("u-boot.bin".into());
        let line = line(&Setup::raspi3b("/out", boot, "pi.dtb".into(), Disk::Image("a.img".into())));
        assert!(line.contains("-kernel u-boot.bin -dtb pi.dtb"), "{line}");
        assert!(line.contains("chardev:serial1") && line.contains("if=sd") && !line.contains("-pci"), "{line}");
    }

    #[test]
    fn a_restricted_cable_passes_only_what_is_forwarded() {
        let options = vec!["hostfwd=tcp:127.0.0.1:8022-:22".to_owned()];
        let network = Some(Network { restrict: true, options });
        let line = line(&Setup { network, ..Setup::virt("/out", Disk::Image("a.img".into())) });
        assert!(line.contains("-netdev user,id=cable,restrict=on,hostfwd=tcp:127.0.0.1:8022-:22"), "{line}");
    }
}
