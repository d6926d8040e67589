//! Whose loans count: keys of the verified root, keys of the boot partition that the release vouches for, and the others,
//! each refused by name. The certificates are those that `madoguchi-staff keys certify` writes.

use madoguchi::cities::{Cities, DEVELOPMENT, Places, RELEASE};
use madoguchi::device::device;
use madoguchi::device::store::{StoreAsk, StoreConfig, StoreEvent, run};
use madoguchi::model::ids::Attempt;
use madoguchi::model::screen::WipeStep;
use madoguchi::model::stick::{Followed, Held, HeldTrouble, KeyRefusal, KeyRefused, PaperRefusal, kept};
use madoguchi::staff::keys::{self, PUBLIC, RELEASE_SECRET, SECRET, Whose};
use madoguchi::staff::stick;
use madoguchi::stick as papers;
use madoguchi::words::message::Message;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LOAN: &str = include_str!("../../src/workbench/demo-loan.toml");
const PATIENCE: Duration = Duration::from_secs(30);

/// A release and the device that was built from it.
struct Release {
    folder: tempfile::TempDir,
}

fn unasked(_: &Message) -> std::io::Result<String> {
    Err(std::io::Error::other("it has no password"))
}

impl Release {
    fn new() -> Self {
        let release = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["trust/cities", "trust/withdrawn", "site", "data", "state", "stick"] {
            fs::create_dir_all(release.at(folder)).unwrap();
        }
        keys::new(&release.at("release"), Whose::Release, None).unwrap();
        fs::copy(release.at("release").join(RELEASE), release.at("trust").join(RELEASE)).unwrap();
        release
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn places(&self) -> Places {
        Places { trust: self.at("trust"), site: self.at("site"), settled: None }
    }

    fn read(&self) -> Cities {
        self.places().read()
    }

    /// A city makes its key; its public half.
    fn city(&self, name: &str) -> PathBuf {
        keys::new(&self.at(name), Whose::City, None).unwrap();
        self.at(name).join(PUBLIC)
    }

    /// The same, with the release's certificate beside it.
    fn certified(&self, name: &str) -> PathBuf {
        let public = self.city(name);
        keys::certify(&public, &self.at("release").join(RELEASE_SECRET), &mut unasked).unwrap();
        public
    }

    /// Copied onto the card in anybody's PC.
    fn onto_the_card(&self, public: &Path, name: &str) {
        fs::copy(public, self.at("site").join(name)).unwrap();
        let certificate = PathBuf::from(format!("{}.minisig", public.display()));
        if certificate.exists() {
            fs::copy(certificate, self.at("site").join(format!("{name}.minisig"))).unwrap();
        }
    }

    fn refused(&self) -> Vec<(String, KeyRefusal)> {
        self.read().refused.into_iter().map(|KeyRefused { file, why }| (file, why)).collect()
    }

    /// A stick of this city lends the device; its file, as the device keeps it.
    fn loan_by(&self, city: &str) -> Result<String, PaperRefusal> {
        let until = LOAN.lines().find(|line| line.starts_with("until")).unwrap();
        fs::write(self.at("loan.toml"), LOAN.replace(until, "until = \"2999-12-31\"")).unwrap();
        let today = jiff::civil::date(2026, 1, 1);
        let key = self.at(city).join(SECRET);
        stick::loan(&self.at("loan.toml"), &key, &self.at("stick"), today, true, &mut unasked).unwrap();
        papers::read(&self.at("stick"), &self.read().keys).loan.unwrap().map(|order| order.text)
    }

    fn stores(&self) -> StoreConfig {
        StoreConfig {
            loan: self.at("data/loan.toml"),
            owed: self.at("state/wipe-owed"),
            data_key: self.at("state/data.key"),
            emptied: vec![self.at("data")],
            made_anew: self.at("data-made-anew"),
            settled: None,
            followed: self.at("state/followed"),
            serial: None,
            os_release: self.at("os-release"),
            boot_files: None,
            cities: Some(self.places()),
            erase: None,
        }
    }

    /// Power comes on; keeps a loan where one is given.
    async fn starts(&self, lend: Option<String>) -> (Held, Option<Result<(), String>>) {
        self.starts_with(self.stores(), lend).await
    }

    async fn starts_with(&self, stores: StoreConfig, lend: Option<String>) -> (Held, Option<Result<(), String>>) {
        let (mut store, behind) = device();
        tokio::spawn(run(behind, stores));
        let mut next = async || tokio::time::timeout(PATIENCE, store.events.recv()).await.unwrap().unwrap();
        let StoreEvent::Held(held) = next().await else { panic!("what is held comes first") };
        let Some(text) = lend else { return (held, None) };
        store.asks.send(StoreAsk::Lend { attempt: Attempt(1), text }).await.unwrap();
        let StoreEvent::Done { result, .. } = next().await else { panic!("held is said once") };
        (held, Some(result))
    }
}

#[test]
fn one_image_serves_many_cities_and_no_stranger() {
    let release = Release::new();
    for city in ["midori", "aoba"] {
        let public = release.certified(city);
        release.onto_the_card(&public, &format!("{city}.pub"));
    }
    fs::copy(release.city("built-in"), release.at("trust/cities/built-in.pub")).unwrap();
    assert_eq!((release.read().keys.len(), release.refused()), (3, vec![]));
    // A neighbour with a card reader.
    release.onto_the_card(&release.city("stranger"), "stranger.pub");
    assert_eq!(release.refused(), [("stranger.pub".to_owned(), KeyRefusal::Uncertified)]);
    for city in ["midori", "aoba", "built-in"] {
        assert!(release.loan_by(city).is_ok(), "{city}");
    }
    assert_eq!(release.loan_by("stranger"), Err(PaperRefusal::WrongKey));
}

#[test]
fn a_certificate_counts_for_its_own_key_by_this_release_alone() {
    let release = Release::new();
    let (midori, stranger) = (release.certified("midori"), release.city("stranger"));
    let refused = |why| vec![("key.pub".to_owned(), why)];
    // Another key's certificate.
    release.onto_the_card(&midori, "key.pub");
    fs::copy(&stranger, release.at("site/key.pub")).unwrap();
    assert_eq!(release.refused(), refused(KeyRefusal::WrongCertificate));
    // A release of the stranger's own.
    keys::new(&release.at("other"), Whose::Release, None).unwrap();
    keys::certify(&stranger, &release.at("other").join(RELEASE_SECRET), &mut unasked).unwrap();
    release.onto_the_card(&stranger, "key.pub");
    assert_eq!(release.refused(), refused(KeyRefusal::WrongCertificate));
    // Signed by the release's key, but for something else.
    let secret = keys::secret(&release.at("release").join(RELEASE_SECRET), &mut unasked).unwrap();
    let text = fs::read(&stranger).unwrap();
    let signature = minisign::sign(None, &secret, std::io::Cursor::new(&text), Some("notes"), None).unwrap();
    fs::write(release.at("site/key.pub.minisig"), signature.into_string()).unwrap();
    assert_eq!(release.refused(), refused(KeyRefusal::WrongCertificate));
    fs::write(release.at("site/key.pub.minisig"), "rubbish").unwrap();
    assert_eq!(release.refused(), refused(KeyRefusal::WrongCertificate));
    // The certificate lies beside a release that vouches for nobody.
    release.onto_the_card(&midori, "key.pub");
    assert_eq!(release.refused(), []);
    fs::remove_file(release.at("trust").join(RELEASE)).unwrap();
    assert_eq!((release.read().keys.len(), release.refused()), (0, refused(KeyRefusal::Uncertified)));
}

#[test]
fn a_bare_key_counts_in_a_development_build_alone() {
    let release = Release::new();
    release.onto_the_card(&release.city("midori"), "midori.pub");
    assert!(!release.read().development && release.read().keys.is_empty());
    // The mark counts in the verified root, not where anybody can write.
    fs::write(release.at("site").join(DEVELOPMENT), "").unwrap();
    assert!(!release.read().development && release.read().keys.is_empty());
    fs::write(release.at("trust").join(DEVELOPMENT), "").unwrap();
    let cities = release.read();
    assert!(cities.development && cities.keys.len() == 1 && cities.refused.is_empty());
}

#[test]
fn a_broken_key_is_named_and_takes_no_other_along() {
    let release = Release::new();
    release.onto_the_card(&release.certified("midori"), "midori.pub");
    fs::write(release.at("site/a-broken.pub"), "rubbish").unwrap();
    fs::write(release.at("site/long.pub"), vec![b'a'; 5000]).unwrap();
    std::os::unix::fs::symlink("/proc/kmsg", release.at("site/link.pub")).unwrap();
    fs::write(release.at("site/z-empty.pub"), "").unwrap();
    fs::write(release.at("site/._midori.pub"), "a Mac's").unwrap();
    let broken = ["a-broken.pub", "link.pub", "long.pub", "z-empty.pub"];
    assert_eq!(release.refused(), broken.map(|file| (file.to_owned(), KeyRefusal::Broken)));
    assert_eq!(release.read().keys.len(), 1);
    assert_eq!(release.read().keys, Places { trust: release.at("trust"), ..release.places() }.read().keys);
    fs::remove_dir_all(release.at("site")).unwrap();
    assert!(release.read().keys.is_empty(), "nobody counts where nothing can be read");
}

/// A loan in the memory is judged at each start as it was on its stick.
#[tokio::test]
async fn a_loan_whose_key_no_longer_counts_is_refused_at_the_next_start() {
    let release = Release::new();
    let public = release.certified("midori");
    release.onto_the_card(&public, "midori.pub");
    let loan = release.loan_by("midori").unwrap();
    let (held, kept) = release.starts(Some(loan.clone())).await;
    assert_eq!((held.loan, kept), (Ok(None), Some(Ok(()))));
    let (held, _) = release.starts(None).await;
    assert_eq!(held.loan.unwrap().unwrap().id, "DEMO-2026-001");
    let refused = |why| Err(HeldTrouble::Refused { id: "DEMO-2026-001".to_owned(), why });
    // Changed on the disk.
    fs::write(release.at("data/loan.toml"), loan.replace("0422", "0666")).unwrap();
    assert_eq!(release.starts(None).await.0.loan, refused(PaperRefusal::Changed));
    // As before loans were kept with their signatures, or as somebody writes it who has no key.
    fs::write(release.at("data/loan.toml"), LOAN).unwrap();
    assert_eq!(release.starts(None).await.0.loan, refused(PaperRefusal::NoSignature));
    fs::write(release.at("data/loan.toml"), &loan).unwrap();
    assert!(release.starts(None).await.0.loan.is_ok());
    // Withdrawn by the next version of the system, whatever its certificate says.
    fs::copy(&public, release.at("trust/withdrawn/midori.pub")).unwrap();
    let (held, kept) = release.starts(Some(loan)).await;
    assert_eq!(held.loan, refused(PaperRefusal::NoKeys));
    assert_eq!(held.refused_keys, [KeyRefused { file: "midori.pub".to_owned(), why: KeyRefusal::Withdrawn }]);
    let error = kept.unwrap().unwrap_err();
    assert!(error.contains("the loan to be kept: no-keys"), "{error}");
    // Taken off the card, beside another city.
    fs::remove_file(release.at("trust/withdrawn/midori.pub")).unwrap();
    fs::remove_file(release.at("site/midori.pub")).unwrap();
    release.onto_the_card(&release.certified("aoba"), "aoba.pub");
    assert_eq!(release.starts(None).await.0.loan, refused(PaperRefusal::WrongKey));
}

/// The keys are read when they have been copied, and not before.
#[tokio::test]
async fn a_loan_is_judged_when_the_keys_are_there() {
    let release = Release::new();
    release.onto_the_card(&release.certified("midori"), "midori.pub");
    let loan = release.loan_by("midori").unwrap();
    fs::write(release.at("data/loan.toml"), loan).unwrap();
    fs::rename(release.at("site"), release.at("site-later")).unwrap();
    let settled = release.at("site/settled");
    let (mut store, behind) = device::<StoreAsk, StoreEvent>();
    let cities = Some(Places { settled: Some(settled.clone()), ..release.places() });
    tokio::spawn(run(behind, StoreConfig { cities, ..release.stores() }));
    // Long enough for several looks.
    assert!(tokio::time::timeout(Duration::from_millis(300), store.events.recv()).await.is_err());
    fs::write(release.at("site-later/settled"), "").unwrap();
    fs::rename(release.at("site-later"), release.at("site")).unwrap();
    let StoreEvent::Held(held) = tokio::time::timeout(PATIENCE, store.events.recv()).await.unwrap().unwrap() else {
        panic!("what is held comes first")
    };
    assert!(held.loan.unwrap().is_some());
}

/// The script that copies the keys, with stand-ins for the programs that mount.
#[test]
fn keys_are_copied_with_their_certificates_and_then_it_is_said() {
    let release = Release::new();
    release.onto_the_card(&release.certified("midori"), "midori.pub");
    fs::write(release.at("site/long.pub"), vec![b'a'; 5000]).unwrap();
    fs::write(release.at("site/notes.txt"), "").unwrap();
    fs::create_dir(release.at("site/folder.pub")).unwrap();
    for folder in ["programs", "copied", "card"] {
        fs::create_dir(release.at(folder)).unwrap();
    }
    fs::rename(release.at("site"), release.at("card/site")).unwrap();
    let (card, boot) = (release.at("card").display().to_string(), release.at("boot").display().to_string());
    for (name, text) in [("mount", format!("cp -R {card}/. {boot}")), ("umount", format!("rm -r {boot}/site"))] {
        fs::write(release.at("programs").join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        let may_run = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(release.at("programs").join(name), may_run).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("image/root/usr/lib/madoguchi/site");
    let path = format!("{}:{}", release.at("programs").display(), std::env::var("PATH").unwrap());
    let mut run = std::process::Command::new("sh");
    let ran = run.arg(script).env("PATH", path).env("BOOT", &boot).env("SITE", release.at("copied")).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let mut copied: Vec<_> = fs::read_dir(release.at("copied"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    copied.sort();
    assert_eq!(copied, ["midori.pub", "midori.pub.minisig", "settled"]);
    assert!(String::from_utf8_lossy(&ran.stdout).contains("site/long.pub is left out"), "{ran:?}");
    let cities = Places { site: release.at("copied"), ..release.places() }.read();
    assert_eq!((cities.keys.len(), cities.refused), (1, vec![]));
}

/// A loan for one board does not go on with its card in another.
#[tokio::test]
async fn a_loan_for_another_board_is_refused_at_the_next_start() {
    let release = Release::new();
    release.onto_the_card(&release.certified("midori"), "midori.pub");
    let loan = LOAN.replacen("format = 1", "format = 1\ndevice = \"10000000a1b2c3d4\"", 1);
    let signed = minisign::sign(
        None,
        &keys::secret(&release.at("midori").join(SECRET), &mut unasked).unwrap(),
        std::io::Cursor::new(&loan),
        Some("timestamp:1790000000\tfile:loan.toml"),
        None,
    );
    fs::write(release.at("data/loan.toml"), kept(&loan, &signed.unwrap().into_string())).unwrap();
    let refused = |own: &str| {
        let why = PaperRefusal::OtherDevice { own: own.to_owned() };
        Err(HeldTrouble::Refused { id: "DEMO-2026-001".to_owned(), why })
    };
    for (serial, own) in [
        (None, Some("")),
        (Some("0000000000000000\0"), Some("")),
        (Some("10000000ffffffff\0"), Some("10000000FFFFFFFF")),
        (Some("10000000a1b2c3d4\0"), None),
    ] {
        if let Some(serial) = serial {
            fs::write(release.at("serial-number"), serial).unwrap();
        }
        let stores = StoreConfig { serial: Some(release.at("serial-number")), ..release.stores() };
        let (held, _) = release.starts_with(stores, None).await;
        match own {
            Some(own) => assert_eq!(held.loan, refused(own), "{serial:?}"),
            None => assert!(held.loan.is_ok_and(|loan| loan.is_some()) && held.device.is_some(), "{serial:?}"),
        }
    }
}

/// What was followed last lies outside of what a wipe destroys, and is no more than two times.
#[tokio::test]
async fn which_papers_were_followed_outlives_the_wipe_and_a_power_cut() {
    let release = Release::new();
    release.onto_the_card(&release.certified("midori"), "midori.pub");
    let loan = release.loan_by("midori").unwrap();
    let signed = papers::kept_loan(&loan, &release.read().keys).unwrap().signed;
    assert!(signed > 1_700_000_000, "{signed}");
    assert_eq!(release.starts(Some(loan.clone())).await.0.followed, Followed::default());
    let lent = Followed { lent: Some(signed), returned: None };
    assert_eq!(release.starts(None).await.0.followed, lent);
    // The power went between the loan and the note of it.
    fs::remove_file(release.at("state/followed")).unwrap();
    assert_eq!(release.starts(None).await.0.followed, lent);
    assert!(release.at("state/followed").exists());
    let attempt = Attempt(1);
    let returned = Some(signed + 60);
    let end = [WipeStep::Data, WipeStep::Verify].map(|step| StoreAsk::Wipe { attempt, step });
    let asks =
        [vec![StoreAsk::OweWipe { attempt, returned }], end.to_vec(), vec![StoreAsk::WipeDone { attempt }]].concat();
    for cut_after in [1, 2, asks.len()] {
        let (mut store, behind) = device();
        tokio::spawn(run(behind, release.stores()));
        let mut next = async || tokio::time::timeout(PATIENCE, store.events.recv()).await.unwrap().unwrap();
        let StoreEvent::Held(held) = next().await else { panic!("what is held comes first") };
        assert_eq!(held.followed, lent, "an order counts as carried out when the wipe is done");
        // What is owed goes on from the note of it.
        let begun = usize::from(held.wipe_owed);
        for ask in asks.iter().take(cut_after).skip(begun) {
            store.asks.send(ask.clone()).await.unwrap();
            let StoreEvent::Done { result, .. } = next().await else { panic!("held is said once") };
            result.unwrap();
        }
    }
    let (held, _) = release.starts(None).await;
    assert_eq!((held.followed, held.loan, held.wipe_owed), (Followed { returned, ..lent }, Ok(None), false));
    assert_eq!(
        fs::read_to_string(release.at("state/followed")).unwrap(),
        format!("lent {signed}\nreturned {}\n", signed + 60)
    );
    // Damaged, it is no reason to refuse every paper.
    fs::write(release.at("state/followed"), "lent x\n").unwrap();
    assert_eq!(release.starts(None).await.0.followed, Followed::default());
}
