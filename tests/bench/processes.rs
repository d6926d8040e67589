//! What a process and all that it has started take of the machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The kernel counts processor time in these (`getconf CLK_TCK`; 100 on every architecture that Debian has).
const TICKS: f64 = 100.0;

/// Processes that belong together.
pub struct Tree {
    root: u32,
}

/// What they take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// Proportional set size (`smaps`), in MiB.
    pub pss: f64,
    /// Threads.
    pub threads: u32,
    /// Processes.
    pub processes: usize,
}

impl Tree {
    /// A process and those below it.
    pub fn of(root: u32) -> Self {
        Self { root }
    }

    /// Processor seconds of each of them so far.
    pub fn seconds(&self) -> BTreeMap<u32, f64> {
        let all = stats();
        self.members(&all).into_iter().map(|process| (process, all[&process].1)).collect()
    }

    /// Memory and threads now. The file `but` is left out: one maps it, another reads it.
    pub fn taken(&self, but: &Path) -> Taken {
        let members = self.members(&stats());
        let mut taken = Taken { processes: members.len(), ..Taken::default() };
        for process in members {
            // One that has just ended takes nothing.
            let smaps = fs::read_to_string(format!("/proc/{process}/smaps")).unwrap_or_default();
            taken.pss += pss(&smaps, &but.display().to_string()) / 1024.0;
            let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"));
            taken.threads += threads.and_then(|threads| threads.trim().parse().ok()).unwrap_or(0);
        }
        taken
    }

    /// How many files, sockets and pipes they have open.
    pub fn descriptors(&self) -> usize {
        let open = |process: &u32| fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
        self.members(&stats()).iter().map(open).sum()
    }

    fn members(&self, all: &BTreeMap<u32, (u32, f64)>) -> Vec<u32> {
        let mut members = vec![self.root];
        let mut looked = 0;
        while looked < members.len() {
            let parent = members[looked];
            members.extend(all.iter().filter(|(_, (of, _))| *of == parent).map(|(process, _)| *process));
            looked += 1;
        }
        members.retain(|process| all.contains_key(process));
        members
    }
}

/// Processor seconds between two looks.
pub fn spent(before: &BTreeMap<u32, f64>, after: &BTreeMap<u32, f64>) -> f64 {
    after.iter().map(|(process, seconds)| seconds - before.get(process).copied().unwrap_or(0.0)).sum()
}

/// Parent and processor seconds of each process.
fn stats() -> BTreeMap<u32, (u32, f64)> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let read = processes.filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // "process (name) state parent …": a name may hold anything. See proc_pid_stat(5).
        let words: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let (user, system): (f64, f64) = (words.get(11)?.parse().ok()?, words.get(12)?.parse().ok()?);
        Some((process, (words.get(1)?.parse().ok()?, (user + system) / TICKS)))
    });
    read.collect()
}

/// Sum of the shares in KiB.
fn pss(smaps: &str, but: &str) -> f64 {
    let (mut sum, mut counts) = (0.0, true);
    for line in smaps.lines() {
        // A mapping's head has its addresses first, and its file, if any, last.
        if line.split(' ').next().is_some_and(|word| word.contains('-')) {
            counts = !line.ends_with(but);
        } else if let Some(share) = line.strip_prefix("Pss:")
            && counts
        {
            sum += share.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0);
        }
    }
    sum
}
