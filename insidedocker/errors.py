"""The exception that reaches a person as one sentence. Imports no other package."""


class UserError(Exception):
    """A foreseeable mistake; its text is one sentence that says what to do.

    The `insidedocker` command prints the sentence on stderr and exits with 1, without a traceback.
    """


class UsageError(UserError):
    """A command was used wrongly: an argument names nothing that there is. Exits with 2."""
