"""What was to be reached, and whether the runs that there are have reached it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median

from report_baselines import BASELINES, against, shares_of
from report_published import SHADOWS_BOUND, SHADOWS_HTTP, saturation_of, total_with_name_of
from report_rows import cell_of, of, run_of, short, spread, table

GRACE = {"naive": "30 s of grace", "naive-no-grace": "1 s"}
LEAST_SHARE = 0.97
NOTE = """\
The 97 % are the [paper]'s; the other goals were set for this project, in part by itself. Three were changed when runs had
been made: the 97 % are held against both graces, that of `set-sequential`'s total was added after `auto` had missed the same
one, and what is bounded at 120 a second has a figure and a row for each strategy.
"""


@dataclass(frozen=True)
class Goal:
    what: str
    goal: str
    measured: str
    reached: object  # True, False, or None where nothing was measured, or nothing was to be reached
    words: str
    published: str


def verdict(reached, is_partial=False, beyond=0, count=0):
    """`beyond`: so many single runs of `count` are, though what is held against the goal is not."""
    words = {True: "reached", False: "**MISSED**", None: "not measured"}[reached]
    if not reached:
        return words
    return words + (" so far" if is_partial else "") + (f" ({beyond} of {count} beyond)" if beyond else "")


def is_part(runs, planned):
    """Whether some of what is planned was not run."""
    return bool({run_of(line) for line in planned} - {run_of(run) for run in runs})


def where(cell):
    grid, _, per_second, _, memory, at_once = cell
    return {"memory": f"{memory} MiB", "at-once": f"{at_once} at once"}.get(grid, f"{per_second}/s") + f" of `{grid}`"


@dataclass(frozen=True)
class Limit:
    """What the worst load's median may come to, and what came of it."""

    text: str
    reached: object
    words: str
    values: tuple = ()


def at_most(limit, runs, column, planned=()):
    """Over all loads of `runs`; `planned`: lines of the plan for the same. A load at which nobody has moved is missed."""
    cells = defaultdict(list)
    for run in runs:
        cells[cell_of(run)].append(run)
    loads = {cell_of(line) for line in planned} | set(cells)
    spreads = {cell: spread(its, column) for cell, its in cells.items()}
    never = [cell for cell, found in spreads.items() if not found.values]
    spreads = {cell: found for cell, found in spreads.items() if found.values}
    values = tuple(value for found in spreads.values() for value in found.values)
    notes = [f"none of those at {where(cell)} moved" for cell in never]
    if not spreads:
        reached = False if never else None
        return Limit("; ".join(notes) or "–", reached, verdict(reached))
    worst = max(spreads, key=lambda cell: spreads[cell].median)
    if len(loads) > 1:
        made = f"{len(cells)} of " if len(cells) < len(loads) else ""
        notes.insert(0, f"the worst of {made}{len(loads)} loads: {where(worst)}")
    notes += [f"the longest of all {short(max(values))} s"] if max(values) > max(spreads[worst].values) else []
    still = sum(not run.moved for cell, its in cells.items() for run in its if cell not in (worst, *never))
    notes += [f"{still} failed at other loads"] if still else []
    reached = not never and spreads[worst].median <= limit
    words = verdict(reached, is_part(runs, planned), sum(value > limit for value in values), len(values))
    return Limit(", ".join([spreads[worst].text(" s"), *notes]), reached, words, values)


def headline(runs, plan):
    """Against both scripts: most of the first one's time is a grace period that a frozen process cannot use."""

    def at_16(lines):
        return [line for line in of(lines, grid="paper", per_second=16) if line["strategy"] in ("live-cutoff", *GRACE)]

    shares = shares_of(of(runs, grid="paper", per_second=16), "live-cutoff", BASELINES, "message_gap_us")
    reached, said = [], []
    for name, grace in GRACE.items():
        values = shares[name].values
        if not shares[name].of:
            continue
        reached.append(bool(values) and median(values) >= LEAST_SHARE)
        beyond = sum(value < LEAST_SHARE for value in values)
        said.append(verdict(reached[-1], is_part(at_16(runs), at_16(plan)), beyond, len(values)) + f" against {grace}")
    return Goal(
        "downtime reduction, `live-cutoff`, a Pod of its own, 16 a second",
        "≥ 97 %",
        against(shares),
        all(reached) if reached else None,
        ", ".join(said) or verdict(None),
        "96.986 % ([paper]), of a baseline that is not described",
    )


