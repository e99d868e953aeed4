#!/usr/bin/env python3
"""lepus-perf against a broker: its modes, scenarios, sweeps, comparisons and reports.

    tests/perf/run.py --broker build/release/lepus --perf build/release/lepus-perf --dir DIR

DIR is what tests/perf/setup.sh made. Runs are as short as they can be: what is tested is that
everything that was sent is accounted for, not how fast it was. Ends with `N passed, N failed`.
"""
import argparse
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import suite_tools  # noqa: E402  the path comes first

RUN_S = 60


class World:
    """A broker, the generator, and a folder for results."""

    def __init__(self, broker, perf, tools, folder):
        self.broker, self.perf, self.tools, self.folder = broker, perf, tools, folder

    @property
    def uri(self):
        return f"amqp://guest:guest@127.0.0.1:{self.broker.port}/%2F"

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words, code=0):
        """What it prints; the exit code is checked."""
        done = subprocess.run([self.perf, *words], capture_output=True, text=True, timeout=RUN_S,
                              check=False)
        assert done.returncode == code, \
            f"{words}: exit code {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def result(self, *words, code=0):
        """The JSON of a run against the broker."""
        path = self.path("result.json")
        self.run(*words, "--uri", self.uri, "--quiet", "--json", path, code=code)
        return self.read(path)

    def mode(self, *words):
        return self.result(*words, "--duration", "0.5", "--warmup", "0.2")

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)

    def scenario(self, text, *words):
        path = self.path("scenario.json")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(text, stream)
        return self.result("run", path, *words)


def group(result, name):
    return next(one for one in result["groups"] if one["name"] == name)


# ---- modes ---------------------------------------------------------------------------------------

def case_throughput(world):
    for options in (["--auto-ack"], ["--confirm", "1000", "--ack-batch", "10"]):
        assert world.mode(*options)["delivered"] > 0


def case_backlog(world):
    counted = ["--messages", "5000", "--keep", "--persistent"]
    filled = world.mode("--consumers", "0", "--confirm", "100", *counted)
    assert (filled["published"], filled["confirmed"], filled["delivered"]) == (5000, 5000, 0)
    first = world.mode("drain", "--messages", "1000", "--keep")
    assert (first["waiting"], first["delivered"]) == (5000, 1000)
    rest = world.mode("drain", "--ack-batch", "7")
    assert (rest["waiting"], rest["delivered"], rest["left"]) == (4000, 4000, 0)


def case_consumers_drain_while_producers_run(world):
    """Producers without limit do not starve a consumer of the same thread: what they send in a
    while is received in it but for a small part."""
    result = world.mode("--producers", "8", "--consumers", "1", "--auto-ack")
    assert result["delivered"] > 0.5 * result["published"], result


def case_histograms(world):
    path = world.path("latency.hlog")
    result = world.mode("--rate", "2000", "--confirm", "100", "--hdr", path)
    done = subprocess.run([os.path.join(world.tools, "python", "bin", "python"),
                           str(HERE / "read_hdr.py"), path],
                          capture_output=True, text=True, timeout=RUN_S, check=True)
    read = json.loads(done.stdout)
    latency = result["latency_us"]
    assert read["count"] == latency["count"], (read, latency)
    assert read["tags"] == ["", "confirm"], read
    for name in ("p50", "max"):
        assert abs(read[name] / 1000 - latency[name]) <= 0.01 * latency[name], (read, latency)


# ---- scenarios -----------------------------------------------------------------------------------

def case_presets_run(world):
    """Each preset, much shortened; the one of 10 000 connections is left to people."""
    names = [line.split()[0] for line in world.run("list").splitlines()]
    assert len(names) >= 11
    for name in names:
        json.loads(world.run("show", name))
        if name == "idle-connections":
            continue
        result = world.result("run", name, "--time-scale", "0.04")
        assert result["scenario"] == name
        assert sum(one["delivered"] + one["operations"] for one in result["groups"]) > 0, result


def case_everything_is_accounted_for(world):
    """Messages of two sizes, of which a half are refused and come back once or not at all."""
    result = world.scenario({
        "queues": {"work": {"count": 2}},
        "clients": {
            "in": {"role": "producer", "count": 2, "rate": 1000, "sizes": [16, 5000],
                   "confirm": 50},
            "out": {"role": "consumer", "count": 2, "prefetch": 20, "nack": 0.5}},
        "phases": [{"seconds": 1}, {"seconds": 0.5, "set": {"in": {"rate": 0}}}]})
    sent, received = group(result, "in"), group(result, "out")
    assert 900 <= sent["published"] <= 1100, sent
    assert sent["confirmed"] == sent["published"], sent
    assert received["delivered"] == sent["published"], received
    assert abs(received["rejected"] - received["delivered"] / 2) <= 2, received
    assert received["redelivered"] == 0 and result["left"] == 0, result


