//! The socket between the supervisor and the media process: one message a packet, with caps, deadlines and no way to block.
//!
//! Words are JSON. Sound is a packet of its own, which is dropped where the other end does not keep up: what comes late is
//! of no use. Whatever is too large, cannot be read or brings what was not asked for is an error, and ends the process.

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Longest message in bytes: a description of 32 KB in JSON, or the loan's certificates.
const MOST: usize = 128 * 1024;
/// The other end empties its socket all the time. One that does not for so long is stuck; the supervisor's own turns wait 5 s.
const SAYING: Duration = Duration::from_secs(2);
/// What a message begins with.
const WORD: u8 = 0;
const SOUND: u8 = 1;
/// A message of sound: its kind, its moment, and at most a second of samples of 16 bits at 48 kHz.
const HEAD: usize = 9;
const MOST_SOUND: usize = 2 * 48_000;

/// One end of the line. Shared by whoever says something. tokio has no type for such sockets; of its stream's only the waiting
/// is used.
pub(super) struct Line(UnixStream);

/// A piece of sound, in the form of a session's sound.
pub(super) struct Sound {
    /// Moment of its first sample by the system's monotonic clock, which is the same for all processes, in nanoseconds.
    pub(super) at: u64,
    /// Its samples, 16 bits, little endian.
    pub(super) bytes: Vec<u8>,
}

/// What came.
pub(super) enum Heard<Word> {
    Word(Word),
    Sound(Sound),
}

impl Line {
    /// Takes over a connected socket that keeps messages apart (`SOCK_SEQPACKET`).
    ///
    /// # Errors
    /// A sentence, when the system does not take it.
    pub(super) fn new(socket: OwnedFd) -> Result<Arc<Self>, String> {
        let socket = net::UnixStream::from(socket);
        let taken = socket.set_nonblocking(true).and_then(|()| UnixStream::from_std(socket));
        let said = |error| format!("the socket of the media process cannot be used: {error}");
        taken.map(|socket| Arc::new(Self(socket))).map_err(said)
    }

    /// Says something.
    ///
    /// # Errors
    /// A sentence: nobody is there any more, or nobody has listened for 2 s.
    pub(super) async fn say(&self, word: &impl Serialize) -> Result<(), String> {
        self.say_with(word, &[]).await
    }

    /// Says something and hands files over.
    ///
    /// # Errors
    /// As [`Line::say`].
    pub(super) async fn say_with(&self, word: &impl Serialize, files: &[BorrowedFd<'_>]) -> Result<(), String> {
        // A relay's password may be in it.
        let mut bytes = Zeroizing::new(vec![WORD]);
        serde_json::to_writer(&mut *bytes, word).map_err(|error| format!("a message cannot be written: {error}"))?;
        if bytes.len() > MOST {
            return Err(format!("a message of {} bytes is too long: {MOST} are taken", bytes.len()));
        }
        let sending = async {
            loop {
                self.0.writable().await?;
                match self.0.try_io(Interest::WRITABLE, || Ok(send(self.0.as_fd(), &[&bytes], files)?)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    sent => return sent,
                }
            }
        };
        match timeout(SAYING, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("nothing can be said any more: {error}")),
            Err(_) => Err(format!("nobody listened for {SAYING:?}")),
        }
    }

    /// Hands sound over, or drops it. Never waits: for the threads of GStreamer.
    pub(super) fn sound(&self, at: u64, bytes: &[u8]) {
        let mut head = [SOUND; HEAD];
        if let Some(moment) = head.get_mut(1..) {
            moment.copy_from_slice(&at.to_le_bytes());
        }
        if bytes.len() <= MOST_SOUND {
            // Without a listener that keeps up it is gone.
            let _ = send(self.0.as_fd(), &[&head, bytes], &[]);
        }
    }
}

fn send(socket: BorrowedFd<'_>, parts: &[&[u8]], files: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(Errno::INVAL);
    }
    let parts: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    sendmsg(socket, &parts, &mut control, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).map(drop)
}

/// The one that listens at an end.
pub(super) struct Ear {
    line: Arc<Line>,
    buffer: Box<[u8]>,
}

impl Ear {
    pub(super) fn new(line: &Arc<Line>) -> Self {
        Self { line: line.clone(), buffer: vec![0; MOST].into() }
    }

    /// Waits for the next message; nothing when the other end has gone. Can be dropped and called again without loss.
    ///
    /// # Errors
    /// A sentence about a message that is not one of ours.
    pub(super) async fn hear<Word: DeserializeOwned>(&mut self) -> Result<Option<Heard<Word>>, String> {
        let (heard, files) = self.hear_with().await?;
        if files.is_empty() { Ok(heard) } else { Err("a file came that nobody asked for".to_owned()) }
    }

