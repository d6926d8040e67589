//! Whose password is looked at next: hashing takes 19 MiB and tens of milliseconds each, and anybody may ask for it.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// So many are hashed at once.
const AT_ONCE: usize = 2;
/// So many wait at most: some seconds' work.
const WAITING_AT_MOST: usize = 32;

/// Who waits, in the order in which they came.
struct Queue<Ticket> {
    at_work: usize,
    waiting: VecDeque<(IpAddr, Ticket)>,
}

/// What became of somebody who came.
enum Came<Ticket> {
    /// It is their turn.
    Turn,
    /// They wait. Where there was no room, somebody of the network that has the most waiting goes for them.
    Waits { instead_of: Option<Ticket> },
    /// There is no room.
    Full,
}

impl<Ticket> Queue<Ticket> {
    fn new() -> Self {
        Self { at_work: 0, waiting: VecDeque::new() }
    }

    /// Somebody of the network `from` comes; `ticket` is what they wait with.
    fn come(&mut self, from: IpAddr, ticket: Ticket) -> Came<Ticket> {
        if self.at_work < AT_ONCE {
            self.at_work += 1;
            return Came::Turn;
        }
        let mut instead_of = None;
        if self.waiting.len() >= WAITING_AT_MOST {
            match self.whom_to_send_away(from) {
                Some(index) => instead_of = self.waiting.remove(index).map(|(_, ticket)| ticket),
                None => return Came::Full,
            }
        }
        self.waiting.push_back((from, ticket));
        Came::Waits { instead_of }
    }

    /// The last that came from the network with the most waiting, when that has more than `from` would have: a flood keeps
    /// out itself, and not whoever comes from elsewhere.
    fn whom_to_send_away(&self, from: IpAddr) -> Option<usize> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for (network, _) in &self.waiting {
            *counts.entry(*network).or_default() += 1;
        }
        let own = counts.get(&from).copied().unwrap_or(0) + 1;
        let (most, _) = counts.into_iter().filter(|(_, count)| *count > own).max_by_key(|(_, count)| *count)?;
        self.waiting.iter().rposition(|(network, _)| *network == most)
    }

    /// Somebody is done: whose turn it is now.
    fn done(&mut self) -> Option<Ticket> {
        let next = self.waiting.pop_front().map(|(_, ticket)| ticket);
        self.at_work -= usize::from(next.is_none());
        next
    }
}

type Shared = Arc<Mutex<Queue<oneshot::Sender<Turn>>>>;

/// A handle on the queue.
#[derive(Clone)]
pub(in crate::room) struct Hashing(Shared);

impl Hashing {
    pub(in crate::room) fn new() -> Self {
        Self(Arc::new(Mutex::new(Queue::new())))
    }

    /// Waits for a turn; `None` when there are too many. `from` is a network ([`crate::meeting::limits::network_of`]).
    pub(in crate::room) async fn turn(&self, from: IpAddr) -> Option<Turn> {
        let (ticket, called) = oneshot::channel();
        // The lock ends before a ticket is dropped, and before anybody waits.
        let came = self.0.lock().unwrap_or_else(PoisonError::into_inner).come(from, ticket);
        match came {
            Came::Turn => Some(Turn(self.0.clone())),
            Came::Waits { instead_of } => {
                drop(instead_of);
                called.await.ok()
            }
            Came::Full => None,
        }
    }
}

/// The right to hash. It goes along with the work: whoever hangs up meanwhile has not made room for another.
pub(in crate::room) struct Turn(Shared);

impl Drop for Turn {
    fn drop(&mut self) {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).done();
        if let Some(next) = next {
            // Whoever does not wait any more gives it back, and so passes it on.
            drop(next.send(Self(self.0.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    #[test]
    fn a_flood_fills_the_queue_and_keeps_nobody_else_out() {
        let mut queue = Queue::new();
        let flood = (0..200).map(|number| queue.come(network(1), number));
        assert_eq!(flood.filter(|came| matches!(came, Came::Full)).count(), 200 - AT_ONCE - WAITING_AT_MOST);
        // A clerk, and a colleague, go in for the last two of the flood.
        for (clerk, goes) in [(1000, 33), (1001, 32)] {
            assert!(matches!(queue.come(network(2), clerk), Came::Waits { instead_of: Some(gone) } if gone == goes));
        }
        assert_eq!(queue.waiting.len(), WAITING_AT_MOST);
        assert!(queue.waiting.iter().any(|(_, ticket)| *ticket == 1000));
    }

    #[test]
    fn from_as_many_networks_as_there_is_room_it_is_first_come_first_served() {
        let mut queue = Queue::new();
        for number in 0..u8::try_from(AT_ONCE + WAITING_AT_MOST).unwrap() {
            assert!(!matches!(queue.come(network(number), number), Came::Full));
        }
        assert!(matches!(queue.come(network(200), 200), Came::Full));
        assert_eq!(queue.done(), Some(2));
        assert!(matches!(queue.come(network(200), 200), Came::Waits { instead_of: None }));
    }

    #[tokio::test]
    async fn a_turn_is_passed_on_also_past_those_who_hung_up() {
        let hashing = Hashing::new();
        let (first, second) = (hashing.turn(network(1)).await.unwrap(), hashing.turn(network(1)).await.unwrap());
        let mut waits: Vec<_> = (0..3).map(|_| Box::pin(hashing.turn(network(1)))).collect();
        for wait in &mut waits {
            assert!(futures_util::poll!(wait.as_mut()).is_pending());
        }
        // The first in the queue hangs up.
        drop(waits.remove(0));
        drop(first);
        let third = waits.remove(0).await.unwrap();
        drop((second, third));
        assert!(waits.remove(0).await.is_some());
        assert_eq!(hashing.0.lock().unwrap().at_work, 0);
    }
}
