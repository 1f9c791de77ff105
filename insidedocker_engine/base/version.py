"""The engine's own version. Reading it from the installed package would slow down start-up."""

VERSION = "0.1.0"
