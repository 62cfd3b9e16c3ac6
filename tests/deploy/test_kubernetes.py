"""deploy/kubernetes: kustomize builds it, Kubernetes, KEDA and Prometheus would take it, and it fits our processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e.deployed import deployed
from otlp_sink import Sink
from realtools.kubernetes import KUBERNETES, complaints, kustomize

from otel_scorer.config import load_settings

ROOT = Path(__file__).resolve().parents[2]
KUSTOMIZATIONS = ROOT / "deploy" / "kubernetes"
FOLDERS = ("base", "overlays/example")


@pytest.fixture
def everything() -> list[dict[str, Any]]:
    return kustomize(KUSTOMIZATIONS / "overlays/example")


def named(manifests: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def pods(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in manifests:
        if each["kind"] in ("Deployment", "StatefulSet"):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_cluster_would_take_what_kustomize_makes_of(folder: str, version: str) -> None:
    manifests = kustomize(KUSTOMIZATIONS / folder)
    assert complaints(manifests, version) == []
    assert {each["metadata"].get("namespace", "otel-scorer") for each in manifests} == {"otel-scorer"}


def test_mistakes_in_manifests_are_found(everything: list[dict[str, Any]]) -> None:
    named(everything, "Deployment", "otel-scorer-serve")["spec"]["template"]["spec"]["hostnam"] = "x"
    named(everything, "ScaledObject", "otel-scorer-work")["spec"]["minReplicas"] = 1
    named(everything, "ServiceMonitor", "otel-scorer")["spec"]["endpoints"][0]["interval"] = "soon"
    found = complaints(everything, KUBERNETES[-1])
    assert [each.split(":")[0].split(" ")[0] for each in found] == ["Deployment", "ScaledObject", "ServiceMonitor"]


def test_every_pod_may_do_nothing_that_it_need_not(everything: list[dict[str, Any]]) -> None:
    seen = dict(pods(everything))
    assert set(seen) == {"otel-scorer-serve", "otel-scorer-work", "valkey"}
    for name, pod in seen.items():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert {"memory"} <= set(container["resources"]["limits"]), name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert {"startupProbe", "readinessProbe"} <= set(container), name


def test_the_settings_in_the_config_map_hold_and_pods_have_time_to_stop(
    everything: list[dict[str, Any]], tmp_path: Path
) -> None:
    (config,) = (each for each in everything if each["kind"] == "ConfigMap")
    file = tmp_path / "otel-scorer.yaml"
    file.write_text(config["data"]["otel-scorer.yaml"])
    settings = load_settings(file, {"OTEL_SCORER_LEDGER_URLS": '["redis://valkey:6379/0"]'}, [])
    periods = {name: pod["terminationGracePeriodSeconds"] for name, pod in pods(everything)}
    assert periods["otel-scorer-work"] >= settings.work.deadline_s + 15 + 5
    assert periods["otel-scorer-serve"] >= 5 + 12 + settings.backend.timeout_s + 3 + 5
    ports = {
        port["name"]: port["containerPort"]
        for port in named(everything, "Deployment", "otel-scorer-serve")["spec"]["template"]["spec"]["containers"][0][
            "ports"
        ]
    }
    addresses = (settings.receive.grpc, settings.receive.http, settings.telemetry.listen)
    assert [f"0.0.0.0:{ports[name]}" for name in ("grpc", "http", "telemetry")] == list(addresses)


def test_a_store_that_is_away_takes_no_endpoints_and_restarts_nobody(everything: list[dict[str, Any]]) -> None:
    """/readyz may say no then (`refuse`), and so does the heartbeat of every worker."""
    (serve,) = dict(pods(everything))["otel-scorer-serve"]["containers"]
    (work,) = dict(pods(everything))["otel-scorer-work"]["containers"]
    assert serve["readinessProbe"]["tcpSocket"] == {"port": "grpc"}
    assert serve["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert "livenessProbe" not in work


def test_who_scales_a_deployment_is_one_alone(everything: list[dict[str, Any]]) -> None:
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]
        for each in everything
        if each["kind"] in ("ScaledObject", "HorizontalPodAutoscaler")
    }
    assert scaled == {"otel-scorer-serve", "otel-scorer-work"}
    for name in scaled:
        assert "replicas" not in named(everything, "Deployment", name)["spec"]


def test_selectors_select_the_pods_that_they_mean(everything: list[dict[str, Any]]) -> None:
    labels = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in everything
        if each["kind"] in ("Deployment", "StatefulSet")
    }
    for each in everything:
        selector = each["spec"].get("selector", {}) if each["kind"] in ("Service", "PodDisruptionBudget") else None
        if selector is None:
            continue
        wanted = selector.get("matchLabels", selector)
        meant = "-".join(each["metadata"]["name"].removesuffix("-headless").split("-"))
        assert [name for name, has in labels.items() if wanted.items() <= has.items()] == [meant]


@pytest.mark.e2e
async def test_the_metrics_that_scale_the_workers_are_told_by_serve() -> None:
    scaled = yaml.safe_load((KUSTOMIZATIONS / "components/keda/scaledobject.yaml").read_text())
    queries = [trigger["metadata"]["query"] for trigger in scaled["spec"]["triggers"]]
    wanted = {query.partition("(")[2].partition("{")[0] for query in queries}
    async with Sink() as sink, deployed(sink) as made:
        _, door = await made.serve()
        assert wanted <= {name.partition("{")[0] for name in door.metrics()}
