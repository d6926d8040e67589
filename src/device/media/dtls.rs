//! What of the other end's DTLS handshake reaches OpenSSL: one certificate, no longer and in no longer words than a
//! browser's.
//!
//! GStreamer before 1.28.5 writes the subject of whatever certificate comes into 2048 bytes of its stack
//! (CVE-2026-59692; Debian 12 has the fix, Debian 13 has not), before anybody can compare anything. In DTLS 1.2 (RFC
//! 6347), the only one that Debian's OpenSSL speaks, certificates travel in the clear: they can be looked at on the way in.

/// Of a certificate message, in bytes. A browser's has some 300, one with an RSA key of 4096 bits some 1300.
const LONGEST_MESSAGE: usize = 2048;
/// Of a certificate's subject, in bytes. Browsers' have some 20. GStreamer writes at most six letters for a byte:
/// the longest name of an attribute has 50 and comes with at least 9 bytes.
const LONGEST_SUBJECT: usize = 128;

/// Handshake records, and certificates among their messages.
const HANDSHAKE: u8 = 22;
const CERTIFICATE: u8 = 11;

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on.
    Pass,
    /// It is no DTLS, or none that comes of a browser.
    Drop,
    /// It brings a certificate that no browser has.
    Hostile,
}

/// Watches one handshake. OpenSSL gets no fragment of a certificate that contradicts what is kept here, so what it puts
/// together is what was judged.
#[derive(Default)]
pub(super) struct Watch {
    certificate: Option<Message>,
}

/// A certificate message as far as it has come.
struct Message {
    number: [u8; 2],
    bytes: Vec<Option<u8>>,
    judged: Option<Verdict>,
}

impl Watch {
    /// Looks at one datagram of content types 20 to 63 (RFC 7983).
    pub(super) fn judge(&mut self, datagram: &[u8]) -> Verdict {
        let mut rest = datagram;
        while !rest.is_empty() {
            let Some((record, after)) = Record::read(rest) else { return Verdict::Drop };
            rest = after;
            // Later epochs are encrypted.
            if record.kind == HANDSHAKE && record.epoch == 0 {
                match self.judge_messages(record.body) {
                    Verdict::Pass => {}
                    refused => return refused,
                }
            }
        }
        Verdict::Pass
    }

    fn judge_messages(&mut self, mut rest: &[u8]) -> Verdict {
        while !rest.is_empty() {
            let Some((fragment, after)) = Fragment::read(rest) else { return Verdict::Drop };
            rest = after;
            if fragment.kind == CERTIFICATE {
                match self.judge_certificate(&fragment) {
                    Verdict::Pass => {}
                    refused => return refused,
                }
            }
        }
        Verdict::Pass
    }

    fn judge_certificate(&mut self, fragment: &Fragment<'_>) -> Verdict {
        if fragment.whole > LONGEST_MESSAGE {
            return Verdict::Hostile;
        }
        let message = self.certificate.get_or_insert_with(|| Message {
            number: fragment.number,
            bytes: vec![None; fragment.whole],
            judged: None,
        });
        if (message.number, message.bytes.len()) != (fragment.number, fragment.whole) {
            return Verdict::Drop;
        }
        let Some(place) = message.bytes.get_mut(fragment.offset..fragment.offset + fragment.body.len()) else {
            return Verdict::Drop;
        };
        if place.iter().zip(fragment.body).any(|(kept, byte)| kept.is_some_and(|kept| kept != *byte)) {
            return Verdict::Drop;
        }
        for (kept, byte) in place.iter_mut().zip(fragment.body) {
            *kept = Some(*byte);
        }
        if message.judged.is_none()
            && let Some(whole) = message.bytes.iter().copied().collect::<Option<Vec<u8>>>()
        {
            message.judged = Some(if is_a_browsers(&whole) { Verdict::Pass } else { Verdict::Hostile });
        }
        message.judged.unwrap_or(Verdict::Pass)
    }
}

/// RFC 6347, section 4.1.
struct Record<'a> {
    kind: u8,
    epoch: u16,
    body: &'a [u8],
}

impl<'a> Record<'a> {
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_first_chunk::<13>()?;
        let [kind @ 20..=23, _, _, first, second, .., high, low] = *header else { return None };
        let (body, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
        Some((Self { kind, epoch: u16::from_be_bytes([first, second]), body }, rest))
    }
}

/// A message of the handshake or a part of one (RFC 6347, section 4.2.2).
struct Fragment<'a> {
    kind: u8,
    /// Length of the message that it is of.
    whole: usize,
    number: [u8; 2],
    offset: usize,
    body: &'a [u8],
}

