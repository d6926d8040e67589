//! From power-on to the TV's first screen, and what the running system is and is not.

use crate::guest::{Guest, Outcome, PATIENCE, bundle, image, setup};
use crate::story::city;
use crate::{ensure, until_tv_shows};
use madoguchi::staff::stick;
use std::path::PathBuf;

/// Warnings of the kernel that are understood, as parts of their lines. Anything else fails the test.
const KERNEL_WARNINGS: &[&str] = &[
    // QEMU's machine has no cache description and a small PCI window.
    "cacheinfo: Unable to detect cache hierarchy",
    "Memory resource size exceeds max for 32 bits",
    // An emulated processor is late now and then.
    "hrtimer: interrupt took",
    "clocksource",
    // The test's own mark.
    "READY",
    // The kernel's own hints about itself.
    "device-mapper: core: CONFIG_IMA_DISABLE_HTABLE is disabled",
    "Loading compiled-in X.509 certificates",
    "kauditd_printk_skb",
    "Spectre",
];

/// Journal entries of priority "warning" or worse that are understood.
const JOURNAL_WARNINGS: &[&str] = &[
    // What the emulated machine does not have.
    "no light in the button",
    "no camera",
    "no microphone",
    "the microphone",
    "the speaker",
    "no loan",
    // The image under test is one.
    "a development build",
    // Its driver comes when it comes; that it is found then is looked at.
    "no button: opening /dev/madoguchi/button",
    // On a slow machine NetworkManager comes more than 20 s after the appliance. That it is found then is looked at.
    "no network: NetworkManager does not answer",
    "org.freedesktop.NetworkManager proxy caching",
];

pub(crate) async fn the_first_screen_and_what_runs_behind_it(folder: PathBuf) -> Outcome {
    let mut guest = Guest::start(setup(&folder, image())).await?;
    until_tv_shows(&guest, "1080p/ja-boot-no-loan-development.png", PATIENCE).await?;
    println!(
        "    power to first screen (with the first boot's data partition): {:.1} s",
        guest.since.elapsed().as_secs_f64()
    );
    guest.until_good().await?;
    println!("    power to the slot's being good: {:.1} s", guest.since.elapsed().as_secs_f64());
    guest.until("the end of the start", "systemctl is-system-running | grep -qE 'running|degraded'", PATIENCE).await?;
    let problems = looked_at(&mut guest).await?;
    ensure(problems.is_empty(), format!("the running system is not as it should be:\n- {}", problems.join("\n- ")))?;
    // Again, with everything already made: the time that a family sees.
    let overlay = guest.machine.cut().await.map_err(|error| error.to_string())?.disk.ok_or("no disk")?;
    let guest = Guest::start(setup(&folder, madoguchi::emulator::setup::Disk::Overlay(overlay))).await?;
    until_tv_shows(&guest, "1080p/ja-boot-no-loan-development.png", PATIENCE).await?;
    println!("    power to first screen (every later boot): {:.1} s", guest.since.elapsed().as_secs_f64());
    Ok(())
}

