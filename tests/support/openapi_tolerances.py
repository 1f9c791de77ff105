"""Deviations of real daemons from their own descriptions, which our engine may copy.

Found by judging whole tours of Docker Engine 20.10 (described by 1.41), 26.1 (1.45) and 28.5
(1.51), the newer ones also asked in the older versions. `test_openapi.py` proves that the list is
complete for both editions of the descriptions (Debian's docker-doc and a later one).
"""

import re

ALL = ("1.41", "1.45", "1.51")

# Go sends null for a list or map that was never made, and for an unset pointer. Places are named
# Definition.Field, or METHOD /path STATUS.Field where the description has no definition.
NULL: dict[str, tuple[str, ...]] = {
    # Fields left out in POST /containers/create come back as null.
    "ContainerConfig.Entrypoint": ALL,
    "ContainerConfig.Volumes": ALL,
    "HostConfig.Binds": ALL,
    "HostConfig.CapAdd": ALL,
    "HostConfig.CapDrop": ALL,
    "HostConfig.Dns": ALL,
    "HostConfig.DnsOptions": ALL,
    "HostConfig.DnsSearch": ALL,
    "HostConfig.ExtraHosts": ALL,
    "HostConfig.GroupAdd": ALL,
    "HostConfig.Links": ALL,
    "HostConfig.PortBindings": ALL,
    "HostConfig.SecurityOpt": ALL,
    "HostConfig.VolumesFrom": ALL,
    "Resources.BlkioDeviceReadBps": ALL,
    "Resources.BlkioDeviceReadIOps": ALL,
    "Resources.BlkioDeviceWriteBps": ALL,
    "Resources.BlkioDeviceWriteIOps": ALL,
    "Resources.BlkioWeightDevice": ALL,
    "Resources.DeviceCgroupRules": ALL,
    "Resources.DeviceRequests": ALL,
    "Resources.Devices": ALL,
    "Resources.MemorySwappiness": ALL,
    "Resources.Ulimits": ALL,
    "EndpointSettings.Aliases": ALL,
    "EndpointSettings.DNSNames": ("1.45", "1.51"),
    "EndpointSettings.Links": ALL,
    # Storage drivers without driver data: vfs, and 28.5's containerd store.
    "GraphDriverData.Data": ("1.41", "1.45"),
    "DriverData.Data": ("1.51",),
    "SystemInfo.DriverStatus": ALL,
    # Control groups of version 2 do not have these values.
    "ContainerBlkioStats.io_service_bytes_recursive": ("1.51",),
    "Resources.OomKillDisable": ALL,
    # Fields left out in an image's configuration.
    "ContainerConfig.Cmd": ("1.41", "1.45"),
    "ContainerConfig.Env": ("1.41", "1.45"),
    "ContainerConfig.Labels": ("1.41", "1.45"),
    "ImageConfig.Cmd": ALL,
    "ImageConfig.Entrypoint": ALL,
    "ImageConfig.Env": ALL,
    "ImageConfig.Labels": ALL,
    "ImageConfig.Volumes": ALL,
    "ImageHistoryResponseItem.Tags": ALL,
    "GET /images/{name}/history 200[].Tags": ALL,
    "ImageSummary.Labels": ALL,
    "ImageSummary.RepoDigests": ALL,
    "ImageSummary.RepoTags": ALL,
    # Networks and volumes made without options.
    "IPAM.Config": ALL,
    "IPAM.Options": ALL,
    "Volume.Labels": ALL,
    "Volume.Options": ALL,
    # Empty results: no warnings, nothing changed, nothing pruned, no exit yet.
    "ContainerUpdateResponse.Warnings": ("1.51",),
    "POST /containers/{id}/update 200.Warnings": ("1.41", "1.45"),
    "ContainerWaitResponse.Error": ("1.41",),
    "SystemInfo.Warnings": ALL,
    "VolumeListResponse.Warnings": ALL,
    "GET /containers/{id}/changes 200": ALL,
    "GET /exec/{id}/json 200.ExitCode": ALL,
    "GET /system/df 200.BuildCache": ("1.41",),
    "POST /build/prune 200.CachesDeleted": ALL,
    "POST /containers/prune 200.ContainersDeleted": ALL,
    "POST /images/prune 200.ImagesDeleted": ALL,
    "POST /networks/prune 200.NetworksDeleted": ALL,
    # A daemon without plugins, mirrors or special resources.
    "PluginsInfo.Authorization": ALL,
    "RegistryServiceConfig.AllowNondistributableArtifactsCIDRs": ("1.41", "1.45"),
    "RegistryServiceConfig.AllowNondistributableArtifactsHostnames": ("1.41", "1.45"),
    "RegistryServiceConfig.Mirrors": ALL,
    "SystemInfo.GenericResources": ALL,
}

# (versions, which answers, which problem): whole-match regular expressions.
OTHER: tuple[tuple[tuple[str, ...], str, str], ...] = (
    # Every operation refuses a bad parameter or version with 400, described or not.
    (ALL, r".* 400", r"the operation has no status 400"),
    # A network's name exists already and CheckDuplicate is set; the description omits this.
    (ALL, r"POST /networks/create 409", r"the operation has no status 409"),
    # 403: another container has the fixed address. 404: the volume's driver does not exist.
    (ALL, r"POST /containers/\{id\}/start 403", r"the operation has no status 403"),
    (ALL, r"POST /volumes/create 404", r"the operation has no status 404"),
    # The container is being removed, or AutoRemove excludes the restart policy.
    (ALL, r"POST /containers/\{id\}/update 409", r"the operation has no status 409"),
    # An attach writes the response's head before it looks for the container.
    (ALL, r"POST /containers/\{id\}/attach 404", r"Content-Type 'application/vnd.docker.raw-.*"),
    # The daemon omits the header, which would be empty, if BuildKit is not its default builder.
    (("1.41",), r"(GET|HEAD) /_ping 200", r"the header Builder-Version is missing"),
    # Isolation is "" on Linux; earlier editions of the descriptions omit this value.
    (("1.41", "1.45"), r"GET .* 200", r".*\.Isolation: '' is not one of .*"),
    # A too old version is refused before the answer's Content-Type is set (not by 26.1).
    (ALL, r".* 400", r"Content-Type 'text/plain; charset=utf-8', not application/json"),
)


def nullable(version: str) -> frozenset[str]:
    """Return the places where `version`'s daemon sends null against its description."""
    return frozenset(place for place, versions in NULL.items() if version in versions)


def tolerated(version: str, name: str, problem: str) -> bool:
    """Return True if the real daemon of `version` has this problem too."""
    return any(
        version in versions and re.fullmatch(which, name) and re.fullmatch(what, problem)
        for versions, which, what in OTHER
    )
