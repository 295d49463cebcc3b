"""What was to be reached, and whether the runs that there are have reached it."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from report_published import against
from report_rows import BASELINES, cell_of, of, reductions, run_of, short, spread, table


@dataclass(frozen=True)
class Goal:
    what: str
    goal: str
    measured: str
    reached: object  # True, False, or None where nothing was measured
    published: str
    is_partial: bool = False  # some of what it is about has not been run

    @property
    def words(self):
        words = {True: "reached", False: "**MISSED**", None: "not measured"}[self.reached]
        return words + (" so far" if self.reached and self.is_partial else "")


def where(cell):
    grid, _, per_second, _, memory, at_once = cell
    return {"memory": f"{memory} MiB", "at-once": f"{at_once} at once"}.get(grid, f"{per_second}/s") + f" of `{grid}`"


@dataclass(frozen=True)
class Limit:
    """What the worst load's median may come to, and what came of it."""

    text: str
    reached: object
    is_partial: bool


def at_most(limit, runs, column, planned=()):
    """Over all loads of `runs`; `planned`: lines of the plan for the same. A load at which nobody has moved is missed."""
    cells = defaultdict(list)
    for run in runs:
        cells[cell_of(run)].append(run)
    loads = {cell_of(line) for line in planned} | set(cells)
    spreads = {cell: spread(its, column) for cell, its in cells.items()}
    never = [cell for cell, found in spreads.items() if not found.values]
    spreads = {cell: found for cell, found in spreads.items() if found.values}
    is_partial = len(cells) < len(loads)
    notes = [f"none of those at {where(cell)} moved" for cell in never]
    longest = max((max(found.values) for found in spreads.values()), default=0)
    if not spreads:
        return Limit("; ".join(notes) or "–", False if never else None, is_partial)
    worst = max(spreads, key=lambda cell: spreads[cell].median)
    if len(loads) > 1:
        notes.insert(0, f"the worst of {f'{len(cells)} of ' if is_partial else ''}{len(loads)} loads: {where(worst)}")
    notes += [f"the longest of all {short(longest)} s"] if longest > max(spreads[worst].values) else []
    still = sum(not run.moved for cell, its in cells.items() for run in its if cell not in (worst, *never))
    notes += [f"{still} failed at other loads"] if still else []
    text = ", ".join([spreads[worst].text(" s"), *notes])
    return Limit(text, not never and spreads[worst].median <= limit, is_partial)


def headline(runs):
    at_16 = {name: of(runs, grid="paper", strategy=name, per_second=16) for name in (*BASELINES, "live-cutoff")}
    shares = {name: reductions(at_16["live-cutoff"], at_16[name], "message_gap_us") for name in BASELINES}
    naive = shares["naive"].values
    return Goal(
        "downtime reduction, `live-cutoff`, a Pod of its own, 16 a second",
        "≥ 97 % against `naive`",
        against(shares),
        median(naive) >= 0.97 if naive else None,
        "96.986 % ([paper])",
    )


def saturated(runs, plan):
    over = of(runs, grid="shadow", per_second=120)
    judged = [run for run in over if run.judged]
    lost = sum(int(run["lost"]) for run in judged)
    return Goal(
        "120 a second where 100 can be handled, all strategies",
        "bounded, 0 lost",
        f"{spread(over, 'total_us').text(' s')} in all, {lost} lost of {len(judged)} judged" if over else "–",
        all(run.moved and run["lost"] == "0" for run in over) if over else None,
        "129–165 s, about 292 dropped ([SHADOW], its author's notes)",
        bool({cell_of(line) for line in of(plan, grid="shadow", per_second=120)} - {cell_of(run) for run in over}),
    )


def intact(runs, plan):
    judged = [run for run in runs if run.judged]
    sums = {column: sum(int(run[column]) for run in judged) for column in ("lost", "repeated", "reordered")}
    equal = sum(run["digest_equal"] == "yes" for run in judged)
    faults = sum(run.faults for run in judged) - sum(sums.values())
    others = f"; {faults} other faults" if faults else ""
    others += f"; {len(runs) - len(judged)} could not be judged" if len(judged) < len(runs) else ""
    return Goal(
        "lost, repeated, reordered in all runs",
        "0, 0, 0",
        f"{sums['lost']}, {sums['repeated']}, {sums['reordered']}; digests equal in {equal} of {len(judged)}{others}",
        not any(sums.values()) and not faults and equal == len(judged) if judged else None,
        "not measured by anyone",
        bool({run_of(line) for line in plan} - {run_of(run) for run in runs}),
    )


def goals(runs, plan=()):
    def limit(what, most, is_meant, column, published):
        found = at_most(most, [run for run in runs if is_meant(run)], column, [line for line in plan if is_meant(line)])
        return Goal(what, f"≤ {short(most)} s", found.text, found.reached, published, found.is_partial)

    def is_auto(line):
        return line["strategy"] == "set-auto" and line["grid"] in ("paper", "shadow", "overload")

    # Whatever is chosen for a set is held to the goal of its gap; that of its total names no strategy.
    def is_at_10(strategy):
        return lambda line: (line["strategy"], line["per_second"]) == (strategy, "10") and line["grid"] in ("paper", "shadow")

    def in_all(strategy):
        return limit(f"StatefulSet, `{strategy}`, in all, with its name, 10 a second", 5, is_at_10(strategy), "total_us",
                     "53 s ([table]), 15.8 s ([SHADOW])")  # fmt: skip

    def is_relaxed(line):
        return is_auto(line) and int(line["per_second"]) * int(line["service_ms"]) < 500

    def is_500(strategy):
        return lambda line: (line["grid"], line["memory_mib"], line["strategy"]) == ("memory", "500", strategy)

    return [
        headline(runs),
        in_all("set-sequential"),
        in_all("set-auto"),
        limit("StatefulSet, `set-auto`, message gap, λ < μ/2", 0.7, is_relaxed, "message_gap_us", "31 s of probes ([SHADOW])"),
        limit("StatefulSet, `set-auto`, message gap, any λ", 2, is_auto, "message_gap_us", "31 s of probes ([SHADOW])"),
        saturated(runs, plan),
        # What CRI's figure is of: a checkpoint whose source runs on.
        limit("frozen for the checkpoint, `live-cutoff`, 500 MiB", 0.6, is_500("live-cutoff"), "snapshot_us",
              "none; 2.05 s through CRI, measured for this project on another machine"),
        # The same goal, held against more: behind the checkpoint digest, transfer and commit.
        limit("frozen until the commit, `stop`, 500 MiB", 0.6, is_500("stop"), "freeze_us", "–"),
        intact(runs, plan),
    ]  # fmt: skip


def goals_table(runs, plan=()):
    lines = [[goal.what, goal.goal, goal.measured, goal.words, goal.published] for goal in goals(runs, plan)]
    return table(["What", "Goal", "Measured", "", "Published"], lines)
