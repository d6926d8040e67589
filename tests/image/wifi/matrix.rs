//! Access points of every kind × the expected verdict × the sentence on the TV.
//!
//! Each row starts its access points, shows the router's code to the box's camera, waits for what the TV says, and looks at
//! the frames that were in the air: to an access point that is refused no request ever went, neither to authenticate nor
//! to associate. Where the box joined, the access point itself says with which key management.

use super::air::{PASSPHRASE, Point, air, up};
use super::{turn, uptime};
use crate::guest::{Guest, Outcome, PATIENCE};
use crate::story::Home;
use crate::story::city::City;
use crate::story::relay::Relay;
use crate::story::street::{self, Street};
use crate::{ensure, until_tv_shows};
use madoguchi::workbench::camera::Scenery;
use madoguchi::workbench::papers::{Ink, sheet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// RSN key management suites (IEEE 802.11-2020 table 9-151), as hostapd writes them.
const PSK: &str = "00-0f-ac-2";
const PSK_SHA256: &str = "00-0f-ac-6";
const SAE: &str = "00-0f-ac-8";

/// What must come of a row.
enum Expected {
    /// Joined: this radio, with this key management.
    Joined(u8, &'static str),
    /// Named by this screen, and nothing was ever sent to any of its access points.
    Refused(&'static str),
    /// Named by this screen after an attempt, or by what lies behind it.
    Fails(&'static str),
}

struct Row {
    name: &'static str,
    points: Vec<Point>,
    code: String,
    expected: Expected,
    /// Joined, it also asks the room about a key: more than one full packet each way.
    meets_room: bool,
}

fn code(name: &str) -> String {
    coded("WPA", name, PASSPHRASE, "")
}

fn coded(kind: &str, name: &str, passphrase: &str, more: &str) -> String {
    format!("WIFI:T:{kind};S:{name};P:{passphrase};{more};")
}

fn row(name: &'static str, points: Vec<Point>, code: String, expected: Expected) -> Row {
    Row { name, points, code, expected, meets_room: false }
}

/// A beacon element that promises WPA2-Personal with CCMP (IEEE 802.11-2020, 9.4.2.24).
const PROMISE: &str = "vendor_elements=30140100000fac040100000fac040100000fac020000";

fn refused() -> Vec<Row> {
    use Expected::Refused;
    let wpa = |lines: &str| format!("wpa_passphrase={PASSPHRASE}\nwpa_key_mgmt=WPA-PSK\n{lines}");
    let one = |name: &'static str, ssid: &str, lines: &str, face| {
        row(name, vec![Point::new(ssid, lines)], code(ssid), Refused(face))
    };
    let owe = "wpa=2\nwpa_key_mgmt=OWE\nrsn_pairwise=CCMP\nieee80211w=2";
    let enterprise = "wpa=2\nieee8021x=1\nwpa_key_mgmt=WPA-EAP\nrsn_pairwise=CCMP\nauth_server_addr=127.0.0.1\nauth_server_port=1812\nauth_server_shared_secret=unused";
    vec![
        one("open", "m-open", "", "network-trouble-open"),
        one("OWE", "m-owe", owe, "network-trouble-owe"),
        row(
            "OWE transition",
            vec![
                Point::new("m-owet", "owe_transition_bssid=02:00:00:00:02:00\nowe_transition_ssid=\"m-owet-2\""),
                Point::new("m-owet-2", &format!("{owe}\nignore_broadcast_ssid=1\nowe_transition_bssid=02:00:00:00:01:00\nowe_transition_ssid=\"m-owet\"")).on(2),
            ],
            code("m-owet"),
            Refused("network-trouble-open"),
        ),
        one("WEP", "m-wep", "wep_default_key=0\nwep_key0=\"12345\"", "network-trouble-wep"),
        one("WPA1-TKIP", "m-wpa1", &wpa("wpa=1\nwpa_pairwise=TKIP"), "network-trouble-wpa1"),
        one("WPA1+2 mixed, TKIP and CCMP", "m-mixed", &wpa("wpa=3\nwpa_pairwise=TKIP\nrsn_pairwise=CCMP"), "network-trouble-wpa1"),
        one("WPA2-TKIP", "m-tkip", &wpa("wpa=2\nrsn_pairwise=TKIP"), "network-trouble-wpa1"),
        one("GCMP alone", "m-gcmp", &wpa("wpa=2\nrsn_pairwise=GCMP"), "network-trouble-unsupported"),
        one("802.1X", "m-eap", enterprise, "network-trouble-enterprise"),
        one("open, its beacon promises WPA2", "m-lie", PROMISE, "network-trouble-open"),
        row(
            "WPA2 where the router's code rules it out",
            vec![Point::wpa2("m-less")],
            coded("WPA", "m-less", PASSPHRASE, "R:1;"),
            Refused("network-trouble-downgraded"),
        ),
        row("not in the air", vec![], code("m-nowhere"), Refused("network-trouble-not-in-the-air")),
    ]
}

fn joined() -> Vec<Row> {
    use Expected::Joined;
    let one = |name: &'static str, point: Point, code: String, key_management| {
        row(name, vec![point], code, Joined(1, key_management))
    };
    let both = |ssid: &str| Point::wpa2(ssid).but("wpa_key_mgmt", "WPA-PSK SAE").with("ieee80211w=1\nsae_pwe=2");
    vec![
        one("WPA2-CCMP", Point::wpa2("m-wpa2"), code("m-wpa2"), PSK),
        one("WPA2-CCMP, PMF optional", Point::wpa2("m-pmf1").with("ieee80211w=1"), code("m-pmf1"), PSK),
        one("WPA2-CCMP, PMF required", Point::wpa2("m-pmf2").with("ieee80211w=2"), code("m-pmf2"), PSK),
        one(
            "WPA2-SHA256",
            Point::wpa2("m-sha").but("wpa_key_mgmt", "WPA-PSK-SHA256").with("ieee80211w=1"),
            code("m-sha"),
            PSK_SHA256,
        ),
        one("WPA2/3 transition", both("m-both"), code("m-both"), SAE),
        one("SAE, hunting-and-pecking", Point::wpa3("m-hnp").but("sae_pwe", "0"), code("m-hnp"), SAE),
        one("SAE, H2E", Point::wpa3("m-h2e").but("sae_pwe", "1"), coded("SAE", "m-h2e", PASSPHRASE, ""), SAE),
        one(
            "hidden WPA2",
            Point::wpa2("m-hidden").with("ignore_broadcast_ssid=1"),
            coded("WPA", "m-hidden", PASSPHRASE, "H:true;"),
            PSK,
        ),
        one(
            "WPA1+2 with CCMP alone",
            Point::wpa2("m-ccmp").but("wpa", "3").with("wpa_pairwise=CCMP"),
            code("m-ccmp"),
            PSK,
        ),
        one("a Japanese name", Point::wpa2("ご家庭"), code("ご家庭"), PSK),
        one("channel 13", Point::wpa2("m-ch13").but("channel", "13"), code("m-ch13"), PSK),
        one(
            "channel 14 (802.11b)",
            Point::wpa2("m-ch14").but("hw_mode", "b").but("channel", "14"),
            code("m-ch14"),
            PSK,
        ),
        one("channel 36, 5 GHz", Point::wpa2("m-ch36").but("hw_mode", "a").but("channel", "36"), code("m-ch36"), PSK),
        one(
            "channel 100, 5 GHz with radar detection",
            Point::wpa2("m-dfs").but("hw_mode", "a").but("channel", "100").with("ieee80211h=1"),
            code("m-dfs"),
            PSK,
        ),
        row(
            "open twin beside SAE, stronger",
            vec![Point::wpa3("m-twin").strength(-70), Point::new("m-twin", "").on(2).strength(-30)],
            code("m-twin"),
            Joined(1, SAE),
        ),
        row(
            "WPA2 twin beside SAE, stronger",
            vec![Point::wpa3("m-twin2").strength(-70), Point::wpa2("m-twin2").on(2).strength(-30)],
            code("m-twin2"),
            Joined(1, SAE),
        ),
        one("IPv6 alone", Point::wpa2("m-v6").behind("v6"), code("m-v6"), PSK),
        Row { meets_room: true, ..one("MTU 1280", Point::wpa2("m-small").behind("small"), code("m-small"), PSK) },
    ]
}

fn failing() -> Vec<Row> {
    use Expected::Fails;
    let one = |name: &'static str, point: Point, code: String, face| row(name, vec![point], code, Fails(face));
    let wrong = |ssid: &str| coded("WPA", ssid, "wrong horse battery", "");
    vec![
        one("WPA2, wrong password", Point::wpa2("m-wrong2"), wrong("m-wrong2"), "network-trouble-wrong-password"),
        one("SAE, wrong password", Point::wpa3("m-wrong3"), wrong("m-wrong3"), "network-trouble-wrong-password"),
        // What the sentence says beside the password, "or use a cable", is for this one. (One that takes known devices alone
        // is found or not, by chance: it answers no question, and a look may pass between two of its beacons.)
        one(
            "WPA2, full",
            Point::wpa2("m-full").with("max_num_sta=0"),
            code("m-full"),
            "network-trouble-wrong-password",
        ),
        one(
            "WEP, its beacon promises WPA2",
            Point::new("m-lie2", &format!("wep_default_key=0\nwep_key0=\"12345\"\n{PROMISE}")),
            code("m-lie2"),
            "network-trouble-wrong-password",
        ),
        one(
            "so weak that it does not answer",
            Point::wpa2("m-weak").strength(-95),
            wrong("m-weak"),
            "network-trouble-too-weak",
        ),
        one("portal behind WPA2", Point::wpa2("m-portal").behind("portal"), code("m-portal"), "network-trouble-portal"),
        one("no address", Point::wpa2("m-dhcp").behind("no-address"), code("m-dhcp"), "network-trouble-no-address"),
        one("no names", Point::wpa2("m-dns").behind("no-names"), code("m-dns"), "network-trouble-no-names"),
        one("no internet", Point::wpa2("m-line").behind("no-internet"), code("m-line"), "network-trouble-no-internet"),
    ]
}

/// Tries every row (ROWS in the environment: those with one of these, between commas, in their names); tells all that is not as expected at the end.
pub(crate) async fn lived(folder: &Path) -> Outcome {
    let _street = Street::lay(folder).await?;
    let relay = Relay::start(folder, street::ADDRESS);
    let city = City::open(folder, relay.turn(false)).await?;
    let mut home = Home::furnished(folder, city, None).await?;
    // The cable is still there: the clock is set by it, as in every home that had a network before.
    let set = "[ -e /run/systemd/timesync/synchronized ]";
    home.guest.until("the clock's being set", set, PATIENCE).await?;
    up(&mut home.guest).await?;
    // Before hostapd asks for a country of its own.
    let country = home.guest.run("iw reg get | grep -m 1 country").await?;
    ensure(country.contains("country JP"), format!("the radios are not in the Japanese domain: {country}"))?;
    home.is_lent().await?;
    home.reaches("nothing known: the router's code is asked for", "network-show-wifi").await?;

    println!("    {:<42} {:<38} {:>7} {:>9}", "access point", "what came of it", "read in", "seconds");
    let mut wrong = Vec::new();
    let wanted = std::env::var("ROWS").unwrap_or_default();
    for row in refused()
        .into_iter()
        .chain(joined())
        .chain(failing())
        .filter(|row| wanted.split(',').any(|part| row.name.contains(part)))
    {
        match tried(&mut home, &row).await {
            Ok((what, [read, ended])) => println!("    {:<42} {what:<38} {read:>7.1} {ended:>9.1}", row.name),
            Err(why) => {
                println!("    {:<42} NOT AS EXPECTED: {why}", row.name);
                wrong.push(format!("{}: {why}", row.name));
                let state = air(&mut home.guest, "state").await.unwrap_or_else(|why| why);
                let log = home.log() + state.as_str();
                let _ = std::fs::write(folder.join(format!("{}.log", plain(row.name))), log);
            }
        }
        again(&mut home).await?;
    }
    // Names as well as passphrases; hostapd, which is no part of the box, writes elsewhere.
    let every = refused().into_iter().chain(joined()).chain(failing());
    let names: Vec<_> = every.flat_map(|row| row.points).map(|point| format!("-e '{}'", point.name)).collect();
    let said = format!("journalctl -b --no-pager -o cat | grep -wF {} -e 'horse battery' || true", names.join(" "));
    let told = home.guest.run(&said).await?;
    ensure(told.trim().is_empty(), format!("the journal names a network or its passphrase: {told}"))?;
    ensure(wrong.is_empty(), format!("not as expected:\n- {}", wrong.join("\n- ")))
}

/// A row's name as part of a file's.
fn plain(name: &str) -> String {
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// The next code can be shown: nothing is known, nothing is joined, no access point is there.
async fn again(home: &mut Home) -> Outcome {
    home.slot.show(Scenery::Nothing);
    let since = home.guest.now().await?;
    air(&mut home.guest, "off").await?;
    home.guest
        .run("systemctl stop madoguchi.service; rm -f /var/lib/madoguchi/data/known/wifi.json; systemctl --no-block start madoguchi.service")
        .await?;
    turn(&home.guest, since, "network-show-wifi", PATIENCE).await.map(drop)
}

/// What came of it; how long after the code was shown the TV had a word on it, and how long after that it was clear, in
/// seconds of the box's own clock.
async fn tried(home: &mut Home, row: &Row) -> Outcome<(String, [f64; 2])> {
    let guest = &mut home.guest;
    air(guest, "fresh").await?;
    for point in &row.points {
        point.start(guest).await?;
    }
    let since = guest.now().await?;
    let shown = uptime(guest).await?;
    home.slot.show(Scenery::Paper(Arc::new(sheet(&row.code, Ink::Router)?)));
    let (read, _) = turn(guest, since, "network-(joining|trouble)", PATIENCE).await?;
    let (ended, face) = turn(guest, since, "network-trouble-[a-z0-9-]*|qr-show-paper", PATIENCE).await?;
    let seconds = [read - shown, ended - read];
    home.picture(&format!("{}-{face}", plain(row.name))).await?;
    let guest = &mut home.guest;
    match &row.expected {
        Expected::Joined(radio, key_management) => {
            ensure(face.starts_with("qr-show-paper"), format!("{face} instead of being joined"))?;
            let stations = air(guest, &format!("stations {radio}")).await?;
            let suite = stations.lines().find_map(|line| line.strip_prefix("AKMSuiteSelector="));
            ensure(suite == Some(key_management), format!("joined with {suite:?}: {stations}"))?;
            let security = if *key_management == SAE { "Wpa3" } else { "Wpa2" };
            let seen = format!("negotiated: Ok({security})");
            let looked = guest.said(since).iter().any(|line| line.contains(&seen));
            ensure(looked, "the box did not look at what was negotiated")?;
            // That the capture sees what would be sent to the others.
            let frames = air(guest, &format!("frames {radio}")).await?;
            ensure(!frames.trim().is_empty(), "joined, and no request was captured")?;
            for point in row.points.iter().filter(|point| point.radio != *radio) {
                nothing_was_sent(guest, point).await?;
            }
            if row.meets_room {
                let since = guest.now().await?;
                home.slot.show(Scenery::Paper(Arc::new(home.city.paper()?)));
                turn(&home.guest, since, "ready-mirror", PATIENCE).await?;
            }
            Ok((format!("joined, {}", if *key_management == SAE { "WPA3" } else { "WPA2" }), seconds))
        }
        Expected::Refused(expected) | Expected::Fails(expected) => {
            ensure(face == *expected, format!("{face} instead of {expected}"))?;
            until_tv_shows(guest, &format!("1080p/ja-{expected}.png"), Duration::from_secs(20)).await?;
            if matches!(row.expected, Expected::Refused(_)) {
                for point in &row.points {
                    nothing_was_sent(guest, point).await?;
                }
            }
            let word = if matches!(row.expected, Expected::Refused(_)) { "refused: " } else { "" };
            Ok((format!("{word}{}", expected.trim_start_matches("network-trouble-")), seconds))
        }
    }
}

async fn nothing_was_sent(guest: &mut Guest, point: &Point) -> Outcome {
    let frames = air(guest, &format!("frames {}", point.radio)).await?;
    ensure(frames.trim().is_empty(), format!("{} was sent: {frames}", point.address()))
}
