//! The wire to QEMU's `usb-redir` device: the USB network redirection protocol 0.7, the device's side of it.
//!
//! <https://gitlab.freedesktop.org/spice/usbredir/-/blob/main/docs/usb-redirection-protocol.md>. Only what a device
//! with control and bulk transfers needs. QEMU's xHCI takes no device whose line has not ids of 64 bits: all headers but
//! that of the greeting are 16 bytes long.

/// Bytes of a header.
pub(super) const HEADER: usize = 16;
/// Bytes of the greeting's header.
pub(super) const FIRST_HEADER: usize = 12;
/// Longest packet that we take, in bytes: QEMU sends requests and short data only.
const LONGEST: usize = 1 << 20;

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Success = 0,
    Cancelled = 1,
    Stall = 4,
}

/// A control transfer that the guest asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) request: u8,
    pub(super) kind: u8,
    pub(super) value: u16,
    pub(super) index: u16,
    pub(super) length: u16,
    /// What it writes.
    pub(super) data: Vec<u8>,
}

/// What QEMU says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    Hello,
    Reset,
    SetConfiguration { value: u8 },
    GetConfiguration,
    SetAlternate { interface: u8, alternate: u8 },
    GetAlternate { interface: u8 },
    Cancel,
    Control { endpoint: u8, control: Control },
    Bulk { endpoint: u8, length: usize },
    Other,
}

/// A header: the kind of packet, the length of what follows, and the id that an answer repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    kind: u32,
    pub(super) length: usize,
    pub(super) id: u64,
}

impl Header {
    /// Reads a header; nothing when it cannot be one.
    pub(super) fn read(bytes: [u8; HEADER]) -> Option<Self> {
        let word = |from: usize| u32::from_le_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]]);
        let length = word(4) as usize;
        let id = u64::from(word(12)) << 32 | u64::from(word(8));
        (length <= LONGEST).then_some(Self { kind: word(0), length, id })
    }

    /// Reads what followed; nothing when it is too short.
    pub(super) fn packet(self, body: &[u8]) -> Option<Packet> {
        Some(match (self.kind, body) {
            (0, _) => Packet::Hello,
            (3, _) => Packet::Reset,
            (6, [value, ..]) => Packet::SetConfiguration { value: *value },
            (7, _) => Packet::GetConfiguration,
            (9, [interface, alternate, ..]) => Packet::SetAlternate { interface: *interface, alternate: *alternate },
            (10, [interface, ..]) => Packet::GetAlternate { interface: *interface },
            (21, _) => Packet::Cancel,
            (100, [endpoint, request, kind, _, v0, v1, i0, i1, l0, l1, data @ ..]) => {
                let word = |low: &u8, high: &u8| u16::from_le_bytes([*low, *high]);
                let (value, index, length) = (word(v0, v1), word(i0, i1), word(l0, l1));
                let control = Control { request: *request, kind: *kind, value, index, length, data: data.to_vec() };
                Packet::Control { endpoint: *endpoint, control }
            }
            (101, [endpoint, _, l0, l1, _, _, _, _, l2, l3, ..]) => {
                Packet::Bulk { endpoint: *endpoint, length: u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize }
            }
            (6 | 9 | 10 | 100 | 101, _) => return None,
            _ => Packet::Other,
        })
    }
}

