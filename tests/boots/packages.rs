//! What `.ci/packages` installs: scripts stand in for `dpkg-query` and `apt-get`, and a folder for what is installed.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A machine with an apt that does this with the packages it is asked for (`$@`).
fn machine(install: &str) -> TempDir {
    let machine = TempDir::new().unwrap();
    let place = |name: &str, text: &str| {
        let file = machine.path().join("bin").join(name);
        std::fs::write(&file, format!("#!/bin/sh\ncd {}/installed\n{text}\n", machine.path().display())).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    for folder in ["bin", "installed"] {
        std::fs::create_dir(machine.path().join(folder)).unwrap();
    }
    place("id", "echo 0");
    place("dpkg-query", "shift 3; [ -e \"$1\" ] && printf installed");
    let names = "names=; for word in \"$@\"; do case $word in -*|install|update|*=*) ;; *) names=\"$names $word\" ;; esac; done";
    place("apt-get", &format!("case \" $* \" in *' update '*) exit 0 ;; esac\n{names}\nset -- $names\n{install}"));
    machine
}

fn packages(machine: &TempDir, names: &[&str]) -> Output {
    let path = format!("{}:{}", machine.path().join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(".ci/packages");
    command.args(names).env("PATH", path).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.output().unwrap()
}

fn has(machine: &TempDir, name: &str) -> bool {
    machine.path().join("installed").join(name).exists()
}

/// As Debian 12's emulator removes the disk tools of the backports.
#[test]
fn what_another_package_pushes_out_is_installed_again() {
    let machine = machine("touch \"$@\"; case \" $* \" in *' emulator '*) rm -f tools ;; esac");
    std::fs::write(machine.path().join("installed/tools"), "").unwrap();
    let ended = packages(&machine, &["tools", "emulator"]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(has(&machine, "emulator") && has(&machine, "tools"));
    let again = packages(&machine, &["tools", "emulator"]);
    assert!(again.status.success() && again.stdout.is_empty(), "nothing is missing, nothing is said: {again:?}");
}

#[test]
fn two_that_push_each_other_out_are_named() {
    let machine = machine("touch \"$@\"; case \" $* \" in *' one '*) rm -f two ;; *) rm -f one ;; esac");
    let ended = packages(&machine, &["one", "two"]);
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("they are not there"), "{said}");
}
