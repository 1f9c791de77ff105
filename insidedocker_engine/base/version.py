"""The engine's own version, known without reading the installed package (that costs start-up)."""

VERSION = "0.1.0"
