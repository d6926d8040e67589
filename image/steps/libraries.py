"""Removes the shared libraries that nothing in the root names, and fails when one is named that is not there.

Debian's libraries bring others along for what the box never calls (Mesa and LLVM behind GStreamer's GL, say). Roots of
the search are the programs and plugins; KEPT are libraries that programs open by name while they run.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path("/build/root")
LIBRARIES = ROOT / "usr/lib/aarch64-linux-gnu"
# libsrtp2 encrypts by NSS, which opens its own softokn3 and freebl by name.
KEPT = re.compile(r"libnss_(files|dns|compat)|libsoftokn3|libfreebl|libgcc_s|libcryptsetup|libkmod|libblkid|libmount|libpcre2-8|libseccomp|libresolv|libudev|libcap")


def elf_files():
    for path in sorted(ROOT.rglob("*")):
        if path.is_symlink() or not path.is_file() or "/usr/lib/modules/" in str(path):
            continue
        with open(path, "rb") as file:
            if file.read(4) == b"\x7fELF":
                yield path


def needed_by(files):
    needs, current = {}, None
    listing = subprocess.run(["aarch64-linux-gnu-objdump", "-p", *files], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        if ":     file format" in line:
            current = pathlib.Path(line.split(":", 1)[0])
            needs[current] = []
        elif line.startswith("  NEEDED"):
            needs[current].append(line.split()[1])
    return needs


needs = needed_by(list(elf_files()))
# Libraries lie in the top folder, systemd's own one below; what else is there are plugins.
is_library = {path: path.parent in (LIBRARIES, LIBRARIES / "systemd") and ".so" in path.name for path in needs}
by_name = {}
for folder in (LIBRARIES, LIBRARIES / "systemd", ROOT / "usr/lib"):
    for entry in folder.iterdir():
        if ".so" in entry.name and entry.exists():
            by_name.setdefault(entry.name, entry.resolve())
reached = [path for path in needs if not is_library[path] or KEPT.match(path.name)]
seen, missing = set(reached), []
while reached:
    path = reached.pop()
    for name in needs.get(path, []):
        library = by_name.get(name)
        if library is None:
            missing.append(f"{path.relative_to(ROOT)} needs {name}")
        elif library not in seen:
            seen.add(library)
            reached.append(library)
removed = 0
for path in [path for path in needs if is_library[path] and path not in seen]:
    removed += path.stat().st_size
    path.unlink()
for entry in LIBRARIES.iterdir():
    if entry.is_symlink() and not entry.exists():
        entry.unlink()
print(f"    libraries that nothing names: {removed >> 20} MiB left out")
if missing:
    sys.exit("libraries are missing in the root; add their packages to image/packages:\n" + "\n".join(missing))
