"""A Celery application end to end: two workers, a beat, a client.

One worker answers over the broker (rpc://); the other keeps its results in files, because a chord
needs a backend that all workers can read. Both run under the names of this run only.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "python")]

from children import stop_children  # noqa: E402
from harness import Broker, case, expect_equal, main, wait_until  # noqa: E402
from tls_options import tls_options  # noqa: E402

ANSWER_SECONDS_MAX = 30

folder = tempfile.TemporaryDirectory(prefix="e2e-celery-")
broker_at = Broker(*sys.argv[1:3])
rpc_run = broker_at.name("celery")
files_run = broker_at.name("celery-files")
children = []


def environment(run, backend):
    return dict(
        os.environ,
        E2E_BROKER_URL=broker_at.url,
        E2E_RUN=run,
        E2E_BACKEND=backend,
        PYTHONPATH=str(HERE),
    )


def start(name, arguments, env):
    """Starts `celery ARGUMENTS`; its log goes to a file that is shown when the program fails."""
    log_path = pathlib.Path(folder.name) / f"{name}.log"
    with open(log_path, "w", encoding="utf-8") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "celery_app", *arguments],
            env=env, cwd=folder.name, stdout=log, stderr=subprocess.STDOUT,
        )
    children.append((name, child, log_path))


def worker_arguments(name):
    return ["worker", "-E", "-c", "2", "-n", f"{name}@e2e", "--loglevel", "INFO"]


def start_all(_broker):
    (pathlib.Path(folder.name) / "results").mkdir()
    files = environment(files_run, f"file://{folder.name}/results")
    rpc = environment(rpc_run, "rpc://")
    start("rpc-worker", worker_arguments("rpc"), rpc)
    start("files-worker", worker_arguments("files"), files)
    os.environ.update(rpc)


def stop_all(_broker):
    """Stops every child as an operator would, and removes the durable names of this run."""
    stop_children(children)
    import kombu

    with kombu.Connection(broker_at.url, ssl=tls_options()) as connection:
        channel = connection.channel()
        for run in (rpc_run, files_run):
            channel.queue_delete(f"{run}.tasks")
            for exchange in (f"{run}.tasks", f"{run}.events", f"{run}.control.pidbox",
                             f"reply.{run}.control.pidbox"):
                channel.exchange_delete(exchange)
    folder.cleanup()


def rpc_app():
    import celery_app

    return celery_app


def wait_for_worker(name):
    def answers():
        replies = rpc_app().app.control.inspect([f"{name}@e2e"], timeout=1).ping()
        return replies and f"{name}@e2e" in replies

    wait_until(answers, f"worker {name} answers a ping", ANSWER_SECONDS_MAX)


@case
def worker_answers_remote_control(_broker):
    wait_for_worker("rpc")
    stats = rpc_app().app.control.inspect(["rpc@e2e"], timeout=10).stats()
    expect_equal(stats["rpc@e2e"]["prefetch_count"], 2, "prefetch count of the worker")


@case
def results_come_back_over_the_broker(_broker):
    expect_equal(rpc_app().add.delay(2, 3).get(ANSWER_SECONDS_MAX), 5, "2 + 3")


@case
def group_of_forty_results(_broker):
    from celery import group

    job = group(rpc_app().add.s(n, n) for n in range(40)).apply_async()
    expect_equal(job.get(timeout=ANSWER_SECONDS_MAX), [2 * n for n in range(40)], "the sums")


@case
def exception_comes_back(_broker):
    try:
        rpc_app().fail.delay("told off").get(ANSWER_SECONDS_MAX)
    except ValueError as error:
        expect_equal(str(error), "told off", "text of the exception")
        return
    raise AssertionError("the task that fails gave a result")


@case
def eta_tasks_run_at_their_time(_broker):
    """More tasks than the prefetch count wait in the worker: it raises its qos for each."""
    eta = datetime.now(timezone.utc) + timedelta(seconds=5)
    waiting = [rpc_app().add.apply_async((n, 1), eta=eta) for n in range(8)]
    soon = rpc_app().add.apply_async((1, 1))
    expect_equal(soon.get(ANSWER_SECONDS_MAX), 2, "the task without a date")
    expect_equal(datetime.now(timezone.utc) < eta, True, "it came before those that wait")
    expect_equal([w.get(ANSWER_SECONDS_MAX) for w in waiting], list(range(1, 9)), "the sums")
    expect_equal(datetime.now(timezone.utc) >= eta, True, "they came after their date")


@case
def retry_until_it_works(_broker):
    answer = rpc_app().third_time_lucky.delay()
    expect_equal(answer.get(ANSWER_SECONDS_MAX), 2, "number of retries")


@case
def revoked_task_does_not_run(_broker):
    app = rpc_app().app
    late = rpc_app().add.apply_async((1, 1), countdown=3)
    app.control.revoke(late.id)

    def known():
        revoked = app.control.inspect(["rpc@e2e"], timeout=2).revoked() or {}
        return late.id in revoked.get("rpc@e2e", [])

    wait_until(known, "the worker knows of the revoke", ANSWER_SECONDS_MAX)
    from celery.exceptions import TaskRevokedError

    try:
        late.get(ANSWER_SECONDS_MAX)
    except TaskRevokedError:
        return
    raise AssertionError("the revoked task gave a result")


@case
def lost_task_is_redelivered(_broker):
    marker = os.path.join(folder.name, "died")
    answer = rpc_app().die_once.delay(marker)
    expect_equal(answer.get(ANSWER_SECONDS_MAX), True, "redelivered flag at the second delivery")


@case
def beat_fires_and_events_tell(_broker):
    app = rpc_app().app
    ticks = {}

    def on_event(event):
        if event["type"] == "task-sent" or event["type"] == "task-received":
            if event.get("name") == "celery_app.tick":
                ticks[event["uuid"]] = False
        if event["type"] == "task-succeeded" and event["uuid"] in ticks:
            ticks[event["uuid"]] = True
        receiver.should_stop = sum(ticks.values()) >= 3

    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": on_event})
        start("beat", ["beat", "--schedule", os.path.join(folder.name, "beat.db")],
              environment(rpc_run, "rpc://"))
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        for _ in receiver.itercapture(limit=None, timeout=ANSWER_SECONDS_MAX, wakeup=True):
            if receiver.should_stop or time.monotonic() > deadline:
                break
    expect_equal(sum(ticks.values()) >= 3, True, f"three ticks succeeded, saw {ticks}")


@case
def chord_joins_its_parts(_broker):
    program = (
        "import celery_app as a; from celery import chord; "
        "print(chord(a.add.s(n, n) for n in range(12))(a.total.s())"
        f".get(timeout={ANSWER_SECONDS_MAX}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env=environment(files_run, f"file://{folder.name}/results"),
    )
    expect_equal(done.stdout.strip(), str(2 * sum(range(12))), f"sum {done.stderr[-400:]}")


if __name__ == "__main__":
    main(before=start_all, after=stop_all)