def case_ramps_rise(world):
    result = world.scenario({
        "queues": {"work": {"exchange": "topic", "count": 3}},
        "clients": {"in": {"role": "producer", "rate": 100},
                    "out": {"role": "consumer", "auto_ack": True}},
        "phases": [{"seconds": 1}, {"seconds": 1, "set": {"in": {"rate": [100, 3000]}}},
                   {"seconds": 1}]})
    counts = [phase["published"] for phase in result["phases"]]
    assert 80 <= counts[0] <= 130 and 1200 <= counts[1] <= 1900, counts
    assert 2500 <= counts[2] <= 3300, counts


def case_storms_are_survived(world):
    result = world.scenario({
        "queues": {"work": {"durable": True}},
        "clients": {
            "in": {"role": "producer", "count": 20, "rate": 500, "persistent": True, "confirm": 5},
            "out": {"role": "consumer", "count": 20, "prefetch": 5, "reconnect": True},
            "idle": {"role": "idle", "count": 50, "channels": 3}},
        "phases": [{"seconds": 0.5}, {"seconds": 1, "reconnect": ["in", "out", "idle"]}]})
    for name, count in (("in", 20), ("out", 20), ("idle", 50)):
        assert group(result, name)["connected_in_all"] == 2 * count, result["groups"]


def case_slow_consumers_are_slow(world):
    result = world.scenario({
        "queues": {"work": {"prefill": 500}},
        "clients": {"out": {"role": "consumer", "prefetch": 1, "delay_ms": 20}},
        "phases": [{"seconds": 1}]})
    assert 20 <= group(result, "out")["delivered"] <= 52, result
    assert result["left"] >= 448, result


def case_mistakes_are_named(world):
    path = world.path("wrong.json")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write('{"clients": {"c": {"role": "idle", "cuont": 3}}, "phases": [{}]}')
    text = world.run("run", path, code=1)
    assert "clients.c: unknown key \"cuont\" (did you mean count?)" in text, text
    assert "did you mean php?" in world.run("run", "phpp", code=1)
    assert "no JSON" in world.run("report", world.perf, "-o", world.path("x.html"), code=1)


