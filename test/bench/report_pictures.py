"""The report's pictures, by gnuplot: medians as lines, least and most as bars."""

import subprocess

from report_rows import STRATEGIES

# A strategy looks the same in all pictures: a colour that readers who see few can tell from its neighbours, and a mark.
# Baselines are grey to black, Pods of their own blue to green, sets red to yellow.
COLOURS = ("#999999", "#666666", "#000000", "#bbbbbb", "#56b4e9", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#e69f00")
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


def picture_script(title, across, measure, series, spread_out=False):
    """For gnuplot, to its standard output. `series`: name -> {x: Spread}; `spread_out`: across by powers."""
    blocks, plots = [], []
    for place, (name, points) in enumerate(series.items()):
        lines = [f"{x} {found.median:.6f} {min(found.values):.6f} {max(found.values):.6f}" for x, found in points.items()]
        blocks.append(f"$d{place} << END\n" + "\n".join(lines) + "\nEND\n")
        colour, mark = STYLES.get(name, OTHERS)
        plots.append(
            f"$d{place} using 1:2:3:4 with yerrorlines linewidth 1.5 linecolor rgb '{colour}' pointtype {mark} title {quoted(name)}"
        )
    places = sorted({x for points in series.values() for x in points}, key=float)
    values = [value for points in series.values() for found in points.values() for value in found.values if value > 0]
    return "".join(
        [
            "set terminal svg size 900,520 font 'sans-serif,13' background rgb 'white'\n",
            f"set title {quoted(title)}\nset xlabel {quoted(across)}\nset ylabel {quoted(measure)}\n",
            "set logscale y\nset grid\nset border 3\n",
            f"set ytics nomirror ({marks(TICKS)})\nset xtics nomirror ({marks(places)})\n",
            "set logscale x\n" if spread_out else "",
            f"set xrange [{room(*limits(map(float, places)), spread_out)}]\nset yrange [{room(*limits(values), True)}]\n",
            "set key outside right top Left reverse noenhanced\n",
            *blocks,
            "plot " + ", \\\n  ".join(plots) + "\n",
        ]
    )


def draw(scripts, folder):
    for name, script in scripts.items():
        try:
            drawn = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True)
        except FileNotFoundError:
            raise SystemExit("report: there is no gnuplot: cmake/install-dependencies installs it") from None
        if drawn.returncode != 0:
            raise SystemExit(f"report: gnuplot, for {name}: {drawn.stderr}")
        (folder / name).write_text(drawn.stdout, encoding="utf-8")
