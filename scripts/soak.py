#!/usr/bin/env python3
"""Soaks a server: writers, readers, backups and two restores at the same time, every answer checked.

Each writer owns a part, so it knows what every answer must be. Readers compare what they get with the states that
the part may have had while they asked. At the end each acknowledged change has to be in the database or in the safety
backup of a restore, each once; the ledger has to add up, and `makermatrix check` has to be content. Once, writers are kept waiting for longer than the
server lets them wait: they get 503 with Retry-After, and repeat their requests with the same idempotency keys.

    scripts/soak.py [--minutes 10] [--binary target/debug/makermatrix]

Needs Python 3.9 and nothing else. Prints figures as JSON; the exit code is 1 if anything was wrong.
"""

import argparse
import contextlib
import fcntl
import http.client
import itertools
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
import zipfile
from collections import Counter, namedtuple
from pathlib import Path

WRITERS, READERS, PLACES, FIRST_QUANTITY = 6, 3, 4, 1000
# The server lets writers wait for 10 seconds.
CLOSED_SECONDS = 13
PASSWORD = "Correct-horse9"
Answer = namedtuple("Answer", "status body headers")


class Wrong(Exception):
    """An answer that must not have been given."""


class Figures:
    """Counts what happens, and keeps the longest time of each kind of request."""

    def __init__(self):
        self.lock, self.counts, self.longest, self.wrong = threading.Lock(), Counter(), {}, []

    def count(self, name, seconds=0.0):
        with self.lock:
            self.counts[name] += 1
            self.longest[name] = max(self.longest.get(name, 0.0), seconds)

    def add_wrong(self, text):
        with self.lock:
            self.wrong.append(text)
        print(f"wrong: {text}", file=sys.stderr)


