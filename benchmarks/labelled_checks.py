"""Checks over the labelled development sets, each beside a trivial baseline. No model, no key, no network.

    python benchmarks/labelled_checks.py [folder of labelled sets] [set ...]

A row is worth something only where the check beats its baseline on what it answered. AUC: chance that a bad run gets a
lower estimate than a good one (0.5 is a coin; ties count half); "cannot tell" is placed at 5, as a scorer without a
judge would leave it unfaulted. Nothing here is asserted: the numbers are to be read.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "checks")]

from agent_runs import Call, Fetch, Run, target  # noqa: E402

from otel_scorer.scoring.checks import adherence, grounding, plan, safety  # noqa: E402
from otel_scorer.scoring.verdict import CannotTell, Verdict  # noqa: E402

LABELLED = Path("/work/shared/labelled")
Answer = Verdict | CannotTell


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments and Path(arguments[0]).is_dir() else LABELLED
    wanted = [name for name in arguments if name in SETS] or list(SETS)
    for name in wanted:
        print(f"\n{name}")
        SETS[name](folder)


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    with (folder / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def auc(bad: Sequence[float], good: Sequence[float]) -> float:
    """Chance that a bad one is higher than a good one; ties count half."""
    if not bad or not good:
        return float("nan")
    ranked = sorted([(value, 1) for value in bad] + [(value, 0) for value in good])
    total, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        total += sum(label for _, label in ranked[at:end]) * (at + end + 1) / 2
        at = end
    return (total - len(bad) * (len(bad) + 1) / 2) / (len(bad) * len(good))


def interval(bad: Sequence[float], good: Sequence[float], draws: int = 200) -> str:
    """A bootstrap interval (95 %) of the AUC."""
    chance = random.Random(7)
    found = sorted(auc(chance.choices(bad, k=len(bad)), chance.choices(good, k=len(good))) for _ in range(draws))
    return f"[{found[int(0.025 * draws)]:.3f}, {found[int(0.975 * draws) - 1]:.3f}]"


def row(what: str, bad: Sequence[float], good: Sequence[float]) -> None:
    print(f"  {what:<58} AUC {auc(bad, good):.3f} {interval(bad, good)}  bad {len(bad)} good {len(good)}")


def fault(answer: Answer) -> float:
    """How bad, 0 (fine or cannot tell) to 4."""
    return 5.0 - answer.estimate if isinstance(answer, Verdict) else 0.0


def share(values: Iterable[bool]) -> str:
    found = list(values)
    return f"{sum(found)}/{len(found)} = {sum(found) / max(1, len(found)):.3f}"


# ---- AgentDojo -------------------------------------------------------------------------------------------------------


def agentdojo(folder: Path) -> None:
    data = rows(folder, "safety/agentdojo.jsonl")
    seen = [(r["label"], _calls(r), safety.injection_obeyed(target(_dojo_run(r), "otel"))) for r in data]
    bad = [a for label, _, a in seen if label == "hijacked"]
    for other in ("resisted", "benign"):
        good = [a for label, _, a in seen if label == other]
        row(f"injection_obeyed, hijacked against {other}", [*map(_strength, bad)], [*map(_strength, good)])
        calls_bad = [float(n) for label, n, _ in seen if label == "hijacked"]
        calls_good = [float(n) for label, n, _ in seen if label == other]
        row("  baseline: number of tool calls", calls_bad, calls_good)
        print(f"    false alarms (estimate <= 2.5) on {other}: {share(fault(a) >= 2.5 for a in good)}")
    print(f"    found (estimate <= 2.5) of hijacked: {share(fault(a) >= 2.5 for a in bad)}")
    _matched(seen)


def _matched(seen: Sequence[tuple[str, int, Answer]]) -> None:
    """Pairs of a hijacked and another run with the same number of tool calls: there the baseline is a coin."""
    pairs = wins = 0.0
    for label, number, answer in seen:
        for other, others, against in seen:
            if label == "hijacked" and other != "hijacked" and number == others:
                pairs += 1
                difference = _strength(answer) - _strength(against)
                wins += 1 if difference > 0 else 0.5 if difference == 0 else 0
    print(
        f"  injection_obeyed, matched by number of tool calls{'':<10} AUC {wins / max(1, pairs):.3f}  pairs {pairs:.0f}"
    )


def _strength(answer: Answer) -> float:
    return answer.metrics.get("injection_obeyed", 0.0)


def _calls(record: dict[str, Any]) -> int:
    return sum(len(m.get("tool_calls") or ()) for m in record["messages"])


def _dojo_run(record: dict[str, Any]) -> Run:
    moves: list[Call] = []
    results = [m for m in record["messages"] if m["role"] == "tool"]
    calls = [c for m in record["messages"] if m["role"] == "assistant" for c in m.get("tool_calls") or ()]
    for number, call in enumerate(calls):
        result = results[number] if number < len(results) else {"content": ""}
        moves.append(Call(call["function"], call["args"], result["content"] or "", result.get("error") or ""))
    answer = next((m["content"] for m in reversed(record["messages"]) if m["role"] == "assistant"), "")
    return Run(record["prompt"], answer or "", tuple(moves), system=None)


# ---- R-Judge ---------------------------------------------------------------------------------------------------------

_ACTION = re.compile(r"^\s*([A-Za-z_][\w.]{2,60})\s*(?:\n?\s*Action Input:|\(|:)?\s*(.*)$", re.DOTALL)


def rjudge(folder: Path) -> None:
    """Only what the injection check can speak of: runs in which the agent reads something and acts after it."""
    data = rows(folder, "safety/rjudge.jsonl")
    seen = [(r["label"], safety.injection_obeyed(target(_rjudge_run(r), "otel"))) for r in data]
    for what, kept in (
        ("all", seen),
        ("order seen", [(b, a) for b, a in seen if a.metrics.get("injection_seen", 0) >= 0.3]),
    ):
        bad, good = [a for b, a in kept if b == 1], [a for b, a in kept if b == 0]
        row(f"injection_obeyed, unsafe against safe ({what})", [*map(_strength, bad)], [*map(_strength, good)])
        found, alarms = share(fault(a) >= 2.5 for a in bad), share(fault(a) >= 2.5 for a in good)
        print(f"    found {found}, false alarms {alarms}")
    lengths = [(r["label"], float(len(r["contents"][0]))) for r in data]
    row("  baseline: number of turns", [n for b, n in lengths if b], [n for b, n in lengths if not b])


def _rjudge_run(record: dict[str, Any]) -> Run:
    turns = [turn for part in record["contents"] for turn in part]
    users = [str(turn.get("content") or "") for turn in turns if turn["role"] == "user"]
    moves: list[Call] = []
    answer = ""
    for at, turn in enumerate(turns):
        action = str(turn.get("action") or turn.get("content") or "")
        after = turns[at + 1] if at + 1 < len(turns) else {"role": ""}
        if turn["role"] != "agent":
            continue
        match = _ACTION.match(action)
        if (
            match
            and "final answer" not in action[:20].lower()
            and (after["role"] == "environment" or "Action Input" in action)
        ):
            result = str(after.get("content", "")) if after["role"] == "environment" else ""
            moves.append(Call(match[1], {"input": match[2]}, result))
        else:
            answer = action
    return Run("\n".join(users), answer, tuple(moves), system=None)


# ---- personal data ---------------------------------------------------------------------------------------------------


def pii(folder: Path) -> None:
    """An answer that holds the text, asked for by nobody; bad is a text that holds a kind that is looked for."""
    data = rows(folder, "safety/pii_presidio.jsonl")
    kinds = {"EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS"}
    bad, good, lengths = [], [], []
    for r in data:
        labels = {span["entity_type"] for span in r["spans"]}
        if labels and not labels & kinds:
            continue
        answer = fault(safety.personal_data(target(Run("Thanks.", r["full_text"], system=None), "otel")))
        (bad if labels & kinds else good).append(answer)
        lengths.append((bool(labels & kinds), float(len(r["full_text"]))))
    row("personal_data, text with against text without", bad, good)
    row("  baseline: length", [n for b, n in lengths if b], [n for b, n in lengths if not b])
    print(f"    found {share(v > 0 for v in bad)}, false alarms {share(v > 0 for v in good)}")


# ---- BEGIN -----------------------------------------------------------------------------------------------------------


def begin(folder: Path) -> None:
    data = [r for r in rows(folder, "grounding/begin_dev.jsonl") if r["begin_label"] != "Generic"]
    seen = []
    for r in data:
        run = Run(str(r["message"]), r["response"], (Fetch(str(r["message"]), (r["knowledge"],)),), system=None)
        at = target(run, "otel")
        answers = {check.__name__: check(at) for check in (grounding.numbers, grounding.entities, grounding.statements)}
        seen.append((r["begin_label"] != "Fully attributable", answers, _overlap(r)))
    for name in ("numbers", "entities", "statements"):
        bad, good = ([fault(a[name]) for b, a, _ in seen if b is is_bad] for is_bad in (True, False))
        row(f"{name}, not attributable against attributable", bad, good)
        print(f"    faulted {share(v >= 1.5 for v in bad)}, false alarms {share(v >= 1.5 for v in good)}")
    least = [(b, max(map(fault, a.values()))) for b, a, _ in seen]
    row("the three together (lowest estimate)", [v for b, v in least if b], [v for b, v in least if not b])
    measured = [(b, 1 - a["statements"].metrics.get("statement_support", 0.0)) for b, a, _ in seen]
    row("metric statement_support", [v for b, v in measured if b], [v for b, v in measured if not b])
    row("  baseline: word overlap", [-o for b, _, o in seen if b], [-o for b, _, o in seen if not b])
    overlaps = sorted(o for _, _, o in seen)
    low, high = overlaps[len(overlaps) // 4], overlaps[3 * len(overlaps) // 4]
    middle = [(b, m, o) for (b, m), (_, _, o) in zip(measured, seen, strict=True) if low <= o <= high]
    row(
        "metric statement_support, middle half of overlap",
        [m for b, m, _ in middle if b],
        [m for b, m, _ in middle if not b],
    )
    row("  baseline: word overlap there", [-o for b, _, o in middle if b], [-o for b, _, o in middle if not b])


def _overlap(record: dict[str, Any]) -> float:
    """The trivial measure: share of the response's words that are in the knowledge."""
    known = set(re.findall(r"\w+", record["knowledge"].lower()))
    spoken = re.findall(r"\w+", record["response"].lower())
    return sum(word in known for word in spoken) / max(1, len(spoken))


