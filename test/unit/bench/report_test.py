"""The report of an evaluation: what stands in it, made of a few rows; pictures as far as the words for gnuplot go."""

import sys
import tempfile
import unittest
from pathlib import Path

from scripts import load

ROOT = Path(__file__).resolve().parents[3]

report = load(ROOT / "test/bench/report")
rows = sys.modules["report_rows"]
goals = sys.modules["report_goals"]
pictures = sys.modules["report_pictures"]

EMPTY = {
    "grid": "paper", "strategy": "stop", "per_second": "16", "service_ms": "50", "memory_mib": "20", "at_once": "1",
    "run": "1", "member": "0", "began": "2026-12-01T10:00:00.5Z", "run_us": "",
    "outcome": "clean", "reason": "", "total_us": "", "freeze_us": "", "snapshot_us": "",
    "gap_us": "", "message_gap_us": "", "http_gap_us": "", "http_failing_us": "", "phases_us": "", "forecast_total_us": "",
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
    def test_have_median_least_most_and_how_many(self):
        found = report.spread(gaps("stop", [100, 200, 300, 400, 1000]), "message_gap_us")
        self.assertEqual(str(found), "**0.300** (0.100 … 1.00) n 5/5")
        self.assertEqual(found.text(" s", "<br>"), "**0.300** s<br>(0.100 … 1.00) n 5/5")

    def test_of_one_value_are_that_value(self):
        self.assertEqual(str(report.spread(gaps("stop", [1500]), "message_gap_us")), "**1.50** n 1/1")

    def test_count_a_run_that_failed_and_leave_its_times_out(self):
        failed = run(outcome="failed", message_gap_us=9_000_000)
        found = report.spread([*gaps("stop", [100]), failed], "message_gap_us")
        self.assertEqual(str(found), "**0.100** n 1/2")
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
        self.assertEqual(rows.reductions(ours, theirs, "message_gap_us"), [0.9, 0.97])

    def test_leave_out_whose_partner_failed_or_is_missing(self):
        theirs = [run(strategy="naive", outcome="failed", message_gap_us=1_000_000)]
        self.assertEqual(rows.reductions(gaps("live", [100, 200]), theirs, "message_gap_us"), [])
        self.assertEqual(rows.percent([]), "–")

    def test_of_one_pair_have_no_range(self):
        self.assertEqual(rows.percent([0.9]), "**90.0%** n 1")
        self.assertEqual(rows.percent([0.9, 0.5], "<br>"), "**70.0%**<br>(50.0% … 90.0%) n 2")


class Goals(unittest.TestCase):
    def by_name(self, runs):
        return {goal.what: goal for goal in goals.goals(runs)}

    def test_without_runs_none_is_measured(self):
        for goal in goals.goals([]):
            self.assertIsNone(goal.reached, goal.what)
            self.assertEqual(goal.words, "not measured")

    def test_the_headline_is_against_the_naive_one_and_shows_the_others(self):
        for gap, reached in ((900, True), (1100, False)):
            runs = gaps("live-cutoff", [gap]) + gaps("naive", [36_000]) + gaps("stop", [1800])
            goal = self.by_name(runs)["downtime reduction, `live-cutoff`, a Pod of its own, 16 a second"]
            self.assertIs(goal.reached, reached)
            self.assertIn("against `naive-no-grace`: –", goal.measured)
            self.assertIn("against `stop`: **50.0%** n 1" if reached else "against `stop`: **38.9%** n 1", goal.measured)

    def test_a_limit_is_held_by_the_worst_cells_median(self):
        slow = gaps("set-auto", [800, 800, 900], per_second=7)
        fast = gaps("set-auto", [100] * 9, per_second=1)
        # λ is no longer below μ/2 there, so it counts for the other goal alone.
        loaded = gaps("set-auto", [1500], per_second=16)
        found = self.by_name(fast + slow + loaded)
        relaxed = "StatefulSet, `set-auto`, message gap, λ < μ/2"
        self.assertIs(found[relaxed].reached, False)
        self.assertEqual(found[relaxed].measured, "**0.800** s (0.800 … 0.900) n 3/3, the worst of 2 loads: 7/s of `paper`")
        self.assertIs(found["StatefulSet, `set-auto`, message gap, any λ"].reached, True)
        self.assertIs(self.by_name(fast)[relaxed].reached, True)

    def test_overload_is_bounded_only_if_every_run_has_moved_and_lost_nothing(self):
        name = "120 a second where 100 can be handled, all strategies"
        there = {"grid": "shadow", "per_second": 120, "service_ms": 10, "total_us": 9_000_000}
        self.assertIs(self.by_name([run(**there)])[name].reached, True)
        self.assertIs(self.by_name([run(**there), run(**there, lost=1, outcome="unclean")])[name].reached, False)
        self.assertIs(self.by_name([run(**there), run(**there, lost="", outcome="failed")])[name].reached, False)

    def test_one_fault_in_one_run_misses_the_last_goal(self):
        name = "lost, repeated, reordered in all runs"
        self.assertIs(self.by_name([run()])[name].reached, True)
        for fault in ({"lost": 1}, {"repeated": 1}, {"reordered": 1}, {"digest_equal": "no"}):
            self.assertIs(self.by_name([run(), run(**fault)])[name].reached, False, fault)

    def test_who_could_not_be_judged_is_counted_beside(self):
        name = "lost, repeated, reordered in all runs"
        unjudged = run(outcome="failed", lost="", repeated="", reordered="", digest_equal="")
        goal = self.by_name([run(), unjudged])[name]
        self.assertIs(goal.reached, True)
        self.assertEqual(goal.measured, "0, 0, 0; digests equal in 1 of 1; 1 could not be judged")
        self.assertIsNone(self.by_name([unjudged])[name].reached)


class Published(unittest.TestCase):
    def test_what_the_paper_tells_of_16_and_19_a_second_stands_beside_ours(self):
        runs = gaps("live", [360]) + gaps("naive", [36_000]) + gaps("naive-no-grace", [3600]) + gaps("stop", [720])
        for strategy, total in (("live", 100_000_000), ("live-cutoff", 25_000_000)):
            runs.append(run(strategy=strategy, per_second=19, total_us=total))
        found = goals.published_table(runs)
        self.assertIn("| 96.986 % | `live` | against `naive`: **99.0%** n 1; against `naive-no-grace`: **90.0%** n 1; "
                      "against `stop`: **50.0%** n 1 |", found)  # fmt: skip
        self.assertIn("| 81.81 % | `live-cutoff` | against `live`: **75.0%** n 1 |", found)

    def test_what_was_not_measured_is_not_there(self):
        self.assertEqual(goals.published_table(gaps("live", [100])), "")
        found = goals.published_table([run(strategy="set-live", per_second=1, total_us=4_000_000)])
        self.assertIn("| about 53 s | `set-live` | **4.00** s n 1/1 |", found)
        self.assertNotIn("set-sequential", found)
        self.assertNotIn("%", found)

    def test_shadows_totals_stand_below_ours(self):
        runs = [run(grid="shadow", per_second=rate, service_ms=10, total_us=4_000_000) for rate in (10, 120)]
        found = report.measure_table(runs, "shadow", "total_us")
        self.assertIn("| *SHADOW: sequential* | *50.8* | *165* |", found)
        self.assertNotIn("SHADOW", report.measure_table(gaps("stop", [100], grid="shadow", per_second=10), "shadow", "message_gap_us"))


class Parts(unittest.TestCase):
    def test_how_much_was_run_counts_runs_and_not_migrations(self):
        plan = [{"grid": "at-once"}] * 3
        four = [run(grid="at-once", at_once=4, member=member) for member in range(4)]
        four[2] = run(grid="at-once", at_once=4, member=2, outcome="failed")
        other = run(grid="at-once", at_once=1)
        found = rows.how_much([*plan, {"grid": "paper"}], [*four, other], report.GRIDS)
        self.assertIn("| paper | 0 of 1 | 0 | 0 | 0 |\n", found)
        self.assertIn("| at-once | 2 of 3 | 1 | 0 | 1 |\n", found)
        self.assertIn("| all | 2 of 4 | 1 | 0 | 1 |\n", found)
        self.assertNotIn("memory", found)

    def test_when_and_for_how_long_counts_a_run_of_four_once(self):
        hour = "3600000000"
        four = [run(at_once=4, member=member, run_us=hour) for member in range(4)]
        later = run(run=2, run_us=hour, began="2026-12-03T01:00:00Z")
        self.assertIn("Made 2026-12-01; 1.0 hours", rows.duration(four))
        self.assertIn("Made 2026-12-01 to 2026-12-03; 2.0 hours", rows.duration([*four, later]))
        self.assertEqual(rows.duration([]), "")

    def test_a_measure_has_strategies_down_in_the_pages_order_and_rates_across_by_their_size(self):
        runs = gaps("stop", [100], per_second=4) + gaps("stop", [200], per_second=16) + gaps("live", [50], per_second=4)
        found = report.measure_table(runs, "paper", "message_gap_us").splitlines()
        self.assertEqual(found[0], "| orders a second | 4 | 16 |")
        self.assertEqual(found[2], "| `stop` | **0.100**<br>n 1/1 | **0.200**<br>n 1/1 |")
        self.assertEqual(found[3], "| `live` | **0.050**<br>n 1/1 | – |")
        self.assertEqual(rows.strategies_in([run(strategy=name) for name in ("set-live", "zoo", "live", "naive")]),
                         ["naive", "live", "set-live", "zoo"])  # fmt: skip
        self.assertEqual(report.measure_table(runs, "paper", "snapshot_us"), "")

    def test_reductions_are_of_every_mover_and_every_baseline_that_were_run(self):
        runs = gaps("stop", [500]) + gaps("naive", [1000]) + gaps("naive", [1000], per_second=1)
        found = report.reduction_table(runs, "message_gap_us", ("live", "stop"), ("naive", "stop"))
        self.assertIn("| less by | 1 | 16 |", found)
        self.assertIn("| `stop` than `naive` | – | **50.0%**<br>n 1 |", found)
        self.assertEqual(len(found.splitlines()), 3)
        self.assertEqual(report.reduction_table(gaps("stop", [500]), "message_gap_us", ("stop",), ("naive",)), "")

    def test_phases_are_medians_at_the_middle_of_the_grid_and_at_its_end(self):
        runs = [run(run=number, phases_us=f"Preparing={took} Freezing=20000") for number, took in enumerate((100000, 300000, 900000))]
        self.assertIn("Preparing 0.300, Freezing 0.020", report.phase_table(runs, "paper"))
        runs += [run(strategy="live", per_second=rate, phases_us="Replaying=5000000") for rate in (1, 19)]
        found = report.phase_table(runs, "paper")
        self.assertIn("|  | 16 orders a second | 19 orders a second |", found)
        self.assertIn("| `live` | – | Replaying 5.00 |", found)
        self.assertEqual(report.phase_table(gaps("stop", [1]), "paper"), "")

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
        for part in ("| paper | 2 of 2 | 2 | 0 | 0 |", "| all | 2 of 2 | 2 | 0 | 0 |", "2 migrations: `kubernetes=v1` on `cpus=2`", "## Goals", "### Message gap",
                     "![Message gap](evaluation/paper-message-gap.svg)", "None."):  # fmt: skip
            self.assertIn(part, text)
        self.assertNotIn("paper-total.svg", text)
        self.assertNotIn("## Parts", text)


class Pictures(unittest.TestCase):
    def test_only_what_has_values_is_drawn(self):
        self.assertEqual(list(report.pictures(gaps("stop", [100]))), ["paper-message-gap.svg"])
        self.assertIn("memory-freeze.svg", report.pictures([run(grid="memory", freeze_us=1000)]))
        self.assertEqual(report.pictures([run(outcome="failed", total_us=1)]), {})

    def test_gnuplot_gets_median_least_and_most(self):
        script = report.pictures(gaps("stop", [100, 200, 900]))["paper-message-gap.svg"]
        self.assertIn("$d0 << END\n16 0.200000 0.100000 0.900000\nEND\n", script)
        look = "linewidth 1.5 linecolor rgb '#000000' pointtype 8 title 'stop'"
        self.assertIn(f"plot $d0 using 1:2:3:4 with yerrorlines {look}\n", script)
        for label in ("set title 'The paper’s grid", "set xlabel 'orders a second'", "set ylabel 'Message gap, seconds'"):
            self.assertIn(label, script)
        self.assertIn("set xtics nomirror ('16' 16)", script)
        # A title is quoted by apostrophes.
        self.assertEqual(script.count("'") % 2, 0)

    def test_a_strategy_looks_the_same_in_every_picture(self):
        alone = report.pictures(gaps("live", [100]))["paper-message-gap.svg"]
        beside = report.pictures(gaps("live", [100]) + gaps("naive", [900]))["paper-message-gap.svg"]
        look = "linecolor rgb '#56b4e9' pointtype 12 title 'live'"
        self.assertIn(look, alone)
        self.assertIn(look, beside)
        self.assertEqual(len(set(pictures.STYLES.values())), len(rows.STRATEGIES))


class Pages(unittest.TestCase):
    def test_the_report_stands_between_the_marks_and_nowhere_else(self):
        page = f"# Evaluation\n\n{report.BEGIN}\nold\n{report.END}\nend\n"
        once = report.on_page(page, "new\n")
        self.assertEqual(once, f"# Evaluation\n\n{report.BEGIN}\n\nnew\n\n{report.END}\nend\n")
        self.assertEqual(report.on_page(once, "new\n"), once)

    def test_headings_stand_below_the_pages_own(self):
        self.assertEqual(report.one_level_down("## Goals\n\n### Gap\ntext # no heading\n"), "### Goals\n\n#### Gap\ntext # no heading\n")

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