fn packet(kind: u32, id: u64, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(HEADER + length);
    for word in [kind, u32::try_from(length).unwrap_or(u32::MAX)] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(&id.to_le_bytes());
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Our greeting.
pub(super) fn hello() -> Vec<u8> {
    let mut version = [0; 64];
    version[..10].copy_from_slice(b"madoguchi\0");
    // Version in device_connect, packet sizes in ep_info, ids of 64 bits, long bulk transfers.
    let abilities: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6;
    let mut bytes = packet(0, 0, &[&version, &abilities.to_le_bytes()]);
    bytes.drain(FIRST_HEADER..HEADER);
    bytes
}

/// The plug goes in: a high-speed device with the ids and interface classes of a UVC camera.
pub(super) fn connect(vendor: u16, product: u16, version: u16) -> Vec<u8> {
    let mut interfaces = [0; 4 + 4 * 32];
    interfaces[0] = 2;
    for (number, class) in [(0, [0x0e, 1]), (1, [0x0e, 2])] {
        for (field, value) in [number as u8, class[0], class[1], 0].into_iter().enumerate() {
            interfaces[4 + 32 * field + number] = value;
        }
    }
    let mut bytes = packet(4, 0, &[&interfaces]);
    bytes.extend(endpoints());
    let [v0, v1] = vendor.to_le_bytes();
    let [p0, p1] = product.to_le_bytes();
    let [b0, b1] = version.to_le_bytes();
    bytes.extend(packet(1, 0, &[&[2, 0xef, 2, 1, v0, v1, p0, p1, b0, b1]]));
    bytes
}

/// The endpoints: control, and bulk input 1 of interface 1.
pub(super) fn endpoints() -> Vec<u8> {
    let (mut kinds, mut intervals, mut interfaces, mut sizes) = ([255; 32], [0; 32], [0; 32], [0_u16; 32]);
    // Outputs are 0 to 15, inputs 16 to 31.
    (kinds[0], kinds[16], kinds[17]) = (0, 0, 2);
    (interfaces[17], sizes[0], sizes[16], sizes[17]) = (1, 64, 64, super::uvc::BULK);
    intervals[17] = 0;
    let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
    packet(5, 0, &[&kinds, &intervals, &interfaces, &sizes])
}

/// The plug is pulled.
pub(super) fn disconnect() -> Vec<u8> {
    packet(2, 0, &[])
}

/// Answers a set or get of the configuration.
pub(super) fn configuration(id: u64, value: u8) -> Vec<u8> {
    packet(8, id, &[&[Status::Success as u8, value]])
}

/// Answers a set or get of an interface's alternate setting.
pub(super) fn alternate(id: u64, interface: u8, status: Status) -> Vec<u8> {
    packet(11, id, &[&[status as u8, interface, 0]])
}

/// Answers a control transfer: with what it reads, or that it wrote all.
pub(super) fn control(id: u64, endpoint: u8, asked: &Control, answer: Result<&[u8], Status>) -> Vec<u8> {
    let input = asked.kind & 0x80 != 0;
    let (status, data) = match answer {
        Ok(data) => (Status::Success, data),
        Err(status) => (status, [].as_slice()),
    };
    let length = match status {
        Status::Success if !input => asked.length,
        _ => u16::try_from(data.len()).unwrap_or(u16::MAX),
    };
    let ([v0, v1], [i0, i1], [l0, l1]) = (asked.value.to_le_bytes(), asked.index.to_le_bytes(), length.to_le_bytes());
    let head = [endpoint, asked.request, asked.kind, status as u8, v0, v1, i0, i1, l0, l1];
    packet(100, id, &[&head, if input { data } else { &[] }])
}

/// Answers a bulk input.
pub(super) fn bulk(id: u64, endpoint: u8, status: Status, data: &[u8]) -> Vec<u8> {
    let [l0, l1, l2, l3] = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
    packet(101, id, &[&[endpoint, status as u8, l0, l1, 0, 0, 0, 0, l2, l3], data])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Header, Packet) {
        let header = Header::read(bytes[..HEADER].try_into().expect("a header")).expect("sound");
        (header, header.packet(&bytes[HEADER..]).expect("sound"))
    }

    #[test]
    fn a_control_request_is_read_and_answered_under_its_id() {
        let bytes = [100, 0, 0, 0, 10, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x80, 6, 0x80, 0, 0, 1, 0, 0, 18, 0];
        let (header, packet) = read(&bytes);
        assert_eq!((header.id, header.length), (7, 10));
        let asked = match packet {
            Packet::Control { endpoint: 0x80, control } => Some(control),
            _ => None,
        };
        let asked = asked.expect("a control transfer");
        assert_eq!((asked.request, asked.value, asked.length), (6, 0x100, 18));
        let answer = control(7, 0x80, &asked, Ok(&[18, 1]));
        assert_eq!(answer[4..HEADER], [12, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(answer[HEADER..], [0x80, 6, 0x80, 0, 0, 1, 0, 0, 2, 0, 18, 1]);
    }

    #[test]
    fn a_long_bulk_request_has_its_length_in_two_halves() {
        let bytes = [101, 0, 0, 0, 10, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 0x80, 0, 0, 0, 0, 1, 0];
        assert_eq!(read(&bytes).1, Packet::Bulk { endpoint: 0x81, length: 0x1_8000 });
        let answer = bulk(9, 0x81, Status::Success, &vec![0; 0x1_8000]);
        assert_eq!(answer[HEADER..HEADER + 10], [0x81, 0, 0, 0x80, 0, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn nonsense_is_told_from_packets() {
        assert_eq!(Header::read([255; HEADER]), None);
        let short = Header { kind: 100, length: 2, id: 1 };
        assert_eq!(short.packet(&[0x80, 6]), None);
    }
}
