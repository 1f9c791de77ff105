#!/bin/sh
# A configuration file as the command means: serve with it. Anything else goes to the program.
case "$1" in
    *.yml|*.yaml) set -- serve "$@" ;;
    serve|garbage-collect|help|-*) ;;
    *) exec "$@" ;;
esac
exec registry "$@"
