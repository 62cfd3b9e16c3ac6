"""Whether the store keeps what it acknowledges, and how full it is."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from redis import exceptions

from otel_scorer.errors import LedgerDown, UserError
from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.contents import times_of
from otel_scorer.ledger.keys import Keys
from otel_scorer.ledger.settings import LedgerSettings

log = logging.getLogger(__name__)
_OLDEST = (7, 0)
"""Scripts with flags came with Redis 7.0; Valkey has them from its first version."""


@dataclass(frozen=True, slots=True)
class Load:
    """How full the ledger is. Ages in seconds, 0.0 where there is nothing."""

    bytes: int
    due: int
    leased: int
    waiting: int
    oldest_waiting_s: float
    oldest_due_s: float
    outbox: int
    records: int
    lost_records: int
    held: int
    quarantined: int
    used_memory: int = 0
    """Bytes that the store itself counts against its limit: tombstones, records, results, other users of it."""
    max_memory: int = 0
    """The store's own limit, 0 without one."""

    def share_of(self, max_bytes: int) -> float:
        """How full the ledger is, 0 to 1 and above: of the span bytes that it may hold, or of the store's memory,
        whichever is nearer to its end.
        """
        return max(self.bytes / max_bytes, self.used_memory / self.max_memory if self.max_memory else 0.0)

    @property
    def is_out_of_memory(self) -> bool:
        """The store refuses writes by itself."""
        return 0 < self.max_memory <= self.used_memory


async def complaints(client: StoreClient, settings: LedgerSettings) -> list[str]:
    """What is wrong with the store's settings for the durability that was asked for; empty when nothing is."""
    redis = client.redis
    info = await client.guard(redis.info("server"))
    version = str(info.get("valkey_version") or info.get("redis_version", "0"))
    found = []
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        found.append(f"ledger {client.name} is version {version}: Redis 7.0 or newer, or any Valkey, is needed")
    if (await client.guard(redis.info("cluster"))).get("cluster_enabled"):
        found.append(f"ledger {client.name} is a cluster: use single stores (several in ledger.urls)")
    try:
        config = await client.guard(redis.config_get("appendonly", "appendfsync", "maxmemory-policy"))
    except (LedgerDown, exceptions.RedisError):
        raise
    except Exception as error:
        return [
            *found,
            f"ledger {client.name}: CONFIG GET is refused ({error}): allow it, durability cannot be checked",
        ]
    return found + _config_complaints(client.name, {_text(k): _text(v) for k, v in config.items()}, settings)


def _config_complaints(name: str, config: dict[str, str], settings: LedgerSettings) -> list[str]:
    found = []
    if config.get("maxmemory-policy") != "noeviction":
        policy = config.get("maxmemory-policy")
        found.append(f"ledger {name}: maxmemory-policy is {policy!r}, which drops keys: set it to 'noeviction'")
    if settings.durability == "strict" and config.get("appendonly") != "yes":
        found.append(f"ledger {name}: appendonly is 'no': set it to 'yes', or ledger.durability to best_effort")
    if settings.durability == "strict" and config.get("appendfsync") != "always":
        fsync = config.get("appendfsync")
        found.append(
            f"ledger {name}: appendfsync is {fsync!r}, which loses acknowledged spans on a crash: "
            "set it to 'always', or ledger.durability to best_effort"
        )
    return found


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


async def require_durable(client: StoreClient, settings: LedgerSettings) -> None:
    """Raises UserError when the store cannot keep the promise of `durability`; warns of one that is too small."""
    found = await complaints(client, settings)
    if found:
        raise UserError("; ".join(found))
    limit = int((await client.guard(client.redis.info("memory"))).get("maxmemory", 0))
    if 0 < limit < settings.max_mib * 1024 * 1024:
        log.warning(
            "ledger %s: maxmemory is %d MiB, less than ledger.max_mib (%d): scoring is shed and senders are told to "
            "retry by the store's limit; raise maxmemory to twice ledger.max_mib, or lower that",
            client.name,
            limit // (1024 * 1024),
            settings.max_mib,
        )


async def epoch(client: StoreClient, keys: Keys) -> str:
    """The store's own mark, made when it is first seen: one that changes under us was wiped (reliability T39)."""
    name = keys.named("epoch")
    found = await client.guard(client.redis.get(name))
    if not found:  # a full store takes no SET, and has its mark
        await client.guard(client.redis.set(name, secrets.token_hex(8), nx=True))
        found = await client.guard(client.redis.get(name))
    return (found or b"").decode()


async def load(client: StoreClient, keys: Keys, now_ms: int) -> Load:
    """One round trip of counts."""
    name = keys.named
    answers = await client.all_of(
        [
            ("MGET", name("bytes"), name("lost_records"), name("held_count")),
            ("ZCARD", name("due")),
            ("ZCARD", name("lease")),
            ("ZCARD", name("waiting")),
            ("ZRANGE", name("waiting"), 0, 0, "WITHSCORES"),
            ("ZRANGE", name("due"), 0, 0, "WITHSCORES"),
            ("HLEN", name("outbox_data")),
            ("XLEN", name("records")),
            ("HLEN", name("quarantine")),
            ("INFO", "memory"),
        ]
    )
    counters, due, leased, waiting, oldest_waiting, oldest_due, outbox, records, quarantined, info = answers
    size, lost, held = (int(counter or 0) for counter in counters)
    memory = dict(line.split(b":", 1) for line in info.splitlines() if b":" in line)
    return Load(
        bytes=size,
        due=due,
        leased=leased,
        waiting=waiting,
        oldest_waiting_s=_age_s(oldest_waiting, now_ms),
        oldest_due_s=_age_s(oldest_due, now_ms),
        outbox=outbox,
        records=records,
        lost_records=lost,
        held=held,
        quarantined=quarantined,
        used_memory=int(memory[b"used_memory"]) - int(memory.get(b"mem_not_counted_for_evict", 0)),
        max_memory=int(memory.get(b"maxmemory", 0)),
    )


def _age_s(first: Any, now_ms: int) -> float:
    return max([0.0, *((now_ms - at) / 1000 for at in times_of(first).values())])
