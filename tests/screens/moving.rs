//! The ring and the microphone level move without the screen being painted anew, and leave no trace.

use madoguchi::model::screen::{Live, Screen};
use madoguchi::screens::catalogue::every_screen;
use madoguchi::screens::drawing::layout::{Layout, Rect};
use madoguchi::screens::paint::Painter;
use resvg::tiny_skia::Pixmap;

fn changed(before: &Pixmap, after: &Pixmap) -> Vec<(f32, f32)> {
    let width = before.width();
    let pairs = before.pixels().iter().zip(after.pixels()).zip(0u32..);
    pairs.filter(|((a, b), _)| a != b).map(|(_, at)| ((at % width) as f32, (at / width) as f32)).collect()
}

fn moving_parts(layout: &Layout) -> Vec<Rect> {
    let ring = layout.ring.map(|ring| {
        let reach = ring.radius + ring.line;
        Rect { x: ring.x - reach, y: ring.y - reach, width: reach * 2.0, height: reach * 2.0 }
    });
    ring.into_iter().chain(layout.meter).collect()
}

#[test]
fn ring_and_level_change_only_their_own_places_and_vanish_again() {
    for name in ["ja-ready-mirror", "ja-session-live-good", "en-network-trouble-open"] {
        let (_, screen) = every_screen().into_iter().find(|(found, _)| found == name).unwrap();
        let mut painter = Painter::new(1280, 720);
        let still = painter.paint(&screen).unwrap();
        let layout = painter.layout(&screen).unwrap();
        let moving = |ring, level| Screen { live: Live { ring, level }, ..screen.clone() };

        let mut picture = still.clone();
        painter.paint_live(&mut picture, &moving(Some(700), Some(500))).unwrap();
        assert_eq!(picture, painter.paint(&moving(Some(700), Some(500))).unwrap(), "{name}: both ways paint the same");
        let touched = changed(&still, &picture);
        assert!(touched.len() > 200, "{name}: only {} pixels moved", touched.len());
        for (x, y) in touched {
            let pixel = Rect { x, y, width: 1.0, height: 1.0 };
            assert!(moving_parts(&layout).iter().any(|part| part.overlaps(&pixel)), "{name}: {x}, {y} changed");
        }

        painter.paint_live(&mut picture, &screen).unwrap();
        assert_eq!(picture, still, "{name}: nothing is left of ring and level");
    }
}

#[test]
fn a_fuller_ring_and_a_louder_voice_show_more() {
    let (_, screen) = every_screen().into_iter().find(|(found, _)| found == "ja-ready-mirror").unwrap();
    let mut painter = Painter::new(1280, 720);
    let still = painter.paint(&screen).unwrap();
    let mut amount = |live| {
        let picture = painter.paint(&Screen { live, ..screen.clone() }).unwrap();
        changed(&still, &picture).len()
    };
    let rings = [0, 250, 500, 1000].map(|ring| amount(Live { ring: Some(ring), level: None }));
    assert!(rings.is_sorted() && rings[1] < rings[2] && rings[2] < rings[3], "{rings:?}");
    let levels = [0, 200, 500, 1000].map(|level| amount(Live { ring: None, level: Some(level) }));
    assert!(levels[0] == 0 && levels[1] < levels[2] && levels[2] < levels[3], "{levels:?}");
}

#[test]
fn another_screen_is_painted_whole() {
    let mut screens = every_screen().into_iter();
    let (first, second) = (screens.next().unwrap().1, screens.nth(5).unwrap().1);
    let mut painter = Painter::new(1280, 720);
    let mut picture = painter.paint(&first).unwrap();
    painter.paint_live(&mut picture, &second).unwrap();
    assert_eq!(picture, painter.paint(&second).unwrap());
}
