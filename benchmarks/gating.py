"""Gating speed of nkflow beside FlowKit, FlowUtils and numpy, side by side in one run.

    python benchmarks/gating.py [--events 1000000] [--only NAME ...] [--cpu]

Files are generated and in the page cache. Every figure is the best of several runs that take turns, so that
noise hits all alike; read the ratios, not the milliseconds. The targets are those of issue C. ``--cpu`` counts
processor seconds instead of the clock's, for a machine that others use at the same time. openflo is timed where
``NKFLOW_OPENFLO_PYTHON`` names a Python that has it (`tests/rivals/openflo_gates.py`), the best of three runs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from nkflow.compensation import Spillover
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.fcs.write import write_fcs
from nkflow.gating import Boolean, Ellipsoid, Polygon, Quadrant, Range, Template, gate, load_template
from nkflow.gating.adaptive.resolve import resolve as resolve_adaptive
from nkflow.gating.bind import bind
from nkflow.gating.held import Held
from nkflow.scales import Linear, Logicle
from nkflow.simulate import SimulatedLot, simulate_lot
from rivals.flowkit_strategy import membership, strategy_of
from rivals.openflo_gates import openflo

Step = Callable[[], object]
clock = time.perf_counter
SCATTER = ("FSC-A", "FSC-H", "FSC-W", "SSC-A", "SSC-H")
COLOURS = ("CD45", "CD3", "CD56", "CD16", "7-AAD", "CD14", "CD19", "CD57")
SINGLETS = ((2e4, 1e4), (2e4, 4e4), (2e5, 2.5e5), (2.5e5, 1.5e5))
LOGICLE = Logicle(262144.0, 0.5, 4.5)


def fastest(*steps: Step, runs: int = 5) -> list[float]:
    """Return the best time of each step in seconds; they take turns, and the first round warms."""
    best = [float("inf")] * len(steps)
    for run in range(runs + 1):
        for k, step in enumerate(steps):
            begin = clock()
            step()
            if run:
                best[k] = min(best[k], clock() - begin)
    return best


def table(title: str, rows: list[tuple[str, float, str]]) -> None:
    print(f"\n{title}")
    for name, seconds, note in rows:
        print(f"  {name:<52} {seconds * 1e3:10.1f} ms  {note}")


def ring(x: float, y: float, width: float, height: float, n: int) -> list[tuple[float, float]]:
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return [(x + width * float(np.cos(a)), y + height * float(np.sin(a))) for a in angle]


def release_tube(folder: Path, events: int) -> Path:
    """A tube as of a release: 14 big-endian float32 channels, an 8 x 8 matrix, two peaks in each colour."""
    path = folder / f"release{events}.fcs"
    if path.exists():
        return path
    rng = np.random.default_rng(1)
    columns: dict[str, np.ndarray] = {}
    size = rng.normal(1e5, 2.5e4, events).astype(np.float32)
    for k, name in enumerate(SCATTER):
        spread = rng.normal(1.0, 0.08, events).astype(np.float32)
        columns[name] = size * spread if k != 2 else 60_000 * spread
    for k, name in enumerate(COLOURS):
        bright = rng.random(events) < (0.9, 0.3, 0.6, 0.5, 0.1, 0.1, 0.1, 0.3)[k]
        values = np.where(bright, rng.lognormal(8.5, 0.5, events), rng.normal(0, 150, events))
        columns[f"{name}-A"] = values.astype(np.float32)
    columns["Time"] = np.linspace(0, 1e4, events, dtype=np.float32)
    names = tuple(f"{name}-A" for name in COLOURS)
    off = 0.05 * rng.random((8, 8)) * (1 - np.eye(8))
    markers = {f"{name}-A": name for name in COLOURS}
    sample = Sample.from_arrays(columns, markers=markers, spillover=Spillover(names, np.eye(8) + off))
    write_fcs(path, sample)
    return path


def release_template() -> Template:
    """11 gates: 2 polygons, a width range, 4 thresholds, a quadrant, an ellipse, 2 unions."""
    names = {"-+": "NK", "++": "NKT-like", "+-": "T", "--": "other"}
    return Template.of(
        Polygon("FSC-A", "SSC-A", ring(1e5, 1e5, 7e4, 7e4, 12), name="cells"),
        Polygon("FSC-A", "FSC-H", SINGLETS, name="singlets", parent="cells"),
        Range("FSC-W", low=4e4, high=8e4, name="narrow", parent="singlets"),
        Range("CD45", low=1000, name="CD45+", parent="narrow"),
        Range("7-AAD", high=1500, name="viable", parent="CD45+"),
        Range("CD14", high=1500, name="CD14-", parent="viable"),
        Range("CD19", high=1500, name="CD19-", parent="CD14-"),
        Quadrant("CD3", 900, "CD56", 1000, names=names, parent="CD19-"),
        Ellipsoid(["CD56", "CD16"], (5000, 5000), [(20000, 5000), (5000, 20000)], name="CD16+", parent="NK"),
        Boolean("or", ["NK", "NKT-like"], name="CD56+", parent="CD19-"),
        Boolean("or", ["T", "NKT-like"], name="CD3+", parent="CD19-"),
        name="release",
        scales=dict.fromkeys(COLOURS, LOGICLE) | {name: Linear(262144.0) for name in SCATTER},
        compensation="file",
    )  # fmt: skip


def flowkit(path: Path, template: Template, *, cache: bool = False) -> Step:
    """FlowKit as people run it: read, gate, ask who is inside each population."""
    import flowkit as fk

    strategy = strategy_of(template, bind(read_fcs(path), template))

    def step() -> dict[str, np.ndarray]:
        strategy.clear_cache()  # else the events of the last call are taken, compensated and transformed already
        result = strategy.gate_sample(fk.Sample(path), cache_events=cache)
        keys = template.tree.keys
        return {key: membership(template, result, k) for k, key in enumerate(keys)}

    return step


def ours(path: Path, template: Template, *, histograms: bool = False, threads: int = 1) -> Step:
    return lambda: gate(read_fcs(path), template, threads=threads, membership=True, histograms=histograms)


def release(folder: Path, events: int) -> None:
    path, template = release_tube(folder, events), release_template()
    rival = flowkit(path, template)
    gating, theirs = ours(path, template, histograms=True)(), rival()
    for key, mask in theirs.items():
        assert np.array_equal(gating.mask(key), mask), key
    steps = {
        "FlowKit, as people run it": (rival, 1.0, 60),
        "FlowKit, cache_events=True": (flowkit(path, template, cache=True), 1.0, 40),
        "nkflow, one thread": (ours(path, template), 0, 0),
        "nkflow, one thread, histograms of all drawn gates": (ours(path, template, histograms=True), 0, 45),
        "nkflow, two threads": (ours(path, template, threads=2), 0, 0),
        "gate by gate with numpy": (by_numpy(path, template), 0, 0),
        "readinto of a buffer + byteswap(inplace=True)": (floor(path), 0, 0),
    }
    # FlowKit takes seconds: few runs of it, many of the quick ones, in turns
    names = list(steps)
    slow = fastest(*(steps[name][0] for name in names[:2]), runs=2)
    quick = fastest(*(steps[name][0] for name in names[2:]), runs=9)
    times = dict(zip(names, slow + quick, strict=True))
    one, drawn = times[names[2]], times[names[3]]
    notes = {
        names[0]: f"{times[names[0]] / one:5.1f} x one thread (target 60), "
        f"{times[names[0]] / drawn:.1f} x with histograms (45)",
        names[1]: f"{times[names[1]] / one:5.1f} x one thread (target 40)",
        names[2]: f"{one / events * 1e9:.1f} ns an event",
        names[4]: f"{one / times[names[4]]:5.2f} x as fast as one thread (1.6 where there is a second core: "
        f"{second_core():.2f})",
        names[5]: f"{times[names[5]] / one:5.1f} x one thread",
        names[6]: f"one thread takes {one / times[names[6]]:.1f} x as long",
    }
    title = f"release template, {events:,} events x 14 big-endian float32, 8 x 8 matrix, 11 gates"
    table(f"{title}; parse, counts, membership", [(name, times[name], notes.get(name, "")) for name in names])
    name, seconds, note = openflo(path, template, gating.counts, clock.__name__)
    if seconds == seconds:
        note = f"{seconds / one:5.1f} x one thread (target 25); {note}"
    print(f"  {name:<52} {seconds * 1e3:10.1f} ms  {note}")


def floor(path: Path) -> Step:
    """The least that reading needs: fill one buffer again and again, swap the bytes in place."""
    rows = 8192 * 14
    buffer = np.empty(rows, dtype=">f4")

    def step() -> None:
        with open(path, "rb", buffering=0) as file:
            while file.readinto(memoryview(buffer).cast("B")):
                buffer.byteswap(inplace=True)

    return step


def by_numpy(path: Path, template: Template) -> Step:
    """The same template gate by gate over whole columns: what a careful numpy user writes."""
    from flowutils import gating as flowutils_gating

    def step() -> dict[str, np.ndarray]:
        sample = read_fcs(path)
        binding = bind(sample, template)
        values = np.array(sample.values()).T.copy()
        matrix = binding.spillover
        columns = list(binding.detectors)
        values[columns] = (values[columns].T @ matrix.inverse).T
        masks = {-1: np.ones(sample.n_events, dtype=bool)}
        for index in template.tree.order:
            node = template.tree.nodes[index]
            shape = template.populations[node.entry].gate
            sources = [binding.source(d) for d in shape.dimensions]
            x = [values[source.reading.channel] for source in sources]
            inside = masks[node.parent].copy()
            if isinstance(shape, Range):
                ends = [shape.sides[0][1:]]
            elif isinstance(shape, Quadrant):
                ends = shape.intervals(node.outcome)
            elif isinstance(shape, Boolean):
                inside &= masks[node.references[0][0]] | masks[node.references[1][0]]
                ends = []
            else:
                ends = []
                where = np.flatnonzero(inside)
                shown = np.column_stack(
                    [
                        source.scale.column(np.ascontiguousarray(v[where]))
                        for source, v in zip(sources, x, strict=True)
                    ]
                )
                if isinstance(shape, Polygon):
                    corners = [
                        source.scale.column(np.array(v))
                        for source, v in zip(sources, zip(*shape.vertices, strict=True), strict=True)
                    ]
                    inside[where] = flowutils_gating.points_in_polygon(np.column_stack(corners), shown)
                else:
                    middle, *tips = (
                        np.array([float(s.scale.forward(v)) for s, v in zip(sources, p, strict=True)])
                        for p in (shape.centre, *shape.half_axes)
                    )
                    spread = np.array([tip - middle for tip in tips])
                    d = shown - middle
                    inside[where] = np.einsum("ij,jk,ik->i", d, np.linalg.inv(spread.T @ spread), d) <= 1.0
            for column, (low, high) in zip(x, ends, strict=False):
                if low is not None:
                    inside &= column >= low
                if high is not None:
                    inside &= column < high
            masks[index] = inside
        return {key: masks[k] for k, key in enumerate(template.tree.keys)}

    return step


def second_core() -> float:
    """Return how much faster two spinning processes are than one after the other."""
    code = "import time\nt=time.perf_counter()\nx=0\nfor i in range(6_000_000): x+=i\nprint(time.perf_counter()-t)"
    alone = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
    pair = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    both = max(float(process.communicate()[0]) for process in pair)
    return 2 * alone / both


def hashing(folder: Path, events: int) -> None:
    """The SHA-256 of a file while it is gated, as a release does, beside either alone."""
    path, template = release_tube(folder, events), release_template()

    def both() -> None:
        sample = read_fcs(path)
        with sample.hashed_meanwhile():
            gate(sample, template, threads=1)

    alone, hashed, together = fastest(
        lambda: gate(read_fcs(path), template, threads=1), lambda: read_fcs(path).sha256, both, runs=15
    )
    part = together / max(alone, hashed)
    note = f"{part:.2f} of the larger (target 1.1 where there is a second core: {second_core():.2f})"
    rows = [("gating, one thread", alone, ""), ("SHA-256", hashed, ""), ("both at once", together, note)]
    table(f"hashing while gating, {events:,} events", rows)


def polygon(folder: Path, events: int) -> None:
    """One polygon of 20 vertices against FlowUtils' C function."""
    from flowutils import gating as flowutils_gating

    from nkflow.gating.outline_cells import cells_of
    from nkflow.kernels.polygon import mark_polygon

    del folder
    rng = np.random.default_rng(2)
    points = rng.normal(0, 1, (events, 2))
    corners = np.array(ring(0, 0, 1.2, 1.0, 20))
    x, y = points.T.copy()
    vx, vy = corners.T.copy()
    parent, out = np.ones(events, dtype=bool), np.zeros(events, dtype=bool)
    theirs, mine = fastest(
        lambda: flowutils_gating.points_in_polygon(corners, points),
        lambda: mark_polygon(x, y, parent, vx, vy, *cells_of(vx, vy), out),
    )
    assert np.mean(out != flowutils_gating.points_in_polygon(corners, points)) < 1e-6
    rows = [
        ("FlowUtils points_in_polygon", theirs, f"{theirs / mine:.1f} x nkflow (target 3)"),
        ("nkflow", mine, ""),
    ]
    table(f"polygon of 20 vertices, {events:,} events", rows)


