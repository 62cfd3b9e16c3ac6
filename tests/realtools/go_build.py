"""Go programs that `go install` refuses since their module replaces another: built out of a module of our own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from realtools.kept import CannotBuild, go, kept, run_go


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
        lines = ["module made", "go 1.25.0", f"require {self.module} {self.version}"]
        (folder / "go.mod").write_text("\n".join([*lines, *(f"replace {each}" for each in self.replaces), ""]))
        run_go("mod", "download", f"{self.module}@{self.version}", folder=folder)
        # the module's own sums: look-ups of some old ones answer 404
        (folder / "go.sum").write_bytes((self._source(folder) / "go.sum").read_bytes())
        run_go("get", f"{self.package}@{self.version}", folder=folder)
        flags = ("-mod=mod", "-trimpath", "-ldflags=-s -w")
        run_go("build", *flags, "-o", str(path), self.package, folder=folder, environment={"CGO_ENABLED": "0"})

    def _source(self, folder: Path) -> Path:
        """The module's folder in Go's own cache."""
        command = [go() or "go", "list", "-m", "-f", "{{.Dir}}", self.module]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        if not done.stdout.strip():
            raise CannotBuild(f"go list says nothing of {self.module}: {done.stderr.strip()[-300:]}")
        return Path(done.stdout.strip())