# ---- IFBench ---------------------------------------------------------------------------------------------------------


def ifbench(folder: Path) -> None:
    data = rows(folder, "instruction/ifbench_eval_results_strict.jsonl")
    seen = [(r, adherence.verifiable(target(Run(r["prompt"], r["response"], system=None), "otel"))) for r in data]
    told = [(r["follow_all_instructions"], a) for r, a in seen if isinstance(a, Verdict)]
    print(f"  verifiable answers on {share(isinstance(a, Verdict) for _, a in seen)} of replies")
    bad, good = [fault(a) for ok, a in told if not ok], [fault(a) for ok, a in told if ok]
    row("verifiable, not followed against followed (where it speaks)", bad, good)
    right = [(f > 0) for f in bad] + [f == 0 for f in good]
    always = max(len(bad), len(good)) / max(1, len(told))
    recall, calm = sum(f > 0 for f in bad) / max(1, len(bad)), sum(f == 0 for f in good) / max(1, len(good))
    print(f"    right {share(right)} (baseline, always the commoner: {always:.3f})")
    print(f"    balanced accuracy {(recall + calm) / 2:.3f}")
    lengths = [(r["follow_all_instructions"], -float(len(r["response"]))) for r, a in seen if isinstance(a, Verdict)]
    row("  baseline: shortness of the reply", [n for ok, n in lengths if not ok], [n for ok, n in lengths if ok])


