"""One use of a tool, and when two tellings of uses look alike."""

from __future__ import annotations

import re
from dataclasses import dataclass

from otel_scorer.conventions.values import dumped, loosened, text_of
from otel_scorer.model import GenAI, ToolCall, ToolDefinition, Value

ANSWER_TOOLS = frozenset({"final_answer", "final_result"})
"""Tools by which a framework lets the model give its answer (smolagents, Pydantic AI): they find out nothing."""


_ID_MAKER = re.compile(r"[A-Za-z]*[_-]?")


@dataclass(eq=False)
class ToolUse:
    """One use of a tool.

    `arguments` and `result` are parsed JSON where they parse; the `_captured` flags tell "unknown" from "none".
    `error` is "" where nobody says that it failed. `span_id` is the TOOL span's, else that of the model call that
    tells of it; `requested_by` the id of the model call that asked for it, "" when that is unknown.
    """

    name: str
    id: str = ""
    arguments: Value = None
    arguments_captured: bool = False
    result: Value = None
    result_captured: bool = False
    error: str = ""
    span_id: str = ""
    requested_by: str = ""
    start_ns: int = 0
    end_ns: int = 0
    definition: ToolDefinition | None = None
    executed: bool = False
    """A TOOL span tells that it ran, or the span of an agent that did the tool's work."""
    look: str = ""
    """Canonical JSON of the arguments, to compare by."""

    @property
    def is_answer(self) -> bool:
        """Not a step of the work: the model handed over its answer by it."""
        return self.name in ANSWER_TOOLS

    @property
    def result_text(self) -> str | None:
        """The result as text; None when it was not captured."""
        return (text_of(self.result) or "") if self.result_captured else None


def fill(use: ToolUse, genai: GenAI, error: str | None) -> None:
    """What a span knows goes where nothing is known yet."""
    if genai.tool_arguments_captured and not use.arguments_captured:
        _set_arguments(use, loosened(genai.tool_arguments))
    if genai.tool_result_captured and not use.result_captured:
        use.result, use.result_captured = loosened(genai.tool_result), True
    use.id = use.id or genai.tool_call_id
    use.name = use.name or genai.tool_name
    use.error = use.error or error or genai.error_message or genai.error_type


def ask(use: ToolUse, request: ToolCall, span_id: str) -> None:
    """Note that the model call `span_id` ("" for unknown) asked for this use."""
    use.requested_by = span_id
    use.id = request.id or use.id
    asked = loosened(request.arguments)
    # A span may hold how the function was called (`{"args": [...], "kwargs": {}}`, one bare string): the model's
    # object is what a schema can be held against.
    if asked is not None and (not use.arguments_captured or _says_more(asked, use.arguments)):
        _set_arguments(use, asked)
    use.name = use.name or request.name


def _says_more(asked: Value, known: Value) -> bool:
    return isinstance(asked, dict) and (not is_object(known) or asked == {"kwargs": known})


def _set_arguments(use: ToolUse, arguments: Value) -> None:
    use.arguments, use.arguments_captured, use.look = arguments, True, _canonical(arguments)


def is_object(arguments: Value) -> bool:
    """Arguments by name, not the positions and keywords of a Python call."""
    return isinstance(arguments, dict) and not {"args", "kwargs"} <= arguments.keys()


def same_name(use: ToolUse, request: ToolCall) -> bool:
    return bool(request.name) and bare(use.name) == bare(request.name)


def same_arguments(use: ToolUse, request: ToolCall) -> bool:
    """The arguments are equal, whatever the order of their names and whether parsed or JSON text."""
    return use.arguments_captured and use.look == _canonical(request.arguments)


def may_share_id(one: str, other: str) -> bool:
    """Two ids may name one call: equal, one unknown, or of different makers.

    The Responses API has an id of the item (`fc_...`) and one of the call (`call_...`), frameworks make their own
    (`adk-...`): one instrumentation writes this, another that.
    """
    return one == other or not one or not other or _ID_MAKER.match(one)[0] != _ID_MAKER.match(other)[0]  # type: ignore[index]


def bare(name: str) -> str:
    """A tool's own name, without the server's: `mcp__files__read`, `files.read` and `files/read` are `read`."""
    for separator in ("__", "/", "."):
        name = name.rsplit(separator, 1)[-1] or name
    return name


def _canonical(value: Value) -> str:
    value = loosened(value)
    return dumped(dict(sorted(value.items()))) if isinstance(value, dict) else dumped(value)
