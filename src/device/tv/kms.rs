//! The kernel's displays (KMS): what is at their sockets, setting a mode, and showing pictures in it.
#![expect(clippy::disallowed_methods, reason = "the kernel's command line may name a mode")]

use super::TvFrame;
use super::mode::{Mode, Wish};
use super::plug::{Shown, Socket};
use drm::Device as _;
use drm::buffer::{Buffer as _, DrmFourcc};
use drm::control::connector::{self, Interface, State};
use drm::control::dumbbuffer::DumbBuffer;
use drm::control::{self, Device as _, ModeFlags, ModeTypeFlags, PageFlipFlags, crtc, framebuffer};
use madoguchi_pixels::frames::lay;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where displays are opened.
const NODES: &str = "/dev/dri";
/// The word on the kernel's command line that names the TV's mode: `uboot.env` can be changed on a card, the system cannot.
const WORD: &str = "madoguchi.tv=";
/// Longest wait for a picture's turn, in milliseconds: several pictures of the slowest TV.
const TURN_WITHIN: u16 = 500;

/// Something that shows pictures at its sockets.
pub(super) trait Display: Send {
    /// What is at the sockets. `ask`: the TVs are asked anew what they are.
    fn sockets(&mut self, ask: bool) -> Vec<Socket>;

    /// Sets a mode; what was shown before stays where that is refused.
    fn set(&mut self, way: &Shown) -> Result<(), String>;

    /// Shows one picture; it stays until the next.
    fn show(&mut self, picture: &TvFrame) -> Result<(), String>;
}

/// Every display that the kernel has.
pub(super) struct Kms {
    nodes: PathBuf,
    /// Name of the DRM driver, such as `vc4`; nothing: any.
    driver: Option<String>,
    /// By the node's name, with its number in the file system: a driver that takes over from another makes a new node.
    cards: BTreeMap<String, (u64, Option<Arc<Card>>)>,
    /// By the socket's name, as at the last look.
    found: BTreeMap<String, Found>,
    lit: Option<Lit>,
}

/// A TV as the kernel describes it.
struct Found {
    card: Arc<Card>,
    card_name: String,
    about: connector::Info,
    modes: Vec<control::Mode>,
}

/// A device of the kernel.
struct Card(File);

impl AsFd for Card {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl drm::Device for Card {}
impl control::Device for Card {}

/// A socket in a mode, and the memory that it shows.
struct Lit {
    card: Arc<Card>,
    connector: connector::Handle,
    crtc: crtc::Handle,
    mode: control::Mode,
    /// Two, so that a picture changes at once; one where there is no memory for two.
    buffers: Vec<Memory>,
    seen: usize,
    /// The display was asked for the other one, and has not said that it is seen.
    changing: bool,
    way: Shown,
}

/// Memory that a display can show.
struct Memory {
    card: Arc<Card>,
    bytes: DumbBuffer,
    framebuffer: framebuffer::Handle,
}

impl Kms {
    /// Displays of a driver (DRM name), or of any.
    pub(super) fn new(driver: Option<String>) -> Self {
        Self { nodes: NODES.into(), driver, cards: BTreeMap::new(), found: BTreeMap::new(), lit: None }
    }

    /// Opens what is new and closes what is gone. udev opens a device to us a moment after the kernel has made it; until
    /// then it is looked at again.
    fn find_cards(&mut self) {
        let nodes = numbered(&self.nodes);
        self.cards.retain(|name, (number, _)| nodes.get(name) == Some(number));
        for (name, number) in nodes {
            if self.cards.contains_key(&name) {
                continue;
            }
            match Card::open(&self.nodes.join(&name), self.driver.as_deref()) {
                Ok(card) => drop(self.cards.insert(name, (number, card.map(Arc::new)))),
                Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) => {}
                Err(error) => {
                    tracing::warn!("opening the display {name}: {error}; it is left alone");
                    self.cards.insert(name, (number, None));
                }
            }
        }
    }
}

/// The mode that is wished for on the kernel's command line.
pub fn wished_by_the_kernel() -> Option<Wish> {
    wished(&std::fs::read_to_string("/proc/cmdline").unwrap_or_default())
}

fn wished(command_line: &str) -> Option<Wish> {
    let word = command_line.split_whitespace().filter_map(|word| word.strip_prefix(WORD)).next_back()?;
    word.parse().inspect_err(|error: &String| tracing::warn!("the kernel's command line: {error}")).ok()
}

