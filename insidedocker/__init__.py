from insidedocker.moved import know_older_names

know_older_names()
