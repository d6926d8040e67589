//! Names that others chose — a city, a counter, a Wi-Fi, a staff member — never break a screen.

use super::readable::{Picture, places};
use madoguchi::model::language::Language;
use madoguchi::model::quality::Quality;
use madoguchi::model::screen::{Face, Telephone};
use madoguchi::model::wire::Words;
use madoguchi::screens::catalogue::{every_screen, screen};
use madoguchi::screens::paint::Painter;
use std::time::Duration;

const STRANGE: [&str; 6] = [
    "",
    "<&\">{{ 7*7 }}</text>",
    "🦀🏠 Café\u{7}\u{202e}\u{0}",
    "\u{200b}\n\n\t ",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    "長",
];

#[test]
fn a_strange_wifi_name_is_shown_or_cut_but_harms_nothing() {
    let mut painter = Painter::new(1280, 720);
    for name in STRANGE.map(str::to_owned).into_iter().chain(["長".repeat(32), "a b".repeat(400)]) {
        for language in Language::ALL {
            let joining = screen(language, Face::JoiningNetwork { name: name.clone() }, None);
            let live = Face::Live {
                name: name.clone(),
                remaining: Duration::from_secs(100_000),
                quality: Quality::Fair,
                held: false,
            };
            for screen in [joining, screen(language, live, None)] {
                let picture = painter.paint(&screen).unwrap();
                let layout = painter.layout(&screen).unwrap();
                assert_eq!(places(&Picture::of(&picture), &layout), Vec::<String>::new(), "{name:?}");
            }
        }
    }
}

#[test]
fn the_longest_names_a_loan_allows_stay_in_their_places() {
    let mut painter = Painter::new(1280, 720);
    let long = Words::ja_en(&"市".repeat(40), &"W".repeat(40));
    for (name, mut screen) in every_screen() {
        screen.city = long.clone();
        screen.telephone =
            screen.telephone.map(|_| Telephone { number: "+81 (0422) 00-1234".into(), hours: long.clone() });
        if let Face::Mirror(meeting) | Face::Rules { meeting, .. } = &mut screen.face {
            meeting.counter = long.clone();
        }
        let picture = painter.paint(&screen).unwrap();
        let layout = painter.layout(&screen).unwrap();
        assert_eq!(places(&Picture::of(&picture), &layout), Vec::<String>::new(), "{name}");
        assert_eq!(layout.of("press").count() + layout.of("hold").count(), {
            usize::from(screen.press.is_some()) + usize::from(screen.hold.is_some())
        });
    }
}