/// The nodes of displays and renderers, each with its number in the file system.
fn numbered(nodes: &Path) -> BTreeMap<String, u64> {
    let entries = std::fs::read_dir(nodes).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = entry.metadata().ok()?.ino();
            name.starts_with("card").then_some((name, number))
        })
        .collect()
}

impl Card {
    /// Opens a display; nothing where it is only a renderer or another driver's.
    fn open(node: &Path, driver: Option<&str>) -> io::Result<Option<Self>> {
        let card = Self(OpenOptions::new().read(true).write(true).open(node)?);
        if let Some(driver) = driver
            && card.get_driver()?.name() != driver
        {
            return Ok(None);
        }
        let sockets = card.resource_handles().is_ok_and(|resources| !resources.connectors().is_empty());
        Ok(sockets.then_some(card))
    }

    /// What a TV says of itself (EDID); empty when it says nothing.
    fn told(&self, socket: connector::Handle) -> Vec<u8> {
        let about = || {
            let properties = self.get_properties(socket).ok()?;
            let blob = properties.iter().find_map(|(property, value)| {
                let named = self.get_property(*property).is_ok_and(|about| about.name() == c"EDID");
                named.then_some(*value)
            })?;
            if blob == 0 { None } else { self.get_property_blob(blob).ok() }
        };
        about().unwrap_or_default()
    }

    /// What drives a socket.
    fn crtc_for(&self, about: &connector::Info) -> io::Result<crtc::Handle> {
        let now = about.current_encoder().and_then(|encoder| self.get_encoder(encoder).ok()?.crtc());
        if let Some(crtc) = now {
            return Ok(crtc);
        }
        let resources = self.resource_handles()?;
        let mut encoders = about.encoders().iter().filter_map(|encoder| self.get_encoder(*encoder).ok());
        encoders
            .find_map(|encoder| resources.filter_crtcs(encoder.possible_crtcs()).first().copied())
            .ok_or_else(|| io::Error::new(ErrorKind::NotFound, "nothing can drive it"))
    }
}

/// 1280x720 at 60 Hz as CTA-861 has it (VIC 4). Without a word of the TV the kernel offers what computers' monitors have; a
/// TV of high definition has to take this one.
fn every_tv_has() -> control::Mode {
    let mut name = [0; 32];
    for (place, letter) in name.iter_mut().zip(b"1280x720") {
        *place = *letter as _;
    }
    control::Mode::from(drm_ffi::drm_mode_modeinfo {
        clock: 74_250,
        hdisplay: 1280,
        hsync_start: 1390,
        hsync_end: 1430,
        htotal: 1650,
        vdisplay: 720,
        vsync_start: 725,
        vsync_end: 730,
        vtotal: 750,
        vrefresh: 60,
        flags: (ModeFlags::PHSYNC | ModeFlags::PVSYNC).bits(),
        type_: ModeTypeFlags::USERDEF.bits(),
        name,
        ..Default::default()
    })
}

/// The modes of a socket that could be used at all.
fn modes_of(about: &connector::Info, told: bool) -> Vec<control::Mode> {
    let mut modes: Vec<_> =
        about.modes().iter().copied().filter(|mode| !mode.flags().contains(ModeFlags::DBLSCAN)).collect();
    let hdmi = matches!(about.interface(), Interface::HDMIA | Interface::HDMIB | Interface::DVID);
    if !told && hdmi {
        modes.push(every_tv_has());
    }
    modes
}

fn described(mode: &control::Mode) -> Mode {
    let (width, height) = mode.size();
    Mode {
        width: width.into(),
        height: height.into(),
        rate: mode.vrefresh(),
        interlaced: mode.flags().contains(ModeFlags::INTERLACE),
        preferred: mode.mode_type().contains(ModeTypeFlags::PREFERRED),
    }
}

impl Display for Kms {
    fn sockets(&mut self, ask: bool) -> Vec<Socket> {
        self.find_cards();
        let mut gone = BTreeSet::new();
        let mut sockets = Vec::new();
        self.found.clear();
        for (card_name, card) in self.cards.iter().filter_map(|(name, (_, card))| Some((name, card.as_ref()?))) {
            let Ok(resources) = card.resource_handles() else {
                gone.insert(card_name.clone());
                continue;
            };
            for about in resources.connectors().iter().filter_map(|handle| card.get_connector(*handle, ask).ok()) {
                let name = format!("{card_name}-{about}");
                let connected = about.state() == State::Connected;
                let told = if connected { card.told(about.handle()) } else { Vec::new() };
                let modes = if connected { modes_of(&about, !told.is_empty()) } else { Vec::new() };
                let mut tv = DefaultHasher::new();
                (&told, &modes).hash(&mut tv);
                sockets.push(Socket {
                    name: name.clone(),
                    connected,
                    told: !told.is_empty(),
                    modes: modes.iter().map(described).collect(),
                    tv: tv.finish(),
                });
                self.found.insert(name, Found { card: card.clone(), card_name: card_name.clone(), about, modes });
            }
        }
        self.cards.retain(|name, _| !gone.contains(name));
        sockets
    }

