//! Every command of `madoguchi-room` whose file is missing, a folder, something else or already there: it says what was
//! tried, on what, and what to do.

use crate::desk::Desk;
use crate::what_outlives_the_server::command;
use std::fs;

#[tokio::test]
async fn every_trouble_with_a_file_says_what_was_tried_on_what_and_what_to_do() {
    let desk = Desk::open().await;
    let folder = desk.folder.path();
    let at = |name: &str| folder.join(name).display().to_string();
    fs::write(at("notes"), "these are notes").unwrap();
    fs::write(at("turn.toml"), format!("[turn]\nsecret_file = {:?}\n", at("no-secret"))).unwrap();
    fs::write(at("wrong.toml"), "litsen = \"127.0.0.1:0\"\n").unwrap();
    fs::create_dir(at("folder")).unwrap();
    let (database, taken) = (desk.demo.database.display().to_string(), desk.running().address.to_string());

    let missing = "there is no such file; check its name and folder";
    let is_folder = "this is a folder; name the file in it, such as";
    let no_folder = "its folder is not there; make it first, or correct the path";
    let beyond = "a part of this path is a file and no folder; correct the path";
    let serve =
        |options: [&str; 2]| ["serve", "--listen", "127.0.0.1:0", options[0], options[1]].map(str::to_owned).to_vec();
    let mut table = vec![
        (serve(["--config", &at("nowhere.toml")]), "reading the settings", at("nowhere.toml"), missing),
        (serve(["--config", &at("folder")]), "reading the settings", at("folder"), is_folder),
        (serve(["--config", &at("notes/x")]), "reading the settings", at("notes/x"), beyond),
        (serve(["--config", &at("wrong.toml")]), "litsen", at("wrong.toml"), "correct it, as in the example"),
        (serve(["--config", &at("turn.toml")]), "reading the file with coturn's secret", at("no-secret"), missing),
        (serve(["--database", &at("nowhere/room.sqlite")]), "the database", at("nowhere/room.sqlite"), no_folder),
        (serve(["--database", &at("notes/room.sqlite")]), "the database", at("notes/room.sqlite"), beyond),
        (serve(["--database", &at("folder")]), "the database", at("folder"), is_folder),
        (serve(["--database", &at("notes")]), "no database of a room server", at("notes"), "check the path"),
        (["demo", &at("notes/x")].map(str::to_owned).to_vec(), "making the folder", at("notes/x"), beyond),
        (
            ["backup", "--database", &database, &at("notes")].map(str::to_owned).to_vec(),
            "exists already",
            at("notes"),
            "choose a new name",
        ),
        (
            ["backup", "--database", &database, &at("nowhere/copy")].map(str::to_owned).to_vec(),
            "writing the copy",
            at("nowhere/copy"),
            no_folder,
        ),
        (
            ["backup", "--database", &database, &at("notes/copy")].map(str::to_owned).to_vec(),
            "writing the copy",
            at("notes/copy"),
            beyond,
        ),
    ];
    let certificate = ["serve", "--listen", "127.0.0.1:0", "--cert", &at("cert.pem"), "--key", &at("key.pem")];
    table.push((
        certificate.map(str::to_owned).to_vec(),
        "cannot use the certificate",
        at("cert.pem"),
        "check both paths",
    ));
    let twice = ["serve", "--database", &database, "--listen", &taken].map(str::to_owned).to_vec();
    table.push((twice, "cannot listen on", taken.clone(), "end it, or choose another port"));
    let others: [&[&str]; 6] = [
        &["audit"],
        &["staff", "add", "hana"],
        &["staff", "remove", "hana"],
        &["staff", "list"],
        &["counter", "add", "zeimu", "--ja", "税務", "--en", "Taxes", "--telephone", "0422-00-1"],
        &["appointment", "revoke", "7K3M9QWX"],
    ];
    for other in others {
        for (file, remedy) in [("nowhere", "there is no database"), ("folder", is_folder), ("notes", "check the path")]
        {
            let line = other.iter().map(|word| (*word).to_owned()).chain(["--database".to_owned(), at(file)]).collect();
            table.push((line, "database", at(file), remedy));
        }
    }
    for (line, tried, on, remedy) in table {
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        let error = command(&words, "umbrella tea river stone\n").await.unwrap_err();
        assert!(error.contains(tried) && error.contains(&on) && error.contains(remedy), "{line:?}: {error}");
    }
    for (line, remedy) in [
        (["staff", "remove", "--database", &database, "hana"], "known are: midori"),
        (["staff", "add", "--database", &database, "two words"], "no spaces; choose another"),
        (["appointment", "revoke", "--database", &database, "7K3M9QWX"], "take the number from the staff page's list"),
    ] {
        let error = command(&line, "umbrella tea river stone\n").await.unwrap_err();
        assert!(error.contains(remedy), "{error}");
    }
}
