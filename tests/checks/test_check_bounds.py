"""Hostile input: every check reads a bounded part of it, and its work grows with what it reads and not faster."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from agent_runs import Call, Fetch, Run, Tool, step, target
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_scorer.scoring.checks import (
    adherence,
    choice,
    circles,
    consent,
    customers,
    grounding,
    harm,
    mistake,
    order,
    parts,
    path,
    plan,
    retriever,
    safety,
    tool,
)
from otel_scorer.scoring.checks import given as values
from otel_scorer.scoring.checks.arguments import known_parameters
from otel_scorer.scoring.grounds.support import Evidence
from otel_scorer.scoring.reading import schema
from otel_scorer.scoring.verdict import CannotTell, Target, Verdict
from otel_scorer.scoring.wording.words import MAX_CHARS, MAX_EVIDENCE_CHARS, clip, leaves

CHECKS = [
    *(grounding.numbers, grounding.entities, grounding.statements),
    *(grounding.claims_after_failure, grounding.empty_retrieval, grounding.attributed),
    *(grounding.contradicts_results, grounding.dates_agree, grounding.shown, grounding.mixed_up),
    *(safety.personal_data, safety.secrets, safety.prompt_leak, safety.injection_obeyed),
    *(harm.harmful_content, harm.harmful_request, consent.unasked_action, customers.other_customer),
    *(adherence.output_format, adherence.verifiable, adherence.answered),
    *(plan.repeated_calls, plan.tool_errors, plan.tool_arguments, plan.unknown_tools, plan.needed_tool),
    *(known_parameters, values.values_given, choice.fitting_tool, parts.parts_taken_up),
    *(
        path.dead_branches,
        path.step_success,
        circles.circles,
        circles.stuck,
        order.order_kept,
        order.claimed_first,
        order.answered_first,
    ),
    mistake.likely_mistake,
    *(tool.arguments_valid, tool.tool_failed, retriever.context_relevance, retriever.empty),
]


def run_of(text: str) -> Run:
    moves = (Call("lookup", {"q": text}, text), Fetch(text, (text,)))
    return Run(text, text, moves, system=text, tools=(Tool("lookup", text, {"type": "object"}),))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=400))
def test_no_text_makes_a_check_raise_or_leave_the_scale(text: str) -> None:
    for at in (
        target(run_of(text), "otel"),
        step(run_of(text), "openinference", "last"),
        step(run_of(text), "otel", "move1"),
    ):
        for check in CHECKS:
            answer = check(at)
            assert isinstance(answer, CannotTell) or 1.0 <= answer.estimate <= 5.0


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_says_what_it_can_tell(check: Callable[[Target], Verdict | CannotTell]) -> None:
    assert check.__doc__
    assert len(check.__doc__) > 80
    assert [p.default is not p.empty for p in inspect.signature(check).parameters.values()][1:].count(False) == 0


def test_a_text_is_looked_at_up_to_a_cap_and_the_cut_is_known() -> None:
    assert len(clip("x" * 10**6)) <= MAX_CHARS + 1
    huge = Evidence(["x " * MAX_CHARS, "y"])
    assert huge.cut
    assert sum(map(len, huge.texts)) <= MAX_EVIDENCE_CHARS
    assert not Evidence(["x", "y"]).cut


def test_an_unsupported_number_in_evidence_that_was_cut_is_no_proof() -> None:
    run = Run("What is it?", "It is 4567 metres.", (Call("measure", {}, "word " * (MAX_CHARS // 4)),))
    answer = grounding.numbers(target(run, "otel"))
    assert isinstance(answer, CannotTell)


def test_nested_values_are_walked_without_recursion_and_up_to_a_limit() -> None:
    deep: Any = "leaf"
    for _ in range(5000):
        deep = [deep]
    assert [value for _, value in leaves(deep)] == ["leaf"]
    assert len(list(leaves([1] * 10**5, 100))) == 100


def test_a_schema_that_unfolds_without_end_or_fetches_is_fenced_in() -> None:
    bomb: dict[str, Any] = {"$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 10} for n in range(30)}}
    bomb["$ref"] = "#/$defs/a0"
    assert schema.faults({}, bomb) == []
    assert schema.faults({"a": 1}, {"properties": {"a": {"$ref": "http://127.0.0.1:1/x.json"}}}) == []
    loop = {"$defs": {"a": {"properties": {"next": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"}
    assert schema.faults({"next": {"next": {}}}, loop) == []
    assert schema.faults({"a": "x" * 50}, {"properties": {"a": {"pattern": "(x+)+y"}}}) == []
    with pytest.raises(schema.TooBigError):
        schema.faults({"a": [1] * 10_000}, {"type": "object"})


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern of the checks and of what they stand on, with its name."""
    prefix = "otel_scorer.scoring."
    modules: list[ModuleType] = [module for name, module in sorted(sys.modules.items()) if name.startswith(prefix)]
    for module in modules:
        for name, value in vars(module).items():
            for pattern in _inside(value):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", pattern


