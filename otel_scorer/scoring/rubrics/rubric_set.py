"""The rubrics at hand: the shipped ones and the user's, by name and version; and which of them a trace is scored by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from otel_scorer.errors import UserError
from otel_scorer.model import Kind, RubricRef
from otel_scorer.scoring.rubrics.applies import applies_to_conversation, applies_to_trace, root_of
from otel_scorer.scoring.rubrics.assigned import Assigned, ByKind
from otel_scorer.scoring.rubrics.rubric import Rubric
from otel_scorer.scoring.rubrics.rubric_file import read_rubric

if TYPE_CHECKING:
    from otel_scorer.conventions.trace_view import TraceView

LOCK = "released.lock"
"""File in a rubrics folder: one line `name@version sha256` for each released version."""


_MOST_REMEMBERED = 1024
_Asked: TypeAlias = "tuple[tuple[str, ...] | None, Kind | None, frozenset[Kind]]"
"""Rubrics that are wanted, the root's kind, the kinds of all spans."""


class RubricSet:
    """Rubrics by name and version. Immutable after loading; safe to share between threads."""

    def __init__(
        self,
        rubrics: Iterable[Rubric],
        by_kind: Assigned | ByKind | None = None,
        newest: Mapping[str, int] | None = None,
    ) -> None:
        """`by_kind` says which rubric is primary for which spans (`agent` or `agent@1`). Raises UserError.

        `newest`: the version that a bare name means, where it is not the highest.
        """
        self._newest = dict(newest or {})
        self._rubrics: dict[tuple[str, int], Rubric] = {}
        for rubric in sorted(rubrics, key=lambda rubric: (rubric.name, rubric.version)):
            known = self._rubrics.setdefault((rubric.name, rubric.version), rubric)
            if known.full_digest != rubric.full_digest:
                raise UserError(
                    f"rubric {rubric}: two files give it different content; a version never changes, "
                    f"so call yours {rubric.name}@{rubric.version + 1}"
                )
        self.by_kind = Assigned.of(by_kind)
        self._chosen: dict[tuple[str, ...] | None, tuple[Rubric, ...]] = {}
        self._refs: dict[_Asked, tuple[RubricRef, ...]] = {}
        self.by_kind.check({name: self.get(name) for name in self.by_kind.names})

    @classmethod
    def load(
        cls, folders: Sequence[Path], by_kind: Assigned | ByKind | None = None, *, verify: bool = True
    ) -> RubricSet:
        """Reads `<folder>/<name>/<version>.yaml` of all folders; `verify`: released ones must be as the lock says.

        A later folder lies over the earlier ones: a name that it holds means its own newest version, so that a version
        which a later release of ours ships never takes the place of one's own.

        Raises UserError, naming file, field, value and remedy.
        """
        rubrics: list[Rubric] = []
        newest: dict[str, int] = {}
        for folder in folders:
            found = [read_rubric(path) for path in _files(folder)]
            if verify:
                _verify(folder, found)
            rubrics.extend(found)
            newest |= {
                name: max(rubric.version for rubric in found if rubric.name == name)
                for name in {rubric.name for rubric in found}
            }
        return cls(rubrics, by_kind, newest)

    def __iter__(self) -> Iterator[Rubric]:
        return iter(self._rubrics.values())

    def __len__(self) -> int:
        return len(self._rubrics)

    def get(self, name: str, version: int | None = None) -> Rubric:
        """The rubric called `name` (`agent` or `agent@2`), the newest version where none is given. Raises UserError."""
        name, version = _split(name, version)
        versions = [rubric.version for rubric in self._rubrics.values() if rubric.name == name]
        wanted = self._newest.get(name, max(versions, default=None)) if version is None else version
        found = self._rubrics.get((name, wanted)) if wanted is not None else None
        if found is None:
            label = name if version is None else f"{name}@{version}"
            raise UserError(f"rubric {label!r} is not known; there are: {', '.join(map(str, self._rubrics.values()))}")
        return found

    def ref(self, rubric: Rubric) -> RubricRef:
        """How a decision pins it."""
        return rubric.ref

    def resolve(self, refs: Sequence[RubricRef]) -> tuple[Rubric, ...] | None:
        """The pinned rubrics, or None where one is not here with that very content (the lease is then given back)."""
        found = [self._rubrics.get((ref.name, ref.version)) for ref in refs]
        same = [rubric for rubric, ref in zip(found, refs, strict=True) if rubric and rubric.digest == ref.digest]
        return tuple(same) if len(same) == len(refs) else None

    def refs(self, view: TraceView, wanted: Sequence[str] | None = None) -> tuple[RubricRef, ...]:
        """What `view` is to be scored by, primary ones first: `wanted`, or those of `by_kind` for its kinds.

        A rubric whose conditions (kinds, service, agent, tags) the trace does not meet is left out. Raises UserError
        for an unknown name.
        """
        key = None if wanted is None else tuple(wanted)
        root = root_of(view)
        asked = key, view.kinds[root.span_id] if root else None, view.present_kinds
        refs = self._refs.get(asked)  # every sealed trace asks, and for one of a few combinations
        return refs if refs is not None else self._fitting(view, asked)

    def for_conversation(self, last: TraceView, wanted: Sequence[str] | None = None) -> tuple[Rubric, ...]:
        """What the conversation that ended with the trace `last` is scored by, as `refs` says of a trace."""
        chosen = self.choose(self.by_kind.names if wanted is None else wanted)
        return tuple(rubric for rubric in chosen if applies_to_conversation(rubric, last, self.by_kind, chosen))

    def _fitting(self, view: TraceView, asked: _Asked) -> tuple[RubricRef, ...]:
        key = asked[0]
        chosen = self._chosen.get(key)
        if chosen is None:
            chosen = self._chosen[key] = self.choose(self.by_kind.names if key is None else key)
        refs = tuple(rubric.ref for rubric in chosen if applies_to_trace(rubric, view, self.by_kind, chosen))
        if len(self._refs) < _MOST_REMEMBERED and self._is_told_by_kinds(chosen, view.present_kinds):
            self._refs[asked] = refs
        return refs

    def _is_told_by_kinds(self, chosen: Sequence[Rubric], kinds: frozenset[Kind]) -> bool:
        """Whether another trace of the same kinds is scored by the same of these rubrics."""
        applies = [rubric.applies for rubric in chosen]
        if any(one.services or one.agents or one.tags or (one.inner and kinds & {*one.kinds}) for one in applies):
            return False
        return not any(segment.services or segment.agents or segment.tags for _, segment in self.by_kind)

    def choose(self, wanted: Sequence[str]) -> tuple[Rubric, ...]:
        """The named rubrics, those of `by_kind` first. Raises UserError for two that would be primary for one span."""
        rubrics = [self.get(name) for name in dict.fromkeys(wanted)]
        rubrics.sort(key=lambda rubric: not self._is_configured(rubric))
        for index, rubric in enumerate(rubrics):
            for other in rubrics[:index]:
                self._check_pair(other, rubric)
        return tuple(rubrics)

    def _is_configured(self, rubric: Rubric) -> bool:
        return bool(self.by_kind.segments_of(rubric))

    @property
    def in_force(self) -> tuple[Rubric, ...]:
        """Those that settings name; all where they name none."""
        return self.choose(self.by_kind.names) or tuple(self)

    @property
    def configured(self) -> list[tuple[Kind, Rubric]]:
        """Each kind that settings name a rubric for, and the rubric, in their order."""
        return [
            (kind, rubric)
            for _, segment in self.by_kind
            for rubric in (self.get(segment.rubric),)
            for kind in segment.kinds or rubric.applies.kinds
        ]

    def _check_pair(self, first: Rubric, second: Rubric) -> None:
        if not self.by_kind.may_collide(first, second):
            return
        if first.name == second.name:
            raise UserError(
                f"rubrics {first} and {second} cannot score one trace together: both write otel_scorer.{first.name}.…; "
                "choose one version"
            )
        shared = set(first.applies.kinds) & set(second.applies.kinds)
        if first.level == second.level and shared and not self._is_configured(first):
            raise UserError(
                f"rubrics {first} and {second} would both be primary for {', '.join(sorted(shared))} spans; "
                "name one of them in by_kind, the other one then writes below its own name"
            )


