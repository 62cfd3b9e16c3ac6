"""All sets, in the order of the page."""

from __future__ import annotations

from benchmarks.quality.sets import LabelledSet
from benchmarks.quality.sets.agentdojo import AGENTDOJO
from benchmarks.quality.sets.begin import BEGIN
from benchmarks.quality.sets.bfcl import BFCL
from benchmarks.quality.sets.ifbench import IFBENCH
from benchmarks.quality.sets.llmbar import LLMBAR
from benchmarks.quality.sets.moderation import MODERATION
from benchmarks.quality.sets.pii import PII
from benchmarks.quality.sets.rjudge import RJUDGE
from benchmarks.quality.sets.tau_bench import TAU_BENCH
from benchmarks.quality.sets.who_and_when import WHO_AND_WHEN

SETS: dict[str, LabelledSet] = {
    one.name: one for one in (AGENTDOJO, RJUDGE, PII, MODERATION, BEGIN, IFBENCH, LLMBAR, BFCL, TAU_BENCH, WHO_AND_WHEN)
}