def _inside(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        yield from _inside(list(value.values()))


def test_no_pattern_repeats_without_bound_what_already_repeats_without_bound() -> None:
    """By construction: of nested unbounded repetitions, each round of the outer one begins with a sign of its own."""
    bad = {name for name, pattern in _patterns() if not _is_tame(re._parser.parse(pattern.pattern, pattern.flags))}
    assert bad == set()


def test_the_test_of_patterns_knows_a_bad_one() -> None:
    assert not _is_tame(re._parser.parse(r"(a+)+b"))
    assert not _is_tame(re._parser.parse(r"(?:\w+ ?)*$"))
    assert _is_tame(re._parser.parse(r"\d+(?:[.,]\d+)*"))


def _is_tame(parsed: Any) -> bool:
    for op, arguments in parsed:
        if op in (re._constants.MAX_REPEAT, re._constants.MIN_REPEAT):
            body = list(arguments[2])
            inner = list(_unbounded(body))
            if arguments[1] == re._constants.MAXREPEAT and inner:
                body = body[0][1][3] if body[0][0] is re._constants.SUBPATTERN else body
                first = _signs(next(iter(body)))
                if not first or any(first & _signs(item[0]) for item in inner):
                    return False
        if not all(_is_tame(part) for part in _parts(arguments)):
            return False
    return True


def _parts(arguments: Any) -> Iterator[Any]:
    """The patterns inside an operation's arguments."""
    if isinstance(arguments, re._parser.SubPattern):
        yield arguments
    elif isinstance(arguments, tuple | list):
        for item in arguments:
            yield from _parts(item)


def _unbounded(parsed: Any) -> Iterator[Any]:
    """What is repeated without bound anywhere inside."""
    for op, arguments in parsed:
        if op in (re._constants.MAX_REPEAT, re._constants.MIN_REPEAT) and arguments[1] == re._constants.MAXREPEAT:
            yield list(arguments[2])
        for part in _parts(arguments):
            yield from _unbounded(part)


def _signs(node: Any) -> set[str]:
    """The ASCII characters that one sign may be; empty for anything longer or optional."""
    op, arguments = node
    if op is re._constants.LITERAL:
        return {chr(arguments)}
    if op is not re._constants.IN:
        return set()
    inside = [(kind, value) for kind, value in arguments if kind is not re._constants.NEGATE]
    found = {chr(code) for code in range(128) if any(_holds(kind, value, code) for kind, value in inside)}
    return {chr(code) for code in range(128)} - found if len(inside) < len(arguments) else found


def _holds(kind: Any, value: Any, code: int) -> bool:
    if kind is re._constants.LITERAL:
        return value == code
    if kind is re._constants.RANGE:
        return value[0] <= code <= value[1]
    name = str(value).lower().removeprefix("category_")
    negated, name = name.startswith("not_"), name.removeprefix("not_")
    pattern = {"digit": r"\d", "space": r"\s", "word": r"\w"}[name]
    return bool(re.match(pattern, chr(code))) is not negated
