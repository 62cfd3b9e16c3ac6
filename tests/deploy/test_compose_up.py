"""README: `docker compose up --build --scale work=4`, really typed, with the file as it is shipped.

Docker Compose and its daemon are real ones; images that no registry gives us are made of the real programs
(realtools/containers_standins.py). The daemon has a network of its own, so the ports are those of the file.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from deploy.composed import AGENT, Stack, is_scored
from e2e.readme_blocks import block
from realtools.containers_docker import Daemon, docker_daemon
from realtools.containers_standins import NAMES, stand_ins

pytestmark = [pytest.mark.e2e, pytest.mark.backends]


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with docker_daemon() as running:
        yield running
        running.docker("image", "prune", "--force")
        running.docker("builder", "prune", "--force", "--keep-storage", "4GB")


def sent_by(printed: str) -> tuple[dict[str, bool], list[list[str]]]:
    """Of readme_agent.py: traces with whether the answer was made up, and spans."""
    told = json.loads(printed.splitlines()[-1])
    return told["made_up"], told["spans"]


def assert_each_once(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    for spans in found.values():
        assert set(Counter(span["spanID"] for span in spans).values()) == {1}, [span["operationName"] for span in spans]
        evaluations = Counter(
            span["operationName"] for span in spans if "otel_scorer.evaluated_at" in span["attributes"]
        )
        assert set(evaluations.values()) <= {1}, evaluations
        assert not [warning for span in spans for warning in span["warnings"] or () if "duplicate" in warning]


def agents_score_is_found(stack: Stack) -> None:
    """README: add the endpoint, see the score; every block as it stands there."""
    made_up, spans = sent_by(stack.beside([*block("endpoint", {}), f"python {AGENT} 4"]))
    found = stack.until_scored(list(made_up), spans)
    assert_each_once(found)
    for shown in found.values():
        web, *_ = (span for span in shown if span["operationName"] == "POST /chat")
        assert not is_scored(web)
    answer = json.loads(stack.beside(block("jaeger", {})))
    assert {trace["traceID"] for trace in answer["data"]} == {trace_id for trace_id, bad in made_up.items() if bad}
    told = stack.compose("exec", "-T", "serve", "otel-scorer", "why", next(iter(made_up)))
    assert next(iter(made_up)) in told


def workers_live(stack: Stack, count: int) -> None:
    for index in range(1, count + 1):
        stack.compose("exec", "-T", "--index", str(index), "work", "otel-scorer", "health", "work")


def everything_is_locked_down(stack: Stack) -> None:
    """Nobody's user, nothing but its own volume to write to, and no way out of the ledger's network."""
    script = "id -u; touch /x 2>&1; touch /tmp/x && echo tmp; touch /data/x && rm /data/x && echo data"
    for service, user in (("serve", "10001"), ("work", "10001")):
        told = stack.compose("exec", "-T", service, "sh", "-c", script).splitlines()
        assert told[0] == user
        assert "Read-only" in told[1]
        assert told[2:] == ["tmp", "data"]
    inspected = json.loads(stack.daemon.docker("inspect", *(each["Name"] for each in stack.containers())))
    for each in inspected:
        host = each["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False), each["Name"]
        assert min(host["Memory"], host["NanoCpus"], host["PidsLimit"]) > 0, each["Name"]


def killed_ones_lose_and_double_nothing(stack: Stack) -> None:
    """While agents send: a worker, then `serve`. Both come back by themselves."""
    printed: list[str] = []
    sending = threading.Thread(
        target=lambda: printed.append(stack.beside([*block("endpoint", {}), f"python {AGENT} 40 0.5"]))
    )
    sending.start()
    for victim in ("otel-scorer-work-2", "otel-scorer-serve-1"):
        sending.join(6.0)
        stack.daemon.kill(victim)
    sending.join(240)
    made_up, spans = sent_by(printed[0])
    assert_each_once(stack.until_scored(list(made_up), spans))
    told = stack.daemon.docker("inspect", "--format", "{{.RestartCount}}", "otel-scorer-work-2", "otel-scorer-serve-1")
    assert told.split() == ["1", "1"]


def all_stop_in_time(stack: Stack) -> None:
    """None had to be killed after its grace."""
    stack.compose("stop")
    # Tempo, of the build that we have, closes its store at once and then never ends by itself
    ended = {each["Name"]: each["ExitCode"] for each in stack.containers() if each["Service"] != "tempo"}
    assert 137 not in ended.values(), ended
    assert {code for name, code in ended.items() if "-serve-" in name or "-work-" in name} == {0}, ended


def volumes(daemon: Daemon) -> set[str]:
    return set(daemon.docker("volume", "ls", "--quiet").split())


def test_what_the_readme_types_comes_up_scores_survives_kills_and_goes_down(daemon: Daemon, tmp_path: Path) -> None:
    variables = {**stand_ins(daemon, NAMES), "SAMPLING_FLOOR": "1"}
    stack = Stack(daemon, variables, tmp_path / "up.log")
    stack.compose("down", "--volumes")
    services = {"serve": 1, "work": 4, "valkey": 1, "collector": 1, "jaeger": 1}
    with stack.up(block("compose", {}), services):
        workers_live(stack, 4)
        everything_is_locked_down(stack)
        agents_score_is_found(stack)
        killed_ones_lose_and_double_nothing(stack)
        all_stop_in_time(stack)
    assert stack.containers() == []
    assert volumes(daemon) == {"otel-scorer_ledger", "otel-scorer_records"}
    stack.compose("down", "--volumes")


def test_profiles_two_of_serve_with_their_records_in_postgresql_before_tempo(daemon: Daemon, tmp_path: Path) -> None:
    images = stand_ins(daemon, (*NAMES, "tempo", "postgres"))
    variables = {
        **images,
        "GRAFANA_IMAGE": images["JAEGER_IMAGE"],  # Grafana cannot be had: its place is left empty
        "SAMPLING_FLOOR": "1",
        "COMPOSE_PROFILES": "tempo,postgresql",
        "BACKEND": "http://tempo:4317",
        "POSTGRES_PASSWORD": "secret",
        "HISTORY_URL": "postgresql://otel_scorer:secret@postgres/otel_scorer",
    }
    stack = Stack(daemon, variables, tmp_path / "up.log")
    stack.compose("down", "--volumes")
    up = "docker compose up --build --scale serve=2 --scale grafana=0"
    services = dict.fromkeys(("work", "valkey", "collector", "jaeger", "tempo", "postgres"), 1) | {"serve": 2}
    with stack.up([up], services):
        made_up, _ = sent_by(stack.beside([*block("endpoint", {}), f"python {AGENT} 8 0.2"]))
        for index in ("1", "2"):
            until_told(stack, next(iter(made_up)), index)
        until_tempo_finds(stack, {trace_id for trace_id, bad in made_up.items() if bad})
        all_stop_in_time(stack)
    stack.compose("down", "--volumes")


def until_told(stack: Stack, trace_id: str, index: str) -> None:
    """By each `serve`, whichever of them ended the trace."""
    ask = f"until otel-scorer why {trace_id} | grep -E 'scored|partial'; do sleep 1; done"
    stack.compose("exec", "-T", "--index", index, "serve", "timeout", "120", "sh", "-c", ask)


def until_tempo_finds(stack: Stack, bad: set[str]) -> None:
    """From inside: Tempo is not published. Its search shows a trace up to half a minute after it came."""
    (command,) = block("tempo", {"127.0.0.1:3200": "tempo:3200"})
    query = command.partition("'q=")[2].rstrip("'")
    program = (
        "import json, sys, time, urllib.parse, urllib.request\n"
        "url = 'http://tempo:3200/api/search?' + urllib.parse.urlencode({'q': sys.argv[1]})\n"
        "end, found = time.monotonic() + 120, set()\n"
        "while time.monotonic() < end and found != set(sys.argv[2:]):\n"
        "    time.sleep(2)\n"
        "    answer = json.load(urllib.request.urlopen(url))\n"
        "    found = {each['traceID'].rjust(32, '0') for each in answer['traces']}\n"
        "print(*sorted(found))\n"
    )
    told = stack.compose("exec", "-T", "serve", "python", "-c", program, query, *sorted(bad))
    assert set(told.split()) == bad
