"""How much of the plan was run, when, and on what."""

from collections import Counter, defaultdict
from statistics import median

from report_rows import Spread, around, cell_of, of, run_of, short, strategies_in, table


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


def rounds(plan, runs):
    """Which are whole; nothing where there is one alone."""
    planned = Counter(line["run"] for line in plan)
    made = Counter(key[-1] for key in outcomes(runs))
    if len(planned) < 2:
        return ""
    whole = [number for number in sorted(planned, key=int) if made[number] >= planned[number]]
    begun = [number for number in sorted(planned, key=int) if 0 < made[number] < planned[number]]
    parts = [f"{len(whole)} of {len(planned)} rounds are whole"]
    parts += [f"of round {number} {made[number]} of {planned[number]} runs" for number in begun]
    return "; ".join(parts) + ".\n"


def duration(runs):
    """When they were made, and how long they took together; nothing where that is not in the table."""
    took = {run_of(run): int(run["run_us"]) / 3.6e9 for run in runs if run["run_us"]}
    if not took:
        return ""
    days = sorted(run["began"][:10] for run in runs)
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    loads = tuple(float(run["load_1m"]) for run in runs if run["load_1m"])
    spread = Spread(loads, len(loads))
    load = f" Load of the minute before a run: {spread.text(usual=spread.count)}." if loads else ""
    return f"Made {when}; {sum(took.values()):.1f} hours, what comes before and behind each move included.{load}\n"


def totals_of_runs(runs):
    """Cell -> of each of its runs in what it was made, and how long it took: of several at once their median, as they are
    one run."""
    members = defaultdict(list)
    for run in runs:
        if run.value("total_us"):
            members[run_of(run)].append(run)
    cells = defaultdict(list)
    for its in members.values():
        cells[cell_of(its[0])].append((around(its[0]), median(run.value("total_us") for run in its)))
    return cells


def slowness(runs):
    """Surroundings -> the median of what its runs took beside the others' median of the same cell: whether one is slower.

    A cell that was run in one alone has no say.
    """
    beside = defaultdict(list)
    for its in totals_of_runs(runs).values():
        for key, total in its:
            if others := [other for elsewhere, other in its if elsewhere != key]:
                beside[key].append(total / median(others))
    return {key: median(values) for key, values in beside.items()}


def load_table(runs):
    """What else the machine had to do when a run began, by strategy: nobody waits for it to be idle."""
    found = {}
    for strategy in strategies_in(runs):
        loads = {run_of(run): float(run["load_1m"]) for run in of(runs, strategy=strategy) if run["load_1m"]}
        if loads:
            found[f"`{strategy}`"] = Spread(tuple(loads.values()), len(loads))
    if len(found) < 2:
        return ""
    return table(["", *found], [["load of the minute before", *(its.text("", "<br>", its.count) for its in found.values())]])


def surroundings(runs):
    """What is the same everywhere in one line, what differs in a table."""
    found = defaultdict(list)
    for run in runs:
        found[around(run)].append(run)
    if len(found) < 2:
        counted = Counter((run["versions"], run["machine"]) for run in runs)
        return "".join(f"- {count} migrations: `{versions}` on `{machine}`\n" for (versions, machine), count in counted.items())
    every = [dict(key) for key in found]
    names = list(dict.fromkeys(name for facts in every for name in facts))
    differing = [name for name in names if len({facts.get(name) for facts in every}) > 1]
    common = " ".join(f"{name}={every[0][name]}" for name in names if name not in differing)
    slower = slowness(runs)
    lines = [
        [len(its), its[0]["began"][:16].replace("T", " "), *(f"`{dict(key).get(name, '?')}`" for name in differing),
         short(slower[key]) if key in slower else "–"]
        for key, its in sorted(found.items(), key=lambda item: item[1][0]["began"])
    ]  # fmt: skip
    return (
        f"All of them: `{common}`. They differ in:\n\n"
        + table(["Migrations", "from (UTC)", *differing, "their runs' time in all / that of the same cells elsewhere"], lines)
    )
