//! What can go wrong, or be over, and is told to somebody: every cause in one file. Each lists and names itself; its name is part
//! of the name of its screen and of its sentence in `src/words` (`network-trouble-no-address`). A refusal of a stick's paper brings
//! values along and stands in [`super::stick::PaperRefusal`].

use super::screen::kebab;

/// An enum without values that lists and names its variants.
macro_rules! listed {
    ($($(#[$about:meta])* pub enum $name:ident { $($(#[$what:meta])* $variant:ident,)+ })+) => {$(
        $(#[$about])*
        pub enum $name {
            $($(#[$what])* $variant,)+
        }

        impl $name {
            /// Each of them, in this order.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            /// A stable name for screens, sentences and golden pictures.
            pub fn name(self) -> String {
                kebab(match self {
                    $(Self::$variant => stringify!($variant),)+
                })
            }
        }
    )+};
}

listed! {
    /// Why a network cannot be used or does not work, with what to do next.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum NetworkTrouble {
        /// No password: others could listen.
        Open,
        /// WEP: broken encryption.
        Wep,
        /// WPA1 or TKIP: weak encryption.
        Wpa1,
        /// OWE: encrypted, but anybody may be the other end.
        Owe,
        /// WPS only.
        WpsOnly,
        /// Enterprise network (802.1X) that this loan has no credentials for.
        Enterprise,
        /// A protection that this device cannot speak (GCMP without CCMP, say): not weak, but of no use here.
        Unsupported,
        /// WPA3 only, and this device's radio (or its firmware) has no SAE.
        RadioWithoutWpa3,
        /// The network's security got worse than it was.
        Downgraded,
        /// A page must be agreed to first.
        Portal,
        /// The password is wrong; or the router takes known devices alone, or is full, which no driver tells apart for sure.
        WrongPassword,
        /// No network of that name in the air.
        NotInTheAir,
        /// No network of that name in the air, and this device's radio hears the 2.4 GHz band alone.
        NotOnThisBand,
        /// In the air, but too weak.
        TooWeak,
        /// No address from the router.
        NoAddress,
        /// Names cannot be looked up.
        NoNames,
        /// The router has no internet.
        NoInternet,
        /// The city's server does not answer.
        ServerUnreachable,
        /// The server's certificate is not trusted.
        Untrusted,
        /// The clock cannot be set.
        ClockUnknown,
        /// No radio, or it does not work.
        NoRadio,
        /// The radio is there, but switched off (rfkill).
        RadioOff,
        /// The part of this device that serves cable and Wi-Fi does not run.
        NotWorking,
        /// The line was lost.
        LineLost,
    }

    /// Why the room does not let this paper in.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum RoomRefusal {
        /// Unknown key.
        UnknownKey,
        /// The slot is over.
        Over,
        /// Withdrawn by the city.
        Revoked,
        /// Somebody else is already in the room with this key.
        RoomFull,
        /// Made to leave earlier.
        LetLeave,
        /// Too many tries: wait.
        TooManyTries,
        /// The server or this device is too old for the other.
        Version,
        /// The server is too busy.
        Busy,
        /// For a reason that a newer server knows: the counter's telephone helps.
        Other,
    }

    /// A code that was read but is not the one asked for; one plain sentence each.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum WrongCode {
        /// A room-key code of a place that is not on this loan's list.
        AnotherCity,
        /// An address elsewhere.
        OtherAddress,
        /// Any other code.
        OtherCode,
        /// Two codes at once.
        TwoCodes,
        /// A Wi-Fi code when the paper is asked for.
        WifiInstead,
        /// Looks like a room key but is damaged or too short.
        DamagedKey,
        /// Looks like a Wi-Fi code but is incomplete.
        DamagedWifi,
    }

    /// Why a city key counts for nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum KeyRefusal {
        /// It lies on the boot partition, where anybody may have put it, without a certificate by the release's key.
        Uncertified,
        /// Its certificate is another key's, or damaged, or not by this release's key.
        WrongCertificate,
        /// The release says that it no longer counts.
        Withdrawn,
        /// The file holds no key.
        Broken,
    }

    /// Why an update is not installed. Nothing was changed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum UpdateRefusal {
        /// Not signed, or not by whom this device trusts.
        Unsigned,
        /// Made for another product or board.
        OtherProduct,
        /// Older than the running system, or than the system allows.
        Older,
        /// Cut off, damaged, or no update at all.
        Damaged,
        /// Larger than the slot.
        TooLarge,
        /// The stick was taken out in the middle; or the line to the counter was cut, from which it came.
        PulledOut,
        /// This very version was installed before and did not become good. Put in anew by hand, it is tried again.
        TriedAlready,
        /// Anything else; the log says what.
        Failed,
    }

    /// How a session ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Ending {
        /// The family left.
        Left,
        /// Staff ended it.
        Ended,
        /// Staff made the participant leave.
        LetLeave,
        /// The slot is over.
        SlotOver,
        /// Withdrawn by the city.
        Revoked,
        /// The line did not come back: the telephone takes over.
        LineLost,
        /// Staff will phone.
        WillPhone,
    }

    /// What the camera's eye says while it looks for a code.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum ScanHint {
        /// Nothing found yet.
        #[default]
        Looking,
        /// A code is there but too small.
        Closer,
        /// A code is there but cut off by the edge, or fills too much.
        FurtherAway,
        /// A code is there but cannot be read: movement or reflections.
        HoldStill,
        /// Read.
        Found,
        /// There is no camera to show it to.
        NoCamera,
    }

    /// A step of forgetting.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum WipeStep {
        /// Leave the network and forget its passphrase.
        Network,
        /// Forget the room key.
        Key,
        /// Destroy the key of the data partition.
        Data,
        /// Look that nothing is left.
        Verify,
    }
}

impl RoomRefusal {
    /// A press asks about the same key again: it may be let in later.
    pub const fn may_be_tried_again(self) -> bool {
        matches!(self, Self::RoomFull | Self::Busy | Self::Other)
    }

    /// The key may still be good, and is kept.
    pub const fn keeps_key(self) -> bool {
        self.may_be_tried_again() || matches!(self, Self::TooManyTries)
    }
}

impl NetworkTrouble {
    /// The network itself protects less than the city asks for.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Open | Self::Wep | Self::Wpa1 | Self::Owe | Self::WpsOnly | Self::Downgraded)
    }

    /// The city forbids the network itself; anything else may pass.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Open
                | Self::Wep
                | Self::Wpa1
                | Self::Owe
                | Self::WpsOnly
                | Self::Enterprise
                | Self::Unsupported
                | Self::RadioWithoutWpa3
                | Self::Downgraded
                | Self::Portal
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn causes_list_and_name_themselves() {
        assert_eq!(RoomRefusal::TooManyTries.name(), "too-many-tries");
        assert_eq!(NetworkTrouble::RadioWithoutWpa3.name(), "radio-without-wpa3");
        let names: BTreeSet<_> = NetworkTrouble::ALL.map(NetworkTrouble::name).into();
        assert_eq!(names.len(), NetworkTrouble::ALL.len());
    }
}
