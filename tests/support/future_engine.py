"""The embedded engine as one to come: it announces API 1.55 to every client, has dropped 1.43 and
older, and leaves out of its answers what Docker has announced to drop (moby's API version history,
1.52). A program: python future_engine.py [OPTIONS of insidedocker_engine].
"""

from __future__ import annotations

from insidedocker_engine.__main__ import main
from insidedocker_engine.api import routing, versions

API = (1, 55)
OLDEST = (1, 44)
DROPPED_SINCE = (1, 52)
DROPPED = {
    "GET /containers/{}/json": [
        "Config.MacAddress",
        "HostConfig.KernelMemoryTCP",
        *(
            f"NetworkSettings.{name}"
            for name in (
                *("Bridge", "EndpointID", "Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen"),
                *("HairpinMode", "IPAddress", "IPPrefixLen", "IPv6Gateway", "MacAddress"),
                *("LinkLocalIPv6Address", "LinkLocalIPv6PrefixLen"),
            )
        ),
    ],
    "GET /images/{}/json": ["DockerVersion", "Parent"],
    "GET /info": ["KernelMemoryTCP"],
    "GET /networks": ["[].Containers"],
    "GET /system/df": ["BuildCache", "Containers", "Images", "LayersSize", "Volumes"],
}

if __name__ == "__main__":
    routing.MAXIMUM, routing.MINIMUM = API, OLDEST
    routing.COMMON_HEADERS["Api-Version"] = ".".join(map(str, API))
    for route, paths in DROPPED.items():
        versions.FIELDS.setdefault(route, [])
        versions.FIELDS[route] += [(path, (0, 0), DROPPED_SINCE) for path in paths]
    main()
