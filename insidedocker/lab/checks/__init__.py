"""Checks that answer a learner.

check          checks of values and functions, for lessons
object_checks  checks of the objects on an engine, for lessons
fixtures       scenes: objects that a check needs on an engine
programs       programs in running containers
registries     a real registry with a password, as a container
check_failed   the failure that a learner reads
"""
