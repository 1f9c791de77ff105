#!/bin/sh
# In a container without root on the host the kernel lets nobody change groups. nginx tries,
# says so at the highest level, and then serves all the same: better to hear it beforehand.
if [ "$1" = nginx ] && [ "$(cat /proc/self/setgroups 2>/dev/null)" = deny ]; then
    echo "docker-entrypoint.sh: no root here, so nginx will say \"initgroups failed\": it serves anyway." >&2
fi
exec "$@"