def update(folder: Path, events: int) -> None:
    """The analyst's loop: one gate changed, events in memory."""
    from_file = read_fcs(release_tube(folder, events))
    names = [channel.name for channel in from_file.channels]
    markers = [channel.marker for channel in from_file.channels]
    columns = [np.asarray(from_file.values(name)[:, 0], dtype=np.float32) for name in names]
    sample = Sample.from_arrays(columns, names, markers=markers, spillover=from_file.spillover)
    template = release_template()
    before = gate(sample, template, threads=1)
    edits = {
        "viable changed": ("viable", {"high": 1400}),
        "CD19- changed": ("CD19-", {"high": 1400}),
        "NK changed": ("NK", {"x_cut": 800}),
        "CD16+ changed": ("CD16+", {"centre": (5100, 5000)}),
        "cells changed": ("cells", {"vertices": ring(1e5, 1e5, 6e4, 6e4, 12)}),
        "viable moved far": ("viable", {"high": 5000}),  # 45 thousand of a million events change sides
        "NK moved far": ("NK", {"x_cut": 3000}),  # 33 thousand
    }
    steps: list[Step] = [lambda: gate(sample, template, threads=1)]
    for name, change in edits.values():
        edited = template.with_gate(name, **change)
        steps.append(lambda edited=edited: before.update(edited, threads=1))
        steps.append(lambda edited=edited: replace(before, held=Held()).update(edited, threads=1))
    full, *rest = fastest(*steps, runs=7)
    rows = [("everything, with histograms", full, "")]
    rows += [
        (
            name,
            t,
            f"{t / full:.2f} of a full run (target 0.33); {once / full:.2f} the first time",
        )
        for name, t, once in zip(edits, rest[::2], rest[1::2], strict=True)
    ]
    table(f"an edited template, {events:,} events in memory", rows)


