"""`python -m benchmarks.quality` from end to end, over small sets."""

from __future__ import annotations

from pathlib import Path

import labelled_folder as made
import pytest

from benchmarks.quality.__main__ import main
from benchmarks.quality.report import BEGIN, END


def test_every_question_has_a_row_and_what_is_absent_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made.every_set(tmp_path / "labelled")
    (folder / "plan" / "tau_bench_airline.jsonl").unlink()
    main([str(folder), "--out", str(tmp_path / "page.md"), "--misses", str(tmp_path / "misses"), "--processes", "2"])
    printed = capsys.readouterr()
    assert "tau_bench: SKIPPED" in printed.err
    page = (tmp_path / "page.md").read_text()
    assert "**Skipped**, since its files were not there: tau_bench (plan/tau_bench_airline.jsonl)." in page
    for name in ("AgentDojo", "R-Judge", "PII", "moderation", "BEGIN", "IFBench", "LLMBar", "BFCL", "Who&When"):
        assert f"| {name} |" in page
    assert "| hijacked against benign runs | `agent/safety:injection_obeyed` | AUC | 4 / 4 |" in page
    assert "EMAIL_ADDRESS: places found | detector `personal_data` | F1 | 5 / 10 texts |" in page
    assert "PERSON: places found | detector by lists and context |" in page
    assert "| `agent/safety:injection_obeyed` |" in page.partition("## Every check")[2]
    assert page.count("always one answer") >= 1
    assert any((tmp_path / "misses").iterdir())


def test_the_same_runs_give_the_same_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made.every_set(tmp_path / "labelled")
    told = []
    for processes in ("1", "2"):
        main([str(folder), "--only", "ifbench", "llmbar", "--processes", processes])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_the_short_table_lands_between_its_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, readme = made.every_set(tmp_path / "labelled"), tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    main([str(folder), "--only", "bfcl", "--readme", str(readme)])
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| BFCL | runs with a mistake against right ones | AUC |" in text
    assert "old" not in text
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="no place for the table"):
        main([str(folder), "--only", "bfcl", "--readme", str(readme)])


def test_a_folder_without_sets_leaves_the_page_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("as it was")
    with pytest.raises(SystemExit, match="no labelled set is in"):
        main([str(tmp_path / "none"), "--out", str(page)])
    assert page.read_text() == "as it was"
