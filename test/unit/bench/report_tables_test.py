"""The report of an evaluation: its tables, made of a few rows."""

import unittest

from report_parts import EMPTY, forecast, gaps, made, report, rows, run, tables


class Parts(unittest.TestCase):
    def test_how_much_was_run_counts_runs_and_not_migrations(self):
        plan = [{"grid": "at-once"}] * 3
        four = [run(grid="at-once", at_once=4, member=member) for member in range(4)]
        four[2] = run(grid="at-once", at_once=4, member=2, outcome="failed")
        other = run(grid="at-once", at_once=1)
        found = made.how_much([*plan, {"grid": "paper"}], [*four, other], tables.GRIDS)
        self.assertIn("| paper | 0 of 1 | 0 | 0 | 0 |\n", found)
        self.assertIn("| at-once | 2 of 3 | 1 | 0 | 1 |\n", found)
        self.assertIn("| all | 2 of 4 | 1 | 0 | 1 |\n", found)
        self.assertNotIn("memory", found)

    def test_when_and_for_how_long_counts_a_run_of_four_once(self):
        hour = "3600000000"
        four = [run(at_once=4, member=member, run_us=hour) for member in range(4)]
        later = run(run=2, run_us=hour, began="2026-12-03T01:00:00Z")
        self.assertIn("Made 2026-12-01; 1.0 hours", made.duration(four))
        self.assertIn("Made 2026-12-01 to 2026-12-03; 2.0 hours", made.duration([*four, later]))
        self.assertNotIn("Load", made.duration(four))
        self.assertEqual(made.duration([]), "")
        loads = [run(run=number, run_us=hour, load_1m=load) for number, load in ((1, "0.500"), (2, "1.500"))]
        self.assertIn("Load of the minute before a run: **1.00** (0.500 … 1.50).", made.duration(loads))

    def test_rounds_that_are_whole_are_told_from_one_that_is_not(self):
        plan = [{**EMPTY, "per_second": rate, "run": number} for number in ("1", "2", "3") for rate in ("1", "4")]
        runs = [run(run=1, per_second=1), run(run=1, per_second=4), run(run=2, per_second=4)]
        self.assertEqual(made.rounds(plan, runs), "1 of 3 rounds are whole; of round 2 1 of 2 runs.\n")
        self.assertEqual(made.rounds(plan[:2], runs), "")

    def test_machines_of_one_kind_are_one_and_what_differs_between_several_is_a_table(self):
        old = {"versions": "source=a criu=4", "machine": "cpus=2 memory_mib=2048"}
        new = {"versions": "source=b criu=4", "machine": "cpus=4 memory_mib=2047", "began": "2026-12-02T08:30:00Z"}
        alike = {**old, "machine": "cpus=2 memory_mib=2049"}
        self.assertEqual(len(made.surroundings([run(**old), run(**alike)]).splitlines()), 2)
        runs = [run(**old, total_us=1_000_000), run(**alike, run=2, total_us=1_000_000), run(**new, run=3, total_us=1_500_000)]
        found = made.surroundings(runs)
        self.assertIn("All of them: `criu=4 memory=2.0 GiB`.", found)
        self.assertIn("| Migrations | from (UTC) | cpus | source |", found)
        self.assertIn("| 2 | 2026-12-01 10:00 | `2` | `a` | 0.667 |", found)
        self.assertIn("| 1 | 2026-12-02 08:30 | `4` | `b` | 1.50 |", found)
        # Nothing to compare where no cell was run on both.
        apart = made.surroundings([run(**old, total_us=1), run(**new, total_us=9, per_second=4)])
        self.assertEqual(apart.count("| – |"), 2)

    def test_one_is_slower_beside_the_others_alone_and_by_runs(self):
        here, there = {"versions": "source=a"}, {"versions": "source=b"}
        runs = [run(**here, total_us=1_000_000), run(**there, run=2, total_us=3_000_000), run(**there, run=3, total_us=5_000_000)]
        found = {dict(key)["source"]: value for key, value in made.slowness(runs).items()}
        self.assertEqual(found, {"a": 0.25, "b": 4})
        # Sixteen at once are one run, and a cell that was run here alone says nothing.
        many = [run(**there, at_once=16, member=member, total_us=9_000_000) for member in range(16)]
        many += [run(**here, at_once=16, run=2, total_us=9_000_000), run(**here, per_second=4, total_us=1)]
        found = {dict(key)["source"]: value for key, value in made.slowness(runs + many).items()}
        self.assertEqual(found, {"a": 0.625, "b": 3})

    def test_load_before_a_run_is_told_by_strategy(self):
        runs = [run(load_1m="1.0"), run(run=2, load_1m="2.0"), run(strategy="naive", load_1m="3.0")]
        found = made.load_table(runs).splitlines()
        self.assertEqual(found[0], "|  | `naive` | `stop` |")
        self.assertEqual(found[2], "| load of the minute before | **3.00** | **1.50**<br>(1.00 … 2.00) |")
        self.assertEqual(made.load_table(runs[:2]), "")

    def test_the_gap_stands_beside_the_message_gap(self):
        runs = [run(grid="overload", strategy="live-cutoff", per_second=40, message_gap_us=2_000_000, gap_us=55_000_000)]
        text = report.report([], runs, [], set())
        self.assertLess(text.index("### Message gap"), text.index("### Gap: nobody works on the queue itself"))
        self.assertIn("| `live-cutoff` | **55.0** |", text)
        self.assertIn("The message gap above is less", text)

    def test_a_measure_has_strategies_down_in_the_pages_order_and_rates_across_by_their_size(self):
        runs = gaps("stop", [100], per_second=4) + gaps("stop", [200], per_second=16) + gaps("live", [50], per_second=4)
        found = tables.measure_table(runs, "paper", "message_gap_us").splitlines()
        self.assertEqual(found[0], "| orders a second; n 1/1 | 4 | 16 |")
        self.assertEqual(found[2], "| `stop` | **0.100** | **0.200** |")
        self.assertEqual(found[3], "| `live` | **0.050** | – |")
        self.assertEqual(rows.strategies_in([run(strategy=name) for name in ("set-live", "zoo", "live", "naive")]),
                         ["naive", "live", "set-live", "zoo"])  # fmt: skip
        self.assertEqual(tables.measure_table(runs, "paper", "snapshot_us"), "")

    def test_a_cell_says_how_many_where_that_is_not_what_most_have(self):
        runs = gaps("stop", [100, 300], per_second=1) + gaps("stop", [200, 400], per_second=4)
        runs += [*gaps("stop", [500], per_second=16), run(run=2, per_second=16, outcome="failed")]
        found = tables.measure_table(runs, "paper", "message_gap_us").splitlines()
        self.assertEqual(found[0], "| orders a second; n 2/2 | 1 | 4 | 16 |")
        cells = "**0.200**<br>(0.100 … 0.300) | **0.300**<br>(0.200 … 0.400) | **0.500**<br>n 1/2"
        self.assertEqual(found[2], f"| `stop` | {cells} |")

    def test_what_nobody_measures_is_no_failure(self):
        several = [run(grid="at-once", at_once=count, http_gap_us=gap) for count, gap in ((1, 20_000), (4, ""))]
        self.assertIn("| `stop` | **0.020** | – |", tables.measure_table(several, "at-once", "http_gap_us"))
        auto = [run(run=1, snapshot_us=100_000), run(run=2), run(run=3, outcome="failed")]
        self.assertIn("| `stop` | **0.100** |\n", tables.measure_table(auto, "paper", "snapshot_us"))
        self.assertIn("n 1/2", tables.measure_table(auto, "paper", "snapshot_us"))

    def test_reductions_are_of_every_mover_and_every_baseline_that_were_run(self):
        runs = gaps("stop", [500]) + gaps("naive", [1000]) + gaps("naive", [1000], per_second=1)
        found = tables.reduction_table(runs, "message_gap_us", ("live", "stop"), ("naive", "stop"))
        self.assertIn("| less by; n 1/1 | 1 | 16 |", found)
        self.assertIn("| `stop` than `naive` | – | **50.0%** |", found)
        self.assertEqual(len(found.splitlines()), 3)
        self.assertEqual(tables.reduction_table(gaps("stop", [500]), "message_gap_us", ("stop",), ("naive",)), "")

    def test_phases_are_medians_at_the_middle_of_the_grid_and_at_its_end(self):
        runs = [run(run=number, phases_us=f"Preparing={took} Freezing=20000") for number, took in enumerate((100000, 300000, 900000))]
        found = tables.phase_tables(runs, "paper")
        self.assertIn("16 orders a second:\n\n|  | `stop` |\n", found)
        self.assertIn("| Preparing | 0.300 |\n| Freezing | 0.020 |\n", found)
        self.assertNotIn("in all", found)
        runs += [run(strategy="live", per_second=rate, phases_us="Replaying=5000000", total_us=6_000_000) for rate in (1, 19)]
        found = tables.phase_tables(runs, "paper")
        self.assertEqual(found.count("orders a second:"), 2)
        self.assertIn("19 orders a second:\n\n|  | `live` |\n|---|---|\n| Replaying | 5.00 |\n| *in all* | 6.00 |\n", found)
        self.assertEqual(tables.phase_tables(gaps("stop", [1]), "paper"), "")

    def test_phases_of_several_strategies_stand_in_the_longest_ones_order(self):
        self.assertEqual(tables.in_order([["a", "b", "d"], ["a", "c", "d"], ["e"]]), ["e", "a", "c", "b", "d"])
        runs = [run(phases_us="Freezing=1000000 Checkpointing=1000000"),
                run(strategy="live", phases_us="Checkpointing=2000000 Replaying=2000000 Freezing=2000000")]  # fmt: skip
        found = tables.phase_tables(runs, "paper")
        self.assertIn("| Checkpointing | 1.00 | 2.00 |\n| Replaying | – | 2.00 |\n| Freezing | 1.00 | 2.00 |\n", found)

    def test_why_a_replay_ended_is_counted_with_how_long_it_took(self):
        runs = [run(strategy="live", run=number, cut_because=why, cutoff_used_us=used) for number, (why, used) in enumerate(
            (("Converged", 1_000_000), ("Converged", 3_000_000), ("Cutoff", 30_000_000)))]  # fmt: skip
        runs.append(run(strategy="live", run=9, outcome="failed", cut_because="Cutoff", cutoff_used_us=1))
        found = tables.cutoff_table(runs, "paper")
        self.assertIn("| `live` | Converged 2, Cutoff 1<br>**3.00** (1.00 … 30.0) |", found)
        self.assertEqual(tables.cutoff_table([run()], "paper"), "")

    def test_what_auto_chose_is_counted(self):
        runs = [run(strategy="set-auto", run=number, chosen=chosen) for number, chosen in enumerate(("stop", "live", "stop", ""))]
        self.assertIn("| `set-auto` | stop 2, live 1 |", tables.choice_table(runs, "paper"))
        self.assertEqual(tables.choice_table([run(chosen="stop")], "paper"), "")

    def test_forecasts_are_compared_as_ratios(self):
        runs = [run(gap_us=300_000, forecast_gap_us=200_000), run(gap_us=100_000)]
        self.assertIn("| `stop`, single | – | **1.50** n 1, off by 1.50 | – |", forecast.forecast_table(runs))

    def test_errors_of_forecasts_are_factors_whichever_way_they_are_off(self):
        runs = [run(run=number, gap_us=1000, forecast_gap_us=expected) for number, expected in enumerate((500, 2000, 1000))]
        self.assertIn("**1.00** (0.50 … 2.00) n 3, off by 2.00", forecast.forecast_table(runs))
        self.assertIn("is 2.00 of all 3 figures of moves that were single; 25 %", forecast.forecast_table(runs))
        self.assertEqual(forecast.forecast_table([run(gap_us=1)]), "")

    def test_forecasts_of_several_at_once_stand_apart_and_count_runs(self):
        gaps_of_four = enumerate((2000, 4000, 4000, 8000))
        four = [run(at_once=4, member=member, gap_us=gap, forecast_gap_us=1000) for member, gap in gaps_of_four]
        found = forecast.forecast_table([run(gap_us=1000, forecast_gap_us=1000), *four])
        self.assertIn("| all single | – | **1.00** n 1, off by 1.00 | – |", found)
        self.assertIn("| all at once | – | **4.00** n 1, off by 4.00 | – |", found)
        self.assertIn("is 1.00 of all 1 figures of moves that were single, and 4.00 of all 1 figures of moves that were at once;",
                      found)  # fmt: skip

    def test_of_two_freezes_the_longer_one_was_forecast(self):
        runs = [run(freeze_us=100_000, snapshot_us=300_000, forecast_freeze_us=300_000)]
        self.assertIn("**1.00** n 1, off by 1.00", forecast.forecast_table(runs))

    def test_what_failed_stands_there_with_its_reason(self):
        found = tables.flawed([run(), run(outcome="failed", reason="no | <room>")])
        self.assertIn("failed | no \\| &lt;room> |", found)
        self.assertEqual(len(found.splitlines()), 3)
        self.assertEqual(tables.flawed([run()]), "None.\n")

    def test_audits_are_counted_by_strategy_and_repeats_held_against_what_was_promised(self):
        runs = [run(strategy="live", sent=100, repeats_met=3, repeats_bound=2), run(strategy="live", run=2, sent=50, lost=4),
                run(sent=10, digest_equal="no", other_faults=1), run(run=2, outcome="failed", lost="")]  # fmt: skip
        found = tables.audit_table(runs)
        self.assertIn("| `live` | 2 of 2 | 150 | 4 | 0 | 0 | 0 | 2 of 2 | 3 | 1 of 1 |\n", found)
        self.assertIn("| `stop` | 1 of 2 | 10 | 0 | 0 | 0 | 1 | 0 of 1 | 0 | – |\n", found)
        self.assertIn("| all | 3 of 4 | 160 | 4 | 0 | 0 | 1 | 2 of 3 | 3 | 1 of 1 |\n", found)
        self.assertEqual(tables.audit_table(runs[-1:]), "")

    def test_parts_stand_beside_their_limit(self):
        line = {"part": "digest", "with": "64 MiB", "p50": "120", "p99": "130", "unit": "ms", "limit": "SHA-256", "limit_p50": "100",
                "limit_p99": "110"}  # fmt: skip
        self.assertIn("| digest | 64 MiB | 120 | 130 | ms | SHA-256 | 100 | 110 | 1.20 |", tables.components_table([line]))
        # So many a second are slower where there are fewer.
        answers = {**line, "unit": "answers/s", "p50": "50", "p99": "50"}
        self.assertIn("| 50.0 | – | answers/s | SHA-256 | 100 | – | 2.00 |", tables.components_table([answers]))
        self.assertIn("| 0.000 | 110 | – |", tables.components_table([{**line, "limit_p50": "0.000000"}]))

    def test_parts_say_where_they_were_measured_if_that_is_known(self):
        line = {"part": "", "with": "", "p50": "1", "p99": "1", "unit": "ms", "limit": "", "limit_p50": "1", "limit_p99": "1"}
        there = {**line, "versions": "source=a", "machine": "cpus=2"}
        self.assertIn("Measured with `source=a` on `cpus=2`.", report.report([], [], [there, there], set()))
        self.assertNotIn("Measured with", report.report([], [], [line], set()))

    def test_the_whole_has_every_part_and_only_pictures_that_are_there(self):
        runs = gaps("stop", [100, 200])
        plan = [{**EMPTY, "run": number} for number in ("1", "2")]
        text = report.report(plan, runs, [], {"paper-message-gap.svg"}, "evaluation/")
        for part in ("| paper | 2 of 2 | 2 | 0 | 0 |", "| all | 2 of 2 | 2 | 0 | 0 |", "2 migrations: `kubernetes=v1` on `cpus=2`", "## Goals", "### Message gap",
                     "![Message gap](evaluation/paper-message-gap.svg)", "[plan.csv](evaluation/plan.csv).", "## Audits", "None."):  # fmt: skip
            self.assertIn(part, text)
        self.assertNotIn("paper-total.svg", text)
        self.assertNotIn("## Parts", text)


if __name__ == "__main__":
    unittest.main()
