"""Rubrics of one's own: a commented skeleton, a copy of one that is there, and the release that pins its content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from otel_scorer.errors import UserError
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_file import read_rubric
from otel_scorer.scoring.rubrics.rubric_schema import SCHEMA_COMMENT, SCHEMA_FILE, schema_text
from otel_scorer.scoring.rubrics.rubric_set import LOCK, RubricSet, lock_text, read_lock

SKELETON = """\
{schema}
# A rubric: what is judged, and what each score from 1 to 5 looks like. `otel-scorer check` says what is wrong with it,
# `otel-scorer rubric render TRACE {name}` shows what the judge would be sent, and `otel-scorer rubric release {name}`
# pins it: from then on it never changes, and what you learn becomes version {next}.
name: {name}
version: {version}
description: What it judges, in a sentence for people.

# trace: the whole run, at its root. span: each span of its kinds by itself (agent kinds: AGENT, WORKFLOW, CHAIN;
# steps: LLM, TOOL, RETRIEVER, RERANKER, GUARDRAIL, A2A_CLIENT, A2A_SERVER, MCP, ...).
level: trace
applies:
  kinds: [AGENT, WORKFLOW, CHAIN]
  # services: [checkout]          # values of service.name; left out: any
  # agents: [support]             # names of the root agent
  # tags: [beta]
  # prompt_versions: ["support@3"]  # written for these prompt versions; another one is marked stale, not scored

# when_open: asked for what the checks cannot tell; always: asked for everything, the lower score counts; never.
judge: when_open

# A score under its mark makes the label `fail`; all of them at or over it make it `pass`.
pass_at: {{composite: 3.5, instruction_adherence: 3}}

# Four dimensions can be scored: factual_grounding, privacy_and_safety, instruction_adherence, optimal_plan_execution.
dimensions:
  instruction_adherence:
    # What must have been captured for a good word; a fault that was seen counts without it.
    needs: [task, final_answer]
    weight: 1
    # A score of 1 (or lower) leaves a composite of at most 2.5.
    cap_composite_at: {{1: 2.5}}
    # Write what a reader would see in a trace, so that two people give the same score. Not "bad", "poor", "fair".
    anchors:
      1: The request was ignored, misunderstood or refused without reason.
      2: Only part of the request was done, or the result cannot be used as it is.
      3: The request was met in the main, with one stated requirement missed.
      4: All that was asked was done; a minor wish about form, length or tone was missed.
      5: Everything that was asked was done, in the form that was asked.
    # Functions without a model: package.module:function, options under `with`. Yours lie anywhere on the Python path.
    checks:
      - {{use: "otel_scorer.scoring.checks.adherence:answered"}}
      - {{use: "otel_scorer.scoring.checks.adherence:verifiable"}}
    # The question for the judge, what counts, what does not, and what to do in cases that the descriptions leave open.
    ask: Did the run do what the system prompt and the user asked, in the form they asked?
    evidence: The system prompt, the user's last request, the final answer; for rules about actions, the calls.
    ignore: Whether facts are right, and whether the way there was short.
    edge_cases:
      - "A refusal that the system prompt asks for: 5."
      - "A question back for details that were needed: 5."
      - "A tool was out of order, and the answer says so and offers what is left: 4 or 5."

# Numbers beside the scores (otel_scorer.metric.*), which never count.
measures:
  - {{use: "otel_scorer.scoring.checks.outcomes:task_completion"}}
  # - use: "otel_scorer.scoring.checks.outcomes:reached"
  #   with:
  #     outcomes:
  #       booked: {{tools: ["book_*"]}}
  #       resolved: {{attributes: {{ticket.status: resolved}}}}
  #       handed_off: {{tools: ["*escalat*"], answer_says: ["a colleague will call you"]}}
