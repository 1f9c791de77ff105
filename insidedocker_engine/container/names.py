"""Names of containers: the valid ones, and generated names for containers created without one."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from ..base import errors

PATTERN = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")

_ADJECTIVES = (
    "airy amber autumn bright brisk calm careful cheerful clear clever coastal cosy curious "
    "dapper dawning early easy evening fair fearless fresh gentle golden green happy hidden "
    "honest humble idle jolly keen kind lively lucky lunar mellow merry mild misty modest "
    "morning nimble noble northern open patient plain polished proud quick quiet rapid ready "
    "round sandy sharp silent silver simple sincere sleepy slow smooth snowy soft solar solid "
    "southern spare spring steady still summer sunny swift tall tidy tiny upright vivid warm "
    "wide wild winter wise woolly young"
)
_NOUNS = (
    "acorn anchor apple badger barge beacon beaver bee birch brook canal cedar cloud clover "
    "comet coral crane creek daisy dolphin dove dune elm falcon fern finch fjord forest fox "
    "garden gull harbour hare harvest hazel hedge heron hill island ivy jay kestrel kite lagoon "
    "lake lantern lark lemon lily linden lynx maple meadow mole moon moss nettle oak orchard "
    "osprey otter owl pebble pier pine plum pond poppy quay raft rain raven reed ridge river "
    "robin rose rowan sail seal shore sparrow spruce star stone storm stream swan thistle "
    "thrush tide tulip valley walnut wave willow wren"
)
ADJECTIVES, NOUNS = _ADJECTIVES.split(), _NOUNS.split()


def check(name: str, shown: str | None = None) -> str:
    """The name without its leading slash. Raises BadRequest (naming `shown`) for an invalid
    name."""
    if not PATTERN.fullmatch(name):
        raise errors.BadRequest(
            f"Invalid container name ({shown or name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        )
    return name.removeprefix("/")


def invent(taken: Callable[[str], bool]) -> str:
    """A free name such as quiet_otter, with a number after several collisions. Raises Conflict."""
    for attempt in range(1000):
        name = f"{random.choice(ADJECTIVES)}_{random.choice(NOUNS)}"
        if attempt >= 5:
            name += str(random.randrange(10 ** (1 + attempt // 100)))
        if not taken(name):
            return name
    raise errors.Conflict("no free container name was found: give one with ?name=")
