"""Writes the manifest, the SBOM (SPDX 2.3) and Raspberry Pi Imager's repository file. Called by steps/papers."""

import hashlib
import json
import os
import pathlib
import sys
import time

LAYER = pathlib.Path("/cache") / sys.argv[1]
NAME, VERSION = os.environ["name"], os.environ["version"]
OUT = pathlib.Path("/out")
WHEN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"])))
BOARDS = {"pi": ["pi3-64bit", "pi4-64bit"], "pi5": ["pi5-64bit"]}[os.environ["flavour"]]


def debian_packages():
    """Every unpacked .deb of the image as (name, version, architecture, source, source version, sha256)."""
    found = {}
    for notes in sorted(LAYER.glob("*.debs")):
        for line in notes.read_text().splitlines():
            fields = line.split()
            found[fields[0]] = fields
    return [found[name] for name in sorted(found)]


def cargo_packages():
    """Every crate that is compiled into the appliance, from `cargo metadata`."""
    metadata = json.loads(pathlib.Path("/build/cargo.json").read_text())
    used, waiting = set(), [metadata["resolve"]["root"]]
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    while waiting:
        crate = waiting.pop()
        if crate in used:
            continue
        used.add(crate)
        for dependency in nodes[crate]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return sorted(
        (p["name"], p["version"], p.get("license") or "NOASSERTION", p.get("source") or "")
        for p in metadata["packages"]
        if p["id"] in used
    )


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def spdx(debian, crates):
    packages = []
    for name, version, architecture, source, source_version, checksum in debian:
        packages.append({
            "SPDXID": f"SPDXRef-deb-{name.replace('+', 'plus').replace('_', '-')}",
            "name": name,
            "versionInfo": version,
            "downloadLocation": "https://deb.debian.org/debian",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "sourceInfo": f"Debian source package {source} {source_version}",
            "checksums": [{"algorithm": "SHA256", "checksumValue": checksum}],
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:deb/debian/{name}@{version}?arch={architecture}&distro=debian-13",
            }],
        })
    for name, version, licence, source in crates:
        packages.append({
            "SPDXID": f"SPDXRef-cargo-{name.replace('_', '-')}-{version.replace('+', '-')}",
            "name": name,
            "versionInfo": version,
            "downloadLocation": "https://crates.io" if source else "NOASSERTION",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": licence.replace("/", " OR "),
            "copyrightText": "NOASSERTION",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:cargo/{name}@{version}",
            }],
        })
    image = "SPDXRef-image"
    packages.insert(0, {
        "SPDXID": image,
        "name": NAME,
        "versionInfo": VERSION,
        "downloadLocation": "NOASSERTION",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": sha256(OUT / f"{NAME}.img")}],
    })
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": NAME,
        "documentNamespace": f"https://madoguchi.invalid/spdx/{NAME}-{packages[0]['checksums'][0]['checksumValue'][:16]}",
        "creationInfo": {"created": WHEN, "creators": ["Tool: madoguchi-image"]},
        "packages": packages,
        "relationships": [{
            "spdxElementId": "SPDXRef-DOCUMENT",
            "relatedSpdxElement": image,
            "relationshipType": "DESCRIBES",
        }] + [{
            "spdxElementId": image,
            "relatedSpdxElement": package["SPDXID"],
            "relationshipType": "CONTAINS",
        } for package in packages[1:]],
    }


def imager():
    """Raspberry Pi Imager's repository file: `rpi-imager --repo os_list.json`."""
    image, packed = OUT / f"{NAME}.img", OUT / f"{NAME}.img.zst"
    return {"os_list": [{
        "name": f"Madoguchi {VERSION}",
        "description": "Firmware of the loaner box for the city's online counter",
        "icon": "",
        "url": f"file:{packed.name}",
        "release_date": WHEN[:10],
        "extract_size": image.stat().st_size,
        "extract_sha256": sha256(image),
        "image_download_size": packed.stat().st_size,
        "image_download_sha256": sha256(packed),
        "devices": BOARDS,
        "init_format": "none",
    }]}


def write(name, text):
    (OUT / name).write_text(text)


debian, crates = debian_packages(), cargo_packages()
write(f"{NAME}.manifest", "".join(f"{p[0]} {p[1]} {p[2]} {p[5]}\n" for p in debian))
write(f"{NAME}.spdx.json", json.dumps(spdx(debian, crates), indent=1) + "\n")
write(f"os_list{os.environ['suffix']}.json", json.dumps(imager(), indent=1) + "\n")
print(f"    SBOM: {len(debian)} Debian packages, {len(crates)} crates")
