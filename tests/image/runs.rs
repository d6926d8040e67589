//! Runs tests, each attempt in a process of its own with a log of its own: the quickest first, one that fails once more
//! on the spot, and none that is proved already.

use crate::proofs::{Depends, Proofs};
use futures_util::future::FusedFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

/// In the environment of an attempt: its test, and its folder.
const TEST: &str = "MADOGUCHI_BOOT_TEST";
const FOLDER: &str = "MADOGUCHI_BOOT_FOLDER";
/// For an attempt that never ends; each wait in it has a deadline of its own.
const ATTEMPT: Duration = Duration::from_secs(3 * 3600);
/// For the last words of what an attempt started and left behind.
const LAST_WORDS: Duration = Duration::from_secs(10);

type Body = fn(PathBuf) -> Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// A test.
#[derive(Clone, Copy)]
pub struct Test {
    /// `module::name`.
    pub name: &'static str,
    body: Body,
    /// How long it takes on two cores that do nothing else, in seconds.
    seconds: u64,
    /// What of the environment chooses among its parts.
    reads: &'static [&'static str],
    alone: bool,
}

impl Test {
    /// A test that takes so long until this machine knows better.
    pub const fn new(name: &'static str, seconds: u64, body: Body) -> Self {
        Self { name, body, seconds, reads: &[], alone: false }
    }

    /// It compares times, or talks in real time: no other test runs beside it.
    pub const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// These in the environment choose among its parts.
    pub const fn reads(mut self, variables: &'static [&'static str]) -> Self {
        self.reads = variables;
        self
    }

    fn chosen_by(&self) -> Vec<(&'static str, String)> {
        self.reads.iter().map(|name| (*name, std::env::var(name).unwrap_or_default())).collect()
    }
}

/// When this process is an attempt: which test, and its folder.
pub fn attempted(tests: &'static [Test]) -> Option<(&'static Test, PathBuf)> {
    let (name, folder) = (std::env::var(TEST).ok()?, std::env::var_os(FOLDER)?);
    Some((tests.iter().find(|test| test.name == name)?, folder.into()))
}

/// Runs the attempt that this process is.
pub fn attempt(test: &Test, folder: PathBuf, runtime: &tokio::runtime::Runtime) -> bool {
    let outcome = runtime.block_on((test.body)(folder));
    outcome.inspect_err(|why| println!("{why}")).is_ok()
}