def saturated(runs, plan, strategy):
    """Bounded is what takes no longer than the quickest of theirs, in every run."""

    def at_120(lines):
        return of(lines, grid="shadow", per_second=120, strategy=strategy)

    over = at_120(runs)
    judged = [run for run in over if run.judged]
    lost = sum(int(run["lost"]) for run in judged)
    total = spread(over, "total_us")
    chosen = Counter(run["chosen"] for run in over if run["chosen"]) if strategy == "set-auto" else {}
    notes = [f"{total.text(' s')} in all", f"{lost} lost of {len(judged)} judged"]
    notes += [f"chose {name} {count}" for name, count in chosen.items()]
    reached = all(run.moved and run["lost"] == "0" for run in over) and max(total.values, default=0) <= SHADOWS_BOUND
    reached = reached if over else None
    without_replay = ", which replays nothing" if strategy == "stop" else ""
    return Goal(
        f"120 a second where fewer than 100 can be handled, `{strategy}`{without_replay}",
        f"≤ {short(SHADOWS_BOUND)} s (the least in [SHADOW]), 0 lost",
        ", ".join(notes) if over else "–",
        reached,
        verdict(reached, is_part(over, at_120(plan))),
        saturation_of(strategy),
    )


def intact(runs, plan):
    judged = [run for run in runs if run.judged]
    sums = {column: sum(int(run[column]) for run in judged) for column in ("lost", "repeated", "reordered")}
    equal = sum(run["digest_equal"] == "yes" for run in judged)
    faults = sum(run.faults for run in judged) - sum(sums.values())
    others = f"; {faults} other faults" if faults else ""
    others += f"; {len(runs) - len(judged)} could not be judged" if len(judged) < len(runs) else ""
    reached = not any(sums.values()) and not faults and equal == len(judged) if judged else None
    return Goal(
        "lost, repeated, reordered in all runs",
        "0, 0, 0",
        f"{sums['lost']}, {sums['repeated']}, {sums['reordered']}; digests equal in {equal} of {len(judged)}{others}",
        reached,
        verdict(reached, is_part(runs, plan)),
        "0 lost in 280 runs ([SHADOW]); the [data] has no column for it, nor for what is repeated or out of order",
    )


def probed(runs, is_meant):
    """What is theirs and no goal of ours: whether the Service answers."""
    found = at_most(0, [run for run in runs if is_meant(run)], "http_failing_us")
    theirs = "; theirs is better" if found.values and min(found.values) > SHADOWS_HTTP else ""
    what = "StatefulSet, `set-auto`, probes that failed in a row, λ < μ/2"
    return Goal(what, "none", found.text, None, f"no goal of ours{theirs}" if found.values else verdict(None),
                "0 s, at one rate 0.01 s ([SHADOW], live with its name)")  # fmt: skip


def goals(runs, plan=()):
    def limit(what, most, is_meant, column, published):
        found = at_most(most, [run for run in runs if is_meant(run)], column, [line for line in plan if is_meant(line)])
        return Goal(what, f"≤ {short(most)} s", found.text, found.reached, found.words, published)

    def is_auto(line):
        return line["strategy"] == "set-auto" and line["grid"] in ("paper", "shadow", "overload")

    # Whatever is chosen for a set is held to the goal of its gap; that of its total names no strategy.
    def is_at_10(strategy):
        return lambda line: (line["strategy"], line["per_second"]) == (strategy, "10") and line["grid"] in ("paper", "shadow")

    def in_all(strategy):
        return limit(f"StatefulSet, `{strategy}`, in all, with its name, 10 a second", 5, is_at_10(strategy), "total_us",
                     total_with_name_of(strategy))  # fmt: skip

    def is_relaxed(line):
        return is_auto(line) and int(line["per_second"]) * int(line["service_ms"]) < 500

    def is_500(strategy):
        return lambda line: (line["grid"], line["memory_mib"], line["strategy"]) == ("memory", "500", strategy)

    no_gap = "none of messages; HTTP has a row of its own"
    return [
        headline(runs, plan),
        in_all("set-sequential"),
        in_all("set-auto"),
        limit("StatefulSet, `set-auto`, message gap, λ < μ/2", 0.7, is_relaxed, "message_gap_us", no_gap),
        limit("StatefulSet, `set-auto`, message gap, any λ", 2, is_auto, "message_gap_us", no_gap),
        probed(runs, is_relaxed),
        *(saturated(runs, plan, one) for one in ("stop", "live-cutoff", "set-sequential", "set-live", "set-auto")),
        # What CRI's figure is of: a checkpoint whose source runs on.
        limit("frozen for the checkpoint, `live-cutoff`, 500 MiB", 0.6, is_500("live-cutoff"), "snapshot_us",
              "none; 2.05 s through CRI, measured for this project on another machine"),
        # The same goal, held against more: behind the checkpoint digest, transfer and commit.
        limit("frozen until the commit, `stop`, 500 MiB", 0.6, is_500("stop"), "freeze_us", "–"),
        intact(runs, plan),
    ]  # fmt: skip


def goals_table(runs, plan=()):
    lines = [[goal.what, goal.goal, goal.measured, goal.words, goal.published] for goal in goals(runs, plan)]
    return table(["What", "Goal", "Measured", "", "Published"], lines) + "\n" + NOTE