/// Everything that is wrong, as sentences: one boot tells them all.
async fn looked_at(guest: &mut Guest) -> Outcome<Vec<String>> {
    let mut problems = Vec::new();
    let mut check = |name: &str, said: String, right: bool| {
        if !right {
            problems.push(format!("{name}: {said}"));
        }
    };
    let said = guest.run("systemctl --failed --plain --no-legend").await?;
    check("failed units", said.clone(), said.trim().is_empty());
    let (_, said) = guest.ask("journalctl -b --no-pager | grep -iE 'ordering cycle|breaking.*cycle'", PATIENCE).await?;
    check("ordering cycles", said.clone(), said.is_empty());
    let said = guest.run("journalctl -b -k -p warning --no-pager -o cat").await?;
    let strange = unknown(&said, KERNEL_WARNINGS);
    check("kernel warnings that nobody expects", strange.clone(), strange.is_empty());
    let said = guest.run("journalctl -b -p warning --no-pager -o cat _TRANSPORT=stdout + _TRANSPORT=journal").await?;
    let strange = unknown(&said, JOURNAL_WARNINGS);
    check("warnings that nobody expects", strange.clone(), strange.is_empty());

    // The appliance's own lines come without a priority of the journal.
    let said = guest.run("journalctl -b -u 'madoguchi*' --no-pager -o cat | grep -E ' (WARN|ERROR) ' || true").await?;
    let strange = unknown(&said, JOURNAL_WARNINGS);
    check("warnings of the appliance that nobody expects", strange.clone(), strange.is_empty());
    let found = guest
        .run("journalctl -b -u madoguchi --no-pager -o cat | grep -c 'the button is /dev/madoguchi/button' || true");
    let found = found.await?;
    check("the button is found", found.clone(), found.trim() == "1");
    let found =
        guest.run("journalctl -b -u madoguchi --no-pager -o cat | grep -c 'NetworkManager is there' || true").await?;
    check("NetworkManager is found", found.clone(), found.trim() == "1");

    let said = guest.run("findmnt -n -o OPTIONS / 2>/dev/null || grep ' / ' /proc/mounts").await?;
    check("the root is read-only", said.clone(), said.contains("ro"));
    let (status, said) = guest.ask("touch /x /etc/x /usr/x", PATIENCE).await?;
    check("nothing can be written into the root", said, status != 0);
    let said = guest.run("dmsetup table root; dmsetup status root").await?;
    check(
        "the root is verified",
        said.clone(),
        said.contains("verity") && said.contains("restart_on_corruption") && said.trim_end().ends_with('V'),
    );

    let places = "/run/madoguchi /run/madoguchi/stick /run/madoguchi/site /var/lib/madoguchi";
    let said = guest.run(&format!("stat -c '%U %G %a %n' {places} /run/madoguchi/appliance")).await?;
    let mut owned = places.split(' ').map(|place| format!("root root 755 {place}")).collect::<Vec<_>>();
    owned.push("madoguchi madoguchi 700 /run/madoguchi/appliance".to_owned());
    check("where root mounts and leaves its marks is root's alone", said.clone(), said.trim() == owned.join("\n"));
    let said = guest.run("cat /proc/cmdline").await?;
    let cleared =
        ["init_on_alloc=1", "init_on_free=1"].iter().all(|word| said.split_whitespace().any(|is| is == *word));
    check("memory that was freed is cleared", said.clone(), cleared);
    let signed = guest.run("cat /sys/module/module/parameters/sig_enforce").await?;
    check("the kernel takes signed modules alone", signed.clone(), signed.trim() == "Y");
    // Not before: the simulated radios are set by debugfs. A module that is signed is taken all the same.
    let locked = "touch /run/madoguchi-test-lockdown && systemctl start madoguchi-lockdown && modprobe exfat && cat /sys/kernel/security/lockdown";
    let locked = guest.run(locked).await?;
    check("the kernel is locked down", locked.clone(), locked.contains("[integrity]"));
    let restarts =
        ["panic=5", "watchdog.open_timeout=60"].iter().all(|word| said.split_whitespace().any(|is| is == *word));
    check("what hangs before systemd is restarted", said, restarts);

    // Its call with itself has made orc's code by now, in a file that is mapped twice.
    let said = guest.run("grep -E ' (rwx|r.x).* (/run|/tmp|/dev/shm)|rwx' /proc/$(systemctl show -p MainPID --value madoguchi)/maps || true").await;
    let said = said?;
    let orcs = said.contains("orcexec") && said.lines().all(|line| line.contains(" r-x") && line.contains("orcexec"));
    check("no page of the appliance can be written and run", said, orcs);

    // Ports: nothing listens on any address, TCP or UDP, except what is bound to one peer.
    let tcp = guest.run("cat /proc/net/tcp /proc/net/tcp6").await?;
    let udp = guest.run("cat /proc/net/udp /proc/net/udp6").await?;
    let open = format!("{}{}", listening(&tcp, "0A"), listening(&udp, "07"));
    check("nothing listens", open.clone(), open.is_empty());
    let said = guest.run("nft list ruleset").await?;
    let drops = said.matches("policy drop").count();
    check("the packet filter is there: input, forward, output", said.clone(), drops == 3);

    // Not so closed, and why: -site mounts the boot partition for itself; -usb@ mounts a stick for the appliance, which
    // rules out a name space of its own; -state and -data mount as well and make file systems; -drivers loads modules.
    let closed = ["", "-media@x", "-good", "-install", "-lockdown", "-not-good", "-restart", "-wipe-owed"]
        .map(|name| (name, 1.5));
    let less = [
        ("-site", 1.5),
        ("-reach", 1.5),
        ("-usb@sda1", 3.7),
        ("-drivers", 3.3),
        ("-state", 4.6),
        ("-data", 4.9),
        ("-erase", 4.9),
    ];
    for (name, most) in closed.into_iter().chain(less) {
        let unit = format!("madoguchi{name}.service");
        let said = guest.run(&format!("systemd-analyze security --no-pager {unit} | tail -n 1")).await?;
        let exposure = said.split_whitespace().find_map(|word| word.parse::<f64>().ok());
        println!("    exposure of {unit}: {}", exposure.unwrap_or_default());
        check(
            &format!("exposure of {unit} is at most {most}"),
            said,
            exposure.is_some_and(|exposure| exposure <= most),
        );
    }

    let said = guest.run("cut -d: -f1,7 /etc/passwd | grep -vE ':(/usr/sbin/nologin|/usr/bin/nologin|/usr/bin/false|/bin/false)$' || true").await?;
    check("no account has a shell", said.clone(), said.trim().is_empty());
    let said = guest.run("cut -d: -f1,2 /etc/shadow | grep -vE ':(!|\\*|!\\*)$' || true").await?;
    check("no account has a password", said.clone(), said.trim().is_empty());
    let said = guest.run("ls /usr/bin/login /usr/sbin/sshd /usr/bin/ssh /usr/sbin/agetty /usr/bin/su /usr/bin/sudo 2>/dev/null || true").await?;
    check("no way to log in", said.clone(), said.trim().is_empty());
    let said =
        guest.run("systemctl list-units --all --plain --no-legend '*getty*' '*ssh*' | grep -v masked || true").await?;
    check("no getty and no ssh", said.clone(), said.trim().is_empty());
    let said = guest.run("busybox find / -xdev -perm /6000 -type f").await?;
    check("no set-user-id file", said.clone(), said.trim().is_empty());

    let said = guest.run("cat /proc/sys/kernel/core_pattern; ls -la /var/log 2>/dev/null | head -n 3; journalctl --header | grep 'File path' | head -n 1").await?;
    check("the log is in memory", said.clone(), said.contains("/run/log/journal") && said.contains("/usr/bin/false"));
    let said = guest.run("systemctl show -p RuntimeWatchdogUSec -p WatchdogDevice").await?;
    check("the hardware's watchdog is fed", said.clone(), said.contains("15s") && said.contains("/dev/watchdog"));
    let said = guest
        .run("fw_printenv BOOT_ORDER BOOT_A_LEFT; rauc status --output-format=shell | grep RAUC_BOOT_PRIMARY")
        .await?;
    check(
        "the slot is marked good",
        said.clone(),
        said.contains("BOOT_A_LEFT=3") && said.contains("RAUC_BOOT_PRIMARY"),
    );
    Ok(problems)
}

