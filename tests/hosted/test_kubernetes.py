"""The values for Zero to JupyterHub, without a cluster: the pods that the hub's spawner makes of
them, and the objects beside them, are what Kubernetes's own schema allows.

The chart itself is in no registry that the tests may ask, so its templates are not rendered.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.hosted import hosting
from tests.hosted.hosting import ASKED_FOR, ROOT
from tests.support.missing import skip_missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.skipif(not ASKED_FOR, reason="needs packages of its own: INSIDEDOCKER_MORE=hosted"),
]

HERE = Path(__file__).parent
# KubeSpawner wants to know a cluster before it can be made; nothing is asked of this one.
NOWHERE = {
    "current-context": "none",
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "none", "user": {}}],
}


@pytest.fixture(scope="module")
def pods(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with skip_missing():
        environment = hosting.environment(HERE / "kubernetes.lock")
    kubeconfig = tmp_path_factory.mktemp("kubernetes") / "config.json"
    kubeconfig.write_text(json.dumps(NOWHERE))
    values = ROOT / "deploy/kubernetes/values.yaml"
    done = subprocess.run(
        [environment / "bin/python", HERE / "manifests.py", values, "grace", "ada", "alan"],
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def names(entries: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in entries]


def test_only_the_instructor_has_the_course_and_the_gradebook(pods: dict[str, Any]) -> None:
    for account, pod in pods.items():
        teaches = account == "grace"
        assert ("class" in names(pod["spec"]["volumes"])) == teaches
        environment = {each["name"]: each for each in container(pod)["env"]}
        assert ("INSIDEDOCKER_GRADEBOOK" in environment) == teaches
        assert container(pod)["args"][:2] == ["--role", "teacher" if teaches else "class"]
    url = {"name": "INSIDEDOCKER_GRADEBOOK", "valueFrom": {"secretKeyRef": None}}
    url["valueFrom"] = {"secretKeyRef": {"name": "gradebook", "key": "url"}}
    assert url in container(pods["grace"])["env"]


def test_everyone_has_a_user_id_with_a_name(pods: dict[str, Any]) -> None:
    ids = {account: container(pod)["securityContext"]["runAsUser"] for account, pod in pods.items()}
    assert len(set(ids.values())) == len(ids)
    for pod in pods.values():
        (accounts,) = pod["spec"]["initContainers"]
        for account, uid in ids.items():
            assert f"{account}:x:{uid}:100:" in accounts["command"][-1]
        assert {"name": "accounts", "mountPath": "/etc/passwd", "subPath": "passwd"} in container(
            pod
        )["volumeMounts"]


def test_nobody_has_rights_or_room_without_end(pods: dict[str, Any]) -> None:
    for pod in pods.values():
        only = container(pod)
        assert only["resources"]["limits"] == {"cpu": 1, "memory": 2 << 30}
        assert only["securityContext"]["allowPrivilegeEscalation"] is False
        mounted = names(only["volumeMounts"])
        assert len(mounted) == len(set(mounted))
