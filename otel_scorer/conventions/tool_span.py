"""An executed tool: its name, call id, arguments and result, out of whatever wraps them."""

from __future__ import annotations

from otel_scorer.conventions.content import result_content
from otel_scorer.conventions.found import Captured, Reads
from otel_scorer.conventions.kinds import kind_of
from otel_scorer.conventions.printed import printed_object, printed_tool_message
from otel_scorer.conventions.source import Source
from otel_scorer.conventions.values import captured, is_cut, parsed, string
from otel_scorer.model import Attributes, Span, ToolCall, Value

_NAME = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name", "traceloop.entity.name", "mcp.tool.name")
_CALL_ID = (
    "gen_ai.tool.call.id",
    "tool.id",
    "tool_call.id",
    "tool.call_id",
    "ai.toolCall.id",
    "tool_use_id",
    "jsonrpc.request.id",
)
ARGUMENTS = (
    "gen_ai.tool.call.arguments",
    "tool_arguments",
    "ai.toolCall.args",
    "gen_ai.tool.args",
    "gen_ai.tool.input",
    "gen_ai.tool.arguments",
)
"""Keys that hold a call's arguments and nothing else."""
RESULT = (
    "gen_ai.tool.call.result",
    "tool_response",
    "ai.toolCall.result",
    "gen_ai.tool.output",
    "gen_ai.tool.result",
    "gen_ai.tool.message",
    "anthropic.tool_result.content",
)
_PARAMETERS = ("tool.parameters", "gen_ai.tool.parameters")
_WHOLE_INPUT = (
    "input.value",
    "traceloop.entity.input",
    "tool_input",
    "gcp.vertex.agent.tool_call_args",
    "mcp.request.argument",
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "agentops.tool.input",
    "gen_ai.prompt",
)

_ANY_INPUT = (*ARGUMENTS, *_WHOLE_INPUT)
ADK_NOT_CAPTURED = ("{}", "N/A", "<not serializable>", "")
"""What Google's ADK writes for tool arguments and results that it leaves out; LangSmith the first of them."""
_MAY_HIDE = frozenset({"gcp.vertex.agent.tool_call_args", "langsmith.span.kind"})


def tool_call_of(span: Span, kind: str | None = None) -> ToolCall | None:
    """The call that a TOOL span executes; None for a span of another kind. Reads no messages.

    `arguments` is None when they were not captured; they are read from the attributes alone (not from events).
    """
    if (kind or kind_of(span)[0]) != "TOOL":
        return None
    attributes = span.attributes
    told = next((attributes[key] for key in _ANY_INPUT if captured(attributes.get(key))), None)
    if told in ADK_NOT_CAPTURED and not _MAY_HIDE.isdisjoint(attributes):
        told = None
    arguments = arguments_of(told) if told is not None and not is_cut(told) else None
    return ToolCall(name_of(span), call_id_of(attributes), arguments)


def name_of(span: Span) -> str:
    """The tool's name: from its keys, else from the span's name (`execute_tool x`, `x.tool`, or the name as a
    whole).
    """
    for key in _NAME:
        name = string(span.attributes.get(key))
        if name:
            return name
    return (
        span.name.removeprefix("execute_tool ")
        .removeprefix("running tool: ")
        .removesuffix(".tool")
        .removesuffix(".__call__")
    )


def call_id_of(attributes: Attributes) -> str:
    """The id that joins the span to the model's request for the call, "" when not told."""
    return next((name for key in _CALL_ID if (name := string(attributes.get(key)))), "")


def arguments_in(source: Source, value: Value) -> Captured:
    """The arguments that a value holds, out of their wrapping."""
    read = source.reparsed(value) if isinstance(value, str) else value
    return Captured(_of_call(arguments_of(value if read is None else read), source.span), not source.is_cut(value))


def _arguments(source: Source) -> Captured | None:
    value = source.value(*ARGUMENTS) if source.kind == "TOOL" else None
    return None if value is None else arguments_in(source, value)