    fn set(&mut self, way: &Shown) -> Result<(), String> {
        let tried = |error: io::Error| format!("setting {} at {}: {error}", way.mode, way.socket);
        let gone = || tried(io::Error::new(ErrorKind::NotFound, "it is gone"));
        let found = self.found.get(&way.socket).ok_or_else(gone)?;
        let mode = *found.modes.get(way.place).ok_or_else(gone)?;
        let connector = found.about.handle();
        if let Some(lit) = &mut self.lit
            && Arc::ptr_eq(&lit.card, &found.card)
            && (lit.connector, lit.mode) == (connector, mode)
        {
            // The kernel does nothing visible where nothing has changed.
            lit.light().map_err(tried)?;
            lit.way = way.clone();
            return Ok(());
        }
        let lit = Lit::new(found, way, mode);
        match lit.and_then(|lit| lit.light().map(|()| lit)) {
            Ok(lit) => {
                if let Some(before) = self.lit.replace(lit) {
                    before.put_out(self.lit.as_ref());
                }
                Ok(())
            }
            Err(error) => {
                // Somebody else has the display: whoever opens it after them gets it.
                if error.kind() == ErrorKind::PermissionDenied {
                    let card = found.card_name.clone();
                    self.lit = None;
                    self.found.clear();
                    self.cards.remove(&card);
                }
                Err(tried(error))
            }
        }
    }

    fn show(&mut self, picture: &TvFrame) -> Result<(), String> {
        let lit = self.lit.as_mut().ok_or("showing a picture: no mode is set")?;
        let socket = lit.way.socket.clone();
        lit.show(picture).map_err(|error| format!("showing a picture at {socket}: {error}"))
    }
}

impl Lit {
    fn new(found: &Found, way: &Shown, mode: control::Mode) -> io::Result<Self> {
        let card = found.card.clone();
        let crtc = card.crtc_for(&found.about)?;
        let first = Memory::new(&card, mode.size())?;
        let second = Memory::new(&card, mode.size()).ok();
        let buffers = std::iter::once(first).chain(second).collect();
        let connector = found.about.handle();
        Ok(Self { card, connector, crtc, mode, buffers, seen: 0, changing: false, way: way.clone() })
    }

    /// Has the mode shown at the socket.
    fn light(&self) -> io::Result<()> {
        let framebuffer = self.buffers.get(self.seen).map(|memory| memory.framebuffer);
        self.card.set_crtc(self.crtc, framebuffer, (0, 0), &[self.connector], Some(self.mode))
    }

    /// Ends, after `next` has taken its place.
    fn put_out(self, next: Option<&Self>) {
        let taken = next.is_some_and(|next| Arc::ptr_eq(&next.card, &self.card) && next.crtc == self.crtc);
        if !taken {
            // Where the card is gone there is nothing to put out.
            let _ = self.card.set_crtc(self.crtc, None, (0, 0), &[], None);
        }
    }

    fn show(&mut self, picture: &TvFrame) -> io::Result<()> {
        self.wait_for_turn()?;
        let next = (self.seen + 1) % self.buffers.len();
        let fit = self.way.fit;
        let Some(memory) = self.buffers.get_mut(next) else { return Ok(()) };
        memory.lay(picture, (fit.at.0 as usize, fit.at.1 as usize), fit.times as usize)?;
        let framebuffer = memory.framebuffer;
        if next == self.seen {
            // Drivers whose displays read the memory by themselves know no such call.
            let (width, height) = self.mode.size();
            let _ = self.card.dirty_framebuffer(framebuffer, &[control::ClipRect::new(0, 0, width, height)]);
            return Ok(());
        }
        self.card.page_flip(self.crtc, framebuffer, PageFlipFlags::EVENT, None)?;
        (self.seen, self.changing) = (next, true);
        Ok(())
    }

