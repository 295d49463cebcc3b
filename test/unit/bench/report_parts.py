"""Lines of runs.csv for the tests of an evaluation's report, and the report itself as modules."""

import sys
from pathlib import Path

from scripts import load

ROOT = Path(__file__).resolve().parents[3]

report = load(ROOT / "test/bench/report")
rows = sys.modules["report_rows"]
made = sys.modules["report_made"]
tables = sys.modules["report_tables"]
published = sys.modules["report_published"]
goals = sys.modules["report_goals"]
baselines = sys.modules["report_baselines"]
forecast = sys.modules["report_forecast"]
pictures = sys.modules["report_pictures"]

EMPTY = {
    "grid": "paper", "strategy": "stop", "per_second": "16", "service_ms": "50", "memory_mib": "20", "at_once": "1",
    "run": "1", "member": "0", "began": "2026-12-01T10:00:00.5Z", "run_us": "",
    "outcome": "clean", "reason": "", "chosen": "", "total_us": "", "freeze_us": "", "snapshot_us": "", "archive_bytes": "",
    "gap_us": "", "message_gap_us": "", "message_gap_from": "", "message_gap_until": "", "started_at": "",
    "http_gap_us": "", "http_failing_us": "", "phases_us": "", "forecast_total_us": "",
    "forecast_freeze_us": "", "forecast_gap_us": "", "cut_because": "", "cutoff_used_us": "", "repeats_bound": "",
    "repeats_met": "", "sent": "", "lost": "0", "repeated": "0", "reordered": "0", "other_faults": "0",
    "digest_equal": "yes", "load_1m": "", "versions": "kubernetes=v1", "machine": "cpus=2",
}  # fmt: skip


def run(**fields):
    unknown = set(fields) - set(EMPTY)
    assert not unknown, unknown
    return report.Run({**EMPTY, **{name: str(value) for name, value in fields.items()}})


def gaps(strategy, milliseconds, **fields):
    return [
        run(strategy=strategy, run=number + 1, message_gap_us=gap * 1000, **fields) for number, gap in enumerate(milliseconds)
    ]
