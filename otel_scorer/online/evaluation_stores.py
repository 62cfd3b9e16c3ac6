"""Tells scores to a backend's own store of evaluations, out of the outbox: until it has them, or for so many hours."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Sequence

import aiohttp

from otel_scorer.conventions.evaluation_stores import postings
from otel_scorer.ledger.contents import Outgoing
from otel_scorer.model import Result, Span
from otel_scorer.online.backend import Accepted, Outcome, Refused, Retryable, TooLarge
from otel_scorer.online.backend_http import outcome_of
from otel_scorer.online.evaluation_store_settings import EvaluationStoreSettings

log = logging.getLogger(__name__)
_ANSWER_LIMIT = 16 << 10
_SIGNAL = "evaluations-"
_FINDS_AFTER_S = 30.0
_LOUD_EVERY_S = 60.0


def tell(
    stores: Sequence[EvaluationStoreSettings],
    result: Result,
    target: Span,
    *,
    late: bool,
    is_root: bool,
    evaluated_at_ns: int,
    reasons: bool,
) -> Iterable[Outgoing]:
    """Outbox records of one result for all stores that want it."""
    for number, store in enumerate(stores):
        if store.scores == "late" and not late:
            continue
        until_s = evaluated_at_ns / 1e9 + store.give_up_hours * 3600
        made = postings(store.kind, result, target, is_root=is_root, evaluated_at_ns=evaluated_at_ns, reasons=reasons)
        for place, posting in enumerate(made):
            fields = {"path": posting.path, "body": posting.body, "there": posting.there, "until": until_s}
            body = json.dumps(fields | {"made": evaluated_at_ns / 1e9})
            name = f"{target.trace_id}/{target.span_id}/{result.rubric}/{_SIGNAL}{number}/{place}"
            yield Outgoing(name, signal_of(number), body.encode())


def signal_of(number: int) -> str:
    """Of outbox records for the store with this place in the settings."""
    return f"{_SIGNAL}{number}"


def made_s(item: Outgoing) -> float:
    """When (seconds since 1970) the score was made; now for what an older version wrote."""
    try:
        return float(json.loads(item.body)["made"])
    except (ValueError, KeyError, TypeError):
        return time.time()


class EvaluationStore:
    """One connection pool to one store."""

    def __init__(self, settings: EvaluationStoreSettings) -> None:
        self.name = f"{settings.kind} at {settings.endpoint}"
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._loud_again = 0.0

    async def send(self, item: Outgoing) -> Outcome:
        """Never raises. Refused is what will never be taken; all else is tried again."""
        try:
            fields = json.loads(item.body)
            path, body, there, until_s = (fields[name] for name in ("path", "body", "there", "until"))
        except (ValueError, KeyError, TypeError):
            return Refused("it is not what this version of otel_scorer writes")
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                outcome = await self._post(path, body)
                if there and not isinstance(outcome, Accepted) and await self._has(there):
                    return Accepted()
        except TimeoutError:
            outcome = Retryable(None, f"no answer within {self._settings.timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            outcome = Retryable(None, f"{type(error).__name__}: {error}")
        if isinstance(outcome, Accepted | Refused | TooLarge):
            return outcome
        # A span that the store has taken may not be found yet (404), so nothing but its age ends the waiting.
        if time.time() > until_s:
            return Refused(f"{self.name} has not taken it in time: {outcome.message}")
        self._complain(outcome, waited_s=time.time() - until_s + self._settings.give_up_hours * 3600)
        return outcome

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _complain(self, outcome: Outcome, waited_s: float) -> None:
        """Once in a while, and not about the first seconds: a store may find a new span a little later."""
        if waited_s > _FINDS_AFTER_S and time.monotonic() > self._loud_again:
            self._loud_again = time.monotonic() + _LOUD_EVERY_S
            log.warning("%s does not take scores, they wait: %s", self.name, outcome.message)

    async def _post(self, path: str, body: object) -> Outcome:
        url = f"{self._settings.endpoint}{path}"
        async with self._open().post(url, json=body, allow_redirects=False) as response:
            answer = await response.content.read(_ANSWER_LIMIT)
            return outcome_of("traces", response.status, answer, response.headers)

    async def _has(self, path: str) -> bool:
        async with self._open().get(f"{self._settings.endpoint}{path}", allow_redirects=False) as response:
            return response.status == 200

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {name: value.get_secret_value() for name, value in self._settings.headers.items()}
            self._session = aiohttp.ClientSession(
                headers={"user-agent": "otel_scorer", **headers},
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