    /// Waits until the picture before is seen, and the memory of the one before that is free.
    fn wait_for_turn(&mut self) -> io::Result<()> {
        if !self.changing {
            return Ok(());
        }
        let mut waiting = [PollFd::new(self.card.as_fd(), PollFlags::POLLIN)];
        if poll(&mut waiting, PollTimeout::from(TURN_WITHIN))? == 0 {
            let why = format!("the one before was not seen within {TURN_WITHIN} ms");
            return Err(io::Error::new(ErrorKind::TimedOut, why));
        }
        // That a picture is seen is the only thing that is ever told here.
        let mut told = [0; 1024];
        let _ = (&self.card.0).read(&mut told)?;
        self.changing = false;
        Ok(())
    }
}

impl Memory {
    /// Black.
    fn new(card: &Arc<Card>, (width, height): (u16, u16)) -> io::Result<Self> {
        let bytes = card.create_dumb_buffer((width.into(), height.into()), DrmFourcc::Xrgb8888, 32)?;
        match card.add_framebuffer(&bytes, 24, 32) {
            Ok(framebuffer) => Ok(Self { card: card.clone(), bytes, framebuffer }),
            Err(error) => {
                let _ = card.destroy_dumb_buffer(bytes);
                Err(error)
            }
        }
    }

    fn lay(&mut self, picture: &TvFrame, at: (usize, usize), times: usize) -> io::Result<()> {
        let row_bytes = self.bytes.pitch() as usize;
        let mut onto = self.card.map_dumb_buffer(&mut self.bytes)?;
        picture.read(|bytes| lay(&mut onto, row_bytes, at, bytes, picture.width() as usize, times));
        Ok(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = self.card.destroy_framebuffer(self.framebuffer);
        let _ = self.card.destroy_dumb_buffer(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tv::mode::ranked;

    #[test]
    fn renderers_and_what_is_no_display_are_left_alone() {
        let nodes = tempfile::tempdir().unwrap();
        let kms = |driver: Option<&str>| Kms { nodes: nodes.path().to_owned(), ..Kms::new(driver.map(str::to_owned)) };
        assert!(kms(None).sockets(true).is_empty());
        for node in ["renderD128", "card0"] {
            std::fs::write(nodes.path().join(node), "").unwrap();
        }
        assert_eq!(numbered(nodes.path()).into_keys().collect::<Vec<_>>(), ["card0"]);
        for driver in [None, Some("vc4")] {
            let mut kms = kms(driver);
            assert!(kms.sockets(true).is_empty());
            assert!(
                kms.cards.values().all(|(_, card)| card.is_none()) && kms.cards.len() == 1,
                "it is not opened again"
            );
        }
    }

    /// A driver that takes over from the firmware's makes a node of the same name.
    #[test]
    fn a_node_that_was_made_anew_is_another_display() {
        let nodes = tempfile::tempdir().unwrap();
        let node = nodes.path().join("card0");
        std::fs::write(&node, "").unwrap();
        let mut kms = Kms { nodes: nodes.path().to_owned(), ..Kms::new(None) };
        kms.sockets(true);
        let first = kms.cards["card0"].0;
        let kept = nodes.path().join("old");
        std::fs::rename(&node, kept).unwrap();
        std::fs::write(&node, "").unwrap();
        kms.sockets(true);
        assert_ne!(kms.cards["card0"].0, first);
        std::fs::remove_file(&node).unwrap();
        kms.sockets(true);
        assert!(kms.cards.is_empty());
    }

    #[test]
    fn the_kernels_command_line_may_name_the_mode() {
        let wish = |text| wished(text).map(|wish| (wish.width, wish.height, wish.rate));
        assert_eq!(wish("ro quiet madoguchi.tv=1280x720@50 panic=5\n"), Some((1280, 720, Some(50))));
        assert_eq!(
            wish("madoguchi.tv=1280x720 madoguchi.tv=1360x768"),
            Some((1360, 768, None)),
            "the last word counts"
        );
        for none in ["", "ro quiet", "madoguchi.tv=", "madoguchi.tv=big", "xmadoguchi.tv=1280x720"] {
            assert_eq!(wish(none), None, "{none}");
        }
    }

    #[test]
    fn the_mode_that_every_tv_has_is_what_the_standard_says_and_goes_before_the_kernels_guesses() {
        let mode = every_tv_has();
        let (across, down) = (u64::from(mode.hsync().2), u64::from(mode.vsync().2));
        assert_eq!(u64::from(mode.clock()) * 1000, across * down * 60);
        assert_eq!(mode.name().to_str(), Ok("1280x720"));
        let guess = Mode { width: 1024, height: 768, rate: 60, interlaced: false, preferred: false };
        assert_eq!(ranked(&[guess, described(&mode)], None), [1, 0]);
    }
}
