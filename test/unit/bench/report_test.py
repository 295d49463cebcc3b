"""The report of an evaluation: what stands in it, made of a few rows; pictures as far as the words for gnuplot go."""

import tempfile
import unittest
from pathlib import Path

from scripts import load

ROOT = Path(__file__).resolve().parents[3]

report = load(ROOT / "test/bench/report")

EMPTY = {
    "grid": "paper", "strategy": "stop", "per_second": "16", "service_ms": "50", "memory_mib": "20", "at_once": "1",
    "run": "1", "member": "0", "outcome": "clean", "reason": "", "total_us": "", "freeze_us": "", "snapshot_us": "",
    "gap_us": "", "message_gap_us": "", "http_gap_us": "", "phases_us": "", "forecast_total_us": "",
    "forecast_freeze_us": "", "forecast_gap_us": "", "lost": "0", "repeated": "0", "reordered": "0",
    "digest_equal": "yes", "versions": "kubernetes=v1", "machine": "cpus=2",
}  # fmt: skip


def run(**fields):
    unknown = set(fields) - set(EMPTY)
    assert not unknown, unknown
    return report.Run({**EMPTY, **{name: str(value) for name, value in fields.items()}})


def gaps(strategy, milliseconds, **fields):
    return [
        run(strategy=strategy, run=number + 1, message_gap_us=gap * 1000, **fields) for number, gap in enumerate(milliseconds)
    ]