# ---- tau-bench -------------------------------------------------------------------------------------------------------


def tau_bench(folder: Path) -> None:
    data = rows(folder, "plan/tau_bench_airline.jsonl")
    seen = []
    for r in data:
        at = target(_tau_run(r), "otel")
        answers = {check.__name__: check(at) for check in (plan.repeated_calls, plan.tool_errors)}
        answers["numbers"] = grounding.numbers(at)
        calls = sum(len(m.get("tool_calls") or ()) for m in r["traj"])
        seen.append((r["reward"] < 1, answers, float(calls)))
    for name in ("repeated_calls", "tool_errors", "numbers"):
        row(
            f"{name}, failed against solved",
            *([fault(a[name]) for b, a, _ in seen if b is bad] for bad in (True, False)),
        )
    least = [(b, max(map(fault, a.values()))) for b, a, _ in seen]
    row("together (lowest estimate)", [v for b, v in least if b], [v for b, v in least if not b])
    row("  baseline: number of tool calls", [n for b, _, n in seen if b], [n for b, _, n in seen if not b])


def _tau_run(record: dict[str, Any]) -> Run:
    turns = record["traj"]
    results = iter([m["content"] or "" for m in turns if m["role"] == "tool"])
    calls = [c["function"] for m in turns for c in m.get("tool_calls") or ()]
    moves = tuple(Call(c["name"], json.loads(c["arguments"]), next(results, "")) for c in calls)
    users = [m["content"] for m in turns if m["role"] == "user"]
    answer = next((m["content"] for m in reversed(turns) if m["role"] == "assistant" and m["content"]), "")
    return Run("\n".join(users), answer, moves, system=turns[0]["content"])


SETS: dict[str, Callable[[Path], None]] = {
    "agentdojo": agentdojo,
    "rjudge": rjudge,
    "pii": pii,
    "begin": begin,
    "ifbench": ifbench,
    "tau_bench": tau_bench,
}

if __name__ == "__main__":
    main(sys.argv[1:])
