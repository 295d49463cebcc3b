"""The report of an evaluation: what is counted of its rows, pages, and pictures as far as the words for gnuplot go."""

import tempfile
import unittest
from pathlib import Path

from report_parts import ROOT, baselines, gaps, pictures, report, rows, run, tables


class Spreads(unittest.TestCase):
    def test_have_median_least_most_and_how_many(self):
        found = rows.spread(gaps("stop", [100, 200, 300, 400, 1000]), "message_gap_us")
        self.assertEqual(str(found), "**0.300** (0.100 … 1.00) n 5/5")
        self.assertEqual(found.text(" s", "<br>"), "**0.300** s<br>(0.100 … 1.00) n 5/5")
        self.assertEqual(found.text(usual="n 5/5"), "**0.300** (0.100 … 1.00)")

    def test_of_one_value_are_that_value(self):
        found = rows.spread(gaps("stop", [1500]), "message_gap_us")
        self.assertEqual(str(found), "**1.50** n 1/1")
        self.assertEqual(found.text(gap="<br>", usual="n 1/1"), "**1.50**")

    def test_of_bytes_are_mib(self):
        self.assertEqual(str(rows.spread([run(archive_bytes=3 << 19)], "archive_bytes")), "**1.50** n 1/1")

    def test_count_a_run_that_failed_and_leave_its_times_out(self):
        failed = run(outcome="failed", message_gap_us=9_000_000)
        found = rows.spread([*gaps("stop", [100]), failed], "message_gap_us")
        self.assertEqual(str(found), "**0.100** n 1/2")
        self.assertEqual(str(rows.spread([failed], "message_gap_us")), "– n 0/1")
        self.assertEqual(str(rows.spread([], "message_gap_us")), "–")

    def test_keep_a_run_whose_audit_found_a_fault(self):
        found = rows.spread([run(outcome="unclean", message_gap_us=100_000)], "message_gap_us")
        self.assertEqual(found.values, (0.1,))

    def test_have_three_digits_that_say_something(self):
        for value, text in ((0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123")):
            self.assertEqual(rows.short(value), text)


class Reductions(unittest.TestCase):
    def test_are_of_pairs_of_the_same_round(self):
        ours, theirs = gaps("live", [100, 300]), gaps("naive", [1000, 10_000])
        self.assertEqual(rows.reductions(ours, theirs, "message_gap_us"), rows.Shares((0.9, 0.97), 2))

    def test_count_whose_run_failed_and_leave_out_what_was_not_run(self):
        theirs = [run(strategy="naive", outcome="failed", message_gap_us=1_000_000)]
        found = rows.reductions(gaps("live", [100, 200]), theirs, "message_gap_us")
        self.assertEqual((found.values, found.text()), ((), "– n 0/1"))
        ours = [*gaps("live", [100]), run(strategy="live", run=2, outcome="failed", message_gap_us=1)]
        self.assertEqual(rows.reductions(ours, gaps("naive", [1000, 1000]), "message_gap_us").text(), "**90.0%** n 1/2")
        self.assertEqual(rows.reductions([run(run=2, message_gap_us=1)], gaps("naive", [1000]), "message_gap_us").text(), "–")

    def test_of_a_baseline_of_nothing_there_are_none(self):
        self.assertEqual(rows.reductions(gaps("live", [100]), gaps("naive", [0]), "message_gap_us").values, ())
        self.assertEqual(rows.reductions(gaps("live", [0]), gaps("naive", [1000]), "message_gap_us").values, (1,))

    def test_of_one_pair_have_no_range(self):
        self.assertEqual(rows.Shares((0.9,), 1).text(), "**90.0%** n 1/1")
        self.assertEqual(rows.Shares((0.9, 0.5), 2).text("<br>"), "**70.0%**<br>(50.0% … 90.0%) n 2/2")

    def test_of_two_sessions_or_builds_are_told_everywhere_and_a_mib_of_memory_is_none(self):
        same = {"message_gap_us": 1_000_000, "machine": "cpus=2 memory_mib=2048", "versions": "source=a criu=4"}
        theirs = [run(**{**same, "strategy": "naive", "run": number}) for number in (1, 2, 3, 4)]
        ours = [run(**{**same, "strategy": "live", "run": number, **other}) for number, other in (
            (1, {"machine": "cpus=2 memory_mib=2049"}), (2, {"machine": "cpus=4 memory_mib=2048"}),
            (3, {"versions": "source=a criu=5"}), (4, {"versions": "source=b criu=4"}))]  # fmt: skip
        found = rows.reductions(ours, theirs, "message_gap_us")
        self.assertEqual(found.apart, 3)
        text = "against `naive`: **0.0%** (0.0% … 0.0%) n 4/4, 3 of two sessions or builds"
        self.assertEqual(baselines.against({"naive": found}), text)
        self.assertIn("n 4/4 3 apart", rows.Shares(found.values, 4, 3).text())
        self.assertIn("<br>(0.0% … 0.0%) 3 apart |", tables.reduction_table(ours + theirs, "message_gap_us", ("live",), ("naive",)))


class WithoutTheWait(unittest.TestCase):
    def gap(self, gap_from, gap_until, **fields):
        steps = "freeze=1000000 delete=1000000 push=1000000 gone=30000000 restore=1000000"
        naive = {"strategy": "naive", "phases_us": steps, "started_at": 5_000_000, "message_gap_from": gap_from,
                 "message_gap_until": gap_until, "message_gap_us": gap_until - gap_from}  # fmt: skip
        return baselines.without_wait(run(**{**naive, **fields})).value("message_gap_us")

    def test_the_script_has_its_gap_without_the_step_in_which_it_waits(self):
        self.assertEqual(self.gap(5_000_000, 39_000_000), 4)

    def test_of_a_gap_that_began_or_ended_in_it_only_that_part_is_taken(self):
        self.assertEqual(self.gap(10_000_000, 39_000_000), 1)
        self.assertEqual(self.gap(5_000_000, 20_000_000), 3)
        self.assertEqual(self.gap(38_000_000, 39_000_000), 1)

    def test_what_the_row_does_not_tell_is_not_computed(self):
        self.assertIsNone(self.gap(5_000_000, 39_000_000, phases_us="freeze=1"))
        self.assertIsNone(self.gap(5_000_000, 39_000_000, started_at=""))
        self.assertIsNone(self.gap(5_000_000, 39_000_000, outcome="failed"))

    def test_it_is_a_baseline_beside_the_others(self):
        naive = run(strategy="naive", phases_us="gone=3000000", started_at=0, message_gap_from=0, message_gap_until=4_000_000,
                    message_gap_us=4_000_000)  # fmt: skip
        found = tables.reduction_table([naive, *gaps("live", [100])], "message_gap_us", ("live",), baselines.BASELINES)
        self.assertIn("| `live` than `naive` | **97.5%** |", found)
        self.assertIn("| `live` than `naive` without the wait for its end, computed | **90.0%** |", found)


class Pictures(unittest.TestCase):
    def test_only_what_has_values_is_drawn(self):
        self.assertEqual(list(pictures.pictures(gaps("stop", [100]))), ["paper-message-gap.svg"])
        self.assertIn("memory-freeze.svg", pictures.pictures([run(grid="memory", freeze_us=1000)]))
        self.assertEqual(pictures.pictures([run(outcome="failed", total_us=1)]), {})

    def test_gnuplot_gets_median_least_and_most(self):
        script = pictures.pictures(gaps("stop", [100, 200, 900]))["paper-message-gap.svg"]
        self.assertIn("$d0 << END\n16 0.200000 0.100000 0.900000\nEND\n", script)
        look = "linewidth 1.5 linecolor rgb '#000000' pointtype 8 title 'stop'"
        self.assertIn(f"plot $d0 using 1:2:3:4 with yerrorlines {look}\n", script)
        for label in ("set title 'The paper’s grid", "set xlabel 'orders a second'", "set ylabel 'Message gap, seconds'"):
            self.assertIn(label, script)
        self.assertIn("set xtics nomirror ('16' 16)", script)
        # A title is quoted by apostrophes.
        self.assertEqual(script.count("'") % 2, 0)

    def test_bars_of_several_stand_side_by_side_and_nothing_at_the_lower_end(self):
        runs = [run(strategy=name, per_second=rate, run=number, message_gap_us=gap)
                for name in ("stop", "live") for rate in (1, 21) for number, gap in ((1, 0), (2, 130_000), (3, 260_000))]  # fmt: skip
        script = pictures.pictures(runs)["paper-message-gap.svg"]
        self.assertIn("$d0 << END\n0.75 0.130000 0.100000 0.260000\n20.75 ", script)
        self.assertIn("$d1 << END\n1.25 ", script)
        self.assertIn("set xtics nomirror ('1' 1, '21' 21)", script)
        self.assertEqual(pictures.pictures(gaps("stop", [0])), {})

    def test_shadows_totals_are_drawn_beside_ours(self):
        runs = [run(grid="shadow", per_second=rate, service_ms=10, total_us=4_000_000) for rate in (10, 120)]
        script = pictures.pictures(runs)["shadow-total.svg"]
        self.assertIn("<< END\n10 50.800000 50.800000 50.800000\n120 164.8", script)
        self.assertIn("dashtype 2", script)
        self.assertNotIn("dashtype", pictures.pictures(gaps("stop", [1], grid="shadow"))["shadow-message-gap.svg"])

    def test_a_strategy_looks_the_same_in_every_picture(self):
        alone = pictures.pictures(gaps("live", [100]))["paper-message-gap.svg"]
        beside = pictures.pictures(gaps("live", [100]) + gaps("naive", [900]))["paper-message-gap.svg"]
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
