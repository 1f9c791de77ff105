"""Engines that a lesson talks to.

discovery      the engine to take: the first that answers
embedded       embedded engines: the checkout's own, and fresh ones
faults         embedded engines that are broken on purpose
session        a session with one engine
images         images that a lesson needs, from the catalogue
isolation      what containers share with the host
machine        a table of what this machine has for the course
stub_engine    an address that gives prepared answers
fake_registry  a small registry that can refuse
"""
