"""An agent that a published instrumentation watches. Runs in the environment of requirements-live.lock, not in ours.

python instrumented_agent.py NAME

calls the model at OPENAI_BASE_URL, exports spans and logs to OTEL_EXPORTER_OTLP_ENDPOINT (OTLP/HTTP), and prints the
ids of its spans by trace (JSON). The agent and its tools are watched by the instrumentation where it is one of a
framework; else they have spans of their own, in OpenTelemetry's words.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SYSTEM = "You are a weather assistant. Use the tools you have."
QUESTION = "What is the weather in Paris and in Reykjavík?"
STREAMED_QUESTION = "And in Oslo?"
PICTURE = "https://example.com/clouds.png"
WEATHER = {"Paris": "18 degrees and sunny", "Reykjavík": "4 degrees and snow", "Oslo": "9 degrees and rain"}
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "The city's name"}},
    "required": ["city"],
}
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": PARAMETERS},
}

NOT_INSTALLED: dict[str, list[str]] = {}
"""Printed instead where the instrumentation is not there."""

INSTRUMENTORS = {
    "otel_openai_v2": ("opentelemetry.instrumentation.openai_v2", "OpenAIInstrumentor"),
    "openinference_openai": ("openinference.instrumentation.openai", "OpenAIInstrumentor"),
    "openinference_langchain": ("openinference.instrumentation.langchain", "LangChainInstrumentor"),
    "openllmetry_openai": ("opentelemetry.instrumentation.openai", "OpenAIInstrumentor"),
    "traceai_openai": ("traceai_openai", "OpenAIInstrumentor"),
    "traceai_langchain": ("traceai_langchain", "LangChainInstrumentor"),
}


class SpanIds(SpanProcessor):
    """Ids of the spans that ended, by trace."""

    def __init__(self) -> None:
        self.seen: dict[str, list[str]] = {}

    def on_end(self, span: ReadableSpan) -> None:
        trace_id = format(span.context.trace_id, "032x")
        self.seen.setdefault(trace_id, []).append(format(span.context.span_id, "016x"))


def openai_agent() -> None:
    """Calls OpenAI's client as an agent does: tools, streams, embeddings, an answer that is cut off, a picture."""
    from openai import OpenAI

    client = OpenAI(max_retries=0)
    tracer = trace.get_tracer("weather-agent")
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "weather"}
    with tracer.start_as_current_span("invoke_agent weather", attributes=about):
        messages: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
        answer = client.chat.completions.create(
            model="pretend", messages=messages, tools=[TOOL], temperature=0.2, top_p=0.9, max_tokens=400
        ).choices[0]
        messages.append(answer.message.model_dump(exclude_none=True))
        messages.extend(_results(tracer, [(each.id, each.function) for each in answer.message.tool_calls]))
        said = client.chat.completions.create(model="pretend", messages=messages, tools=[TOOL]).choices[0].message
        messages += [{"role": "assistant", "content": said.content}, {"role": "user", "content": STREAMED_QUESTION}]
        for _ in range(2):
            messages += _streamed_turn(client, tracer, messages)
        client.embeddings.create(model="pretend-embedding", input=["sun", "snow"])
        client.chat.completions.create(
            model="pretend", messages=[{"role": "user", "content": "A long story, please"}], max_tokens=5
        )
        seen = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
        client.chat.completions.create(model="pretend", messages=[{"role": "user", "content": seen}])


def _streamed_turn(client: Any, tracer: Any, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One streamed call: the answer, and what the tools said that it asked for."""
    text, calls = "", {}
    stream = client.chat.completions.create(
        model="pretend", messages=messages, tools=[TOOL], stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for part in choice.delta.tool_calls or ():
                call = calls.setdefault(part.index, part)
                if call is not part:
                    call.function.arguments += part.function.arguments
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if calls:
        message["tool_calls"] = [call.model_dump(exclude={"index"}) for call in calls.values()]
    return [message, *_results(tracer, [(each.id, each.function) for each in calls.values()])]


def _results(tracer: Any, calls: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for call_id, function in calls:
        about = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": function.name,
            "gen_ai.tool.call.id": call_id,
            "gen_ai.tool.call.arguments": function.arguments,
        }
        with tracer.start_as_current_span(f"execute_tool {function.name}", attributes=about) as span:
            told = WEATHER[json.loads(function.arguments)["city"]]
            span.set_attribute("gen_ai.tool.call.result", told)
        found.append({"role": "tool", "tool_call_id": call_id, "content": told})
    return found


def langchain_agent() -> None:
    """A chain of LangChain's with a model, tools and a retriever."""
    from langchain_core.documents import Document
    from langchain_core.messages import HumanMessage, SystemMessage
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import RunnableLambda
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    @tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return WEATHER[city]

    class Notes(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document("Weather reports are made at noon.", metadata={"source": "notes"})]

    def run(question: str) -> str:
        messages: list[Any] = [SystemMessage(SYSTEM), HumanMessage(question)]
        Notes().invoke(question)
        for model in (calm, calm, streaming):
            answer = model.invoke(messages)
            messages.append(answer)
            messages.extend(get_weather.invoke(call) for call in answer.tool_calls)
        return str(answer.text)

    calm = ChatOpenAI(model="pretend", temperature=0.2, max_retries=0).bind_tools([get_weather])
    streaming = ChatOpenAI(model="pretend", streaming=True, stream_usage=True, max_retries=0).bind_tools([get_weather])
    RunnableLambda(run, name="weather").invoke(QUESTION)


def main(name: str) -> None:
    """Instruments, runs, exports everything, prints the ids."""
    module, kind = INSTRUMENTORS[name]
    if find_spec(module) is None:
        print(json.dumps(NOT_INSTALLED))
        return
    resource = Resource.create({"service.name": name})
    spans, logs = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    ids = SpanIds()
    spans.add_span_processor(ids)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    trace.set_tracer_provider(spans)
    set_logger_provider(logs)
    getattr(import_module(module), kind)().instrument(tracer_provider=spans, logger_provider=logs)
    agent = langchain_agent if "langchain" in name else openai_agent
    agent()
    spans.shutdown()
    logs.shutdown()
    print(json.dumps(ids.seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
