"""An image archive from a recipe: layers become blobs, history and configuration JSON."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from insidedocker.catalog import image_archive
from insidedocker.catalog.layer import MOMENT
from insidedocker.catalog.recipes import RECIPES, Kitchen, Made, Step
from insidedocker_engine import Platform

_CREATED = datetime.fromtimestamp(MOMENT, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class FromDebian:
    """A written archive and its packages ("nginx 1.22.1-9"); hello-world has no packages."""

    contents: image_archive.Contents
    packages: tuple[str, ...]


def make(reference: str, path: Path, kitchen: Kitchen) -> FromDebian:
    """Make the image `reference` by its recipe and write its archive to `path`."""
    made = RECIPES[reference](kitchen)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        layers = [
            _blob(step, Path(scratch) / f"{number}.tar")
            for number, step in enumerate(made.steps)
            if step.layer is not None
        ]
        config = image_archive.to_json(
            _config(reference, made, kitchen.platform, [layer.digest for layer in layers])
        )
        contents = image_archive.write(path, reference, config, layers)
    packages = sorted({package for step in made.steps for package in step.packages})
    return FromDebian(contents, tuple(packages))


def _blob(step: Step, path: Path) -> image_archive.Blob:
    assert step.layer is not None
    with path.open("wb") as stream:
        step.layer.write(stream)
    return image_archive.blob(path)


def _config(reference: str, made: Made, platform: Platform, diff_ids: list[str]) -> dict[str, Any]:
    labels = {
        "org.opencontainers.image.title": reference.partition(":")[0],
        "org.opencontainers.image.description": made.description,
    }
    config: dict[str, Any] = {
        "architecture": platform.architecture,
        "os": "linux",
        "created": _CREATED,
        "config": {**made.run, "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [_history(step) for step in made.steps],
    }
    if platform.variant:
        config["variant"] = platform.variant
    return config


def _history(step: Step) -> dict[str, Any]:
    line: dict[str, Any] = {"created": _CREATED, "created_by": step.created_by}
    if step.layer is None:
        line["empty_layer"] = True
    if step.packages:
        line["comment"] = ", ".join(step.packages)
    return line
