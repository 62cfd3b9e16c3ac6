"""Clients that people have: each sends to a running otel_scorer, its spans arrive in Jaeger, scored or passed on."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from backends.conftest import Book
from backends.standing import PATIENCE_S, Account, scorer_before, until_shown
from e2e.once import SpanId
from e2e.running import Door, until
from live.model_server import ModelServer
from live.runs import output_of
from realtools.jaeger import Jaeger
from realtools.kept import CannotBuild, go_installed, skip
from realtools.node import node_modules, run_script
from realtools.python_packages import installed
from realtools.shown import Shown

pytestmark = [pytest.mark.e2e, pytest.mark.backends]

HERE = Path(__file__).parent
JS = HERE / "js"
PROTOCOLS = ("grpc", "http/protobuf")


def exporting(door: Door, protocol: str, **more: str) -> dict[str, str]:
    """What a user sets, and nothing of a developer's own."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
        "OTEL_EXPORTER_OTLP_ENDPOINT": door.grpc_url if protocol == "grpc" else door.http_url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        **more,
    }


def ids_of(printed: str) -> list[SpanId]:
    return [(trace_id, span_id) for trace_id, span_id in json.loads(printed.splitlines()[-1])]


def named(shown: Iterable[Shown]) -> Mapping[str, Shown]:
    return {span.name: span for span in shown}


def assert_once(account: Account, shown: Sequence[Shown]) -> None:
    assert (account.arrived, account.duplicated) == (account.sent, 0)
    # of a client's own clock Jaeger may think what it likes: JavaScript's children sometimes outlast their parents
    assert not [warning for span in shown for warning in span.warnings if "duplicate" in warning]


# ---- JavaScript ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [*PROTOCOLS, "http/json"])
async def test_the_sdk_for_node(jaeger: Jaeger, book: Book, tmp_path: Path, protocol: str) -> None:
    modules = node_modules(JS)
    async with scorer_before(jaeger.grpc) as standing:
        printed = await run_script(JS / "sdk_node.mjs", modules, tmp_path, exporting(standing.door, protocol))
        sent = ids_of(printed)
        assert len(sent) == 5
        shown = await until_shown(jaeger, sent)
    assert_once(book(f"JavaScript sdk-node, {protocol}", "inline", jaeger, sent, shown), shown)
    assert named(shown)["invoke_agent weather"].attributes["otel_scorer.label"] == "pass"
    assert not named(shown)["POST /chat"].is_scored


@pytest.mark.parametrize(("major", "root_name"), [("6", "ai.generateText"), ("7", "invoke_agent pretend")])
async def test_vercels_ai_sdk(jaeger: Jaeger, book: Book, tmp_path: Path, major: str, root_name: str) -> None:
    modules = node_modules(JS)
    async with scorer_before(jaeger.grpc) as standing, ModelServer() as model:
        environment = exporting(standing.door, "http/protobuf", MODEL_URL=model.url, AI_SDK=major)
        sent = ids_of(await run_script(JS / "vercel_ai.mjs", modules, tmp_path, environment))
        assert len(model.exchanges) == 2
        shown = await until_shown(jaeger, sent)
    assert_once(book(f"JavaScript Vercel AI SDK {major}", "inline", jaeger, sent, shown), shown)
    root = named(shown)[root_name]
    assert root.attributes["otel_scorer.status"] in ("scored", "partial")
    assert root.is_scored


# ---- Python without code ---------------------------------------------------------------------------------------------

AUTO = (
    "httpx==0.28.1",  # openai-v2 2.4 imports it, and openai itself does so no longer
    "openai==3.54.0",
    "opentelemetry-distro==0.66b1",
    "opentelemetry-exporter-otlp-proto-grpc==1.45.1",
    "opentelemetry-exporter-otlp-proto-http==1.45.1",
    "opentelemetry-instrumentation-openai-v2==2.4b0",
    "opentelemetry-instrumentation-urllib==0.66b1",
    "opentelemetry-util-genai==0.4b0",
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_opentelemetry_instrument(jaeger: Jaeger, book: Book, protocol: str) -> None:
    try:
        environment = await asyncio.to_thread(installed, "auto-instrumentation", AUTO)
    except CannotBuild as error:
        skip(f"no auto-instrumentation: {error}")
    binaries = environment / "bin"
    async with scorer_before(jaeger.grpc) as standing, ModelServer() as model:
        variables = exporting(
            standing.door,
            protocol,
            OPENAI_BASE_URL=model.url,
            OPENAI_API_KEY="not-a-key",
            TOOL_URL=f"http://127.0.0.1:{standing.door.health}/healthz",
            OTEL_SEMCONV_STABILITY_OPT_IN="gen_ai_latest_experimental",
            OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="SPAN_ONLY",
            OTEL_METRICS_EXPORTER="none",
            OTEL_LOGS_EXPORTER="none",
            OTEL_SERVICE_NAME="auto",
        )
        program = [str(binaries / "python"), str(HERE / "auto_instrumented.py")]
        sent = ids_of(await output_of([str(binaries / "opentelemetry-instrument"), *program], variables))
        assert len(sent) == 4, "agent, two calls of the model, one GET"
        shown = await until_shown(jaeger, sent)
    assert_once(book(f"opentelemetry-instrument, {protocol}", "inline", jaeger, sent, shown), shown)
    answered = [span for span in shown if span.name == "chat pretend" and span.is_scored]
    assert len(answered) == 1, "the other call asked for a tool and has no answer"
    assert named(shown)["invoke_agent weather"].attributes["otel_scorer.status"] in ("scored", "partial")
    assert not named(shown)["GET"].is_scored


# ---- telemetrygen ----------------------------------------------------------------------------------------------------

TELEMETRYGEN = "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen"
AGENT = {
    "openinference.span.kind": "AGENT",
    "input.value": "What is the weather in Paris?",
    "output.value": "It is 18 degrees in Paris.",
}


@pytest.mark.parametrize("kind", ["plain", "agent"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_telemetrygen(jaeger: Jaeger, book: Book, protocol: str, kind: str) -> None:
    try:
        program = await asyncio.to_thread(go_installed, TELEMETRYGEN, "v0.149.0", "telemetrygen")
    except CannotBuild as error:
        skip(f"no telemetrygen: {error}")
    service = f"gen-{kind}-{os.urandom(4).hex()}"
    async with scorer_before(jaeger.grpc) as standing:
        port = standing.door.grpc if protocol == "grpc" else standing.door.http
        command = [str(program), "traces", "--otlp-insecure", "--otlp-endpoint", f"127.0.0.1:{port}"]
        command += ["--traces", "10", "--rate", "50", "--child-spans", "2", "--service", service]
        command += ["--otlp-http"] if protocol != "grpc" else []
        for key, value in AGENT.items() if kind == "agent" else ():
            command += ["--telemetry-attributes", f'{key}="{value}"']
        await output_of(command, dict(os.environ))

        async def ten_traces() -> set[str] | None:
            found = await jaeger.search(service)
            return found if len(found) == 10 else None

        traces = await until(ten_traces, PATIENCE_S)
        sent = [(span.trace_id, span.span_id) for trace_id in traces for span in await jaeger.spans(trace_id)]
        shown = await until_shown(jaeger, sent)
    account = book(f"telemetrygen {kind}, {protocol}", "inline", jaeger, sent, shown)
    assert account.sent == 30
    assert_once(account, shown)
    statuses = {span.attributes.get("otel_scorer.status") for span in shown}
    assert statuses <= ({None, "scored", "partial"} if kind == "agent" else {None})
    assert (account.scored > 0) == (kind == "agent")
