"""Copies programs and every library that they name: FROM TO PROGRAM..."""

import pathlib
import shutil
import subprocess
import sys

source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
LIBRARIES = "usr/lib/aarch64-linux-gnu"
wanted, seen = sys.argv[3:], set()
while wanted:
    name = wanted.pop()
    if name in seen:
        continue
    seen.add(name)
    if not (source / name).exists():
        sys.exit(f"{source / name} is not there; add its package to tests/image/tools")
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / name, target / name)
    listing = subprocess.run(["aarch64-linux-gnu-objdump", "-p", source / name], capture_output=True, text=True, check=True)
    needed = [line.split()[1] for line in listing.stdout.splitlines() if line.startswith("  NEEDED")]
    wanted += [f"{LIBRARIES}/{library}" for library in needed]