def wide(folder: Path, events: int) -> None:
    """40 channels, a 28 x 28 matrix, 200 gates."""
    rng = np.random.default_rng(4)
    names = [f"FL{k}-A" for k in range(28)]
    others = [f"S{k}-A" for k in range(12)]
    columns = {
        n: np.where(rng.random(events) < 0.5, rng.lognormal(8, 1, events), rng.normal(0, 200, events))
        for n in names
    }
    columns |= {n: rng.normal(1e5, 3e4, events) for n in others}
    matrix = Spillover(tuple(names), np.eye(28) + 0.02 * rng.random((28, 28)) * (1 - np.eye(28)))
    path = folder / "wide.fcs"
    write_fcs(
        path, Sample.from_arrays({n: v.astype(np.float32) for n, v in columns.items()}, spillover=matrix)
    )
    gates: list[object] = []
    for k in range(200):
        parent = f"g{(k - 1) // 3}" if k else None
        x, y = names[k % 28], names[(k * 5 + 3) % 28]
        if k % 8 == 0:
            gates.append(
                Polygon(
                    others[k % 12],
                    others[(k + 1) % 12],
                    ring(1e5, 1e5, 9e4, 9e4, 10),
                    name=f"g{k}",
                    parent=parent,
                )
            )
        elif k % 8 == 4:
            gates.append(
                Polygon(
                    x, y, [(-500, -500), (2e5, -500), (2e5, 2e5), (-500, 2e5)], name=f"g{k}", parent=parent
                )
            )
        elif k % 2:
            gates.append(Range(x, low=100 if k % 4 == 1 else -300, name=f"g{k}", parent=parent))
        else:
            gates.append(Range(x, high=2e4, name=f"g{k}", parent=parent))
    scales = dict.fromkeys(names, LOGICLE) | {n: Linear(262144.0) for n in others}
    template = Template.of(*gates, name="wide", scales=scales, compensation="file")
    rival = flowkit(path, template)
    mine = gate(read_fcs(path), template)
    for key, mask in rival().items():
        assert np.count_nonzero(mine.mask(key) != mask) == 0, key
    (theirs,) = fastest(rival, runs=1)
    (quick,) = fastest(ours(path, template), runs=5)
    rows = [
        ("FlowKit", theirs, f"{theirs / quick:.1f} x nkflow (target 30)"),
        ("nkflow, one thread", quick, ""),
    ]
    table(f"{events:,} events x 40 channels, 28 x 28 matrix, 200 gates", rows)