impl<'a> Fragment<'a> {
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_first_chunk::<12>()?;
        let [kind, whole @ .., _, _, _, _, _, _, _, _] = *header;
        let [.., first, second, _, _, _, _, _, _] = *header;
        let [.., o1, o2, o3, l1, l2, l3] = *header;
        let (body, rest) = rest.split_at_checked(three_bytes([l1, l2, l3]))?;
        let (whole, offset) = (three_bytes(whole), three_bytes([o1, o2, o3]));
        Some((Self { kind, whole, number: [first, second], offset, body }, rest))
    }
}

fn three_bytes([high, middle, low]: [u8; 3]) -> usize {
    usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
}

/// Whether a certificate message (RFC 5246, section 7.4.2) brings one certificate with a short subject.
fn is_a_browsers(message: &[u8]) -> bool {
    let one = || {
        let list = behind_length(message)?;
        let certificate = behind_length(list)?;
        Some(subject(certificate)?.len() <= LONGEST_SUBJECT)
    };
    one().unwrap_or(false)
}

/// What follows a length of three bytes, if it is just so long.
fn behind_length(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk::<3>()?;
    (three_bytes(*length) == rest.len()).then_some(rest)
}

/// The subject of a certificate (RFC 5280, section 4.1), without its own tag and length.
fn subject(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const VERSION: u8 = 0xa0;
    let mut whole = Der(certificate);
    let mut signed = Der(Der(whole.next(SEQUENCE)?).next(SEQUENCE)?);
    if signed.0.first() == Some(&VERSION) {
        signed.next(VERSION)?;
    }
    let (_serial, _algorithm) = (signed.next(INTEGER)?, signed.next(SEQUENCE)?);
    let (_issuer, _validity) = (signed.next(SEQUENCE)?, signed.next(SEQUENCE)?);
    signed.next(SEQUENCE)
}