    /// The same, with the files that came along.
    ///
    /// # Errors
    /// As [`Ear::hear`].
    pub(super) async fn hear_with<Word: DeserializeOwned>(
        &mut self,
    ) -> Result<(Option<Heard<Word>>, Vec<OwnedFd>), String> {
        let (length, files) = loop {
            let socket = &self.line.0;
            let ready = socket.readable().await;
            ready.map_err(|error| format!("the socket cannot be listened at: {error}"))?;
            match socket.try_io(Interest::READABLE, || Ok(receive(socket.as_fd(), &mut self.buffer)?)) {
                Ok(received) => break received,
                // It went while something was under way to it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break (Some(0), Vec::new()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(format!("the socket cannot be read: {error}")),
            }
        };
        let bytes = length.and_then(|length| self.buffer.get(..length)).ok_or("a message is too long")?;
        let heard = match bytes.split_first() {
            None => None,
            Some((&WORD, word)) => Some(Heard::Word(
                serde_json::from_slice(word).map_err(|error| format!("a message cannot be read: {error}"))?,
            )),
            Some((&SOUND, rest)) if rest.len() <= MOST_SOUND + HEAD => {
                let (moment, samples) = rest.split_first_chunk().ok_or("sound without its moment")?;
                Some(Heard::Sound(Sound { at: u64::from_le_bytes(*moment), bytes: samples.to_vec() }))
            }
            Some(_) => return Err("a message is of no known kind".to_owned()),
        };
        Ok((heard, files))
    }
}

/// One message: its length, or nothing where it did not fit.
fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<(Option<usize>, Vec<OwnedFd>), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags)?;
    let mut files = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(handed) = message {
            files.extend(handed);
        }
    }
    let whole = !received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC);
    Ok((whole.then_some(received.bytes), files))
}

#[cfg(test)]
#[expect(clippy::panic, reason = "what is not heard fails the test")]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    fn ends() -> (Arc<Line>, Ear) {
        let (one, two) = pair();
        (Line::new(one).unwrap(), Ear::new(&Line::new(two).unwrap()))
    }

    #[tokio::test]
    async fn words_sound_and_files_come_as_they_were_sent() {
        let (line, mut ear) = ends();
        line.say(&"a word").await.unwrap();
        line.sound(u64::MAX - 1, &[1, 2, 3, 4]);
        let file = tempfile::tempfile().unwrap();
        line.say_with(&"a file", &[file.as_fd()]).await.unwrap();
        drop(line);
        let Some(Heard::Word(word)) = ear.hear::<String>().await.unwrap() else { panic!("a word") };
        assert_eq!(word, "a word");
        let Some(Heard::Sound(sound)) = ear.hear::<String>().await.unwrap() else { panic!("sound") };
        assert_eq!((sound.at, sound.bytes), (u64::MAX - 1, vec![1, 2, 3, 4]));
        let (Some(Heard::Word(word)), files) = ear.hear_with::<String>().await.unwrap() else { panic!("a word") };
        assert_eq!((word.as_str(), files.len()), ("a file", 1));
        assert!(ear.hear::<String>().await.unwrap().is_none(), "the other end has gone");
    }

    #[tokio::test]
    async fn what_is_not_one_of_our_messages_is_an_error() {
        for (message, why) in [
            (vec![WORD, b'{'], "cannot be read"),
            (vec![9, 9], "no known kind"),
            (vec![SOUND, 1], "without its moment"),
            (vec![SOUND; MOST_SOUND + 2 * HEAD], "no known kind"),
            (vec![WORD; MOST + 1], "too long"),
        ] {
            let (one, two) = pair();
            send(one.as_fd(), &[&message], &[]).unwrap();
            let mut ear = Ear::new(&Line::new(two).unwrap());
            let said = ear.hear::<String>().await.err().unwrap();
            assert!(said.contains(why), "{said}");
        }
        let (line, mut ear) = ends();
        let file = tempfile::tempfile().unwrap();
        line.say_with(&"a word", &[file.as_fd()]).await.unwrap();
        assert!(ear.hear::<String>().await.err().unwrap().contains("nobody asked"));
    }

    /// An end that does not listen is noticed, and sound for it is dropped without waiting.
    #[tokio::test]
    async fn nobody_waits_for_an_end_that_does_not_listen() {
        let (line, _deaf) = ends();
        for _ in 0..10_000 {
            line.sound(0, &[0; 1920]);
        }
        let said = line.say(&"a word").await.unwrap_err();
        assert!(said.contains("nobody listened"), "{said}");
    }
}