class Spreads(unittest.TestCase):
    def test_have_median_quartiles_least_most_and_how_many(self):
        found = report.spread(gaps("stop", [100, 200, 300, 400, 1000]), "message_gap_us")
        self.assertEqual(str(found), "**0.300** [0.200, 0.400] (0.100 … 1.00) n 5/5")

    def test_of_one_value_are_that_value(self):
        self.assertEqual(str(report.spread(gaps("stop", [1500]), "message_gap_us")), "**1.50** [1.50, 1.50] (1.50 … 1.50) n 1/1")

    def test_count_a_run_that_failed_and_leave_its_times_out(self):
        failed = run(outcome="failed", message_gap_us=9_000_000)
        found = report.spread([*gaps("stop", [100]), failed], "message_gap_us")
        self.assertEqual(str(found), "**0.100** [0.100, 0.100] (0.100 … 0.100) n 1/2")
        self.assertEqual(str(report.spread([failed], "message_gap_us")), "– n 0/1")
        self.assertEqual(str(report.spread([], "message_gap_us")), "–")

    def test_keep_a_run_whose_audit_found_a_fault(self):
        found = report.spread([run(outcome="unclean", message_gap_us=100_000)], "message_gap_us")
        self.assertEqual(found.values, (0.1,))

    def test_have_three_digits_that_say_something(self):
        for value, text in ((0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123")):
            self.assertEqual(report.short(value), text)


class Reductions(unittest.TestCase):
    def test_are_of_pairs_of_the_same_round(self):
        ours, theirs = gaps("live", [100, 300]), gaps("naive", [1000, 10_000])
        self.assertEqual(report.reductions(ours, theirs, "message_gap_us"), [0.9, 0.97])

    def test_leave_out_whose_partner_failed_or_is_missing(self):
        theirs = [run(strategy="naive", outcome="failed", message_gap_us=1_000_000)]
        self.assertEqual(report.reductions(gaps("live", [100, 200]), theirs, "message_gap_us"), [])
        self.assertEqual(report.percent([]), "–")


class Goals(unittest.TestCase):
    def by_name(self, runs):
        return {goal.what: goal for goal in report.goals(runs)}

    def test_without_runs_none_is_measured(self):
        for goal in report.goals([]):
            self.assertIsNone(goal.reached, goal.what)
            self.assertEqual(goal.words, "not measured")

    def test_the_headline_is_against_the_naive_one_and_shows_the_others(self):
        for gap, reached in ((900, True), (1100, False)):
            runs = gaps("live-cutoff", [gap]) + gaps("naive", [36_000]) + gaps("stop", [1800])
            goal = self.by_name(runs)["downtime reduction, a Pod of its own, 16 a second"]
            self.assertIs(goal.reached, reached)
            self.assertIn("naive-no-grace: –", goal.measured)
            self.assertIn("stop: **", goal.measured)

    def test_a_limit_is_held_by_the_worst_cells_median(self):
        slow = gaps("set-auto", [800, 800, 900], per_second=7)
        fast = gaps("set-auto", [100] * 9, per_second=1)
        # λ is no longer below μ/2 there, so it counts for the other goal alone.
        loaded = gaps("set-auto", [1500], per_second=16)
        found = self.by_name(fast + slow + loaded)
        self.assertIs(found["StatefulSet, message gap, `auto`, λ < μ/2"].reached, False)
        self.assertIs(found["StatefulSet, message gap, `auto`, any λ"].reached, True)
        self.assertIs(self.by_name(fast)["StatefulSet, message gap, `auto`, λ < μ/2"].reached, True)

    def test_overload_is_bounded_only_if_every_run_has_moved_and_lost_nothing(self):
        name = "120 a second where 100 can be handled"
        there = {"grid": "shadow", "per_second": 120, "service_ms": 10, "total_us": 9_000_000}
        self.assertIs(self.by_name([run(**there)])[name].reached, True)
        self.assertIs(self.by_name([run(**there), run(**there, lost=1, outcome="unclean")])[name].reached, False)
        self.assertIs(self.by_name([run(**there), run(**there, lost="", outcome="failed")])[name].reached, False)

    def test_one_fault_in_one_run_misses_the_last_goal(self):
        name = "lost, repeated, reordered in all runs"
        self.assertIs(self.by_name([run()])[name].reached, True)
        for fault in ({"lost": 1}, {"repeated": 1}, {"reordered": 1}, {"digest_equal": "no"}):
            self.assertIs(self.by_name([run(), run(**fault)])[name].reached, False, fault)


class Parts(unittest.TestCase):
    def test_how_much_was_run_counts_runs_and_not_migrations(self):
        plan = [{"grid": "at-once"}] * 3
        four = [run(grid="at-once", at_once=4, member=member) for member in range(4)]
        four[2] = run(grid="at-once", at_once=4, member=2, outcome="failed")
        other = run(grid="at-once", at_once=1)
        self.assertIn("| at-once | 2 of 3 | 1 | 0 | 1 |", report.how_much(plan, [*four, other]))

    def test_a_measure_has_strategies_down_and_rates_across_by_their_size(self):
        runs = gaps("stop", [100], per_second=4) + gaps("stop", [200], per_second=16) + gaps("live", [50], per_second=4)
        found = report.measure_table(runs, "paper", "message_gap_us").splitlines()
        self.assertEqual(found[0], "| orders a second | 4 | 16 |")
        self.assertTrue(found[2].startswith("| `live` | **0.050**"), found[2])
        self.assertTrue(found[2].endswith("| – |"), found[2])
        self.assertTrue(found[3].startswith("| `stop` | **0.100**"), found[3])
        self.assertEqual(report.measure_table(runs, "paper", "snapshot_us"), "")

    def test_phases_are_medians_at_the_middle_of_the_grid(self):
        runs = [run(run=number, phases_us=f"Preparing={took} Freezing=20000") for number, took in enumerate((100000, 300000, 900000))]
        self.assertIn("Preparing 0.300, Freezing 0.020", report.phase_table(runs, "paper"))

    def test_forecasts_are_compared_as_ratios(self):
        runs = [run(gap_us=300_000, forecast_gap_us=200_000), run(gap_us=100_000)]
        self.assertIn("| `stop` | – | **1.50** (1.50 … 1.50) n 1, off by 33% | – |", report.forecast_table(runs))

    def test_errors_of_forecasts_count_whichever_way_they_are_off(self):
        runs = [run(gap_us=100_000, forecast_gap_us=forecast) for forecast in (80_000, 130_000, 100_000)]
        self.assertIn("**1.00** (0.77 … 1.25) n 3, off by 20%", report.forecast_table(runs))

    def test_of_two_freezes_the_longer_one_was_forecast(self):
        runs = [run(freeze_us=100_000, snapshot_us=300_000, forecast_freeze_us=300_000)]
        self.assertIn("**1.00** (1.00 … 1.00) n 1, off by 0%", report.forecast_table(runs))

    def test_what_failed_stands_there_with_its_reason(self):
        found = report.flawed([run(), run(outcome="failed", reason="no | room")])
        self.assertIn("failed | no \\| room |", found)
        self.assertEqual(len(found.splitlines()), 3)
        self.assertEqual(report.flawed([run()]), "None.\n")

    def test_parts_stand_beside_their_limit(self):
        line = {"part": "digest", "with": "64 MiB", "p50": "120", "p99": "130", "unit": "ms", "limit": "SHA-256", "limit_p50": "100"}
        self.assertIn("| digest | 64 MiB | 120 | 130 | ms | SHA-256 | 100 | 1.20 |", report.components_table([line]))

    def test_the_whole_has_every_part_and_only_pictures_that_are_there(self):
        runs = gaps("stop", [100, 200])
        text = report.report([{"grid": "paper"}] * 2, runs, [], {"paper-message-gap.svg"}, "evaluation/")
        for part in ("| paper | 2 of 2 | 2 | 0 | 0 |", "2 migrations: `kubernetes=v1` on `cpus=2`", "## Goals", "### Message gap",
                     "![Message gap](evaluation/paper-message-gap.svg)", "None."):  # fmt: skip
            self.assertIn(part, text)
        self.assertNotIn("paper-total.svg", text)
        self.assertNotIn("## Parts", text)


class Pictures(unittest.TestCase):
    def test_only_what_has_values_is_drawn(self):
        self.assertEqual(list(report.pictures(gaps("stop", [100]))), ["paper-message-gap.svg"])
        self.assertEqual(report.pictures([run(outcome="failed", total_us=1)]), {})

    def test_gnuplot_gets_median_least_and_most(self):
        script = report.pictures(gaps("stop", [100, 200, 900]))["paper-message-gap.svg"]
        self.assertIn("$d0 << END\n16 0.200000 0.100000 0.900000\nEND\n", script)
        self.assertIn("plot $d0 using 1:2:3:4 with yerrorlines linewidth 1.5 pointtype 4 title 'stop'\n", script)
        # A title is quoted by apostrophes.
        self.assertEqual(script.count("'") % 2, 0)


class Pages(unittest.TestCase):
    def test_the_report_stands_between_the_marks_and_nowhere_else(self):
        page = f"# Evaluation\n\n{report.BEGIN}\nold\n{report.END}\nend\n"
        once = report.on_page(page, "new\n")
        self.assertEqual(once, f"# Evaluation\n\n{report.BEGIN}\n\nnew\n\n{report.END}\nend\n")
        self.assertEqual(report.on_page(once, "new\n"), once)

    def test_a_page_without_marks_is_not_written(self):
        for page in ("# Evaluation\n", f"{report.BEGIN}\n", f"{report.END}\n"):
            with self.assertRaises(SystemExit):
                report.on_page(page, "new")

    def test_the_projects_own_page_has_them(self):
        page = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
        self.assertIn("new\n", report.on_page(page, "new\n"))

    def test_a_table_is_read_as_it_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "runs.csv"
            self.assertEqual(report.read(path), [])
            path.write_text('grid,reason\npaper,"a, ""b"""\n', encoding="utf-8")
            self.assertEqual(report.read(path), [{"grid": "paper", "reason": 'a, "b"'}])


if __name__ == "__main__":
    unittest.main()
