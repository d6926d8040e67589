//! Which slot the box runs from, and whether it is marked good.

/// What the slots are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotAsk {
    /// A call could be made: this slot is good.
    MarkGood,
}
