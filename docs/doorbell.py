"""Doorbell for Python programs: one file, the standard library, the HTTP API. Copy it next to your program.

    import doorbell

    with doorbell.Job("train") as job:
        for epoch in range(60):
            job.progress(epoch, 60, unit="epochs", message=f"loss {loss:.3f}")
        if job.ask("Publish the model?", ["yes", "no"]) == "yes":
            publish()

Under `doorbell run` or in a queued job it speaks for that job; by itself it makes one, which ends with the block: with an exception
it has failed. Without a hub the program runs all the same, nobody hears of it, and `ask` gives None. Values of environment variables
whose names say TOKEN, SECRET, PASSWORD, KEY or PWD are replaced in all that is told.
"""

import datetime
import http.client
import ipaddress
import json
import os
import pathlib
import re
import stat
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

try:
    import fcntl
except ImportError:  # Windows, where no hub locks its file
    fcntl = None


_TELLING = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|(KEYS?|PWD)(?![A-Z0-9])")
_SECRETS = sorted(
    {
        value.strip()
        for name, value in os.environ.items()
        if name not in ("PWD", "OLDPWD") and _TELLING.search(name.upper()) and len(value.strip()) >= 8
    },
    key=len,
    reverse=True,
)


def _hub():
    """Address and token, found anew for each call: a hub that restarts may have another port."""
    url, data = os.environ.get("DOORBELL_URL"), os.environ.get("DOORBELL_DATA_DIR")
    home = pathlib.Path.home()
    data = pathlib.Path(data or pathlib.Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "doorbell")
    if not url:
        run = os.environ.get("XDG_RUNTIME_DIR")
        file = json.loads(_own((pathlib.Path(run) / "doorbell" if run else data) / "hub.json", of_a_living_hub=True))
        url, data = file["url"], pathlib.Path(file["data_dir"])
    elif not _is_safe(url):
        raise ValueError("the token would cross the network in plain sight; use https, or forward a port by ssh")
    token, file = os.environ.get("DOORBELL_TOKEN"), os.environ.get("DOORBELL_TOKEN_FILE")
    return url, (token or (_named(file) if file else _own(data / "token"))).strip()


def _own(path, of_a_living_hub=False):
    """The text of a file of this user (or of root), in a folder that nobody else can write to. A link or a pipe in its place is none.

    A hub holds a lock on its file while it runs. After a crash somebody else may listen on the port that the file still names.
    """
    folder = os.stat(path.parent)
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        info = os.fstat(file)
        foreign = os.name == "posix" and (folder.st_mode & 0o022 or {folder.st_uid, info.st_uid} - {0, os.geteuid()})
        if foreign or not stat.S_ISREG(info.st_mode):
            raise PermissionError(f"{path} is no file of this user, or others can write to its folder")
        if of_a_living_hub and fcntl:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                raise FileNotFoundError(f"the hub of {path} has ended")
        return os.read(file, 65536).decode()
    finally:
        os.close(file)


def _named(path):
    """The text of a file that the user has named: it may be a link, but no pipe, which could be waited for without end."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise PermissionError(f"{path} is no file")
    return pathlib.Path(path).read_text()


def _is_here(url):
    host = urllib.parse.urlsplit(url).hostname
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_safe(url):
    """Whether the token may go there: by TLS, within this machine, or because the user says so."""
    return url.startswith("https:") or _is_here(url) or os.environ.get("DOORBELL_INSECURE_HTTP") == "1"


def _call(method, path, body=None, timeout=2):
    """The hub's answer as JSON, or None when there is none: a hub must never hurt a program."""
    for pause in (0.02, 0.1, 0.5, None):
        try:
            return _once(method, path, body, timeout)
        except urllib.error.HTTPError as error:
            # A program may be quicker than its runner, which has not told the hub of it yet.
            if error.code != 404 or pause is None:
                return None
            time.sleep(pause)
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
            return None


def _clean(value):
    """The value without secrets: texts in it, however deep."""
    if isinstance(value, str):
        for secret in _SECRETS:
            value = value.replace(secret, "[redacted]")
        return value
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, (list, tuple)) else value


