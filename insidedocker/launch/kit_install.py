"""Installs the course from the kit that this file lies in, without a network.

    python3 KIT/install.py [FOLDER]

FOLDER (default: inside-docker in your home) gets the course; one that is there already is brought
up to date, and your work in it stays. It needs a bare Python and nothing else.
"""

import os
import sys
import tarfile
from pathlib import Path

KIT = Path(__file__).resolve().parent


def main() -> None:
    if sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    target = Path(sys.argv[1] if sys.argv[1:] else Path.home() / "inside-docker").absolute()
    if target.exists() and any(target.iterdir()) and not (target / "bootstrap.py").is_file():
        sys.exit(f"{target} holds something else: name a new folder, or an empty one.")
    print(f"Copying the course to {target} ...", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(KIT / "course.tar") as course:
        course.extraction_filter = getattr(tarfile, "data_filter", None)  # not before 3.11.4
        course.extractall(target)
    # Nothing but what the kit has: the same for pip and for uv.
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
