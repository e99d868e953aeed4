"""The Celery application that celery_tasks.py runs workers and a beat of.

Everything that has a name on the broker (queues, exchanges, event and control exchanges) carries
the name of the run, so that several runs and other Celery programs never meet.

Environment: E2E_BROKER_URL, E2E_RUN (unique name), E2E_BACKEND (rpc:// or file:///directory),
E2E_TLS_CA (see tls_options.py).
"""

import os

from celery import Celery

from tls_options import tls_options

RUN = os.environ["E2E_RUN"]

app = Celery("e2e", broker=os.environ["E2E_BROKER_URL"], backend=os.environ["E2E_BACKEND"])
app.conf.update(
    broker_use_ssl=tls_options(),
    task_default_queue=f"{RUN}.tasks",
    control_exchange=f"{RUN}.control",
    event_exchange=f"{RUN}.events",
    event_queue_prefix=f"{RUN}.events",
    result_expires=60,
    task_track_started=True,
    task_send_sent_event=True,
    worker_send_task_events=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=False,
    # Beat fires this one; the test watches it arrive as events.
    beat_schedule={
        "tick": {"task": "celery_app.tick", "schedule": 0.5, "options": {"expires": 30}},
    },
)


class NotYet(Exception):
    """A task that is meant to be tried again."""


@app.task
def add(a, b):
    return a + b


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail(text):
    raise ValueError(text)


@app.task(bind=True, max_retries=5)
def third_time_lucky(self):
    """Succeeds at the third try; each retry is a new message with an ETA."""
    if self.request.retries < 2:
        raise self.retry(exc=NotYet("again"), countdown=0.1)
    return self.request.retries


@app.task(bind=True, acks_late=True, reject_on_worker_lost=True)
def die_once(self, marker):
    """Kills its pool process at the first delivery and answers at the redelivery."""
    if not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8"):
            pass
        os._exit(9)
    return bool(self.request.delivery_info.get("redelivered"))


@app.task
def tick():
    return "tock"
