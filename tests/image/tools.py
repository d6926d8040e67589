"""Copies programs and every library that they name: FROM TO PROGRAM...

Libraries go into a folder of their own, which only the agent's commands look into: systemd would otherwise load some of
them (libbpf), and the image for tests would start in another way than the product's.
"""

import pathlib
import shutil
import subprocess
import sys

source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
LIBRARIES = "usr/lib/aarch64-linux-gnu"
APART = "usr/lib/madoguchi-test/lib"
wanted, seen = sys.argv[3:], set()
while wanted:
    name = wanted.pop()
    if name in seen:
        continue
    seen.add(name)
    if not (source / name).exists():
        sys.exit(f"{source / name} is not there; add its package to tests/image/tools")
    is_library = name.startswith(LIBRARIES)
    place = target / (f"{APART}/{pathlib.Path(name).name}" if is_library else name)
    place.parent.mkdir(parents=True, exist_ok=True)
    if not (is_library and pathlib.Path(name).name.startswith(("libc.so", "ld-linux"))):
        shutil.copy(source / name, place)
    listing = subprocess.run(["aarch64-linux-gnu-objdump", "-p", source / name], capture_output=True, text=True, check=True)
    needed = [line.split()[1] for line in listing.stdout.splitlines() if line.startswith("  NEEDED")]
    wanted += [f"{LIBRARIES}/{library}" for library in needed]
