"""Installs the course from the kit that this file lies in, without a network.

    python3 KIT/install.py [FOLDER]

FOLDER (default: inside-docker in your home) gets the course; one that is there already is brought
up to date, and your work in it stays: a file of the course that you have changed is kept beside
the new one. It needs a bare Python and nothing else.
"""

import hashlib
import json
import os
import sys
import tarfile
from pathlib import Path

KIT = Path(__file__).resolve().parent
DELIVERED = ".kit-delivered.json"
"""The file in the course's folder with the digests of what the last kit put there."""


def keep_changed(course: tarfile.TarFile, target: Path) -> None:
    """Rename each file that would be overwritten and differs from what the last kit delivered."""
    try:
        before = json.loads((target / DELIVERED).read_bytes())
    except (OSError, ValueError):
        before = {}
    delivered = {}
    for entry in course:
        file = course.extractfile(entry) if entry.isfile() else None
        if file is None:
            continue
        delivered[entry.name] = hashlib.sha256(file.read()).hexdigest()
        place = target / entry.name
        if place.is_symlink() or place.is_file():
            here = hashlib.sha256(place.read_bytes()).hexdigest() if place.exists() else ""
            if here not in (delivered[entry.name], before.get(entry.name)):
                number = 1
                while (kept := place.with_name(f"{place.name}.yours-{number}")).exists():
                    number += 1
                place.rename(kept)
                said = f"You changed {entry.name}: yours is now {kept.name}, beside the new one."
                print(said, flush=True)  # before another program takes over this process
    draft = target / f"{DELIVERED}.new"
    draft.write_text(json.dumps(delivered))
    draft.replace(target / DELIVERED)


def main() -> None:
    if sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    target = Path(sys.argv[1] if sys.argv[1:] else Path.home() / "inside-docker").absolute()
    if target.exists() and any(target.iterdir()) and not (target / "bootstrap.py").is_file():
        sys.exit(f"{target} holds something else: name a new folder, or an empty one.")
    print(f"Copying the course to {target} ...", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(KIT / "course.tar") as course:
        keep_changed(course, target)
        course.extraction_filter = getattr(tarfile, "data_filter", None)  # not before 3.11.4
        course.extractall(target)
    # Install from the kit's wheels only, with pip as with uv.
    wheels = str(KIT / "wheels")
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=wheels, PIP_DISABLE_PIP_VERSION_CHECK="1")
    os.environ.update(UV_NO_INDEX="1", UV_OFFLINE="1", UV_FIND_LINKS=wheels)
    bootstrap = str(target / "bootstrap.py")
    os.chdir(target)
    os.execv(
        sys.executable, [sys.executable, bootstrap, "insidedocker", "kit", "install", str(KIT)]
    )


if __name__ == "__main__":
    main()