/// Local addresses in a table of `/proc/net` whose socket is in this state and has no peer (the columns are in proc(5)).
fn listening(table: &str, state: &str) -> String {
    let open = table.lines().filter_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let nobody = columns.get(2)?.ends_with(":0000");
        (columns.get(3) == Some(&state) && nobody).then(|| columns[1].to_owned())
    });
    open.collect::<Vec<_>>().join(" ")
}

fn unknown(said: &str, known: &[&str]) -> String {
    let strange: Vec<_> = said
        .lines()
        .filter(|line| !line.trim().is_empty() && !known.iter().any(|known| line.contains(known)))
        .collect();
    strange.join("\n  ")
}

/// What short-lived units do, they do from inside their sandboxes: keys, sticks, an owed wipe, restarts.
pub(crate) async fn short_lived_units_do_their_work(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, image())).await?;
    let keys = guest.run("ls /run/madoguchi/site/*.pub").await?;
    ensure(keys.contains("development.pub"), format!("the city's keys were not copied: {keys}"))?;
    let stick = folder.join("stick");
    let copied =
        std::fs::create_dir_all(&stick).and_then(|()| std::fs::copy(bundle("older"), stick.join("older.raucb")));
    copied.map_err(|error| format!("{}: {error}", stick.display()))?;
    let stick = guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
    guest.until_turn("boot-update-refused-older", PATIENCE).await?;
    guest.machine.pull(&stick).await.map_err(|error| error.to_string())?;
    let gone = "! grep -q /run/madoguchi/stick /proc/mounts && [ -z \"$(ls /run/madoguchi/stick)\" ]";
    guest.until("the stick's leaving", gone, PATIENCE).await?;
    let wipe = "cd /var/lib/madoguchi/state && [ -e data.key ] && : >wipe-owed && \
                systemctl start madoguchi-wipe-owed && [ ! -e data.key ]";
    guest.run(wipe).await?;
    // The appliance asks for the rest by a file. No keyslot is left, and the kernel knows the key no more.
    let slots = "cryptsetup luksDump /dev/madoguchi/data | grep -c ': luks2'";
    let before = guest.run(slots).await?;
    ensure(before.trim() == "1", format!("the memory has one keyslot, not {before}"))?;
    guest.run("echo 7 >/run/madoguchi/appliance/erase").await?;
    let erased = guest.until("the memory's being erased", "cat /run/madoguchi/erased", PATIENCE).await?;
    ensure(erased == "7\n0\n\n", format!("erasing the memory said: {erased}"))?;
    let left = "[ ! -e /dev/mapper/madoguchi-data ] && ! grep -q madoguchi/data /proc/mounts && \
                ! cryptsetup luksDump /dev/madoguchi/data | grep ': luks2' && rm /var/lib/madoguchi/state/wipe-owed";
    guest.run(left).await?;

    let (status, _) = guest.ask("systemctl start madoguchi-not-good", PATIENCE).await?;
    let said = guest.run("journalctl -b -u madoguchi-not-good --no-pager -o cat").await?;
    let stays = status != 0 && said.contains("there is no other slot to go to");
    ensure(stays, format!("a box without another slot is to stay up; it said: {said}"))?;

    for (why, command) in [
        ("another slot is left", "fw_setenv BOOT_ORDER 'A B' && systemctl start madoguchi-not-good"),
        ("the appliance asks for it", ": >/run/madoguchi/appliance/restart"),
    ] {
        let from = guest.machine.serial().position();
        guest.ask(command, PATIENCE).await?;
        let again = guest.machine.serial().wait_for("madoguchi: slot", from, PATIENCE).await;
        again.map_err(|error| format!("no restart although {why}: {error}"))?;
        guest.until_good().await?;
    }
    Ok(())
}

