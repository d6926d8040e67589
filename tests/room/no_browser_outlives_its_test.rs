//! The tests' own tool: a browser ends with its test, however that ends.

use crate::browser::{Browser, PATIENCE};
use crate::desk::eventually;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// In the environment: the process is the one that is killed.
const INSIDE: &str = "MADOGUCHI_WITH_A_BROWSER";
const TELLS: &str = "the browser's process: ";

/// Whether a process still runs. One that has ended and that nobody has asked about does not.
fn runs(process: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[tokio::test]
async fn that_panics() {
    let (tell, told) = mpsc::channel();
    let test = std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let browser = Browser::open(&[]).await;
            tell.send((browser.process(), runs(browser.process()))).unwrap();
            panic!("as a test that fails");
        });
    });
    assert!(test.join().is_err());
    let (process, ran) = told.recv().unwrap();
    assert!(ran, "there was no process {process}");
    assert!(!runs(process), "the browser is left behind");
}

#[tokio::test]
async fn whose_process_is_killed() {
    if std::env::var_os(INSIDE).is_some() {
        let browser = Browser::open(&[]).await;
        println!("{TELLS}{}", browser.process());
        tokio::time::sleep(PATIENCE).await;
        panic!("nobody killed this process");
    }
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["no_browser_outlives_its_test::whose_process_is_killed", "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(test.stdout.take().unwrap()).lines().map_while(Result::ok);
    let told = lines.into_iter().find_map(|line| line.split_once(TELLS)?.1.parse().ok());
    let process = told.expect("it says which process its browser is");
    assert!(runs(process), "there is no process {process}");
    test.kill().unwrap();
    test.wait().unwrap();
    eventually("the browser ends as well", async || !runs(process)).await;
}
