"""Grading's own table in the gradebook, for values that live as long as the gradebook.

One transaction saves them with the grades, and a copy of the gradebook holds them, too. A value is
JSON, and is found by topic, assignment, notebook and name.
"""

from __future__ import annotations

import json
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, inspect, select

TABLE = Table(
    "insidedocker_kept",
    MetaData(),
    Column("topic", String(32), primary_key=True),
    Column("assignment", String(255), primary_key=True),
    Column("notebook", String(255), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)
RELEASED = "released"
"""Topic: digest of a version -> the version, of a notebook that was given out."""
JUDGED = "judged"
"""Topic: learner -> what the points of each cell were given for."""
GENERATED = "generated"
"""Topic: fingerprint of what was last found equal to what nbgrader makes of source/."""


def get(book: Gradebook, topic: str, assignment: str, notebook: str = "") -> dict[str, Any]:
    """Return name -> value; empty where the table does not exist."""
    if not inspect(book.db.connection()).has_table(TABLE.name):
        return {}
    of = TABLE.c
    rows = book.db.execute(
        select(of.name, of.value).where(
            of.topic == topic, of.assignment == assignment, of.notebook == notebook
        )
    )
    return {name: json.loads(value) for name, value in rows}


def put(
    book: Gradebook, topic: str, assignment: str, value: Any, *, notebook: str = "", name: str = ""
) -> None:
    """Set a value; the caller commits."""
    connection = book.db.connection()
    TABLE.create(connection, checkfirst=True)
    place = {"topic": topic, "assignment": assignment, "notebook": notebook, "name": name}
    book.db.execute(delete(TABLE).where(*(TABLE.c[key] == each for key, each in place.items())))
    book.db.execute(insert(TABLE).values(**place, value=json.dumps(value, sort_keys=True)))
