"""The lines of runs.csv and what is counted of many of them; for the report of an evaluation."""

import csv
from collections import Counter
from dataclasses import dataclass
from statistics import median

# As docs/evaluation.md has them: what everything is compared with first.
STRATEGIES = (
    "naive", "naive-no-grace", "stop", "stop-kubelet", "live", "live-cutoff-120s", "live-cutoff", "set-sequential", "set-live",
    "set-auto",
)  # fmt: skip
BASELINES = ("naive", "naive-no-grace", "stop")


@dataclass(frozen=True)
class Run:
    """A line of runs.csv. One that did not move has no times that could be compared."""

    fields: dict

    def __getitem__(self, column):
        return self.fields[column]

    @property
    def moved(self):
        return self["outcome"] != "failed"

    @property
    def judged(self):
        return self["lost"] != ""

    def seconds(self, column):
        return int(self[column]) / 1e6 if self.moved and self[column] else None


def read(path):
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cell_of(line):
    return tuple(line[c] for c in ("grid", "strategy", "per_second", "service_ms", "memory_mib", "at_once"))


def run_of(line):
    """A run of several at once has as many lines."""
    return (*cell_of(line), line["run"])


def of(runs, **wanted):
    return [run for run in runs if all(run[column] == str(value) for column, value in wanted.items())]


def numbers_in(runs, column):
    return sorted({run[column] for run in runs}, key=float)


def strategies_in(runs):
    """In the page's order; one that is not known here comes last."""
    names = {run["strategy"] for run in runs}
    return [name for name in STRATEGIES if name in names] + sorted(names - set(STRATEGIES))


def short(value):
    """Three digits that say something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


@dataclass(frozen=True)
class Spread:
    values: tuple
    of: int  # runs that there are, with and without a value

    @property
    def median(self):
        return median(self.values)

    def text(self, unit="", gap=" "):
        if not self.values:
            return f"– n 0/{self.of}" if self.of else "–"
        middle = f"**{short(self.median)}**{unit}"
        least_and_most = f"({short(min(self.values))} … {short(max(self.values))}) " if len(self.values) > 1 else ""
        return f"{middle}{gap}{least_and_most}n {len(self.values)}/{self.of}"

    def __str__(self):
        return self.text()


def spread(runs, column):
    values = [run.seconds(column) for run in runs]
    return Spread(tuple(value for value in values if value is not None), len(runs))


def reductions(runs, baseline, column):
    """By how much of the baseline's a run's value is less, for pairs with the same number: they were made in one round."""
    by_number = {run["run"]: run.seconds(column) for run in baseline}
    pairs = ((run.seconds(column), by_number.get(run["run"])) for run in runs)
    return [1 - value / base for value, base in pairs if value is not None and base]


def percent(shares, gap=" "):
    if not shares:
        return "–"
    least_and_most = f"({min(shares):.1%} … {max(shares):.1%}) " if len(shares) > 1 else ""
    return f"**{median(shares):.1%}**{gap}{least_and_most}n {len(shares)}"


def table(head, lines):
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(rows + ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines]) + "\n"


def outcomes(runs):
    """Of each run that was made, with run_of() as its key: the worst of its lines'."""
    order = ("clean", "unclean", "failed")
    worst = {}
    for run in runs:
        worst[run_of(run)] = max(worst.get(run_of(run), "clean"), run["outcome"], key=order.index)
    return worst


def how_much(plan, runs, grids):
    planned = Counter(line["grid"] for line in plan)
    made = {grid: Counter() for grid in grids}
    for (grid, *_), outcome in outcomes(runs).items():
        made[grid][outcome] += 1
    lines = [(grid, made[grid], planned[grid]) for grid in grids if planned[grid] or made[grid]]
    lines.append(("all", sum(made.values(), Counter()), sum(planned.values())))
    return table(
        ["Grid", "Runs made", "clean", "unclean", "failed"],
        [
            [grid, f"{sum(ended.values())} of {count}", ended["clean"], ended["unclean"], ended["failed"]]
            for grid, ended, count in lines
        ],
    )


def duration(runs):
    """When they were made, and how long they took together; nothing where that is not in the table."""
    took = {run_of(run): int(run["run_us"]) / 3.6e9 for run in runs if run["run_us"]}
    if not took:
        return ""
    days = sorted(run["began"][:10] for run in runs)
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return f"Made {when}; {sum(took.values()):.1f} hours, what comes before and behind each move included.\n"