def _split(name: str, version: int | None) -> tuple[str, int | None]:
    bare, at, number = name.partition("@")
    if not at:
        return name, version
    if not number.isdecimal():
        raise UserError(f"rubric {name!r}: write name or name@version, such as agent@1")
    return bare, int(number)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UserError(f"rubrics folder {folder}: is not there; create it or mend the setting")
    return sorted(path for ending in ("*.yaml", "*.yml") for path in folder.glob(f"*/{ending}"))


def read_lock(folder: Path) -> dict[str, str]:
    """`name@version` -> SHA-256 of a folder's released versions; empty without a lock file. Raises UserError."""
    path = folder / LOCK
    if not path.is_file():
        return {}
    released: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) not in (0, 2):
            raise UserError(f"{path}: line {number} is {line!r}; write name@version and its digest")
        if words:
            released[words[0]] = words[1]
    return released


def lock_text(rubrics: Iterable[Rubric]) -> str:
    """What `released.lock` says once `rubrics` are released."""
    lines = [f"{rubric} {rubric.full_digest}" for rubric in rubrics]
    return "\n".join(
        ["# Released rubrics never change: write a new version. One line each: name@version SHA-256", *lines, ""]
    )


def _verify(folder: Path, rubrics: Sequence[Rubric]) -> None:
    released = read_lock(folder)
    for rubric in rubrics:
        digest = released.get(str(rubric))
        if digest is not None and digest != rubric.full_digest:
            free = max(other.version for other in rubrics if other.name == rubric.name) + 1
            raise UserError(
                f"{folder / rubric.name / str(rubric.version)}.yaml: {rubric} is released and has changed since "
                f"(digest {rubric.full_digest[:12]}, {LOCK} says {digest[:12]}); undo the change and write it as "
                f"{rubric.name}@{free}"
            )
    missing = sorted(set(released) - {str(rubric) for rubric in rubrics})
    if missing:
        raise UserError(f"{folder / LOCK}: lists {missing[0]}, whose file is not there; bring it back")