def _once(method, path, body, timeout):
    url, token = _hub()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if secret := os.environ.get("DOORBELL_JOB_SECRET"):
        headers["Doorbell-Job-Secret"] = secret
    data = None if body is None else json.dumps(_clean(body)).encode()
    way = urllib.request.OpenerDirector()
    # A proxy would look for a hub of this machine on its own. Nothing here follows a redirect, which would take the token along.
    way.add_handler(urllib.request.ProxyHandler({} if _is_here(url) else None))
    for handler in ("HTTPHandler", "HTTPSHandler", "HTTPDefaultErrorHandler", "HTTPErrorProcessor", "UnknownHandler"):
        way.add_handler(getattr(urllib.request, handler)())
    with way.open(urllib.request.Request(url + path, data, headers, method=method), timeout=timeout) as answer:
        return json.loads(answer.read() or b"{}")


class Job:
    """The job that this program runs as, or one of its own."""

    def __init__(self, name):
        self.id, self._fence, self._name = os.environ.get("DOORBELL_JOB"), {}, name
        self._own, self._over = not self.id, threading.Event()
        self._latest, self._news, self._teller = None, threading.Condition(), None

    def __enter__(self):
        if self._own:
            made = _call("POST", "/v1/jobs", {"name": self._name, "start": True, "origin": {"command": sys.argv}})
            if made and "lease" in made:
                self.id, self._fence = made["job"]["id"], {"fence": made["lease"]["fence"]}
                every = made["lease"]["ttl_ms"] / 3000
                threading.Thread(target=self._renew, args=(every,), daemon=True).start()
        return self

    def __exit__(self, kind, error, _):
        self._over.set()
        self._tell_latest()
        if self._fence:
            # sys.exit() is no failure, unless it says so.
            exited = kind is not None and issubclass(kind, SystemExit)
            failed = error.code not in (None, 0) if exited else kind is not None
            failure = f"exit code {error.code}" if exited else f"{kind.__name__}: {error}" if kind else None
            end = {"outcome": "failed", "failure": failure} if failed else {"outcome": "succeeded"}
            finish = lambda: _call("POST", f"/v1/jobs/{self.id}/finish", {**self._fence, **end})
            # A hub that is just restarting gets a second chance.
            finish() or time.sleep(1) or finish()

    def progress(self, done, total=None, unit=None, message=None):
        self._report({"done": done, "total": total, "unit": unit, "message": message})

    def step(self, index, count, label=None):
        self._report({"step": {"index": index, "count": count, **({"label": label} if label else {})}})

    def ask(self, prompt, choices=(), text=False, timeout_s=None):
        """The choice or the words of whoever answers first; None when nobody does. None is never a yes."""
        self._tell_latest()
        question = {**self._fence, "prompt": prompt, "free_text": text}
        question["choices"] = [{"id": f"choice-{n}", "label": choice} for n, choice in enumerate(choices)]
        if timeout_s:
            question["expires_in_ms"] = int(timeout_s * 1000)
        asked = _call("POST", f"/v1/jobs/{self.id}/questions", question)
        while asked and asked["question"]["state"] == "open":
            answer = _call("GET", f"/v1/questions/{asked['question']['id']}?wait_ms=60000", timeout=70)
            asked = answer or asked
            if answer is None:
                time.sleep(1)
        answer = (asked or {}).get("question", {}).get("answer") or {}
        return choices[int(answer["choice"].removeprefix("choice-"))] if "choice" in answer else answer.get("text")

    def _report(self, progress):
        """Tells the latest, at most four times a second, from a thread of its own: a loop that reports never waits for a hub."""
        at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._news:
            self._latest = {"at": at, **{k: v for k, v in progress.items() if v is not None}}
            self._news.notify()
            if self.id and not self._teller:
                self._teller = threading.Thread(target=self._tell, daemon=True)
                self._teller.start()

    def _tell(self):
        while True:
            with self._news:
                self._news.wait_for(lambda: self._latest is not None)
            self._tell_latest()
            time.sleep(0.25)

    def _tell_latest(self):
        with self._news:
            latest, self._latest = self._latest, None
        if latest:
            _call("PUT", f"/v1/jobs/{self.id}/progress", {**self._fence, **latest})

    def _renew(self, every):
        while not self._over.wait(every):
            _call("PUT", f"/v1/jobs/{self.id}/lease", self._fence)
