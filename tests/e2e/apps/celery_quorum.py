"""Celery on quorum queues and on a queue with priorities.

    global    the worker's prefetch count is shared by its channel (basic.qos global=true), and it
              raises it for each task with an ETA: RabbitMQ 4 refuses that on quorum queues
    native    the worker sees that the queue is a quorum queue and lets the broker delay tasks with
              an ETA (Celery's native delayed delivery: exchanges and queues with TTLs)
    priority  a classic queue with ten priorities
"""

import os
import pathlib
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "python")]

import celery  # noqa: E402
import kombu  # noqa: E402

from children import stop_children  # noqa: E402
from harness import Broker, case, expect_equal, main, wait_until  # noqa: E402

ANSWER_SECONDS_MAX = 40
MODES = ("global", "native", "priority")

folder = tempfile.TemporaryDirectory(prefix="e2e-celery-quorum-")
broker_at = Broker(*sys.argv[1:3])
workers = []
apps = {}


def app_of(mode):
    """The application as this process, the client, sees it; the workers make the same."""
    if mode not in apps:
        apps[mode] = make_app(broker_at.url, broker_at.name(f"celery-{mode}"), mode)
    return apps[mode]


def make_app(url, run, mode):
    app = celery.Celery(f"e2e-{mode}", broker=url, backend="rpc://", set_as_current=False)
    arguments = {"x-max-priority": 10} if mode == "priority" else {"x-queue-type": "quorum"}
    app.conf.update(
        task_queues=[kombu.Queue(f"{run}.tasks", kombu.Exchange(f"{run}.tasks", type="topic"),
                                 routing_key=f"{run}.tasks", queue_arguments=arguments)],
        task_default_queue=f"{run}.tasks",
        task_default_exchange=f"{run}.tasks",
        task_default_exchange_type="topic",
        task_default_routing_key=f"{run}.tasks",
        control_exchange=f"{run}.control",
        event_exchange=f"{run}.events",
        event_queue_prefix=f"{run}.events",
        result_expires=60,
        worker_prefetch_multiplier=1,
        worker_detect_quorum_queues=mode == "native",
        broker_connection_retry_on_startup=False,
    )

    @app.task(name="add")
    def add(left, right):
        return left + right

    @app.task(name="append")
    def append(path, text):
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)

    app.run_name = run
    return app


def start(mode):
    app = app_of(mode)
    log_path = pathlib.Path(folder.name) / f"{mode}.log"
    program = (f"import celery_quorum as c; c.make_app({broker_at.url!r}, {app.run_name!r}, "
               f"{mode!r}).worker_main(['worker', '-c', '1', '-n', '{mode}@e2e', "
               "'--without-gossip', '--without-mingle', '--loglevel', 'INFO'])")
    with open(log_path, "w", encoding="utf-8") as log:
        child = subprocess.Popen(
            [sys.executable, "-c", program, broker_at.host, str(broker_at.port)], cwd=folder.name,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(HERE),
                                                             str(HERE.parent / "python")])),
            stdout=log, stderr=subprocess.STDOUT)
    workers.append((mode, child, log_path))


def start_all(_broker):
    for mode in ("global", "native"):
        start(mode)


def stop_all(_broker):
    stop_children(workers)
    with kombu.Connection(broker_at.url) as connection:
        channel = connection.channel()
        for app in apps.values():
            channel.queue_delete(f"{app.run_name}.tasks")
            for exchange in ("tasks", "events", "control.pidbox"):
                channel.exchange_delete(f"{app.run_name}.{exchange}")
        # Names of Celery's own, the same for every application.
        for level in range(28):
            channel.queue_delete(f"celery_delayed_{level}")
            channel.exchange_delete(f"celery_delayed_{level}")
        channel.exchange_delete("celery_delayed_delivery")
    folder.cleanup()


def add_all(mode, count, **options):
    task = app_of(mode).tasks["add"]
    return [task.apply_async((number, 1), **options) for number in range(count)]


def expect_sums(answers):
    expect_equal([answer.get(timeout=ANSWER_SECONDS_MAX) for answer in answers],
                 list(range(1, len(answers) + 1)), "the sums")


@case
def a_quorum_queue_with_a_shared_prefetch_count(_broker):
    expect_sums(add_all("global", 20))


@case
def eta_tasks_raise_the_shared_prefetch_count(_broker):
    eta = datetime.now(timezone.utc) + timedelta(seconds=4)
    waiting = add_all("global", 6, eta=eta)
    expect_sums(add_all("global", 1))
    expect_equal(datetime.now(timezone.utc) < eta, True, "a task came before those that wait")
    expect_sums(waiting)
    expect_equal(datetime.now(timezone.utc) >= eta, True, "they came after their date")


@case
def the_broker_delays_eta_tasks_of_quorum_queues(_broker):
    expect_sums(add_all("native", 5))
    eta = datetime.now(timezone.utc) + timedelta(seconds=4)
    waiting = add_all("native", 6, eta=eta)
    expect_sums(add_all("native", 1))
    expect_sums(waiting)
    expect_equal(datetime.now(timezone.utc) >= eta, True, "they came after their date")


@case
def urgent_tasks_overtake(_broker):
    """All are there before the worker is."""
    path = pathlib.Path(folder.name) / "order"
    app = app_of("priority")
    for text, priority in (("c", 1), ("b", 5), ("a", 9), ("d", 0)):
        app.tasks["append"].apply_async((str(path), text), priority=priority)
    start("priority")
    wait_until(lambda: path.exists() and len(path.read_text(encoding="utf-8")) == 4,
               "four tasks ran", ANSWER_SECONDS_MAX)
    expect_equal(path.read_text(encoding="utf-8"), "abcd", "order")


if __name__ == "__main__":
    main(before=start_all, after=stop_all)
