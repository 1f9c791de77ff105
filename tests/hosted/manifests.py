"""Run by the environment of kubernetes.lock: the pods that KubeSpawner makes of deploy/kubernetes's
values for the accounts named, as JSON, each checked against Kubernetes's own schema.

    python manifests.py VALUES.yaml ACCOUNT…       (KUBECONFIG names a cluster, which is not asked)
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import kubernetes_validate
import yaml
from kubernetes_asyncio import client
from kubespawner import KubeSpawner
from traitlets.config import Config

VERSION = "1.33"


def spawner(values: dict, account: str) -> KubeSpawner:
    """As the chart's hub sets it up: its settings, then extraConfig."""
    config = Config()
    hub, user = values["hub"], values["singleuser"]
    os.environ.update(hub["extraEnv"])
    for code in hub["extraConfig"].values():
        exec(code, {"c": config})
    config.KubeSpawner.image = f"{user['image']['name']}:{user['image']['tag']}"
    config.KubeSpawner.volumes = list(user["storage"]["extraVolumes"])
    config.KubeSpawner.volume_mounts = list(user["storage"]["extraVolumeMounts"])
    config.KubeSpawner.environment = dict(user["extraEnv"])
    config.KubeSpawner.mem_limit = user["memory"]["limit"]
    config.KubeSpawner.cpu_limit = user["cpu"]["limit"]
    config.KubeSpawner.allow_privilege_escalation = user["allowPrivilegeEscalation"]
    made = KubeSpawner(config=config, _mock=True)
    made.user = SimpleNamespace(name=account, id=1, url=f"/user/{account}/")
    return made


async def pod(values: dict, account: str) -> dict:
    """The manifest of somebody's pod the second time: nothing may be there twice."""
    made = spawner(values, account)
    hook = made.pre_spawn_hook
    hook(made)
    hook(made)
    made.api_token = "token"
    return client.ApiClient().sanitize_for_serialization(await made.get_pod_manifest())


def main() -> None:
    values = yaml.safe_load(Path(sys.argv[1]).read_text())
    pods = {}
    for account in sys.argv[2:]:
        pods[account] = asyncio.run(pod(values, account))
        kubernetes_validate.validate(pods[account], VERSION, strict=True)
    for document in yaml.safe_load_all(Path(sys.argv[1]).with_name("gradebook.yaml").read_text()):
        kubernetes_validate.validate(document, VERSION, strict=True)
    print(json.dumps(pods))


if __name__ == "__main__":
    main()
