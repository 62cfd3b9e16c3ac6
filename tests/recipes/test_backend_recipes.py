"""Each settings file in deploy/backends: it holds, goes where its backend listens, and sends the headers it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from otel_scorer.config import load_settings
from otel_scorer.online.backend import Accepted
from otel_scorer.online.backend_http import HttpBackend
from otel_scorer.online.backend_target import resolve

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "backends"
GOES_TO = {
    "any-otlp": "grpc https://otlp.example.com:4317",
    "datadog": "grpc http://datadog-agent:4317",
    "datadog-llm-observability": "https://otlp.datadoghq.com:443/v1/traces",
    "grafana-cloud": "https://otlp-gateway-prod-eu-west-0.grafana.net:443/otlp/v1/traces",
    "honeycomb": "grpc https://api.honeycomb.io:443",
    "jaeger": "grpc http://jaeger:4317",
    "langfuse": "https://cloud.langfuse.com:443/api/public/otel/v1/traces",
    "logfire": "https://logfire-us.pydantic.dev:443/v1/traces",
    "mlflow": "http://mlflow:5000/v1/traces",
    "phoenix": "http://phoenix:6006/v1/traces",
    "signoz": "grpc https://ingest.us.signoz.cloud:443",
    "tempo": "grpc http://tempo:4317",
}
"""As the backends' own documentation gives it."""


def test_every_recipe_is_tested() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(GOES_TO)


@pytest.mark.parametrize("name", GOES_TO)
def test_a_recipe_holds_and_goes_where_its_backend_listens(name: str) -> None:
    settings = load_settings(FOLDER / f"{name}.yaml", {})
    target = resolve(settings.backend)
    assert (target.url("traces") if target.kind == "http" else str(target)) == GOES_TO[name]
    assert (FOLDER / f"{name}.yaml").read_text("utf-8").startswith("# ")


@pytest.fixture
async def asked() -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server that takes anything, and the requests that came."""
    came: list[web.Request] = []

    async def take(request: web.Request) -> web.Response:
        came.append(request)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", came
    await runner.cleanup()


@pytest.mark.parametrize("name", [name for name, where in GOES_TO.items() if where.startswith("http")])
async def test_a_recipe_over_http_sends_its_path_and_headers(name: str, asked: tuple[str, list[web.Request]]) -> None:
    server, came = asked
    settings = load_settings(FOLDER / f"{name}.yaml", {}).backend
    where = GOES_TO[name].split("/", 3)[3]
    here = settings.model_copy(update={"endpoint": f"{server}/{where}"})
    backend = HttpBackend(here, resolve(here))
    assert isinstance(await backend.send("traces", b"", {}, 5.0), Accepted)
    await backend.close()
    assert came[0].path == f"/{where}"
    for header, value in settings.headers.items():
        assert came[0].headers[header] == value.get_secret_value()


def test_a_key_from_the_environment_takes_the_place_of_the_one_in_the_file() -> None:
    said = '{"authorization": "Basic Zm9v", "x-langfuse-ingestion-version": "4"}'
    settings = load_settings(FOLDER / "langfuse.yaml", {"OTEL_SCORER_BACKEND_HEADERS": said})
    assert settings.backend.headers["authorization"].get_secret_value() == "Basic Zm9v"