def size(folder: Path, events: int) -> None:
    """Time per event and peak memory from 1 to 20 times the events; each in its own process."""
    rows = []
    for factor in (1, 5, 20):
        path = release_tube(folder, events * factor)
        run = subprocess.run(
            [sys.executable, __file__, "--one", str(path), *sys.argv[1:]],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, megabytes = map(float, run.stdout.split())
        note = f"{seconds / (events * factor) * 1e9:.1f} ns an event, {megabytes:.0f} MB over the imports (150 at 5M)"
        rows.append((f"{events * factor:,} events", seconds, note))
        if factor > 1:
            path.unlink()
    table("time per event (within 25 %) and peak memory, membership up to 5M events", rows)


def one(path: Path) -> None:
    """Print seconds and peak megabytes of gating one file in this process."""
    template, sample = release_template(), read_fcs(path)
    small = Sample.from_arrays(
        np.zeros((10, 14), np.float32), list(sample.channels), spillover=sample.spillover
    )
    gate(small, template, threads=1)
    before = _megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    seconds = _timed(sample, template)
    peak = _megabytes("VmHWM") - before
    print(min(seconds, _timed(sample, template), _timed(sample, template)), peak)


def _megabytes(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def _timed(sample: Sample, template: Template) -> float:
    begin = clock()
    gate(sample, template, threads=1)
    return clock() - begin


def fixed(folder: Path, events: int) -> None:
    """What a call costs before the first event."""
    del events
    path, template = release_tube(folder, 1000), release_template()
    sample = read_fcs(path)
    call, read = fastest(lambda: gate(sample, template, threads=1), lambda: read_fcs(path), runs=20)
    table(
        "a call's fixed cost",
        [("gate of 1,000 events", call, "(target 15)"), ("read_fcs of its header", read, "")],
    )


def first(folder: Path, events: int) -> None:
    """What a release needs of the kernels, compiled and from the cache; the first gating of a process."""
    del events
    begin = f"begin = time.{clock.__name__}()"
    programs = {
        "kernels": f"{begin}\nfrom nkflow.kernels.needed import load_needed\nload_needed()",
        "gating": f"{begin}\nfrom nkflow.gating.warmup import warmup\nwarmup()",
        "numpy": f"{begin}\nimport numpy",
        "numba": f"{begin}\nimport numba",
    }
    source = str(Path(__file__).parents[1] / "src")
    environment = {"NKFLOW_CACHE_DIR": str(folder / "cache"), "PATH": "/usr/bin:/bin", "PYTHONPATH": source}

    def timed(name: str) -> float:
        code = f"import sys, time\n{programs[name]}\nprint(time.{clock.__name__}() - begin)"
        run = [sys.executable, "-c", code]
        return float(subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout)

    empty = timed("kernels")
    rounds = [[timed(name) for name in programs] for _ in range(7)]
    best = dict(zip(programs, (min(times) for times in zip(*rounds, strict=True)), strict=True))
    rows = [
        ("empty cache: every kernel is compiled", empty, "a process a processor (target 15,000)"),
        ("from the cache: every kernel is loaded", best["kernels"], "imports included (target 500)"),
        ("from the cache: the first gating", best["gating"], "imports included (target 500)"),
        ("  of which numpy's import", best["numpy"], f"{best['numpy'] / best['gating']:.2f}"),
        ("beside it, numba's import, needed no more", best["numba"], ""),
    ]
    table("first run: every kernel that a release needs", rows)


def resolve(folder: Path, events: int) -> None:
    """Resolving the adaptive release template with its controls; 200 replicates of every cut included."""
    del folder
    template = load_template("nk_release_7aad_adaptive")
    rows = []
    for n, target in ((events // 10, 0.05), (events, 0.15)):
        lot = simulate_lot(5, events=n)
        sample = lot.tubes[0].sample

        def step(sample: Sample = sample, lot: SimulatedLot = lot) -> object:
            return resolve_adaptive(template, sample, lot.controls)

        (seconds,) = fastest(step)
        note = f"{seconds:.3f} s, {seconds / target:.2f} of the target {target} s"
        rows.append((f"{template.name}, {n:,} events", seconds, note))
    table("resolving an adaptive template", rows)


SECTIONS = {f.__name__: f for f in (resolve, release, hashing, polygon, update, fixed, first, wide, size)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--cpu", action="store_true", help="processor seconds, not the clock's")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.cpu:
        global clock
        clock = time.process_time
    if arguments.one:
        one(arguments.one)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only:
            SECTIONS[name](Path(folder), arguments.events // (5 if name == "wide" else 1))


if __name__ == "__main__":
    main()