pub(crate) async fn a_lost_data_partition_is_made_anew_and_said(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, image())).await?;
    guest.run("dd if=/dev/urandom of=/dev/madoguchi/data bs=1M count=20 conv=fsync").await?;
    let overlay = guest.machine.cut().await.map_err(|error| error.to_string())?.disk.ok_or("no disk")?;
    let mut guest = Guest::good(setup(&folder, madoguchi::emulator::setup::Disk::Overlay(overlay))).await?;
    guest.run("[ -e /run/madoguchi/data-made-anew ] && grep -q /var/lib/madoguchi/data /proc/mounts").await?;
    until_tv_shows(&guest, "1080p/ja-boot-made-anew.png", PATIENCE).await
}

/// A memory that cannot be opened is not waited for, and nothing is lent by a box that could not keep it.
pub(crate) async fn a_memory_that_fails_lends_nothing(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, image())).await?;
    // A device without a block is what a dead card looks like.
    guest
        .run(
            "systemctl stop madoguchi madoguchi-data madoguchi-state && rm /run/madoguchi/data-settled && \
             ln -sf /dev/null /dev/madoguchi/state && ! systemctl start madoguchi-data && systemctl start madoguchi && \
             [ -e /run/madoguchi/data-settled ]",
        )
        .await?;
    until_tv_shows(&guest, "1080p/ja-boot-no-loan-development.png", PATIENCE).await?;
    let stick = folder.join("stick");
    let copied =
        std::fs::create_dir_all(&stick).and_then(|()| std::fs::write(folder.join("loan.toml"), city::DEMO_LOAN));
    copied.map_err(|error| format!("{}: {error}", stick.display()))?;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let signed = stick::loan(&folder.join("loan.toml"), &city::site_key(), &stick, today, false, &mut city::unasked);
    signed.map_err(|error| error.to_string())?;
    guest.machine.stick(&stick).await.map_err(|error| error.to_string())?;
    guest.until_turn("boot-paper-refused-not-written", PATIENCE).await?;
    guest
        .run("[ -z \"$(find /var/lib/madoguchi /run/madoguchi -name 'loan.*' -not -path '*/stick/*')\" ]")
        .await
        .map(drop)
}

/// Another system than the one that made the memory may be unable to open it: the loan in it is not lost by that.
pub(crate) async fn a_system_that_cannot_open_the_memory_leaves_it_alone(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, image())).await?;
    let key = "sha256sum /var/lib/madoguchi/state/data.key";
    let before = guest.run(&format!("echo kept >/var/lib/madoguchi/data/kept && {key}")).await?;
    // As in an update that lacks the kernel's encryption.
    let lacks = "systemctl stop madoguchi-good madoguchi madoguchi-data && rm /run/madoguchi/data-settled && \
                 mkdir -p /run/modprobe.d && echo 'install dm_crypt /bin/false' >/run/modprobe.d/lacks.conf && \
                 modprobe -r dm_crypt && ! systemctl start madoguchi-data && [ -e /run/madoguchi/data-settled ]";
    guest.run(lacks).await?;
    let after = guest.run(key).await?;
    ensure(before == after, format!("the key of the memory changed: {before} became {after}"))?;
    let again = "rm /run/modprobe.d/lacks.conf && systemctl start madoguchi-data && \
                 grep kept /var/lib/madoguchi/data/kept && [ ! -e /run/madoguchi/data-made-anew ]";
    guest.run(again).await.map(drop)
}