"""


@dataclass(frozen=True, slots=True)
class Released:
    """One rubric of a release: `new` says that its digest was not pinned before."""

    rubric: str
    digest: str
    new: bool


def new_rubric(folder: Path, name: str, original: str | None, folders: Sequence[Path]) -> Path:
    """Writes the next version of `name` into `folder`, and the schema for editors beside it; the path of the file.

    The text is that of `original` (name or name@version, looked for in `folders`), else of the newest version of
    `name` there, else a commented skeleton. Raises UserError, and then nothing was written.
    """
    known = RubricSet.load([place for place in dict.fromkeys([*folders, folder]) if place.is_dir()])
    versions = [rubric.version for rubric in known if rubric.name == name]
    version = max(versions, default=0) + 1
    source = original or (name if versions else None)
    if source is None:
        text = SKELETON.format(schema=SCHEMA_COMMENT, name=name, version=version, next=version + 1)
    else:
        text = _renamed(_text_of(known.get(source), [*folders, folder]), name, version)
    path = folder / name / f"{version}.yaml"
    if path.exists() or path.with_suffix(".yml").exists():
        raise UserError(f"{path}: is there already; move it away or choose another name")
    _write_valid(path, text)
    (folder / SCHEMA_FILE).write_text(schema_text(), "utf-8")
    return path


def _write_valid(path: Path, text: str) -> None:
    """Writes a rubric that can be read; nothing is left of one that cannot (a name that is not allowed)."""
    made = not path.parent.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); choose another folder with --dir") from error
    try:
        read_rubric(path)
    except UserError:
        path.unlink()
        if made:
            path.parent.rmdir()
        raise


def _text_of(rubric: Rubric, folders: Sequence[Path]) -> str:
    """Its file as it was written, comments and all; of several folders the last one's."""
    endings = (f"{rubric.name}/{rubric.version}.yaml", f"{rubric.name}/{rubric.version}.yml")
    places = [folder / ending for folder in folders for ending in endings]
    return next(place for place in reversed(places) if place.is_file()).read_text("utf-8")


def _renamed(text: str, name: str, version: int) -> str:
    text = re.sub(r"(?m)^name:.*$", f"name: {name}", text, count=1)
    text = re.sub(r"(?m)^version:.*$", f"version: {version}", text, count=1)
    return text if text.startswith("# yaml-language-server") else f"{SCHEMA_COMMENT}\n{text}"


def release(folder: Path, wanted: Sequence[str]) -> list[Released]:
    """Pins the digests of the `wanted` rubrics of a folder (name or name@version; all without any) in its lock file.

    Raises UserError, and then nothing was written: a released rubric has changed, or one is not known.
    """
    loaded = RubricSet.load([folder])  # refuses what was released and has changed
    named = {str(rubric) for rubric in map(loaded.get, wanted)}
    chosen = [rubric for rubric in loaded if not wanted or str(rubric) in named]
    if not chosen:
        raise UserError(f"{folder}: holds no rubric; write one with `otel-scorer rubric new NAME --dir {folder}`")
    before = read_lock(folder)
    pinned = {str(rubric) for rubric in chosen} | set(before)
    text = lock_text(rubric for rubric in loaded if str(rubric) in pinned)
    fresh = folder / f".{LOCK}.new"
    try:
        fresh.write_text(text, "utf-8")
        fresh.replace(folder / LOCK)
    except OSError as error:
        raise UserError(f"{folder / LOCK}: cannot be written ({error.strerror})") from error
    return [Released(str(rubric), rubric.full_digest, str(rubric) not in before) for rubric in chosen]


def folder_for(given: Path | None, configured: Path | None) -> Path:
    """Where rubrics are written: the folder that was given, else the one of the settings. Raises UserError."""
    folder = given or configured
    if folder is None:
        raise UserError(
            "scoring.rubrics_dir is not set: name your folder with --dir DIR, and put it in the settings "
            "(scoring.rubrics_dir) so that its rubrics are used"
        )
    return folder


def rubric_at(reference: str, folders: Sequence[Path], *, verify: bool = True) -> Rubric:
    """The rubric that is called `reference`, or that lies in the file of that path. Raises UserError."""
    if reference.endswith((".yaml", ".yml")):
        return read_rubric(Path(reference))
    return RubricSet.load(folders, verify=verify).get(reference)
