#!/usr/bin/env python3
"""A job worker in Python, with nothing but its standard library.

    SHOWRUNNER_URL=http://127.0.0.1:3002 SHOWRUNNER_TOKEN=sr_… ./worker.py render.still

It takes jobs of one queue, one at a time, tells that it is at it, stops when a job is cancelled,
and keeps a file that it has made.
"""
import json
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ["SHOWRUNNER_URL"].rstrip("/") + "/api/v1/worker"
TOKEN = os.environ["SHOWRUNNER_TOKEN"]
QUEUE = sys.argv[1]
JOBS = int(os.environ.get("JOBS", "0"))  # how many to do before ending; 0: no end
HEARTBEAT = float(os.environ.get("HEARTBEAT", "5"))  # seconds; the lease is 30


class Lost(Exception):
    """The job is not ours any more: what we come to is of no use."""


def call(path, body, content_type="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(
        URL + path, data, {"Authorization": "Bearer " + TOKEN, "Content-Type": content_type}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        if error.code == 409:
            raise Lost(error.read().decode()) from error
        raise


class Held:
    """A job in our hands. The heart beats in a thread of its own while we work."""

    def __init__(self, job):
        self.path, self.lease = "/jobs/" + job["id"], job["lease"]
        self.cancelled, self.ended = threading.Event(), threading.Event()
        self.report = {}
        self.thread = threading.Thread(target=self.beat, daemon=True)
        self.thread.start()

    def beat(self):
        while not self.ended.wait(HEARTBEAT):
            try:
                report, self.report = self.report, {}
                answer = call(self.path + "/heartbeat", {"lease": self.lease, **report})
                if answer["cancel"]:
                    self.cancelled.set()
            except Lost:
                self.cancelled.set()
            except OSError as error:
                print("heartbeat:", error, file=sys.stderr)  # the next one may get through

    def finish(self, verb, **body):
        self.ended.set()
        self.thread.join()
        call(self.path + verb, {"lease": self.lease, **body})

    def keep(self, name, content, content_type):
        query = urllib.parse.urlencode({"lease": self.lease, "name": name})
        return call(f"{self.path}/files?{query}", content, content_type)


def work(job, held):
    """What the worker is for: here, it counts."""
    steps = int(job["args"].get("steps", 3))
    for step in range(steps):
        if held.cancelled.wait(float(job["args"].get("step_s", 0.1))):
            return None
        held.report = {"progress": 100 * step // steps, "message": f"step {step + 1}"}
    text = "\n".join(str(step) for step in range(steps)).encode()
    return {"steps": steps, "file": held.keep("steps.txt", text, "text/plain")["id"]}


def main():
    done = 0
    while JOBS == 0 or done < JOBS:
        for job in call("/lease", {"worker": "python", "queues": [QUEUE], "wait_s": 20}):
            held = Held(job)
            try:
                result = work(job, held)
                if result is None:
                    held.finish("/fail", cancelled=True)
                else:
                    held.finish("/complete", result=result)
            except Lost as error:
                print("lost:", error, file=sys.stderr)
            except Exception as error:  # whatever went wrong, the job knows of it
                held.finish("/fail", code=type(error).__name__, message=str(error) or "failed")
            done += 1


main()