/// Elements one after the other (X.690): a tag, a length, a content.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, if it is tagged so.
    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_first()?;
        let (length, mut rest) = rest.split_first()?;
        let length = match *length {
            short @ 0..=0x7f => usize::from(short),
            long @ 0x81..=0x82 => {
                let (bytes, after) = rest.split_at_checked(usize::from(long - 0x80))?;
                rest = after;
                bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        (*first == tag).then_some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    fn certificate(subject: &str) -> Vec<u8> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, subject);
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn with_length(bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[1..], bytes].concat()
    }

    fn message(certificates: &[Vec<u8>]) -> Vec<u8> {
        with_length(&certificates.iter().flat_map(|certificate| with_length(certificate)).collect::<Vec<_>>())
    }

    fn fragment(kind: u8, message: &[u8], offset: usize, length: usize) -> Vec<u8> {
        let three = |number: usize| u32::try_from(number).unwrap().to_be_bytes()[1..].to_vec();
        let body = &message[offset..offset + length];
        [&[kind][..], &three(message.len()), &[0, 1], &three(offset), &three(length), body].concat()
    }

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 7][..], &length, body].concat()
    }

    fn whole(message: &[u8]) -> Vec<u8> {
        record(HANDSHAKE, 0, &fragment(CERTIFICATE, message, 0, message.len()))
    }

    fn judge(datagrams: &[Vec<u8>]) -> Vec<Verdict> {
        let mut watch = Watch::default();
        datagrams.iter().map(|datagram| watch.judge(datagram)).collect()
    }

    #[test]
    fn a_browsers_certificate_passes_in_whatever_pieces_and_as_often_as_it_comes() {
        let message = message(&[certificate("WebRTC")]);
        let (length, half) = (message.len(), message.len() / 2);
        let hello = fragment(1, &[7; 90], 0, 90);
        let own = fragment(CERTIFICATE, &message, 0, length);
        assert_eq!(judge(&[whole(&message), whole(&message)]), [Verdict::Pass; 2]);
        let flight = record(HANDSHAKE, 0, &[hello.clone(), own.clone(), fragment(16, &[1; 60], 0, 60)].concat());
        assert_eq!(judge(&[flight]), [Verdict::Pass]);
        let flight = [record(HANDSHAKE, 0, &hello), record(HANDSHAKE, 0, &own), record(20, 0, &[1])].concat();
        assert_eq!(judge(&[flight]), [Verdict::Pass]);
        let pieces = [(half, length - half), (0, half), (10, length - 20)]
            .map(|(offset, length)| record(HANDSHAKE, 0, &fragment(CERTIFICATE, &message, offset, length)));
        assert_eq!(judge(&pieces), [Verdict::Pass; 3]);
        assert_eq!(judge(&[record(HANDSHAKE, 1, &[0; 40]), record(23, 1, &[0; 1200])]), [Verdict::Pass; 2]);
    }

    #[test]
    fn a_long_subject_two_certificates_none_and_a_huge_one_are_hostile() {
        let fits = certificate(&"x".repeat(LONGEST_SUBJECT - 11));
        assert_eq!(subject(&fits).unwrap().len(), LONGEST_SUBJECT);
        assert_eq!(judge(&[whole(&message(&[fits]))]), [Verdict::Pass]);
        for hostile in [
            message(&[certificate(&"x".repeat(LONGEST_SUBJECT - 10))]),
            message(&[certificate(&"x".repeat(1000))]),
            message(&[certificate("WebRTC"), certificate("WebRTC")]),
            message(&[]),
            message(&[vec![]]),
            message(&[vec![0x30, 0x80, 0x30, 0x80]]),
            message(&[certificate("WebRTC")[1..].to_vec()]),
            vec![],
            vec![0; LONGEST_MESSAGE + 1],
        ] {
            assert_eq!(judge(&[whole(&hostile), whole(&hostile)]), [Verdict::Hostile; 2]);
        }
    }

    #[test]
    fn the_last_piece_of_a_hostile_one_never_gets_through() {
        let message = message(&[certificate(&"x".repeat(300))]);
        let (length, half) = (message.len(), message.len() / 2);
        let piece = |offset, length| record(HANDSHAKE, 0, &fragment(CERTIFICATE, &message, offset, length));
        let pieces = [piece(0, half), piece(half, length - half), piece(0, half), piece(half, 0)];
        assert_eq!(judge(&pieces), [Verdict::Pass, Verdict::Hostile, Verdict::Hostile, Verdict::Hostile]);
    }

    #[test]
    fn pieces_that_contradict_one_another_are_dropped() {
        let (good, bad) = (message(&[certificate("WebRTC")]), message(&[certificate(&"x".repeat(300))]));
        let half = good.len() / 2;
        let first = record(HANDSHAKE, 0, &fragment(CERTIFICATE, &good, 0, half));
        let mut other = good.clone();
        other[half - 1] ^= 1;
        let contradicts = record(HANDSHAKE, 0, &fragment(CERTIFICATE, &other, half - 1, 5));
        let of_another = record(HANDSHAKE, 0, &fragment(CERTIFICATE, &bad, half, 5));
        let mut of_another_number = fragment(CERTIFICATE, &good, half, 5);
        of_another_number[5] = 9;
        let of_another_number = record(HANDSHAKE, 0, &of_another_number);
        let rest = record(HANDSHAKE, 0, &fragment(CERTIFICATE, &good, half, good.len() - half));
        assert_eq!(
            judge(&[first, contradicts, of_another, of_another_number, rest]),
            [Verdict::Pass, Verdict::Drop, Verdict::Drop, Verdict::Drop, Verdict::Pass]
        );
        let mut beyond = fragment(CERTIFICATE, &good, 0, 20);
        beyond[7] = 0xff;
        assert_eq!(judge(&[record(HANDSHAKE, 0, &beyond)]), [Verdict::Drop]);
    }

    #[test]
    fn what_is_no_dtls_or_cut_short_is_dropped() {
        let good = whole(&message(&[certificate("WebRTC")]));
        for length in 1..good.len() {
            assert_eq!(judge(&[good[..length].to_vec()]), [Verdict::Drop], "{length}");
        }
        for kind in (0..=19).chain(24..=255) {
            assert_eq!(judge(&[record(kind, 0, &[0; 20])]), [Verdict::Drop], "{kind}");
        }
        assert_eq!(judge(&[record(HANDSHAKE, 0, &[CERTIFICATE])]), [Verdict::Drop]);
    }

    proptest! {
        #[test]
        fn whatever_comes_no_long_subject_is_put_together(
            datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..20),
        ) {
            let mut watch = Watch::default();
            for datagram in &datagrams {
                watch.judge(datagram);
                watch.judge(&record(HANDSHAKE, 0, datagram));
            }
        }

        #[test]
        fn in_whatever_pieces_a_hostile_certificate_comes_it_is_never_whole(
            pieces in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()), 1..40),
        ) {
            let hostile = message(&[certificate(&"x".repeat(300))]);
            let harmless = hostile.iter().map(|byte| if *byte == b'x' { b'y' } else { *byte }).collect::<Vec<_>>();
            let (mut watch, mut passed) = (Watch::default(), vec![None; hostile.len()]);
            for (start, length, which) in pieces {
                let of = if which { &hostile } else { &harmless };
                let start = start.index(of.len());
                let length = length.index(of.len() - start + 1);
                let datagram = record(HANDSHAKE, 0, &fragment(CERTIFICATE, of, start, length));
                if watch.judge(&datagram) == Verdict::Pass {
                    for at in start..start + length {
                        passed[at] = Some(of[at]);
                    }
                }
            }
            prop_assert!(passed.iter().any(Option::is_none));
        }
    }
}
