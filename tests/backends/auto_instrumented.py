"""A program without a line about tracing set-up, for `opentelemetry-instrument`; runs in an environment of its own.

An agent that asks the model at OPENAI_BASE_URL and has a tool that fetches TOOL_URL. Prints the ids of its spans.
"""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any

from openai import OpenAI
from opentelemetry import trace

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": PARAMETERS},
}
QUESTION = "What is the weather in Paris?"


def main() -> None:
    ended: list[tuple[str, str]] = []
    trace.get_tracer_provider().add_span_processor(Ids(ended))  # type: ignore[attr-defined]
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "weather"}
    with trace.get_tracer("agent").start_as_current_span("invoke_agent weather", attributes=about):
        agent()
    print(json.dumps(ended))


def agent() -> None:
    client = OpenAI(max_retries=0)
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    said = client.chat.completions.create(model="pretend", messages=messages, tools=[TOOL]).choices[0].message
    messages.append(said.model_dump(exclude_none=True))
    for call in said.tool_calls or ():
        with urllib.request.urlopen(os.environ["TOOL_URL"]) as answer:
            answer.read()
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "18 degrees and sunny"})
    client.chat.completions.create(model="pretend", messages=messages, tools=[TOOL])


class Ids:
    """A span processor that notes what ended."""

    def __init__(self, ended: list[tuple[str, str]]) -> None:
        self._ended = ended

    def on_start(self, span: Any, parent_context: Any = None) -> None: ...

    def _on_ending(self, span: Any) -> None: ...

    def on_end(self, span: Any) -> None:
        self._ended.append((f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"))

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


if __name__ == "__main__":
    main()
