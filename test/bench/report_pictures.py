"""The report's pictures, by gnuplot: medians as lines, least and most as bars."""

import subprocess

from report_published import PICTURED_TOTALS, SHADOWS_TOTALS
from report_rows import STRATEGIES, Spread, numbers_in, of, strategies_in
from report_tables import GRIDS, MEASURES, cells_of

PICTURED = ("message-gap", "total")
ALSO_PICTURED = {"memory": ("freeze",), "paper": ("http-gap",), "shadow": ("http-gap",)}
# A strategy looks the same in all pictures: a colour that readers who see few can tell from its neighbours, and a mark.
# Baselines are grey to black, the kubelet's checkpoint brown, Pods of their own blue to green, sets red to yellow.
COLOURS = ("#999999", "#666666", "#000000", "#996633", "#56b4e9", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#e69f00")
STYLES = {name: (colour, mark) for name, colour, mark in zip(STRATEGIES, COLOURS, (4, 6, 8, 10, 12, 5, 7, 9, 11, 13))}
OTHERS = ("#555555", 1)
# By itself gnuplot marks powers of ten alone.
TICKS = [digit * 10**power for power in range(-3, 4) for digit in (1, 2, 5)]


def quoted(text):
    return "'" + text.replace("'", "’") + "'"


def marks(values):
    return ", ".join(f"'{float(value):g}' {value}" for value in values)


def limits(values):
    values = list(values)
    return min(values), max(values)


def room(least, most, spread_out):
    """A range with some around what is drawn; left to itself gnuplot goes on to the next power of ten."""
    if spread_out:
        return f"{least / 1.3:.6g}:{most * 1.3:.6g}"
    beside = (most - least) / 25 or 1
    return f"{least - beside:g}:{most + beside:g}"


def beside(x, place, count, ends, spread_out):
    """x of one of so many, that their bars do not lie on each other: all of them within a fortieth of the picture."""
    share = (place - (count - 1) / 2) / max(count - 1, 1) / 40
    least, most = map(float, ends)
    return f"{float(x) * (most / least) ** share if spread_out else float(x) + (most - least) * share:.6g}"


def picture_script(title, across, measure, series, published=None, spread_out=False):
    """For gnuplot, to its standard output. `series`: name -> {x: Spread}, and so `published`, which has no bars;
    `spread_out`: across by powers."""
    published = published or {}
    blocks, plots = [], []
    places = sorted({x for points in series.values() for x in points}, key=float)
    ends = places[0], places[-1]
    drawn = {**series, **published}
    values = [value for points in drawn.values() for found in points.values() for value in found.values]
    least, most = limits(value for value in values if value > 0)
    for place, (name, points) in enumerate(drawn.items()):
        # What is nothing has no place on such a scale, and stands at its lower end.
        lines = [
            " ".join([beside(x, place, len(series), ends, spread_out) if name in series else str(x),
                      *(f"{max(value, least / 1.3):.6f}" for value in (found.median, *limits(found.values)))])
            for x, found in points.items()
        ]  # fmt: skip
        blocks.append(f"$d{place} << END\n" + "\n".join(lines) + "\nEND\n")
        colour, mark = STYLES.get(name, OTHERS)
        look = f"using 1:2:3:4 with yerrorlines linewidth 1.5 linecolor rgb '{colour}' pointtype {mark}"
        if name in published:
            look = f"using 1:2 with linespoints dashtype 2 linecolor rgb '#884444' pointtype {place - len(series) + 1}"
        plots.append(f"$d{place} {look} title {quoted(name)}")
    return "".join(
        [
            "set terminal svg size 900,520 font 'sans-serif,13' background rgb 'white'\n",
            f"set title {quoted(title)}\nset xlabel {quoted(across)}\nset ylabel {quoted(measure)}\n",
            "set logscale y\nset grid\nset border 3\n",
            f"set ytics nomirror ({marks(TICKS)})\nset xtics nomirror ({marks(places)})\n",
            "set logscale x\n" if spread_out else "",
            f"set xrange [{room(*limits(map(float, places)), spread_out)}]\nset yrange [{room(least, most, True)}]\n",
            "set key outside right top Left reverse noenhanced\n",
            *blocks,
            "plot " + ", \\\n  ".join(plots) + "\n",
        ]
    )


def published_of(grid, measure, places):
    if (grid, measure) != ("shadow", "total"):
        return {}
    totals = {name: {x: SHADOWS_TOTALS[name].get(int(x)) for x in places} for name in PICTURED_TOTALS}
    return {name: {x: Spread((total,), 1) for x, total in its.items() if total} for name, its in totals.items()}


def pictures(runs):
    """File name -> script for gnuplot."""
    scripts = {}
    for grid, (title, across, unit) in GRIDS.items():
        ours = of(runs, grid=grid)
        places = numbers_in(ours, across)
        for measure in (*PICTURED, *ALSO_PICTURED.get(grid, ())):
            column, what = MEASURES[measure]
            series = {}
            for strategy in strategies_in(ours):
                points = {x: found for x, found in zip(places, cells_of(ours, grid, column, strategy)) if found.values}
                if any(max(found.values) > 0 for found in points.values()):
                    series[strategy] = points
            if series:
                published = published_of(grid, measure, places)
                title_and_look = f"{title}. Medians; bars: least to most"
                scripts[f"{grid}-{measure}.svg"] = picture_script(
                    title_and_look, unit, f"{what}, seconds", series, published, spread_out=across != "per_second"
                )
    return scripts


def draw(scripts, folder):
    for name, script in scripts.items():
        try:
            drawn = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True)
        except FileNotFoundError:
            raise SystemExit("report: there is no gnuplot: cmake/install-dependencies installs it") from None
        if drawn.returncode != 0:
            raise SystemExit(f"report: gnuplot, for {name}: {drawn.stderr}")
        (folder / name).write_text(drawn.stdout, encoding="utf-8")
