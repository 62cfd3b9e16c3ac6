"""Go programs that `go install` refuses since their module replaces another: built out of a module of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from realtools.kept import kept, module_file, run_go


@dataclass(frozen=True)
class GoProgram:
    """A program of a public Go module, at one version, and what the module of our own repeats of its go.mod."""

    name: str
    version: str
    module: str
    package: str
    replaces: Sequence[str] = ()

    def built(self) -> Path:
        """The executable, kept from the last time or built now (minutes). CannotBuild."""
        return kept(f"{self.name}-{self.version.removeprefix('v')}", repr(self), self._build)

    def _build(self, path: Path) -> None:
        folder = path.parent
        # the module's own sums: look-ups of some old ones answer 404
        module_file(folder / "go.sum", self.module, self.version, "go.sum")
        lines = ["module made", "go 1.25.0", f"require {self.module} {self.version}"]
        (folder / "go.mod").write_text("\n".join([*lines, *(f"replace {each}" for each in self.replaces), ""]))
        run_go("get", f"{self.package}@{self.version}", folder=folder)
        flags = ("-mod=mod", "-trimpath", "-ldflags=-s -w")
        run_go("build", *flags, "-o", str(path), self.package, folder=folder, environment={"CGO_ENABLED": "0"})