def case_too_few_descriptors_are_named(world):
    done = subprocess.run(["sh", "-c", 'ulimit -n 100; exec "$@"', "sh", world.perf, "openstack",
                           "--uri", world.uri, "--agents", "50"],
                          capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 1 and "ulimit -n" in done.stderr, done


# ---- OpenStack -----------------------------------------------------------------------------------

def case_openstack(world):
    result = world.result("openstack", "--agents", "20", "--rate", "500", "--duration", "1")
    assert result["connect"]["declares"] == 20 * 30, result["connect"]
    assert result["calls_sent"] >= 450, result
    assert result["calls_answered"] == result["calls_sent"] and result["calls_lost"] == 0, result
    assert result["returned"] == 0 and result["lost"] == 0, result


def case_openstack_restart(world):
    """The broker of this case is another one, which ends and comes back."""
    with suite_tools.Broker(world.broker.program) as broker:
        marker = world.path("pid")
        command = " ".join(f"'{word}'" for word in broker.command)
        script = (f"kill {broker.process.pid}; "
                  f"while kill -0 {broker.process.pid} 2>/dev/null && "
                  f"! grep -q ' Z ' /proc/{broker.process.pid}/stat; do :; done; "
                  f"setsid {command} >/dev/null 2>&1 & echo $! > {marker}")
        path = world.path("restart.json")
        try:
            world.run("openstack", "--agents", "20", "--rate", "500", "--duration", "1",
                      "--timeout", "2", "--uri", f"amqp://127.0.0.1:{broker.port}/", "--quiet",
                      "--json", path, "--restart-command", script)
        finally:
            with open(marker, encoding="utf-8") as stream:
                subprocess.run(["kill", stream.read().strip()], check=False)
    result = world.read(path)
    assert result["reconnect"]["declares"] == 20 * 30, result["reconnect"]
    assert result["lost"] >= 60, result
    answered, lost = result["calls_answered"], result["calls_lost"]
    assert answered + lost == result["calls_sent"] and answered > 900, result


# ---- sweeps, comparisons, reports ----------------------------------------------------------------

def sweep(world, name, *words):
    path = world.path(name)
    world.run("sweep", "--duration", "0.2", "--warmup", "0", "--rate", "2000", "--quiet",
              "--target", f"one={world.uri}", "--target", f"two={world.uri}", "--json", path,
              *words)
    return path


def case_sweeps_and_reports(world):
    path = sweep(world, "sweep.json", "--size", "64,512", "--repetitions", "2")
    cells = world.read(path)["cells"]
    assert len(cells) == 8 and all(cell["result"]["delivered"] > 0 for cell in cells)
    assert [cell["target"] for cell in cells[:4]] == ["one", "two", "two", "one"]
    assert {cell["axes"]["size"] for cell in cells} == {"64", "512"}
    page, picture = world.path("page.html"), world.path("picture.svg")
    world.run("report", path, world.path("result.json"), "-o", page, "--svg", picture,
              "--title", "<Tom & Jerry>")
    with open(page, encoding="utf-8") as stream:
        html = stream.read()
    assert "&lt;Tom &amp; Jerry&gt;" in html and "<script" not in html and "size=512" in html
    with open(picture, encoding="utf-8") as stream:
        assert stream.read().startswith("<svg ")


def case_comparisons(world):
    path = sweep(world, "same.json", "--repetitions", "3")
    text = world.run("compare", path, path)
    assert "delivered_per_s" in text and "WORSE" not in text, text
    slower = world.read(path)
    for cell in slower["cells"]:
        cell["result"]["delivered_per_s"] /= 2
    with open(world.path("slower.json"), "w", encoding="utf-8") as stream:
        json.dump(slower, stream)
    verdict = world.path("verdict.json")
    world.run("compare", path, world.path("slower.json"), "--json", verdict, code=1)
    changes = {change["metric"]: change for change in world.read(verdict)["changes"]}
    assert changes["delivered_per_s"]["verdict"] == "worse", changes
    assert changes["published_per_s"]["verdict"] == "same", changes
    world.run("compare", path, world.path("slower.json"), "--tolerance", "200")


# ---- the program ---------------------------------------------------------------------------------

def case_progress_on_a_terminal(world):
    """One line that says how much time is left."""
    terminal, other = pty.openpty()
    with subprocess.Popen([world.perf, "--uri", world.uri, "--duration", "2", "--warmup", "0",
                           "--auto-ack"], stdout=subprocess.DEVNULL, stderr=other) as process:
        os.close(other)
        shown = b""
        try:
            while piece := os.read(terminal, 4096):
                shown += piece
        except OSError:  # its other end is closed
            pass
        os.close(terminal)
        assert process.wait(RUN_S) == 0
    assert b"\r\x1b[K" in shown and b" left" in shown, shown


def case_completion(world):
    for shell in ("bash", "zsh", "fish"):
        text = world.run("completion", shell)
        assert "openstack" in text and "@WORDS@" not in text, text
    script = world.path("completion.bash")
    with open(script, "w", encoding="utf-8") as stream:
        stream.write(world.run("completion", "bash"))
    asked = (f"source {script}; COMP_WORDS=({world.perf} run slow); COMP_CWORD=2; "
             "_lepus_perf; echo ${COMPREPLY[*]}")
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=RUN_S,
                          check=True)
    assert "slow-consumer" in done.stdout, done


CASES = [(name.removeprefix("case_"), function) for name, function in list(globals().items())
         if name.startswith("case_")]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--broker", required=True, help="the program lepus")
    parser.add_argument("--perf", required=True, help="the program lepus-perf")
    parser.add_argument("--dir", required=True, help="what tests/perf/setup.sh made")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    passed = failed = 0
    with suite_tools.Broker(arguments.broker) as broker, \
            tempfile.TemporaryDirectory(prefix="lepus-perf-") as folder:
        world = World(broker, os.path.abspath(arguments.perf), arguments.dir, folder)
        for name, case in CASES:
            if arguments.only not in name:
                continue
            try:
                case(world)
                passed += 1
            except Exception:  # one case must not keep the others from running
                failed += 1
                print(f"---- {name}\n{traceback.format_exc()}", flush=True)
        if trouble := broker.stop():
            failed += 1
            print(trouble)
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
