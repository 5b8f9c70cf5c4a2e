"""The worker: processes that have loaded large libraries once, and fork a child for each job.

    python server.py FOLDERS LISTENERS GROUP

FOLDERS is a JSON list of the folders that are the worker's own; the first takes temporary files. LISTENERS is one with,
for each kind of job, the number of an open socket that listens, and the modules to import. The process that is started
here loads nothing. At the first connection to one of the sockets it forks a process that loads this kind's libraries
and serves the socket from then on. That one forks a child for each request, which runs the job's script as Python would
run it, in Snakemake's process GROUP.

Standard input is the line to Snakemake: when it closes, however Snakemake ended, all of them end and the folders are
removed. Nothing of the project is imported before a job is forked, so each job runs the code as it is on disk.
"""

import atexit
import builtins
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from importlib import import_module
from types import ModuleType

# Variables that may differ from job to job: numbers of threads, which are set in the job; folders for temporary files,
# which are read when they are used; what shells write; and what polars writes for its own allocator, which it does in
# Snakemake's process at the first job, where it is installed. A job with any other difference is not run here, since a
# library may have read the variable while it was loaded.
THREADS = (
    "OMP_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
FREE = {*THREADS, "TMPDIR", "TMP", "TEMPDIR", "TEMP", "PWD", "OLDPWD", "SHLVL", "_", "_RJEM_MALLOC_CONF"}

# The answer in place of a process id: the job is to start without the worker.
NOT_HERE = b"0\n"

# Threads that libraries start while they are loaded and that a fork does no harm: jemalloc stops and starts its own.
HARMLESS = {"jemalloc_bg_thd"}

# Seconds that a client may take for its request.
PATIENCE = 10

# Signals that are for Snakemake and the jobs, and that may reach all processes, as when a system ends a service. The
# worker ends when Snakemake has ended.
FOR_OTHERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Leaving:
    """Ends a process when Python has called all else that is to be called at its end, and written out its output.

    To take all modules apart, as Python does then, would take 0.1 to 0.4 s with large libraries.
    """

    def __init__(self):
        self.status = 0
        # What is registered first is called last.
        atexit.register(self._leave)

    def _leave(self) -> None:
        for output in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                output.flush()
        if self.status < 0:
            signal.signal(-self.status, signal.SIG_DFL)
            os.kill(os.getpid(), -self.status)
        os._exit(self.status)


def wait_for_first(folders: list[str], listeners: list[tuple[int, list[str]]]) -> dict | None:
    """Wait for the first job of each kind, and fork the process that serves this kind.

    Returns
    -------
    dict or None
        In a job: its request. None in the other processes, at their end.
    """
    with selectors.DefaultSelector() as waiting:
        waiting.register(0, selectors.EVENT_READ)
        for number, modules in listeners:
            waiting.register(socket.socket(fileno=number), selectors.EVENT_READ, modules)
        while True:
            ready = [key for key, _ in waiting.select()]
            if any(key.fileobj == 0 for key in ready):
                break
            for key in ready:
                if os.fork() == 0:
                    for other in waiting.get_map().values():
                        if other.fileobj not in (0, key.fileobj):
                            other.fileobj.close()
                    return Server(key.fileobj, key.data).serve()
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    # The others see the end of standard input as well.
    with suppress(ChildProcessError):
        while True:
            os.wait()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return None


class Server:
    """Loads libraries, and forks a child for each job that asks for one.

    Parameters
    ----------
    listener : socket.socket
        Where clients connect.
    modules : list of str
        What to import; a library that is not installed is left out.
    """

    def __init__(self, listener: socket.socket, modules: list[str]):
        self.listener = listener
        self.environment = dict(os.environ)
        # Variables that a job had other values of, and that were named.
        self.named: set[str] = set()
        # The connection of each job's client, by the job's process id.
        self.clients: dict[int, socket.socket] = {}
        self.usable = load(modules)

    def serve(self) -> dict | None:
        """Serve until standard input closes.

        Returns
        -------
        dict or None
            In a job: its request. None in the server itself.
        """
        wake_up, alarm = socket.socketpair()
        for end in (wake_up, alarm):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as self.waiting, wake_up, alarm:
            for file in (0, self.listener, wake_up):
                self.waiting.register(file, selectors.EVENT_READ)
            while True:
                for key, _ in self.waiting.select():
                    if key.fileobj == 0:
                        self.end()
                        return None
                    if key.fileobj is wake_up:
                        with suppress(BlockingIOError):
                            wake_up.recv(4096)
                        self.report_ended()
                    elif key.fileobj is self.listener:
                        if request := self.accept():
                            signal.set_wakeup_fd(-1)
                            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                            return request
                    elif key.data in self.clients:
                        # Clients send nothing more: this one has ended, and its job with it.
                        os.kill(key.data, signal.SIGKILL)
                        self.waiting.unregister(key.fileobj)

    def accept(self) -> dict | None:
        """Fork a job for the next client; in the job its request, with the client's files as its own."""
        try:
            client, files = self.listener.accept()[0], []
        except OSError:
            # The client has ended, or as many files are open as may be, one for each job: a job that ends closes one.
            time.sleep(0.05)
            return None
        client.settimeout(PATIENCE)
        try:
            _, files, _, _ = socket.recv_fds(client, 1, 3)
            with client.makefile("rb") as sent:
                request = json.loads(sent.readline())
            changed = {name for name, _ in self.environment.items() ^ request["environment"].items()} - FREE
            if self.usable and changed - self.named:
                self.named |= changed
                names = ", ".join(sorted(changed))
                print(
                    f"A job starts without the worker: its environment differs in {names}.", file=sys.stderr, flush=True
                )
            if not self.usable or changed or len(files) < 3:
                with client:
                    client.sendall(NOT_HERE)
            elif (job := os.fork()) == 0:
                for number, file in enumerate(files):
                    os.dup2(file, number)
                for each in (self.listener, client, *self.clients.values()):
                    each.close()
                return request
            else:
                self.clients[job] = client
                self.waiting.register(client, selectors.EVENT_READ, job)
                client.sendall(b"%d\n" % job)
        except (OSError, ValueError):
            # The client has ended, or there is no room for a process. If the job has begun, the end of the connection
            # is seen next.
            if client not in self.clients.values():
                with client, suppress(OSError):
                    client.sendall(NOT_HERE)
        finally:
            for file in files:
                os.close(file)
        return None

    def report_ended(self, options: int = os.WNOHANG) -> None:
        """Tell the clients of jobs that have ended how they ended.

        Parameters
        ----------
        options : int
            Of `os.waitpid`; 0 waits for all jobs.
        """
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, options))[0]:
                with self.clients.pop(ended[0]) as client:
                    with suppress(KeyError):  # It has ended before its job.
                        self.waiting.unregister(client)
                    with suppress(OSError):
                        client.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended[1]))

    def end(self) -> None:
        """Kill the jobs that still run."""
        for job in self.clients:
            os.kill(job, signal.SIGKILL)
        self.report_ended(0)


