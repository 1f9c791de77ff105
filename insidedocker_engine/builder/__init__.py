"""The classic builder: a Dockerfile and a context become images, one for each step.

`dockerfile` reads the text, `words` and `arguments` expand variables, `settings` holds what each
instruction changes, `sources` and `copying` bring files in, `cache` finds steps done before, and
`build` goes through it all.
"""
