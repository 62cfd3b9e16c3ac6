"""kustomize, and the schemas that a cluster holds manifests against: Kubernetes' own, KEDA's and Prometheus's."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from realtools.kept import CannotBuild, go_installed, kept, module_file, skip
from realtools.python_tools import python_tool

KUSTOMIZE = ("sigs.k8s.io/kustomize/kustomize/v5", "v5.8.2")
"""v5.8.3 wants Go 1.27."""
KUBERNETES = ("1.31", "1.35")
"""The oldest version that knows everything that the manifests name, and a newer one."""
_DEFINITIONS = {
    ("keda.sh/v1alpha1", "ScaledObject"): (
        "github.com/kedacore/keda/v2",
        "v2.21.0",
        "config/crd/bases/keda.sh_scaledobjects.yaml",
    ),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): (
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    ),
}
_VALIDATE = """
import json, sys
import kubernetes_validate
found = []
for manifest in json.load(sys.stdin):
    try:
        kubernetes_validate.validate(manifest, sys.argv[1], strict=True)
    except Exception as error:
        found.append(f"{manifest['kind']} {manifest['metadata']['name']}: {error}"[:600])
print(json.dumps(found))
"""


def kustomize(folder: Path) -> list[dict[str, Any]]:
    """The manifests that `kustomize build` makes of a folder; skips the test where kustomize cannot be had."""
    try:
        program = go_installed(*KUSTOMIZE, "kustomize")
    except CannotBuild as error:
        skip(f"no kustomize: {error}")
    done = subprocess.run([program, "build", folder], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def complaints(manifests: list[dict[str, Any]], version: str) -> list[str]:
    """What Kubernetes of that version, KEDA and Prometheus would not take, unknown fields included."""
    own = [each for each in manifests if (each["apiVersion"], each["kind"]) not in _DEFINITIONS]
    done = subprocess.run(
        [python_tool("python"), "-c", _VALIDATE, version],
        input=json.dumps(own),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    for each in manifests:
        key = (each["apiVersion"], each["kind"])
        if key in _DEFINITIONS:
            found += _against(each, _schema(*key))
    return found


def _against(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    for error in jsonschema.Draft202012Validator(schema).iter_errors(manifest):
        yield f"{manifest['kind']} {manifest['metadata']['name']}: {error.json_path}: {error.message}"[:600]


@functools.cache
def _schema(api_version: str, kind: str) -> dict[str, Any]:
    module, version, path = _DEFINITIONS[api_version, kind]
    try:
        text = kept(
            f"{kind.lower()}-{version}",
            f"{module}@{version}/{path}",
            lambda made: module_file(made, module, version, path),
        ).read_text(encoding="utf-8")
    except CannotBuild as error:
        skip(f"no definition of {kind}: {error}")
    versions = yaml.safe_load(text)["spec"]["versions"]
    wanted = api_version.rpartition("/")[2]
    (schema,) = (each["schema"]["openAPIV3Schema"] for each in versions if each["name"] == wanted)
    schema["properties"]["metadata"] = {"type": "object"}
    closed: dict[str, Any] = _closed(schema)
    return closed


def _closed(schema: Any) -> Any:
    """The schema, taking no field that it does not name: a cluster drops such fields without a word."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items()}
    open_ended = found.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in found
    if isinstance(found.get("properties"), dict) and found.get("type") == "object" and not open_ended:
        found["additionalProperties"] = False
    return found