def load(modules: list[str]) -> bool:
    """Import modules with the garbage collector held off; whether this process may be forked.

    A fork copies one thread. What others were at is never finished in the copy, and may stay locked.
    """
    gc.disable()
    for module in modules:
        try:
            import_module(module)
        except ModuleNotFoundError:
            continue
        except Exception as error:
            # A job that needs it says more; a second import in the same process would end in another error.
            print(f"Jobs start without the worker: {module} cannot be imported: {error}", file=sys.stderr, flush=True)
            return False
    # A library's temporary folder (matplotlib's, where it has no other) would be gone with the first job that ends. It
    # lies in the worker's, and is removed with that.
    atexit.unregister(shutil.rmtree)
    # What exists now is never collected: else the collector would write to all memory that jobs share.
    gc.freeze()
    gc.enable()
    others = other_threads() - HARMLESS
    if others:
        print(
            f"Jobs start without the worker: libraries have started {', '.join(others)}.", file=sys.stderr, flush=True
        )
    return not others


def other_threads() -> set[str]:
    """The names of this process's threads, the main one left out."""
    names = set()
    for thread in set(os.listdir("/proc/self/task")) - {str(os.getpid())}:
        with open(f"/proc/self/task/{thread}/comm", encoding="utf-8") as file:
            names.add(file.read().strip())
    return names


def become(request: dict, group: int, handlers: dict) -> None:
    """Make this process what a job's is when Python starts: its folder, environment, signals and output."""
    os.chdir(request["folder"])
    for name in FREE:
        if name in request["environment"]:
            os.environ[name] = request["environment"][name]
        else:
            os.environ.pop(name, None)
    tempfile.tempdir = None
    if "numpy.random" in sys.modules:
        # A Python that starts draws another seed each time; forks would all go on from the same one.
        sys.modules["numpy.random"].seed()
    with suppress(OSError):  # The group has ended.
        os.setpgid(0, group)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))
    script = os.path.abspath(request["script"])
    sys.argv = [request["script"]]
    sys.path.insert(0, os.path.dirname(script))
    with suppress(OSError), open("/proc/self/comm", "w", encoding="utf-8") as name:
        name.write(os.path.basename(script).split(".", 1)[-1])
    threads = os.environ.get("OMP_NUM_THREADS", "1")
    if threads != "1" and "threadpoolctl" in sys.modules:
        # Libraries read the number of threads when they were loaded.
        sys.modules["threadpoolctl"].threadpool_limits(limits=int(threads))


def run(script: str) -> int:
    """Run a script as Python runs one; its exit code, below 0 a signal to end by."""
    main = ModuleType("__main__")
    main.__file__, main.__builtins__ = os.path.abspath(script), builtins
    sys.modules["__main__"] = main
    try:
        with open(script, "rb") as source:
            code = compile(source.read(), main.__file__, "exec")
        exec(code, vars(main))
    except SystemExit as ending:
        if ending.code is None or isinstance(ending.code, int):
            return (ending.code or 0) & 0xFF
        print(ending.code, file=sys.stderr)
        return 1
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            return -signal.SIGINT  # A person has stopped all jobs: where each of them was is no news.
        # The first line of the traceback would be the one above.
        traceback.print_exception(error.with_traceback(error.__traceback__.tb_next))
        return 1
    return 0


def main(folders: str, listeners: str, group: str) -> None:
    """Serve; in a job, run its script."""
    leaving, folders = Leaving(), json.loads(folders)
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in FOR_OTHERS}
    tempfile.tempdir = folders[0]
    if not sys.flags.safe_path:
        del sys.path[0]
    request = wait_for_first(folders, json.loads(listeners))
    if request:
        become(request, int(group), handlers)
        leaving.status = run(request["script"])


if __name__ == "__main__":
    main(*sys.argv[1:])
