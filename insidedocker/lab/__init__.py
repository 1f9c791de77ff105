"""The package that a lesson imports: an engine to talk to, checks that answer, questions to click.

    from insidedocker import lab

    engine = lab.connect()
    engine.get("/_ping").text

    engines/         sessions with engines: found, started, broken on purpose
    checks/          checks of a learner's work, and scenes for them
    quiz/            questions answered by a click or in code
    learner/         a learner's progress and variant
    pictures/        pictures drawn from a live engine
    tapping/         the tap, a recording proxy, and its timeline
    labels, cleanup  the marks of a lesson's objects, and their removal
    progress         bars for a pull, push, load or build
    streams          frames of logs, attach and exec
    terminals        a terminal beside the notebook
    web              a page from a server that is starting
    beside           small files beside the notebook
    plain_data       values that may pass between a learner's code and the checks
    errors           failures that a learner reads as one sentence

Knows the engine and the catalogue, and nothing of grading.
"""

import os

from insidedocker import loopback
from insidedocker.lab import pictures, progress, quiz
from insidedocker.lab.checks import check
from insidedocker.lab.cleanup import clean_up, inventory
from insidedocker.lab.engines.discovery import connect
from insidedocker.lab.engines.faults import breakable_engine, fault, mystery
from insidedocker.lab.engines.images import ImageMissing, need
from insidedocker.lab.engines.isolation import shared_with_host
from insidedocker.lab.engines.machine import machine
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import EngineUnreachable, NoEngine, StreamFailed
from insidedocker.lab.labels import LABEL, labels, repository
from insidedocker.lab.learner import variant
from insidedocker.lab.learner.table import my_progress
from insidedocker.lab.streams import text_of
from insidedocker.lab.tapping import Tap as tap
from insidedocker.lab.terminals import terminal
from insidedocker.lab.web import fetch

# For every request that the cells of a notebook make, by whatever library or program.
loopback.keep_direct(os.environ)

__all__ = [
    "LABEL",
    "Engine",
    "EngineUnreachable",
    "ImageMissing",
    "NoEngine",
    "StreamFailed",
    "breakable_engine",
    "check",
    "clean_up",
    "connect",
    "fault",
    "fetch",
    "inventory",
    "labels",
    "machine",
    "my_progress",
    "mystery",
    "need",
    "pictures",
    "progress",
    "quiz",
    "repository",
    "shared_with_host",
    "tap",
    "terminal",
    "text_of",
    "variant",
]