def _result(source: Source) -> Captured | None:
    value = result_of(source.value(*RESULT)) if source.kind == "TOOL" else None
    return None if value is None else Captured(value)


def parameters_of(source: Source) -> Captured | None:
    """Arguments under a key that holds the tool's schema elsewhere; None where it does here, or is not there."""
    value = source.json(*_PARAMETERS)
    schema = isinstance(value, dict) and ("properties" in value or "$schema" in value)
    return Captured(value) if isinstance(value, dict) and not schema else None


def arguments_of(value: Value) -> Value:
    """Arguments out of their wrapping: LangChain's run input, a printed dict, `{"args": [], "kwargs": {}}`."""
    value = _unprinted(parsed(value))
    if not isinstance(value, dict):
        return value
    if "input_str" in value and "inputs" in value:
        return value["inputs"] if value["inputs"] is not None else _unprinted(parsed(value["input_str"]))
    if "kwargs" in value and "args" in value and not (value["args"] and value["kwargs"]):
        return value["args"] or value["kwargs"]
    if value.keys() == {"args"} and isinstance(value["args"], list) and len(value["args"]) == 1:
        (only,) = value["args"]
        return inner if isinstance(inner := parsed(only), dict) else value
    if len(value) == 1 and isinstance(named := value.get("kwargs"), dict):
        return named
    return value


def _of_call(value: Value, span: Span) -> Value:
    """The arguments of a call that stands there as the model wrote it: `{"name": the tool's, "arguments": "{...}"}`."""
    if isinstance(value, dict) and "arguments" in value and value.get("name") == name_of(span):
        return parsed(value["arguments"])
    return value


def result_of(value: Value) -> Value:
    """A result out of its wrapping: `{"output": x, "kwargs": {}}`, a message of LangChain's, Gemini's `{"name",
    "response"}`, content blocks.
    """
    value = _told_in_message(result_content(value))
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], bool):
        return _told_beside_success(value)
    if isinstance(value, dict):
        if "output" in value and value.keys() <= {"output", "kwargs"}:
            return _told_in_message(result_content(value["output"]))
        if "response" in value and value.keys() <= {"id", "name", "response"}:
            return value["response"]
    return value


def _told_beside_success(value: list[Value]) -> Value:
    """AG2's `(whether it went well, {"name", "role": "function", "content"})`."""
    told = value[1]
    if isinstance(told, dict) and told.get("role") in ("function", "tool") and "content" in told:
        return result_content(told["content"])
    return value


def _unprinted(value: Value) -> Value:
    """LangChain hands a tool's input to its callbacks as `str(input)`."""
    printed = printed_object(value) if isinstance(value, str) else None
    return value if printed is None else printed


def answered_call(value: Value) -> tuple[str, str]:
    """(tool's name, call id) as a tool message of LangChain tells them, "" where it does not: its span may be named
    after a class, and know no id.
    """
    if isinstance(value, dict) and value.keys() <= {"output", "kwargs"}:
        value = value.get("output")
    inner = _of_message(value) or {}
    return string(inner.get("name")), string(inner.get("tool_call_id"))


def _told_in_message(value: Value) -> Value:
    """What a tool message of LangChain holds, in its four forms: `message_to_dict`, `dumpd`, `model_dump`, `str`."""
    if isinstance(value, str):
        told = printed_tool_message(value)
        return value if told is None else result_content(told)
    inner = _of_message(value)
    return value if inner is None else result_content(inner["content"])


def _of_message(value: Value) -> dict[str, Value] | None:
    if not isinstance(value, dict):
        return None
    if value.get("type") == "tool" and "content" in value and "tool_call_id" in value:
        return value
    inner = value.get("data") if value.get("type") == "tool" else None
    if inner is None and value.get("type") == "constructor" and "lc" in value:
        inner = value.get("kwargs")
    return inner if isinstance(inner, dict) and "content" in inner and "tool_call_id" in inner else None


READS: tuple[Reads, ...] = (
    Reads("tool_arguments", ARGUMENTS, _arguments),
    Reads("tool_result", RESULT, _result),
)
