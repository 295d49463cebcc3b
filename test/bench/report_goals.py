"""What was to be reached, what others have published, and whether the runs that there are have reached it."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from report_rows import BASELINES, cell_of, of, percent, reductions, short, spread, table

# SHADOW's medians, in seconds: on its machines, with its builds. What its cutoff left in the queue was dropped.
SHADOWS_TOTALS = {
    "SHADOW: sequential": {10: 50.8, 20: 59.2, 40: 81.1, 60: 157.5, 80: 164.7, 100: 165.0, 120: 164.8},
    "SHADOW: shadow Pod": {10: 13.8, 20: 14.3, 40: 19.5, 60: 36.0, 80: 117.2, 100: 129.8, 120: 129.0},
    "SHADOW: with the name": {10: 15.8, 20: 17.6, 40: 23.1, 60: 31.8, 80: 58.3, 100: 139.9, 120: 141.6},
}


@dataclass(frozen=True)
class Goal:
    what: str
    goal: str
    measured: str
    reached: object  # True, False, or None where nothing was measured
    published: str

    @property
    def words(self):
        return {True: "reached", False: "**MISSED**", None: "not measured"}[self.reached]


def where(cell):
    grid, _, per_second, _, memory, at_once = cell
    return {"memory": f"{memory} MiB", "at-once": f"{at_once} at once"}.get(grid, f"{per_second}/s") + f" of `{grid}`"


def at_most(limit, runs, column):
    """Of the worst cell's median; with its text."""
    cells = defaultdict(list)
    for run in runs:
        cells[cell_of(run)].append(run)
    spreads = {cell: spread(its, column) for cell, its in cells.items()}
    spreads = {cell: found for cell, found in spreads.items() if found.values}
    if not spreads:
        return "–", None
    worst = max(spreads, key=lambda cell: spreads[cell].median)
    place = f", the worst of {len(spreads)} loads: {where(worst)}" if len(spreads) > 1 else ""
    return spreads[worst].text(" s") + place, spreads[worst].median <= limit


def against(shares):
    return "; ".join(f"against `{name}`: {percent(its)}" for name, its in shares.items())


def headline(runs):
    at_16 = {name: of(runs, grid="paper", strategy=name, per_second=16) for name in (*BASELINES, "live-cutoff")}
    shares = {name: reductions(at_16["live-cutoff"], at_16[name], "message_gap_us") for name in BASELINES}
    return Goal(
        "downtime reduction, `live-cutoff`, a Pod of its own, 16 a second",
        "≥ 97 % against `naive`",
        against(shares),
        median(shares["naive"]) >= 0.97 if shares["naive"] else None,
        "96.986 %",
    )


def saturated(runs):
    over = of(runs, grid="shadow", per_second=120)
    judged = [run for run in over if run.judged]
    lost = sum(int(run["lost"]) for run in judged)
    return Goal(
        "120 a second where 100 can be handled, all strategies",
        "bounded, 0 lost",
        f"{spread(over, 'total_us').text(' s')} in all, {lost} lost of {len(judged)} judged" if over else "–",
        all(run.moved and run["lost"] == "0" for run in over) if over else None,
        "129–165 s, about 292 dropped",
    )


def intact(runs):
    judged = [run for run in runs if run.judged]
    sums = {column: sum(int(run[column]) for run in judged) for column in ("lost", "repeated", "reordered")}
    equal = sum(run["digest_equal"] == "yes" for run in judged)
    others = f"; {len(runs) - len(judged)} could not be judged" if len(judged) < len(runs) else ""
    return Goal(
        "lost, repeated, reordered in all runs",
        "0, 0, 0",
        f"{sums['lost']}, {sums['repeated']}, {sums['reordered']}; digests equal in {equal} of {len(judged)}{others}",
        not any(sums.values()) and equal == len(judged) if judged else None,
        "not measured by anyone",
    )


def goals(runs):
    def limit(what, most, measured, column, published):
        text, reached = at_most(most, measured, column)
        return Goal(what, f"≤ {short(most)} s", text, reached, published)

    sets = of(runs, strategy="set-auto")
    loaded = [run for run in sets if run["grid"] in ("paper", "shadow", "overload")]
    large = of(runs, grid="memory", memory_mib=500)
    relaxed = [run for run in loaded if int(run["per_second"]) * int(run["service_ms"]) < 500]
    return [
        headline(runs),
        limit("StatefulSet, `set-auto`, in all, with its name, 10 a second", 5, of(sets, grid="paper", per_second=10), "total_us",
              "53 s paper, 15.8 s SHADOW"),
        limit("StatefulSet, `set-auto`, message gap, λ < μ/2", 0.7, relaxed, "message_gap_us", "31 s SHADOW"),
        limit("StatefulSet, `set-auto`, message gap, any λ", 2, loaded, "message_gap_us", "31 s SHADOW"),
        saturated(runs),
        # What CRI's figure is of: a checkpoint whose source runs on.
        limit("frozen for the checkpoint, `live-cutoff`, 500 MiB", 0.6, of(large, strategy="live-cutoff"), "snapshot_us",
              "2.05 s through CRI"),
        # The same goal, held against more: behind the checkpoint digest, transfer and commit.
        limit("frozen until the commit, `stop`, 500 MiB", 0.6, of(large, strategy="stop"), "freeze_us", "–"),
        intact(runs),
    ]  # fmt: skip


def goals_table(runs):
    lines = [[goal.what, goal.goal, goal.measured, goal.words, goal.published] for goal in goals(runs)]
    return table(["What", "Goal", "Measured", "", "Published"], lines)


def published_table(runs):
    """What the papers say of theirs, and the same of ours; a line that nothing was measured for is not there."""
    lines = []

    def less(what, published, rate, column, movers, baselines):
        at_rate = of(runs, grid="paper", per_second=rate)
        for mover in movers:
            shares = {name: reductions(of(at_rate, strategy=mover), of(at_rate, strategy=name), column) for name in baselines}
            if any(shares.values()):
                lines.append([what, published, f"`{mover}`", against(shares)])

    def taken(what, published, grid, rate, column, strategies):
        for strategy in strategies:
            found = spread(of(runs, grid=grid, strategy=strategy, per_second=rate), column)
            if found.values:
                lines.append([what, published, f"`{strategy}`", found.text(" s")])

    less("downtime less, a Pod of its own, 16 a second", "96.986 %", 16, "message_gap_us", ("live", "live-cutoff"), BASELINES)
    less("in all less by the cutoff, 19 a second", "81.81 %", 19, "total_us", ("live-cutoff-120s", "live-cutoff"), ("live",))
    less("downtime less, StatefulSet, 1 a second", "36.69 %", 1, "message_gap_us", ("set-sequential", "set-live"), BASELINES)
    taken("in all, StatefulSet, 1 a second", "about 53 s", "paper", 1, "total_us", ("set-sequential", "set-live"))
    failing = "30.9–31.2 s sequential, 0 with a shadow Pod (SHADOW)"
    taken("probes that failed in a row, StatefulSet, 10 a second", failing, "shadow", 10, "http_failing_us",
          ("set-sequential", "set-live"))  # fmt: skip
    return table(["What", "Published", "Here", ""], lines) if lines else ""
