"""The nouns. Frozen values that every other module speaks of; imports nothing of ours but the error tree.

Two forms of a trace exist: the bytes as they came (`wire`, `ledger`: verbatim) and the `Trace` below, decoded once
for judging. Times are nanoseconds since the epoch where the name ends in `_ns`, seconds where it ends in `_s`,
milliseconds in `_ms`. Ids are lower-case hex strings (32 digits for a trace, 16 for a span, "" for no parent).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Value: TypeAlias = "None | bool | int | float | str | bytes | list[Value] | dict[str, Value]"
"""An OTLP AnyValue, decoded: arrays to lists, kvlists to dicts, an unset value to None."""

Attributes: TypeAlias = Mapping[str, Value]

Dimension = Literal["factual_grounding", "privacy_and_safety", "instruction_adherence", "optimal_plan_execution"]
DIMENSIONS: tuple[Dimension, ...] = (
    "factual_grounding",
    "privacy_and_safety",
    "instruction_adherence",
    "optimal_plan_execution",
)

Kind = Literal[
    "AGENT",
    "LLM",
    "TOOL",
    "RETRIEVER",
    "RERANKER",
    "EMBEDDING",
    "CHAIN",
    "WORKFLOW",
    "GUARDRAIL",
    "EVALUATOR",
    "VECTOR_DB",
    "A2A_CLIENT",
    "A2A_SERVER",
    "MCP",
    "CONVERSATION",
    "PROMPT",
    "UNKNOWN",
]
ROOT_KINDS: frozenset[Kind] = frozenset({"AGENT", "WORKFLOW", "CHAIN"})
"""Kinds that may be the trace's own root (design 2.3)."""

Status = Literal[
    "scored",
    "partial",
    "not_sampled",
    "over_budget",
    "shed",
    "bypassed",
    "missing_evidence",
    "incomplete",
    "deadline",
    "context_overflow",
    "too_large",
    "redaction_blocked",
    "judge_timeout",
    "judge_invalid_output",
    "judge_error",
    "rubric_error",
    "own",
]
STATUSES: tuple[Status, ...] = Status.__args__  # type: ignore[attr-defined]
"""How a trace can end, worst last (design section 5); `own` stands apart."""

MissingReason = Literal[
    "undecided",
    "stale",
    "over_budget",
    "missing_evidence",
    "incomplete",
    "context_overflow",
    "too_large",
    "redaction_blocked",
    "judge_timeout",
    "judge_invalid_output",
    "judge_error",
    "rubric_error",
]


# ---- spans as they came, decoded -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resource:
    attributes: Attributes = field(default_factory=dict)
    schema_url: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    name: str = ""
    version: str = ""
    attributes: Attributes = field(default_factory=dict)
    schema_url: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    time_ns: int = 0
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    trace_id: str
    span_id: str
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log record that carries GenAI content, joined to its span by id."""

    trace_id: str
    span_id: str
    event_name: str = ""
    time_ns: int = 0
    body: Value = None
    attributes: Attributes = field(default_factory=dict)
    scope: Scope = Scope()
    resource: Resource = Resource()


STATUS_UNSET, STATUS_OK, STATUS_ERROR = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Span:
    """One agent span, decoded. `flags` are OTLP's: 0x100 says that 0x200 (the parent is remote) is known."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    otlp_kind: int = 1
    start_ns: int = 0
    end_ns: int = 0
    attributes: Attributes = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    status_code: int = STATUS_UNSET
    status_message: str = ""
    trace_state: str = ""
    flags: int = 0
    dropped_attributes: int = 0
    resource: Resource = Resource()
    scope: Scope = Scope()
    logs: tuple[LogRecord, ...] = ()

    @property
    def duration_s(self) -> float:
        """Seconds from start to end, 0.0 where the clock went backwards."""
        return max(0, self.end_ns - self.start_ns) / 1e9


class Head(NamedTuple):
    """What is kept of a span to follow chains of parents: of agent spans and of the others of the same trace."""

    span_id: str
    parent_id: str
    flags: int = 0
    agent: bool = False

    @property
    def parent_is_remote(self) -> bool:
        """True only where the SDK says so (OTLP span flags, bits 8 and 9)."""
        return self.flags & 0x300 == 0x300


@dataclass(frozen=True, slots=True)
class Trace:
    """The agent spans of one trace of one tenant, in order of start, with the heads of all spans seen of it.

    `truncated`: spans are missing because a limit of ours was passed.
    """

    tenant: str
    trace_id: str
    spans: tuple[Span, ...]
    heads: Mapping[str, Head] = field(default_factory=dict)
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The traces of one tenant that name one conversation id, in order of start.

    `not_kept`: traces of it that are known to have been and whose content is not here.
    """

    tenant: str
    id: str
    traces: tuple[Trace, ...]
    not_kept: int = 0


# ---- what a span says, whichever instrumentation wrote it ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asked for. `arguments` is parsed JSON where it parses (else the text as it came)."""

    name: str
    id: str = ""
    arguments: Value = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came back to the model. `is_error` is None where nobody says."""

    id: str = ""
    name: str = ""
    content: Value = None
    is_error: bool | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message; role is one of system, user, assistant, tool, other."""

    role: str
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_results: tuple[ToolResult, ...] = ()
    reasoning: str = ""
    media: tuple[str, ...] = ()
    finish_reason: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    name: str
    description: str = ""
    parameters: Value = None
    """JSON Schema of the arguments, None when not captured."""


