//! A microphone that is muted or turned down in its card's mixer, switched on when it is opened.
//!
//! Nobody at home sees a mixer: a camera that comes muted out of its box, or was muted at another computer, would stay silent.
//! What is set follows from what was read ([`wanted`]); the rest of this file only reads and sets, by ALSA's simple mixer.

use alsa::mixer::{Mixer, Selem, SelemChannelId};

/// Part of its range, in per cent, below which a capture volume is raised, and to which. The steps of a range are usually dB, so
/// at half of it cards neither whisper nor overdrive; what somebody set above the first is left alone.
const LOW: i64 = 25;
const RAISED: i64 = 60;

/// What a mixer says of one of its elements that belong to recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reading {
    name: String,
    /// Whether all its channels are on; nothing where it has no switch.
    is_on: Option<bool>,
    /// Least, greatest and present volume (of its lowest channel); nothing where it has none.
    volume: Option<(i64, i64, i64)>,
}

/// What is to be set at one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Change {
    switch_on: bool,
    volume: Option<i64>,
}

/// What is to be set, in the order of the readings.
fn wanted(readings: &[Reading]) -> Vec<Change> {
    // A card with several inputs names the microphone's; switching all of them on would add its line input's hum.
    let is_microphone = |reading: &Reading| {
        let name = reading.name.to_lowercase();
        ["capture", "mic", "headset"].iter().any(|word| name.contains(word)) && !name.contains("boost")
    };
    let is_named = readings.iter().any(is_microphone);
    let change = |reading: &Reading| {
        if is_named && !is_microphone(reading) {
            return Change::default();
        }
        let raised = reading.volume.and_then(|(least, greatest, now)| {
            let at = |share: i64| least + (greatest - least) * share / 100;
            (now < at(LOW)).then(|| at(RAISED))
        });
        Change { switch_on: reading.is_on == Some(false), volume: raised }
    };
    readings.iter().map(change).collect()
}

/// ALSA's name of the card (`hw:1`) whose device this is (`plughw:1,0`, `hw:CARD=Camera,DEV=0`); nothing where it is none.
fn card_of(device: &str) -> Option<String> {
    let (kind, rest) = device.split_once(':')?;
    let card = rest.split(',').next().filter(|card| !card.is_empty())?;
    ["hw", "plughw", "default", "sysdefault", "front", "dsnoop"].contains(&kind).then(|| format!("hw:{card}"))
}

/// Switches the microphone on that this ALSA device records from, and raises what is turned down. Says what it has changed,
/// for the log; nothing where all was well or the device is not a card's.
///
/// # Errors
/// A sentence, when the card's mixer cannot be opened, or does not take what is set.
pub(super) fn open_up(device: &str) -> Result<Vec<String>, String> {
    let Some(card) = card_of(device) else { return Ok(Vec::new()) };
    let failed = |what: &str, why: alsa::Error| {
        format!("{what} of the card {card} failed ({why}); a microphone that is muted there stays silent")
    };
    let mixer = Mixer::new(&card, true).map_err(|why| failed("opening the mixer", why))?;
    let elements: Vec<Selem> = mixer.iter().filter_map(Selem::new).filter(Selem::can_capture).collect();
    let mut readings = Vec::with_capacity(elements.len());
    for element in &elements {
        readings.push(read(element).map_err(|why| failed("reading the mixer", why))?);
    }
    let mut changed = Vec::new();
    for ((element, reading), change) in elements.iter().zip(&readings).zip(wanted(&readings)) {
        if change.switch_on {
            element.set_capture_switch_all(1).map_err(|why| failed("switching the microphone on in the mixer", why))?;
            changed.push(format!("\"{}\" was off", reading.name));
        }
        if let Some(volume) = change.volume {
            element.set_capture_volume_all(volume).map_err(|why| failed("raising the volume in the mixer", why))?;
            changed.push(format!("\"{}\" was at {:?}, now {volume}", reading.name, reading.volume));
        }
    }
    Ok(changed)
}

fn read(element: &Selem) -> Result<Reading, alsa::Error> {
    let channels = || SelemChannelId::all().iter().copied().filter(|channel| element.has_capture_channel(*channel));
    let mut reading = Reading { name: element.get_id().get_name()?.to_owned(), ..Reading::default() };
    if element.has_capture_switch() {
        let mut is_on = true;
        for channel in channels() {
            is_on &= element.get_capture_switch(channel)? != 0;
        }
        reading.is_on = Some(is_on);
    }
    if element.has_capture_volume() {
        let (least, greatest) = element.get_capture_volume_range();
        let mut now = greatest;
        for channel in channels() {
            now = now.min(element.get_capture_volume(channel)?);
        }
        reading.volume = Some((least, greatest, now));
    }
    Ok(reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(name: &str, is_on: Option<bool>, volume: Option<(i64, i64, i64)>) -> Reading {
        Reading { name: name.to_owned(), is_on, volume }
    }

    const AS_IT_IS: Change = Change { switch_on: false, volume: None };

    #[test]
    fn a_microphone_that_is_off_or_turned_down_is_to_be_on() {
        let one = |is_on, volume| wanted(&[reading("Mic", is_on, volume)])[0];
        assert_eq!(one(Some(false), Some((0, 100, 80))), Change { switch_on: true, volume: None });
        assert_eq!(one(Some(true), Some((0, 100, 0))), Change { switch_on: false, volume: Some(60) });
        assert_eq!(one(Some(false), Some((-1600, 3000, -1600))), Change { switch_on: true, volume: Some(1160) });
        assert_eq!(one(None, Some((0, 4, 0))), Change { switch_on: false, volume: Some(2) });
        assert_eq!(one(None, Some((0, 100, 25))), AS_IT_IS, "somebody chose that");
        assert_eq!(one(Some(true), Some((0, 100, 100))), AS_IT_IS);
        assert_eq!(one(Some(true), None), AS_IT_IS);
        assert_eq!(one(None, Some((7, 7, 7))), AS_IT_IS, "a range of one step");
    }

    #[test]
    fn only_the_microphone_of_several_inputs_is_touched() {
        let off = |name| reading(name, Some(false), Some((0, 100, 0)));
        let on = Change { switch_on: true, volume: Some(60) };
        let names = ["Line", "Mic", "Mic Boost", "Capture"];
        assert_eq!(wanted(&names.map(off)), [AS_IT_IS, on, AS_IT_IS, on]);
        assert_eq!(wanted(&[off("PCM")]), [on], "a card with one input may call it anything");
        assert_eq!(wanted(&[off("Headset")]), [on]);
        assert_eq!(wanted(&[]), []);
    }

    #[test]
    fn a_devices_card_is_known_by_its_name() {
        for (device, card) in [
            ("plughw:1,0", Some("hw:1")),
            ("hw:CARD=Camera,DEV=0", Some("hw:CARD=Camera")),
            ("default:CARD=vc4hdmi", Some("hw:CARD=vc4hdmi")),
            ("hw:2", Some("hw:2")),
            ("default", None),
            ("pulse", None),
            ("hw:", None),
            ("file:/tmp/x", None),
        ] {
            assert_eq!(card_of(device).as_deref(), card, "{device}");
        }
    }

    #[test]
    fn a_card_that_is_gone_is_named() {
        let why = open_up("plughw:77,0").unwrap_err();
        assert!(why.contains("opening the mixer of the card hw:77 failed"), "{why}");
        assert_eq!(open_up("default"), Ok(Vec::new()));
    }
}
