"""The Lua scripts: read from the package, given the shared prelude, run by digest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files

NAMES = (
    *("put", "heads", "claim", "advance", "commit", "mark", "drop", "wanted"),
    *("start", "finish", "give_back", "beat"),
    *("outgoing", "sent", "postpone", "lock", "forget", "quarantine"),
    *("talk_look", "talk_put", "talk_start", "talk_finish", "talk_commit"),
    *("budget_reserve", "budget_settle", "budget_admit", "window_count", "window_freeze", "answer_get", "answer_put"),
)


@dataclass(frozen=True, slots=True)
class Script:
    """Source as the store takes it, and the SHA-1 that EVALSHA names it by."""

    name: str
    source: str
    digest: str


@cache
def script(name: str) -> Script:
    """The script of that name; a shebang (`#!lua flags=...`) stays the first line, before the prelude."""
    folder = files("otel_scorer.ledger") / "lua"
    prelude = (folder / "prelude.lua").read_text("utf-8")
    body = (folder / f"{name}.lua").read_text("utf-8")
    if body.startswith("#!"):
        shebang, _, body = body.partition("\n")
        source = f"{shebang}\n{prelude}\n{body}"
    else:
        source = f"#!lua\n{prelude}\n{body}"
    return Script(name, source, sha1(source.encode(), usedforsecurity=False).hexdigest())
