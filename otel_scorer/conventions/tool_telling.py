"""What conversations tell of tool uses: results that came back to the model, calls that no span tells of."""

from __future__ import annotations

from collections.abc import Sequence

from otel_scorer.conventions.dialogue import last_user_index
from otel_scorer.conventions.steps import Step
from otel_scorer.conventions.tool_use import ToolUse, ask, bare, is_object, may_share_id, same_arguments, same_name
from otel_scorer.conventions.values import loosened, text_of
from otel_scorer.model import Message, ToolCall, ToolResult

_ERROR_CHARACTERS = 500


class Telling:
    """Reads conversations in order of time; each model call tells its conversation again, a little longer.

    What was read already is not read again: long runs would take the square of their length.
    """

    def __init__(self, uses: list[ToolUse]) -> None:
        self._uses = uses
        self._conversations: list[_Conversation] = []

    def read(self, teller: Step) -> None:
        given = teller.genai.input_messages or ()
        conversation = self._conversation(given)
        reading = conversation.resume(self._uses, teller, given)
        for index in range(reading.read, len(given)):
            reading.take(given[index], in_history=index < conversation.history)
        reading.read = len(given)
        conversation.told, conversation.reading = given, reading
        answer = reading.fork()
        for message in teller.genai.output_messages or ():
            answer.take(message, in_output=True)

    def _conversation(self, given: Sequence[Message]) -> _Conversation:
        """The conversation that begins as `given` does, else a new one.

        Older than this run is what stands before the request in the first telling: user messages that a framework adds
        later are no requests.
        """
        for known in self._conversations:
            if given[: known.history] == known.told[: known.history]:
                return known
        found = _Conversation(last_user_index(given) + 1)
        if found.history:
            self._conversations.append(found)
        return found


class _Conversation:
    """`history` counts the messages before this run's first step; `told` and `reading` are how far it is read."""

    def __init__(self, history: int) -> None:
        self.history = history
        self.told: Sequence[Message] = ()
        self.reading: _Reading | None = None

    def resume(self, uses: list[ToolUse], step: Step, given: Sequence[Message]) -> _Reading:
        """Go on where the last telling ended, or begin anew where this one is not its continuation."""
        if self.reading is None or given[: len(self.told)] != self.told:
            return _Reading(uses, step)
        self.reading.step = step
        return self.reading


class _Reading:
    """One telling, in order. It keeps which calls wait for their result, so that results without ids find theirs."""

    def __init__(self, uses: list[ToolUse], step: Step) -> None:
        self.step = step
        self.read = 0
        self._uses = uses
        self._waiting: list[ToolUse] = []
        self._met: set[ToolUse] = set()

    def fork(self) -> _Reading:
        """A reading that goes on from here apart: an answer is told again by the next model call."""
        forked = _Reading(self._uses, self.step)
        forked._waiting, forked._met = [*self._waiting], {*self._met}
        return forked

    def take(self, message: Message, *, in_history: bool = False, in_output: bool = False) -> None:
        for request in message.tool_calls:
            use = self._known(request, in_history=in_history, in_output=in_output) or self._unknown(
                request, in_history=in_history, in_output=in_output
            )
            use.id = request.id or use.id  # results come back under the id that the conversation uses
            self._met.add(use)
            self._waiting.append(use)
        for result in message.tool_results:
            self._hand_back(result, in_history=in_history)

    def _known(self, request: ToolCall, *, in_history: bool, in_output: bool) -> ToolUse | None:
        """The use that this call is: by id, else the k-th of its look in a conversation is the k-th such use."""
        near = [
            use for use in self._uses if use not in self._met and self._may_be(use, request.id, in_output=in_output)
        ]
        near = [use for use in near if same_name(use, request)]
        same_id = [use for use in near if request.id and use.id == request.id]
        if in_history:
            # Some providers count their calls from 0 in every turn: an id alone does not make it this run's.
            return next((use for use in same_id if same_arguments(use, request)), None)
        if same_id:
            return same_id[0]
        near = [use for use in near if may_share_id(use.id, request.id)]
        return next((use for use in near if same_arguments(use, request)), None) or next(
            (use for use in near if not use.arguments_captured or not is_object(use.arguments)), None
        )

    def _may_be(self, use: ToolUse, call_id: str, *, in_output: bool) -> bool:
        if in_output and self.step.kind == "LLM":
            return use.requested_by == self.step.span_id
        return use.start_ns <= self.step.span.end_ns or (in_output and bool(use.id) and use.id == call_id)

    def _unknown(self, request: ToolCall, *, in_history: bool, in_output: bool) -> ToolUse:
        """Nobody else tells of it. One of an earlier run takes its result along and is dropped."""
        if in_history or (in_output and self.step.kind == "LLM"):
            return ToolUse(name=request.name, id=request.id)
        use = self._new(request.name, request.id)
        ask(use, request, "")
        return use

    def _hand_back(self, result: ToolResult, *, in_history: bool) -> None:
        use = self._answered(result, in_history=in_history)
        if use is None and (in_history or not result.name):
            return  # no use of this run, or of nothing that can be named: the text is still context
        if use is None:
            use = self._new(result.name, result.id)
        self._met.add(use)
        if use in self._waiting:
            self._waiting.remove(use)
        _return(use, result, self.step.span.start_ns)

    def _answered(self, result: ToolResult, *, in_history: bool) -> ToolUse | None:
        others = [] if in_history else self._uses
        if result.id:
            same = (use for use in (*self._waiting, *others) if use.id == result.id)
            if use := next(same, None):
                return use
        untold = [] if in_history else self._untold()
        free = [use for use in (*self._waiting, *untold) if may_share_id(use.id, result.id)]
        if result.name:
            return next((use for use in free if bare(use.name) == bare(result.name)), None)
        return free[0] if free else None

    def _untold(self) -> list[ToolUse]:
        """Uses that this conversation has not told of: some instrumentations leave the calls out of their history."""
        before = self.step.span.start_ns
        return [use for use in self._uses if use not in self._met and use.executed and use.end_ns <= before]

    def _new(self, name: str, call_id: str) -> ToolUse:
        """A use that only these messages tell of; it was over when this call began."""
        at = self.step.span.start_ns
        use = ToolUse(name=name, id=call_id, span_id=self.step.span_id, start_ns=at, end_ns=at)
        self._uses.append(use)
        self._met.add(use)
        return use


def _return(use: ToolUse, result: ToolResult, at_ns: int) -> None:
    if not use.executed:
        use.end_ns = max(use.end_ns, at_ns) if not use.result_captured else use.end_ns
    if result.content is not None and not use.result_captured:
        use.result, use.result_captured = loosened(result.content), True
    if result.is_error and not use.error:
        use.error = (text_of(result.content) or "error")[:_ERROR_CHARACTERS]
