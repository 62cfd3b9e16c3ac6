"""What is an agent span, and what is not."""

from __future__ import annotations

import pytest
from otlp_json_files import SHARED, spans_in

from otel_scorer.conventions import markers
from otel_scorer.conventions.markers import is_agent, is_genai_log
from otel_scorer.model import Value

ORDINARY: list[tuple[str, dict[str, Value]]] = [
    ("GET /orders/{id}", {"http.request.method": "GET", "url.path": "/orders/1", "session.id": "s", "user.id": "u"}),
    ("SELECT orders", {"db.system": "postgresql", "db.statement": "select 1"}),
    ("SELECT orders", {"db.system.name": "postgresql", "db.query.text": "select 1"}),
    ("search", {"db.system": "elasticsearch", "db.operation": "search"}),
    ("orders publish", {"messaging.system": "kafka", "messaging.destination.name": "orders"}),
    ("grpc.Orders/Get", {"rpc.system": "grpc", "rpc.service": "Orders", "error.type": "x", "server.address": "h"}),
    ("chat", {"input.value": "x", "output.value": "y", "metadata": "{}", "tag.tags": ["a"]}),
    ("web.request", {"span.type": "web", "operation.name": "flask.request"}),
    ("appinsights", {"ai.operation.id": "1", "ai.cloud.role": "web", "ai.user.id": "u"}),
    ("aws.lambda", {"faas.invocation_id": "1", "retrieval": "x", "tool.version": "1", "model": "T"}),
    ("forged", {"otel_scorer.score.lowest": 5}),
]
PROPAGATED: list[dict[str, Value]] = [
    {"http.request.method": "GET", "traceloop.association.properties.user_id": "u", "traceloop.workflow.name": "w"},
    {"db.system": "mysql", "langfuse.environment": "prod", "langfuse.trace.name": "t", "session.id": "s"},
    {"rpc.system": "grpc", "gen_ai.conversation.id": "c", "gen_ai.agent.name": "a"},
    {"http.method": "GET", "mlflow.traceRequestId": '"tr-1"'},
]
AGENT: list[tuple[str, dict[str, Value]]] = [
    ("chat gpt-4o", {"gen_ai.operation.name": "chat"}),
    ("ChatCompletion", {"openinference.span.kind": "LLM"}),
    ("x", {"fi.span.kind": "TOOL"}),
    ("x.workflow", {"traceloop.span.kind": "workflow", "traceloop.workflow.name": "x"}),
    ("ai.generateText", {"ai.operationId": "ai.generateText"}),
    ("chroma.query", {"db.system": "chroma"}),
    ("pinecone.query", {"db.system": "Pinecone"}),
    ("query", {"db.system.name": "qdrant", "server.address": "h"}),
    ("predict", {"mlflow.spanType": '"LLM"', "mlflow.traceRequestId": '"tr"'}),
    ("observation", {"langfuse.observation.type": "generation", "langfuse.environment": "prod"}),
    ("claude_code.tool", {"tool_name": "Bash"}),
    ("session", {"span.type": "interaction"}),
    ("agent run", {}),
    ("execute_tool weather", {}),
    ("tools/call weather", {"mcp.method.name": "tools/call"}),
]


@pytest.mark.parametrize(("name", "attributes"), ORDINARY)
def test_an_ordinary_span_is_no_agent_span(name: str, attributes: dict[str, Value]) -> None:
    assert not is_agent(attributes, name)


@pytest.mark.parametrize("attributes", PROPAGATED)
def test_keys_that_sdks_put_on_every_span_prove_nothing(attributes: dict[str, Value]) -> None:
    assert not is_agent(attributes, "GET /")


@pytest.mark.parametrize(("name", "attributes"), AGENT)
def test_each_kind_of_marker_proves_an_agent_span(name: str, attributes: dict[str, Value]) -> None:
    assert is_agent(attributes, name)


def test_our_own_prefix_is_exported_and_no_marker() -> None:
    assert markers.OWN_PREFIX == "otel_scorer."
    assert not markers.OWN_PREFIX.startswith(markers.PREFIXES)


def test_log_records_are_known_by_event_name_wherever_it_stands() -> None:
    assert is_genai_log("gen_ai.choice", {})
    assert is_genai_log("", {"event.name": "gen_ai.user.message"})
    assert not is_genai_log("", {"event.name": 1})
    assert not is_genai_log("http.request", {"gen_ai.system": "openai"})
    assert all(is_genai_log(name, {}) for name in markers.LOG_EVENTS)


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded traces are not here (../shared/traces)")
def test_all_recorded_spans_but_the_71_handmade_ones_are_agent_spans() -> None:
    files = [path for path in SHARED.glob("*/*/*.json") if not path.name.endswith(("logs.json", "versions.json"))]
    others = [span for path in files for span in spans_in(path) if not is_agent(span.attributes, span.name)]

    assert len(files) > 300
    assert {span.scope.name for span in others} == {
        "tests.test_langgraph",
        "tests.test_separate_trace_from_runtime_context",
    }
    assert len(others) == 71
