"""Engines that a lesson talks to: found (`discovery`), started (`embedded`), broken on purpose
(`faults`), and small registries beside them."""