@dataclass(frozen=True, slots=True)
class Document:
    """A retrieved or reranked document; `text` is None when its content was not captured."""

    id: str = ""
    text: str | None = None
    score: float | None = None
    metadata: Value = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of this span alone; None when not told. `input` includes cached tokens."""

    input: int | None = None
    output: int | None = None
    total: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class GuardrailDecision:
    name: str = ""
    blocked: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """An evaluation or a user's feedback that is already on the span (never ours)."""

    name: str
    score: float | None = None
    label: str = ""
    explanation: str = ""
    by_human: bool = False


@dataclass(frozen=True, slots=True)
class GenAI:
    """One span's evidence in one form, from any dialect.

    None means "not captured" (key missing, redacted, reference only); an empty tuple or "" means "captured, and empty".
    """

    kind: Kind
    raw_kind: str = ""
    dialect: str = ""
    system_instructions: str | None = None
    input_messages: tuple[Message, ...] | None = None
    output_messages: tuple[Message, ...] | None = None
    input_text: str | None = None
    """The span's input where it is no chat (agent, chain, tool, retriever): text or JSON text."""
    output_text: str | None = None
    tool_definitions: tuple[ToolDefinition, ...] | None = None
    tool_name: str = ""
    tool_call_id: str = ""
    tool_arguments: Value = None
    """Arguments of an executed tool (parsed JSON where it parses); None when not captured."""
    tool_result: Value = None
    tool_arguments_captured: bool = False
    tool_result_captured: bool = False
    query: str | None = None
    documents: tuple[Document, ...] | None = None
    reranked: tuple[Document, ...] | None = None
    request_model: str = ""
    response_model: str = ""
    provider: str = ""
    parameters: Attributes = field(default_factory=dict)
    prompt_name: str = ""
    prompt_version: str = ""
    prompt_template: str | None = None
    usage: Usage = Usage()
    finish_reasons: tuple[str, ...] = ()
    """Normalised: stop, length, content_filter, tool_call, error, else the provider's own word in lower case."""
    error_type: str = ""
    error_message: str = ""
    conversation_id: str = ""
    response_id: str = ""
    user_id: str = ""
    agent_name: str = ""
    agent_version: str = ""
    tags: tuple[str, ...] = ()
    metadata: Attributes = field(default_factory=dict)
    guardrails: tuple[GuardrailDecision, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    truncated: bool = False
    """Some JSON was cut (value limit, dropped attributes): evidence may be missing."""


# ---- scores ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RubricId:
    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check or the judge saw. `code` is stable and countable; `stage` is the kind of step it is
    about.
    """

    code: str
    dimension: str
    text: str
    stage: str = ""
    span_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is the nearest anchor to `estimate` (1.0 to 5.0), both on the rubric's scale of 1 to 5."""

    value: int
    estimate: float
    reason: str
    evidence: tuple[str, ...] = ()
    by: str = "checks"


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no score. Never replaced by a number."""

    why: MissingReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JudgeUse:
    """What the judge cost: calls made, tokens in and out, money (in the currency of its prices; None: no prices), and
    answers that came from the cache instead. `seconds` from question to answer, all judges and samples in it.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    cache_hits: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one rubric says of one span (for a trace-level rubric: of the trace, at its root)."""

    rubric: RubricId
    digest: str
    """First 12 hex digits of the rubric's content digest."""
    target_span_id: str
    scores: Mapping[str, Score | Missing]
    weights: Mapping[str, float]
    metrics: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    evaluator: str = "checks"
    composite: float | None = None
    coverage: float = 0.0
    label: Literal["pass", "fail", ""] = ""
    primary: bool = True
    judge_use: JudgeUse = JudgeUse()


@dataclass(frozen=True, slots=True)
class RubricRef:
    """A rubric as a decision pins it."""

    name: str
    version: int
    digest: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What sampling said of one sealed trace, fixed from then on.

    `status` is the ending where scoring does not decide it (`not_sampled`, `over_budget`, `shed`, `incomplete`,
    `missing_evidence`, `own`, ...), else None. The trace is scored when there are `rubrics`: an `incomplete` one can
    have some, for its model calls and tools.
    `probability` is the inclusion probability of what was chosen (of the floor, for a trace that no rule took).
    """

    status: Status | None
    rule: str
    probability: float
    rubrics: tuple[RubricRef, ...] = ()
    signals: tuple[str, ...] = ()