class Client:
    """One connection, which repeats what the server could not do yet."""

    def __init__(self, soak):
        self.soak, self.connection = soak, None

    def once(self, method, path, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.soak.address, timeout=90)
        if self.soak.key:
            headers = {"X-API-Key": self.soak.key, **headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, "/api/v1" + path, body and json.dumps(body), headers)
        response = self.connection.getresponse()
        text = response.read()
        return Answer(response.status, json.loads(text) if text else None, response.headers)

    def send(self, method, path, body=None, key=None, kind=None):
        """Sends a request until there is an answer other than 503."""
        headers = {"Idempotency-Key": key} if key else {}
        begun = time.monotonic()
        while True:
            try:
                answer = self.once(method, path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                self.connection = None
                self.soak.figures.count(f"connection error: {type(error).__name__}")
                if self.soak.server.poll() is not None:
                    raise Wrong("the server has ended") from error
                continue
            if answer.status != 503:
                break
            if not answer.headers.get("Retry-After"):
                raise Wrong(f"{method} {path}: 503 without Retry-After")
            self.soak.figures.count("503")
            time.sleep(min(float(answer.headers["Retry-After"]), 0.2))
        if answer.status >= 500:
            raise Wrong(f"{method} {path}: {answer}")
        self.soak.figures.count(kind or "other request", time.monotonic() - begun)
        return answer

    def get(self, path, kind=None):
        answer = self.send("GET", path, kind=kind)
        if answer.status != 200:
            raise Wrong(f"GET {path}: {answer}")
        return answer.body

    def create(self, path, body):
        answer = self.send("POST", path, body, key=str(uuid.uuid4()))
        if answer.status not in (201, 202):
            raise Wrong(f"POST {path}: {answer}")
        return answer.body

    def finish(self, path, body=None):
        """Begins a task, and waits for its end."""
        task = self.create(path, body or {})
        while task["status"] == "running":
            time.sleep(0.05)
            task = self.get(f"/tasks/{task['id']}", "task")
        if task["status"] != "succeeded":
            raise Wrong(f"{path}: {task}")
        return task


class History:
    """The states of a part, each a frozen set of (place, quantity), in their order.

    The last state may be one that a change, which was not answered yet, is about to make.
    """

    def __init__(self, state):
        self.lock, self.states, self.known = threading.Lock(), [state], 0

    def send(self, state):
        with self.lock:
            self.states.append(state)

    def acknowledge(self, state=None):
        with self.lock:
            if state is not None:
                self.states.append(state)
            self.known = len(self.states) - 1

    def now(self):
        with self.lock:
            return self.known, len(self.states)

    def between(self, first, end):
        with self.lock:
            return self.states[first:end]


class Restores:
    """How many restores have begun, and how many have ended."""

    def __init__(self):
        self.begun = self.ended = 0

    def number(self):
        return self.begun, self.ended


def freeze(held):
    return frozenset((place, quantity) for place, quantity in held.items() if quantity)


def total(state):
    return sum(quantity for _, quantity in state)


def apply(change, state):
    """Returns the state after a change; the same state if there is not enough stock."""
    (kind, body), held = change, dict(state)
    place, quantity = body["location_id"], body["quantity"]
    if kind == "count":
        held[place] = quantity
        return freeze(held)
    held[place] = held.get(place, 0) + (quantity if kind == "add" else -quantity)
    target = body.get("to_location_id") or body.get("cassette_id")
    if target:
        held[target] = held.get(target, 0) + quantity
    return state if held[place] < 0 else freeze(held)


class Writer:
    """Changes the stock of its own part, and knows what the answers must be."""

    def __init__(self, soak, number):
        self.soak, self.client = soak, Client(soak)
        self.name = f"Soak-{number}-{uuid.uuid4().hex[:8]}"
        self.random, self.counter = random.Random(f"{soak.seed}-{number}"), itertools.count()
        self.part = self.client.create("/parts", {"name": self.name})["id"]
        body = {"location_id": soak.places[0], "quantity": FIRST_QUANTITY, "reason": f"{self.name} first"}
        self.client.send("POST", f"/parts/{self.part}/stock/add", body)
        self.state = freeze({soak.places[0]: FIRST_QUANTITY})
        self.history = History(self.state)
        self.sent, self.acknowledged = {body["reason"]}, {}
        # The restores that this writer has taken into account, the states that the next one may bring back, and the changes
        # that may come after it.
        self.seen, self.restorable, self.recent = 0, [], []

    def plan(self):
        held, places = dict(self.state), self.soak.places
        kind = self.random.choice(["add", "take", "move", "count", "split"])
        without = self.soak.cassette if kind == "split" else None
        full = [place for place, quantity in held.items() if quantity > 1 and place != without]
        if not full or sum(held.values()) < FIRST_QUANTITY // 2:
            kind = "add"
        place = self.random.choice(places if kind in ("add", "count") else full)
        quantity = self.random.randint(1, 50 if kind in ("add", "count") else held[place])
        body = {"location_id": place, "quantity": quantity, "reason": f"{self.name} {next(self.counter)}"}
        if kind == "move":
            body["to_location_id"] = self.random.choice([other for other in places if other != place])
        if kind == "split":
            body["cassette_id"] = self.soak.cassette
        return kind, body

    def change(self):
        kind, body = change = self.plan()
        path, key, after = f"/parts/{self.part}/stock/{kind}", str(uuid.uuid4()), apply(change, self.state)
        ended = self.soak.restores.ended
        self.sent.add(body["reason"])
        self.recent.append(change)
        self.history.send(after)
        answer = self.client.send("POST", path, body, key, "write")
        if answer.status == 200:
            self.acknowledged[body["reason"]] = (ended, self.soak.restores.begun)
        fits = answer.status == 200 and self.fits(answer.body["movement"], after)
        if not self.is_settled():
            return self.go_on(after if fits else None)
        if not fits:
            raise Wrong(f"{path} {body}: {answer}, had {self.state}")
        self.state, self.recent = after, []
        self.history.acknowledge()
        if self.random.random() < 0.1:
            self.repeat(change, path, key, answer)
        if self.random.random() < 0.2:
            self.find()

    def fits(self, movement, after):
        """Returns whether the quantities before and after are those that the writer knows."""
        before, after = dict(self.state), dict(after)
        ends = [end for end in (movement["from"], movement["to"]) if end]
        found = [(end["before"], end["after"]) for end in ends]
        return found == [(before.get(end["location_id"], 0), after.get(end["location_id"], 0)) for end in ends]

    def is_settled(self):
        return self.soak.restores.number() == (self.seen, self.seen)

    def go_on(self, after):
        """Goes on while a restore is running, and after it. `after` is the state if the restore has not come yet."""
        begun, ended = self.soak.restores.number()
        if after is None or begun == ended:
            after = self.soak.stock(self.client, self.part)
            if after not in self.possible():
                raise Wrong(f"{self.name}: {after} in or after a restore, which cannot be")
        self.state = after
        self.history.acknowledge(after)
        if begun == ended:
            self.seen, self.recent = ended, []

    def possible(self):
        """Returns the states that there may be while a restore is running: as if it had not come, or come before any change."""
        states, recent = set(self.history.between(0, None)), list(self.recent)
        for restored in self.restorable:
            states.add(restored)
            for first in range(len(recent)):
                state = restored
                for change in recent[first:]:
                    state = apply(change, state)
                    states.add(state)
        return states

    def repeat(self, change, path, key, first):
        """A repeated request must get the first answer, and change nothing."""
        self.recent.append(change)
        again = self.client.send("POST", path, change[1], key, "repeated write")
        if not self.is_settled():
            return self.go_on(None)
        self.recent = []
        if (again.status, again.body, again.headers.get("Idempotency-Replayed")) != (200, first.body, "true"):
            raise Wrong(f"{path}: repeated {first} and got {again}")

    def find(self):
        """The next search must find what was changed."""
        found = self.client.get(f"/parts?q={self.name}", "search")["items"]
        if self.is_settled() and [(part["id"], part["quantity"]) for part in found] != [(self.part, total(self.state))]:
            raise Wrong(f"search for {self.name}: {found}, expected {self.state}")

    def run(self):
        while not self.soak.stop.is_set():
            self.change()
            time.sleep(self.soak.pause)


class Reader:
    """Reads in every way, and compares with what may have been there at the time."""

    def __init__(self, soak, number):
        self.soak, self.client = soak, Client(soak)
        self.random = random.Random(f"{soak.seed}-reader-{number}")

    def check(self, writers, read, view, kind):
        """Compares what `read` returns for each writer with `view` of the states that its part may have had."""
        before = {writer.part: (writer.is_settled(), writer.seen, writer.history.now()[0]) for writer in writers}
        found = read()
        if set(found) != set(before):
            raise Wrong(f"{kind}: found {sorted(found)} instead of {sorted(before)}")
        for writer in writers:
            was_settled, seen, first = before[writer.part]
            settled = was_settled and writer.is_settled() and seen == writer.seen
            allowed = writer.history.between(first, None) if settled else writer.possible()
            if found[writer.part] not in [view(state) for state in allowed]:
                raise Wrong(f"{kind} of {writer.name}: {found[writer.part]} is not in {list(allowed)[-5:]}")
            self.soak.figures.count(f"checked {'exactly' if settled else 'during a restore'}")

    def one(self, writer):
        read = lambda: {writer.part: self.client.get(f"/parts/{writer.part}", "read one part")["quantity"]}
        self.check([writer], read, total, "total")

    def places(self, writer):
        self.check([writer], lambda: {writer.part: self.soak.stock(self.client, writer.part)}, lambda state: state, "stock")

    def listed(self, path, kind):
        def read():
            page = self.client.get(path, kind)
            if page["total"] != len(self.soak.writers):
                raise Wrong(f"{path}: {page['total']} parts")
            return {part["id"]: part["quantity"] for part in page["items"]}

        self.check(self.soak.writers, read, total, kind)

    def run(self):
        while not self.soak.stop.is_set():
            writer = self.random.choice(self.soak.writers)
            self.random.choice([
                lambda: self.one(writer),
                lambda: self.places(writer),
                lambda: self.listed("/parts?page_size=1000", "list"),
                lambda: self.listed("/parts?q=soak&page_size=1000", "search"),
            ])()
            time.sleep(self.soak.pause)


class Keeper:
    """Makes backups, and restores two of them."""

    def __init__(self, soak):
        self.soak, self.client, self.safety = soak, Client(soak), []

    def backup(self, name, check):
        self.client.finish("/backups", {"name": name})
        self.soak.figures.count("backup")
        self.client.finish(f"/backups/{name}.zip/{check}")
        self.soak.figures.count(check)

    def restore(self, name):
        self.soak.restores.begun += 1
        begun = time.monotonic()
        task = self.client.finish(f"/backups/{name}.zip/restore")
        self.soak.restores.ended += 1
        self.soak.figures.count("restore", time.monotonic() - begun)
        self.safety.append(task["result"]["safety_backup"])

    def run(self):
        restores = [self.soak.seconds / 3, self.soak.seconds * 2 / 3]
        for number in itertools.count():
            if self.soak.stop.is_set():
                return
            name = f"soak-{number}"
            marks = [(writer, writer.history.now()[0]) for writer in self.soak.writers]
            self.backup(name, "drill" if number % 5 == 4 else "verify")
            if restores and time.monotonic() - self.soak.begun > restores[0]:
                restores.pop(0)
                for writer, first in marks:
                    writer.restorable = writer.history.between(first, None)
                time.sleep(min(5, self.soak.seconds / 20))
                self.restore(name)
            self.client.send("DELETE", f"/backups/{name}.zip")
            time.sleep(self.soak.pause * 20)


class Gate:
    """Keeps the writers waiting once, for longer than the server lets them wait, like a restore whose commit takes long.

    Holds the locks of the gate that a restore closes. So writers get 503 with Retry-After, repeat their requests with the
    same idempotency keys, and must succeed, each once, when the gate is open again.
    """

    def __init__(self, soak):
        self.soak = soak

    def run(self):
        self.soak.stop.wait(self.soak.seconds / 8)
        with contextlib.ExitStack() as locks:
            for suffix in [".turnstile.lock", ".writers.lock"]:
                path = self.soak.folder / "data" / f"makers_matrix.db{suffix}"
                fcntl.flock(locks.enter_context(path.open("rb")), fcntl.LOCK_EX)
            self.soak.stop.wait(CLOSED_SECONDS)


class Soak:
    def __init__(self, args, folder):
        self.seconds, self.seed, self.pause = args.minutes * 60, args.seed, args.pause
        self.binary, self.folder, self.key = args.binary, folder, None
        self.figures, self.restores, self.stop = Figures(), Restores(), threading.Event()
        self.log = open(folder / "log", "w", encoding="utf-8")
        self.serve()
        client = Client(self)
        self.places = [client.create("/locations", {"name": f"Place {n}"})["id"] for n in range(PLACES)]
        self.cassette = client.create("/locations", {"name": "Cassette", "location_type": "cassette"})["id"]
        self.writers = [Writer(self, number) for number in range(WRITERS)]
        self.keeper, self.begun = Keeper(self), time.monotonic()

    def run_binary(self, *args):
        return [self.binary, "--json", "--data-dir", str(self.folder / "data"), *args]

    def serve(self):
        self.server = subprocess.Popen(self.run_binary("serve", "--create", "--listen", "127.0.0.1:0"),
                                       stdout=subprocess.PIPE, stderr=self.log, text=True)
        serving = json.loads(self.server.stdout.readline())
        self.address = urllib.parse.urlsplit(serving["url"]).netloc
        token = serving["setup_link"].split("#token=")[1]
        client = Client(self)
        first = {"token": token, "username": "soak", "email": "soak@example.org", "password": PASSWORD}
        cookie = client.once("POST", "/setup", first, {}).headers["Set-Cookie"].split(";")[0]
        new = {"name": "soak", "permissions": ["all"]}
        self.key = client.once("POST", "/api-keys", new, {"Cookie": cookie}).body["key"]

    def stock(self, client, part):
        allocations = client.get(f"/parts/{part}/stock?page_size=1000", "read stock")["items"]
        return freeze({one["location_id"]: one["quantity"] for one in allocations})

    def guarded(self, work):
        """Runs the work of a thread. What goes wrong ends the soak."""
        try:
            work()
        except Exception as error:  # noqa: BLE001: whatever it is, it belongs into the report
            self.figures.add_wrong(f"{type(error).__name__}: {error}")
            self.stop.set()

    def run(self):
        workers = [*self.writers, *(Reader(self, number) for number in range(READERS)), self.keeper, Gate(self)]
        threads = [threading.Thread(target=self.guarded, args=[worker.run]) for worker in workers]
        for thread in threads:
            thread.start()
        self.stop.wait(self.seconds)
        self.stop.set()
        for thread in threads:
            thread.join()
        if not self.figures.wrong:
            self.guarded(self.check)

    def check(self):
        """Checks what is left when all is done."""
        client = Client(self)
        for writer in self.writers:
            if self.stock(client, writer.part) != writer.state:
                raise Wrong(f"{writer.name}: the stock is not {writer.state}")
        if len(self.keeper.safety) != 2:
            raise Wrong(f"{len(self.keeper.safety)} restores")
        if not self.figures.counts["503"]:
            raise Wrong("no writer had to repeat a request after 503")
        self.server.terminate()
        if self.server.wait(60) != 0:
            raise Wrong(f"the server ended with {self.server.returncode}")
        self.check_ledger()
        self.check_log()
        checked = subprocess.run(self.run_binary("check"), capture_output=True, text=True, check=True)
        report = json.loads(checked.stdout)
        if report["damaged"] or report["foreign_key_violations"] or report["stock_differences"]:
            raise Wrong(f"check: {report}")

    def check_ledger(self):
        """Each acknowledged change is in the safety backup of the next restore; after the last one, in the database."""
        ledgers = []
        for name in self.keeper.safety:
            with zipfile.ZipFile(next(self.folder.rglob(name))) as archive:
                entry = next(entry for entry in archive.namelist() if entry.endswith(".db"))
                ledgers.append(movements(archive.extract(entry, self.folder / f"{name}.unpacked")))
        ledgers.append(movements(self.folder / "data" / "makers_matrix.db"))
        for ledger in ledgers:
            unknown = set(ledger) - set().union(*(writer.sent for writer in self.writers))
            twice = [reason for reason, times in ledger.items() if times != 1]
            if unknown or twice:
                raise Wrong(f"in a ledger: {unknown} that nobody asked for, {twice} more than once")
        for writer in self.writers:
            for reason, (ended, begun) in writer.acknowledged.items():
                # While a restore was running, a change came before it or after it.
                if not any(reason in ledger for ledger in ledgers[ended : begun + 1]):
                    raise Wrong(f"{reason} was acknowledged between restores {ended} and {begun}, and is nowhere")
                where = "the database" if reason in ledgers[-1] else "a safety backup only"
                self.figures.count(f"acknowledged changes in {where}")
                if ended != begun:
                    self.figures.count("acknowledged changes during a restore")

    def check_log(self):
        self.log.close()
        for line in (self.folder / "log").read_text(encoding="utf-8").splitlines():
            kept_waiting = "/stock/" in line and "503 Service Unavailable" in line
            if ("ERROR" in line and not kept_waiting) or "panicked" in line:
                raise Wrong(f"log: {line}")


def movements(database):
    """Returns how often each reason is in the ledger, and compares each movement with the one before it."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    columns = "reason, part_id, from_location_id, from_before, from_after, to_location_id, to_before, to_after"
    held, counts = {}, Counter()
    for reason, part, *ends in connection.execute(f"SELECT {columns} FROM mm_stock_movement ORDER BY number"):
        counts[reason] += 1
        for place, before, after in (ends[:3], ends[3:]):
            if place is None:
                continue
            if held.get((part, place), 0) != before:
                raise Wrong(f"{database}: {reason} found {before} instead of {held.get((part, place), 0)}")
            held[part, place] = after
    connection.close()
    return counts


def main():
    parser = argparse.ArgumentParser(description="Soaks a server.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--binary", default="target/debug/makermatrix")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two requests of a client")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="makermatrix-soak-") as folder:
        soak = Soak(args, Path(folder))
        try:
            soak.run()
        finally:
            soak.server.kill()
        figures = soak.figures
        longest = {name: round(seconds, 3) for name, seconds in sorted(figures.longest.items()) if seconds}
        print(json.dumps({"seed": args.seed, "minutes": args.minutes, "counts": dict(sorted(figures.counts.items())),
                          "longest_seconds": longest, "wrong": figures.wrong}, indent=2))
        if figures.wrong:
            print((Path(folder) / "log").read_text(encoding="utf-8")[-2000:], file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