/// Without NetworkManager there is no call, and the slot keeps no more attempts than it had.
pub(crate) async fn a_slot_is_good_only_when_a_call_could_be_made(folder: PathBuf) -> Outcome {
    let mut guest = Guest::good(setup(&folder, image())).await?;
    let left = "fw_printenv -n BOOT_A_LEFT";
    let without = "systemctl stop madoguchi-good madoguchi NetworkManager && systemctl mask --runtime NetworkManager && \
                   rm -f /run/madoguchi/appliance/able.json && fw_setenv BOOT_A_LEFT 2 && systemctl start madoguchi";
    guest.run(without).await?;
    let (status, said) = guest.ask("madoguchi good --deadline 40", PATIENCE).await?;
    ensure(status != 0 && said.contains("NetworkManager"), format!("without NetworkManager it said {status}: {said}"))?;
    let attempts = guest.run(left).await?;
    ensure(attempts.trim() == "2", format!("marked good without NetworkManager: {attempts} attempts left"))?;
    let with = "systemctl unmask --runtime NetworkManager && systemctl start NetworkManager && \
                systemctl --no-block restart madoguchi-good";
    guest.run(with).await?;
    guest.until_good().await?;
    let attempts = guest.run(left).await?;
    ensure(attempts.trim() == "3", format!("not marked good with NetworkManager: {attempts} attempts left"))
}

/// A TV that is pulled and put in again, and others of other sizes: each has the picture whole, in a mode of its own.
pub(crate) async fn every_tv_has_its_picture(folder: PathBuf) -> Outcome {
    const SOCKET: &str = "/sys/class/drm/card0-Virtual-1/status";
    let mut guest = Guest::good(setup(&folder, image())).await?;
    until_tv_shows(&guest, "1080p/ja-boot-no-loan-development.png", PATIENCE).await?;
    for _ in 0..2 {
        let pulled = format!("echo off >{SOCKET}");
        guest.run(&pulled).await?;
        guest.until("no TV", "grep -q '\"tv\":null' /run/madoguchi/appliance/able.json", PATIENCE).await?;
        let put_in = format!("echo on >{SOCKET}");
        guest.run(&put_in).await?;
        guest.until("the TV", "grep -q '\"display\":true' /run/madoguchi/appliance/able.json", PATIENCE).await?;
        until_tv_shows(&guest, "1080p/ja-boot-no-loan-development.png", PATIENCE).await?;
    }
    guest.run(&format!("echo detect >{SOCKET}")).await?;
    // QEMU's display has every mode, so that a wish chooses among them.
    wish(&mut guest, (1280, 720)).await?;
    until_tv_shows(&guest, "720p/ja-boot-no-loan-development.png", PATIENCE).await?;
    for (size, above) in [((1024, 768), 96), ((1360, 768), 1)] {
        wish(&mut guest, size).await?;
        until_whole(&guest, size, above).await?;
    }
    Ok(())
}

async fn wish(guest: &mut Guest, (width, height): (u32, u32)) -> Outcome {
    let place = "/run/systemd/system/madoguchi.service.d";
    let service = format!("[Service]\\nExecStart=\\nExecStart=/usr/bin/madoguchi run --tv {width}x{height}\\n");
    let command = format!(
        "mkdir -p {place} && printf '{service}' >{place}/tv.conf && systemctl daemon-reload && systemctl restart madoguchi"
    );
    guest.run(&command).await.map(drop)
}

/// Waits for a picture with so many black rows above it, and as many or one more below.
async fn until_whole(guest: &Guest, (width, height): (u32, u32), above: u32) -> Outcome {
    let whole = |seen: &image::RgbImage| {
        let black = |row| seen.get_pixel(width / 2, row).0 == [0; 3];
        seen.dimensions() == (width, height)
            && (0..above).chain(height - above..height).all(black)
            && !black(above)
            && !black(height - above - 2)
    };
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let seen = guest.machine.tv().await.map_err(|error| error.to_string())?;
        if whole(&seen) {
            return Ok(());
        }
        if tokio::time::Instant::now() > until {
            let kept = guest.folder.join("tv.png");
            seen.save(&kept).map_err(|error| error.to_string())?;
            return Err(format!("no whole picture of {width}x{height} within {PATIENCE:?}, but {}", kept.display()));
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}
