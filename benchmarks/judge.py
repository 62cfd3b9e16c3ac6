"""What judging costs: tokens per scored trace beside four plain calls, and how busy the places for judge calls are.

    python benchmarks/judge.py [--traces FOLDER] [--seconds 12] [--places 256] [--at-once]

See benchmarks/README.md. Without a folder of recorded traces only the places are measured.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import multiprocessing
import statistics
import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import uvloop
from aiohttp import web

from otel_scorer.conventions.read import read
from otel_scorer.errors import UserError
from otel_scorer.model import Trace
from otel_scorer.otlp import read_traces
from otel_scorer.scoring.judging.judge import JudgeAnswer, JudgeFailure, Prompt, answer_schema
from otel_scorer.scoring.judging.judge_settings import JudgeSettings
from otel_scorer.scoring.judging.judges import build_judge
from otel_scorer.scoring.judging.price import cost_of
from otel_scorer.scoring.rubrics.bundled import shipped_rubrics
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_set import RubricSet
from otel_scorer.scoring.score import score_trace
from otel_scorer.scoring.settings import DEFAULT_BY_KIND, ScoringSettings

SHARED = Path(__file__).resolve().parents[2] / "shared" / "traces"
AIM_TOKENS, AIM_BUSY, AIM_CPU_MS = 0.35, 0.95, 5.0
LARGE = 32_000
"""Bytes of four plain calls from which on a run counts as a longer one."""
WARM_UP = 50
"""Traces whose CPU is not counted."""
CALL_S = 4.0
BYTES_PER_TOKEN = 4.0
"""Both sides are counted alike, so that only the ratio rests on it."""
LIST_PRICES = JudgeSettings(model="gpt-4o-mini", input_price=0.15, cached_input_price=0.075, output_price=0.6)
"""A list price of 2026 with one of the smaller discounts for cached input; others take off three quarters or more."""
CACHE_NEEDS, CACHE_STEP = 1024, 128
"""Tokens that a prefix must have to be cached, and in what steps it is."""
_REASON = "The answer states the order's status and amount as the tool returned them; nothing else is claimed."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=Path, default=SHARED)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--places", type=int, default=256)
    parser.add_argument("--at-once", action="store_true", help="all places begin in the same moment")
    arguments = parser.parse_args()
    if arguments.traces.is_dir():
        tokens(arguments.traces)
        cpu(arguments.traces)
    else:
        print(f"tokens: no recorded traces at {arguments.traces}")
    busy(arguments.places, arguments.seconds, 0.0 if arguments.at_once else CALL_S)


# ---- tokens ----------------------------------------------------------------------------------------------------------


class Counting:
    """Answers every question with the same words, and keeps what it was asked."""

    name = "counting"

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self.bytes = 0
        self.answered = 0
        self.schema = ""

    async def __call__(self, prompt: Prompt, schema: Mapping[str, Any], _deadline: float) -> JudgeAnswer:
        text = json.dumps({name: {"reason": _REASON, "evidence": ["s1"], "score": 4} for name in schema["properties"]})
        self.prompts.append(prompt)
        self.answered += len(text.encode())
        self.schema = json.dumps(schema, separators=(",", ":"))  # as it is sent
        self.bytes += sum(len(part.encode()) for part in (prompt.system, prompt.user, self.schema, text))
        return JudgeAnswer(text)


def tokens(folder: Path) -> None:
    """Per trace: the question about all dimensions at once, the one about what checks leave open, four plain ones.

    The plain calls always have the texts of the first agent rubric, the shortest, whatever ours have grown to.
    """
    rubrics = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)
    rubric, plain_rubric = rubrics.get("agent"), rubrics.get("agent@1")
    everything = rubric.model_copy(
        update={
            "judge": "always",
            "dimensions": {
                name: rules.model_copy(update={"needs": (), "checks": ()}) for name, rules in rubric.dimensions.items()
            },
        }
    )
    rows = []
    for trace in recorded(folder):
        whole, opened = asked(trace, everything), asked(trace, rubric)
        if whole.prompts:
            rows.append((whole, opened, *naive_bytes(trace, plain_rubric)))
    naive = [plain / BYTES_PER_TOKEN for _, _, plain, _ in rows]
    print(f"tokens per scored trace ({len(rows)} recorded runs, `{rubric}`, {BYTES_PER_TOKEN:.0f} bytes a token):")
    print(f"  four plain calls             {statistics.mean(naive):8.0f}")
    plain_money = sum(cost_of(LIST_PRICES, *in_tokens(plain - said, said)) or 0.0 for _, _, plain, said in rows)
    for what, judges in (
        ("one call, four dimensions", [whole for whole, *_ in rows]),
        ("as shipped (checks first)", [opened for _, opened, *_ in rows]),
    ):
        bytes_ = [judge.bytes for judge in judges]
        ratios = [mine / BYTES_PER_TOKEN / plain for mine, plain in zip(bytes_, naive, strict=True)]
        ratio = sum(bytes_) / BYTES_PER_TOKEN / sum(naive)
        print(
            f"  {what:<28} {statistics.mean(bytes_) / BYTES_PER_TOKEN:8.0f}   {ratio:.2f} of four plain calls "
            f"(aim {AIM_TOKENS}); per trace median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}"
        )
        large = [(judge.bytes, plain) for judge, (_, _, plain, _) in zip(judges, rows, strict=True) if plain >= LARGE]
        ratio = sum(mine for mine, _ in large) / sum(plain for _, plain in large)
        print(f"  {'  of the longer runs':<28} {'':8}   {ratio:.2f} ({len(large)} runs, plain from {LARGE // 4000}k)")
        ratio = sum(map(money, judges)) / plain_money
        print(
            f"  {'  as money, prefix cached':<28} {'':8}   {ratio:.2f} ({CACHE_NEEDS} tokens or more, at list discount)"
        )
    shares = [unchanging(prompt) for _, opened, *_ in rows for prompt in opened.prompts]
    calls = sum(bool(opened.prompts) for _, opened, *_ in rows)
    mean, median = statistics.mean(shares), statistics.median(shares)
    print(f"  unchanging prefix            {mean:8.0%}   of a prompt as shipped, median {median:.0%}")
    print(f"  judge asked                  {calls / len(rows):8.0%}   of the traces, as shipped")


def recorded(folder: Path) -> Iterator[Trace]:
    for file in sorted(folder.rglob("*.json")):
        if not file.name.endswith(".logs.json"):
            try:
                yield from read_traces([file])
            except UserError:
                continue


def asked(trace: Trace, rubric: Rubric) -> Counting:
    judge = Counting()
    asyncio.run(score_trace(trace, [rubric], judge, deadline=time.monotonic() + 60))
    return judge


def cpu(folder: Path) -> None:
    """Of scoring each trace once, by all rubrics that fit, with a judge that answers at once: checks, prompt, answer.
    Some traces go before, so that what a process does once is done; none is scored twice.
    """
    rubrics = RubricSet.load([shipped_rubrics()], DEFAULT_BY_KIND)
    newest = [one for one in rubrics if rubrics.get(one.name) is one]
    spent = []
    with asyncio.Runner() as loop:
        for trace in recorded(folder):
            began = time.process_time()
            loop.run(score_trace(trace, newest, Counting(), deadline=time.monotonic() + 60))
            spent.append((time.process_time() - began) * 1000)
    counted = sorted(spent[WARM_UP:])
    mean, most = statistics.mean(counted), counted[int(len(counted) * 0.95)]
    print(
        f"CPU of scoring a trace with a judge: {mean:.1f} ms (aim {AIM_CPU_MS:.0f}), median "
        f"{statistics.median(counted):.1f}, 95th percentile {most:.1f}; {len(counted)} recorded traces, no local models"
    )


def unchanging(prompt: Prompt) -> float:
    """Share of the question that is the same for every trace of which the same is asked."""
    return len(prompt.system.encode()) / (len(prompt.system.encode()) + len(prompt.user.encode()))


def in_tokens(sent: int, answered: int) -> tuple[int, int]:
    return int(sent / BYTES_PER_TOKEN), int(answered / BYTES_PER_TOKEN)


def money(judge: Counting) -> float:
    """What the question costs when its unchanging part is in the provider's cache; plain calls have no such part, for
    what comes first in them is too short, and the trace comes after it.
    """
    if not judge.prompts:
        return 0.0
    prefix, _ = in_tokens(sum(len(prompt.system.encode()) for prompt in judge.prompts) + len(judge.schema), 0)
    cached = prefix // CACHE_STEP * CACHE_STEP if prefix >= CACHE_NEEDS else 0
    return cost_of(LIST_PRICES, *in_tokens(judge.bytes - judge.answered, judge.answered), cached) or 0.0


def naive_bytes(trace: Trace, rubric: Rubric) -> tuple[int, int]:
    """The plain way: for each dimension a call with its question and anchors and what was read of every span. Answers
    the bytes of all and those of the answers.
    """
    spans = [
        {"name": span.name, **{key: value for key, value in dataclasses.asdict(read(span)).items() if value}}
        for span in trace.spans
    ]
    evidence = json.dumps(spans, ensure_ascii=False, default=str)
    total = answered = 0
    for name, rules in rubric.dimensions.items():
        anchors = "\n".join(f"{number}: {text}" for number, text in rules.anchors.items())
        rule = f"You are a strict grader of agent runs. Grade {name} from 1 to 5."
        system = f"{rule}\n{rules.ask}\n{anchors}\nAnswer as JSON."
        answer = json.dumps({"reason": _REASON, "evidence": ["s1"], "score": 4})
        total += len(system.encode()) + len(evidence.encode()) + len(answer.encode())
        answered += len(answer.encode())
    return total, answered


# ---- places ----------------------------------------------------------------------------------------------------------


def busy(places: int, seconds: float, spread_s: float) -> None:
    """One process keeps `places` calls of four seconds in flight; the endpoint is a process of its own and counts.

    The places begin one after another over `spread_s`, as traces come; counted is from when all have begun.
    """
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    endpoint = context.Process(target=serve, args=(theirs,), daemon=True)
    endpoint.start()
    port = ours.recv()
    cpu = psutil.Process().cpu_times()
    failed = uvloop.run(call_all(f"http://127.0.0.1:{port}/v1", places, seconds, spread_s))
    spent = psutil.Process().cpu_times()
    ours.send((spread_s, seconds))
    calls, inside_s = ours.recv()
    endpoint.join(5)
    share = inside_s / (places * (seconds - spread_s))
    each = (spent.user + spent.system - cpu.user - cpu.system) / max(1, calls)
    print(f"places busy: {share:.1%} of {places} in one process (aim {AIM_BUSY:.0%})")
    how = f"begun over {spread_s:.0f} s" if spread_s else "all begun at once"
    print(f"  {calls} calls of {CALL_S:.0f} s, {how}; {failed} failed; {each * 1000:.1f} ms CPU of ours for each call")


async def call_all(url: str, places: int, seconds: float, spread_s: float) -> int:
    """Answers how many calls failed. Each place asks again as soon as it has its answer, as a busy worker does."""
    began = time.monotonic()
    settings = ScoringSettings.model_validate({"judge": {"model": "bench", "base_url": url, "max_connections": places}})
    judge = build_judge(settings)
    assert judge is not None
    schema = answer_schema(("factual_grounding",))
    failed = 0

    async def place(number: int) -> None:
        nonlocal failed
        prompt = Prompt("rules " * 500, f"evidence {number} " * 400, f"{number:064x}", ("factual_grounding",))
        await asyncio.sleep(number / places * spread_s)
        while time.monotonic() < began + seconds:
            try:
                await judge(prompt, schema, time.monotonic() + 60)
            except JudgeFailure:
                failed += 1

    await asyncio.gather(*(place(number) for number in range(places)))
    await judge.close()
    return failed


def serve(pipe: Connection) -> None:
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    spans: list[tuple[float, float]] = []
    answer = json.dumps({"factual_grounding": {"reason": _REASON, "evidence": [], "score": 4}})
    message = {"role": "assistant", "content": answer}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    }

    async def complete(request: web.Request) -> web.Response:
        began = time.monotonic()
        await request.read()
        await asyncio.sleep(CALL_S - (time.monotonic() - began))
        spans.append((began, time.monotonic()))
        return web.json_response(body)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    pipe.send(runner.addresses[0][1])
    spread_s, seconds = await asyncio.to_thread(pipe.recv)
    first = min(began for began, _ in spans)
    start, end = first + spread_s, first + seconds
    pipe.send((len(spans), sum(max(0.0, min(ended, end) - max(began, start)) for began, ended in spans)))
    await runner.cleanup()


if __name__ == "__main__":
    main()
