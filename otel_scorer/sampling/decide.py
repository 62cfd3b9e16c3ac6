"""The decision on one sealed trace: which signals hold, which rule takes it, with what probability, which rubrics.

In two steps, for between them a batch of traces is counted (`windows`): what a trace shows and its rules say, then,
with what is frozen for its window, the draw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from otel_scorer.conventions.eval_tags import REQUESTED
from otel_scorer.conventions.segments import segments
from otel_scorer.model import Decision, RubricRef, Status
from otel_scorer.sampling.draw import draw, draw_conversation
from otel_scorer.sampling.settings import ATTRIBUTE, NO_RUBRIC, RuleSettings, SamplingSettings, StratumSettings
from otel_scorer.sampling.signals import Signal
from otel_scorer.sampling.windows import Standing, Wanted, of_stratum

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

Refs: TypeAlias = "Callable[[TraceView, Sequence[str] | None], tuple[RubricRef, ...]]"
"""The rubrics of that name (None: those configured for the trace's kind; REQUESTED: those that the trace asks for) as
they are pinned; () when none applies.
"""


@dataclass(frozen=True, slots=True)
class Chance:
    """What the rules say of a trace before the draw.

    `probability` is the trace's inclusion probability, `rule` the first of the rules that give it; `by_rubric` has the
    inclusion probability of each rubric, which is smaller for one that only a rarer rule names.
    """

    rule: str
    probability: float
    by_rubric: tuple[tuple[RubricRef, float], ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a trace shows, and what the rules say of it. `chance` None: an evaluation's trace, left alone."""

    view: TraceView
    refs: Refs
    signals: tuple[str, ...] = ()
    matching: tuple[RuleSettings, ...] = ()
    chance: Chance | None = None
    strata: tuple[tuple[StratumSettings, str], ...] = ()
    """The strata that it is in, each with the name of its segment."""

    @property
    def wanted(self) -> Wanted | None:
        """How it is counted; None where nobody would score it."""
        if self.chance is None or not (self.chance.by_rubric or self.strata):
            return None
        strata = tuple((segment, stratum.target) for stratum, segment in self.strata)
        return Wanted(self.view.trace.tenant, self.chance.probability, strata)


def decide(view: TraceView, settings: SamplingSettings, refs: Refs, *, salt: bytes | None = None) -> Decision:
    """The decision on a trace, the same in every process with equal settings and `salt` (else `salt_for("default")`).

    Of a trace that is not taken, rule and probability are those with which it might have been. A trace without a root
    of its own is `incomplete` whatever the draw says; if it is taken, what can be scored of it is. One that no
    configured rubric fits is `not_sampled` by the rule `no_rubric` with probability 0. A rule for
    the rubrics that a trace asks for does not match where none is known. An evaluation trace is `own` and looked at no
    further. Strata and budgets do not count here, as with the first trace of all.
    """
    looked = look(view, settings, refs)
    return conclude(looked, Standing((0,) * len(looked.strata)), settings, salt=salt)


def look(view: TraceView, settings: SamplingSettings, refs: Refs) -> Looked:
    """The first step: signals, matching rules, segments."""
    if view.own:
        return Looked(view, refs)
    held = held_signals(view, settings)
    matching = matching_rules(settings, held)
    if any(rule.rubrics == REQUESTED for rule in matching):
        refs = _asked_once(refs, refs(view, REQUESTED))
        matching = [rule for rule in matching if rule.rubrics != REQUESTED or refs(view, REQUESTED)]
    matching = matching or [_floor(settings)]
    strata = segments_of(view, [stratum for stratum in settings.strata if refs(view, stratum.rubrics)])
    return Looked(view, refs, labels(held), tuple(matching), chance_of(view, matching, refs), strata)


def conclude(looked: Looked, standing: Standing, settings: SamplingSettings, *, salt: bytes | None = None) -> Decision:
    """The second step: the draw, against the probability of the rules and strata, thinned by the budget's factor."""
    view, chance = looked.view, looked.chance
    if chance is None:
        return Decision(status="own", rule="", probability=0.0)
    if looked.strata and standing.counts:
        strata = [
            stratum.as_rule(of_stratum(stratum.target, count))
            for (stratum, _), count in zip(looked.strata, standing.counts, strict=True)
        ]
        chance = chance_of(view, [*looked.matching, *strata], looked.refs)
    factor = standing.factor
    drawn = _draw(view, settings, salt if salt is not None else settings.salt_for("default"))
    taken = tuple(ref for ref, probability in chance.by_rubric if drawn < probability * factor)
    status: Status | None = "incomplete" if view.root is None else None if taken else "not_sampled"
    return Decision(status, chance.rule, chance.probability * factor, rubrics=taken, signals=looked.signals)


def _draw(view: TraceView, settings: SamplingSettings, salt: bytes) -> float:
    """One for all rules. A trace that names no conversation is drawn by its own id."""
    if settings.draw_by == "conversation" and (conversation_id := view.conversation_id.strip()):
        return draw_conversation(view.trace.tenant, conversation_id, salt)
    return draw(view.trace.trace_id, salt)


def segments_of(view: TraceView, strata: Sequence[StratumSettings]) -> tuple[tuple[StratumSettings, str], ...]:
    """The strata with the name of the trace's segment in each: a digest, for values may be long and hold content."""
    if not strata:
        return ()
    attributes = tuple(key.removeprefix(ATTRIBUTE) for one in strata for key in one.by if key.startswith(ATTRIBUTE))
    found = segments(view, attributes)
    named = ((one, [view.trace.tenant, one.name, *(found.get(key, "") for key in one.by)]) for one in strata)
    return tuple((one, hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()) for one, parts in named)


def held_signals(view: TraceView, settings: SamplingSettings) -> frozenset[Signal]:
    """The signals that hold, of those that settings name and the cheap ones; each is asked once."""
    return frozenset([signal for signal in settings.asked if signal.holds(view)])


def labels(held: frozenset[Signal]) -> tuple[str, ...]:
    """What is written of the signals that held: sorted, each once."""
    return tuple(sorted({signal.label for signal in held}))


def matching_rules(settings: SamplingSettings, held: frozenset[Signal]) -> list[RuleSettings]:
    """The rules, in order, that take a trace on which these signals hold; the floor alone where none does."""
    if not held:
        return list(settings.rules_without_signals)
    return [rule for rule in settings.rules if _matches(rule, held)] or [_floor(settings)]


def chance_of(view: TraceView, matching: Sequence[RuleSettings], refs: Refs) -> Chance:
    """What matching rules say of a trace. Rubrics come in the order of the rules that name them."""
    named = [(rule, rubrics) for rule in matching if (rubrics := refs(view, rule.rubrics))]
    if not named:
        return Chance(NO_RUBRIC, 0.0, ())
    by_rubric: dict[RubricRef, float] = {}
    for rule, rubrics in named:
        for ref in rubrics:
            by_rubric[ref] = max(rule.rate, by_rubric.get(ref, 0.0))
    best = _likeliest([rule for rule, _ in named])
    return Chance(best.name, best.rate, tuple(by_rubric.items()))


def _asked_once(refs: Refs, requested: tuple[RubricRef, ...]) -> Refs:
    """`refs` that knows already what the trace asks for."""
    return lambda view, wanted: requested if wanted == REQUESTED else refs(view, wanted)


def _matches(rule: RuleSettings, held: frozenset[Signal]) -> bool:
    # sets know the hashes of their members; hashing a signal is slow
    wanted = rule.wanted
    if not wanted:
        return True
    return not wanted.isdisjoint(held) if rule.match == "any" else wanted <= held


def _likeliest(rules: Sequence[RuleSettings]) -> RuleSettings:
    """The first of the rules with the largest rate, so that the rule told and the probability told belong together."""
    return max(rules, key=lambda rule: rule.rate)


def _floor(settings: SamplingSettings) -> RuleSettings:
    return settings.floor_rule