/// Those whose names have one of these parts; all without any.
pub fn chosen(tests: &'static [Test], wanted: &[String]) -> Result<Vec<&'static Test>, String> {
    let has = |test: &Test, part: &String| test.name.contains(part.as_str());
    let unknown: Vec<_> = wanted.iter().filter(|part| !tests.iter().any(|test| has(test, part))).cloned().collect();
    if !unknown.is_empty() {
        let names: Vec<_> = tests.iter().map(|test| test.name).collect();
        return Err(format!(
            "no test has this in its name: {}\nthere are:\n  {}",
            unknown.join(", "),
            names.join("\n  ")
        ));
    }
    Ok(tests.iter().filter(|test| wanted.is_empty() || wanted.iter().any(|part| has(test, part))).collect())
}

/// How tests are run.
pub struct Runs {
    /// This program; a stand-in where the running itself is tested.
    pub program: PathBuf,
    /// Where each test has its folder.
    pub folder: PathBuf,
    /// What was proved before.
    pub proofs: Proofs,
    /// What every pass depends on; without, nothing is taken from the cache or put there.
    pub depends: Option<Depends>,
    /// Whether what is proved is run all the same.
    pub fresh: bool,
    /// How many run at once.
    pub lanes: usize,
}

enum Ending {
    Proved,
    Passed,
    /// Passed when it was repeated; the folders of both attempts.
    Unstable([PathBuf; 2]),
    Failed([PathBuf; 2]),
}

struct Done {
    test: &'static Test,
    ending: Ending,
    seconds: u64,
}

impl Runs {
    /// Runs them; whether none failed.
    pub async fn run(&self, tests: Vec<&'static Test>) -> bool {
        let begun = Instant::now();
        let (mut done, mut queue) = (Vec::new(), Vec::new());
        for test in tests {
            match self.proved(test) {
                Some(seconds) => done.push(Done { test, ending: Ending::Proved, seconds }),
                None => queue.push(test),
            }
        }
        queue.sort_by_key(|test| self.expected(test));
        let mut running = FuturesUnordered::new();
        let mut names: Vec<&'static Test> = Vec::new();
        loop {
            while let Some(next) = next(&queue, &names, self.lanes) {
                let test = queue.remove(next);
                names.push(test);
                running.push(self.settle(test));
            }
            let Some(ended) = running.next().await else { break };
            names.retain(|test| test.name != ended.test.name);
            done.push(ended);
        }
        summary(&done, begun.elapsed())
    }

    fn expected(&self, test: &Test) -> u64 {
        self.proofs.seconds(test.name).unwrap_or(test.seconds)
    }

    fn depends(&self, test: &Test) -> Option<Depends> {
        Some(self.depends.as_ref()?.and(&test.chosen_by()))
    }

    /// How long it took when it passed with all that it depends on now; why it is run, where there was another pass.
    fn proved(&self, test: &Test) -> Option<u64> {
        let depends = self.depends(test)?;
        if self.fresh {
            return None;
        }
        let Some(proof) = self.proofs.find(test.name, &depends) else {
            let changed = self.proofs.changed(test.name, &depends);
            if !changed.is_empty() {
                println!("    to be run, for its {} changed: {}", changed.join(", "), test.name);
            }
            return None;
        };
        let (seconds, ago) = (proof.seconds, proof.ago.as_secs());
        let ago = if ago < 7200 { format!("{} min", ago / 60) } else { format!("{} h", ago / 3600) };
        println!("    from the cache: passed {ago} ago in {seconds} s: {}", test.name);
        Some(seconds)
    }

    /// Runs it until it is settled what comes of it.
    async fn settle(&self, test: &'static Test) -> Done {
        let begun = Instant::now();
        let folder = self.folder.join(test.name.replace("::", "-"));
        let again = folder.with_extension("again");
        let _ = std::fs::remove_dir_all(&again);
        let first = self.tried(test, &folder).await;
        let ending = if first {
            if let Some(Err(why)) =
                self.depends(test).map(|depends| self.proofs.keep(test.name, &depends, begun.elapsed().as_secs()))
            {
                println!("    the pass is not recorded: {why}");
            }
            Ending::Passed
        } else {
            println!("    {} failed; once more", test.name);
            let folders = [folder, again.clone()];
            if self.tried(test, &again).await { Ending::Unstable(folders) } else { Ending::Failed(folders) }
        };
        Done { test, ending, seconds: begun.elapsed().as_secs() }
    }

    /// One attempt.
    async fn tried(&self, test: &Test, folder: &Path) -> bool {
        let _ = std::fs::remove_dir_all(folder);
        println!("==> {}", test.name);
        let begun = Instant::now();
        let passed = self.lived(test, folder).await.unwrap_or_else(|why| {
            println!("    {}: {why}", test.name);
            false
        });
        let word = if passed { "passed" } else { "FAILED" };
        println!("    {word} after {} s: {}", begun.elapsed().as_secs(), test.name);
        passed
    }

    async fn lived(&self, test: &Test, folder: &Path) -> Result<bool, String> {
        let log = folder.join("log.txt");
        let made = std::fs::create_dir_all(folder).and_then(|()| std::fs::File::create(&log));
        let log = Mutex::new(made.map_err(|error| format!("{}: {error}", log.display()))?);
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(&self.program).env(TEST, test.name).env(FOLDER, folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("setpriv (package util-linux): {error}"))?;
        // Where several run at once, each line says whose it is.
        let whose = if self.lanes > 1 {
            format!("{}: ", test.name.split("::").next().unwrap_or_default())
        } else {
            String::new()
        };
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let words = async { tokio::join!(follow(out, &log, &whose), follow(err, &log, &whose)) };
        let mut words = std::pin::pin!(words.fuse());
        let ended = tokio::time::timeout(ATTEMPT, async {
            tokio::select! {
                ended = child.wait() => ended,
                _ = &mut words => child.wait().await,
            }
        });
        let ended = ended.await.map_err(|_| format!("it did not end within {ATTEMPT:?}"))?;
        let ended = ended.map_err(|error| error.to_string())?;
        if !words.is_terminated() {
            let _ = tokio::time::timeout(LAST_WORDS, words).await;
        }
        Ok(ended.success())
    }
}

/// Which of the queue may start beside those that run. What must be alone waits until the rest is done.
fn next(queue: &[&Test], running: &[&Test], lanes: usize) -> Option<usize> {
    if running.len() >= lanes || running.iter().any(|test| test.alone) || queue.is_empty() {
        return None;
    }
    if lanes == 1 {
        return Some(0);
    }
    queue.iter().position(|test| !test.alone).or(running.is_empty().then_some(0))
}

/// Shows and keeps what an attempt says.
async fn follow(from: Option<impl AsyncRead + Unpin>, log: &Mutex<std::fs::File>, whose: &str) {
    use std::io::Write;
    let Some(from) = from else { return };
    let mut lines = BufReader::new(from).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        println!("{whose}{line}");
        let _ = writeln!(log.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
    }
}

/// What came of all of them; whether none failed.
fn summary(done: &[Done], took: Duration) -> bool {
    println!();
    for Done { test, ending, seconds } in done {
        let word = match ending {
            Ending::Proved => "cached",
            Ending::Passed => "passed",
            Ending::Unstable(_) => "UNSTABLE",
            Ending::Failed(_) => "FAILED",
        };
        println!("{word:<8} {seconds:>5} s  {}", test.name);
    }
    let mut failed = 0;
    for Done { test, ending, .. } in done {
        let (what, folders) = match ending {
            Ending::Unstable(folders) => ("unstable: failed, and passed when it was repeated", folders),
            Ending::Failed(folders) => ("failed twice", folders),
            _ => continue,
        };
        failed += usize::from(matches!(ending, Ending::Failed(_)));
        println!("{}: {what}; logs in {} and {}", test.name, folders[0].display(), folders[1].display());
    }
    let cached = done.iter().filter(|done| matches!(done.ending, Ending::Proved)).count();
    println!("{} s in all; {cached} of {} from the cache (FRESH=1 runs those, too)", took.as_secs(), done.len());
    println!("{} passed, {failed} failed", done.len() - failed);
    failed == 0
}
