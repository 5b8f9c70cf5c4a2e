"""A real SLURM on this machine, for tests: controller, accounting, and two nodes, one of them with a GPU.

Everything lives in a temporary folder of its own and listens on free ports, so that neither another SLURM nor
another MariaDB on the machine is disturbed. The daemons are children in the foreground, and are stopped by pid.
The nodes claim more CPUs than the machine may have: the jobs of the tests fit, and share what there is.

By hand: `cd tests && python -m support.cluster COMMAND ...` runs a command with the cluster around it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.packages import apt_install

# A program of each package, and the package (Debian's names).
PACKAGES = {
    "slurmctld": "slurm-wlm",
    "slurmd": "slurm-wlm",
    "sbatch": "slurm-wlm",
    "slurmdbd": "slurmdbd",
    "munged": "munge",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
}
CLUSTER = "evolution"
ACCOUNT = "laboratory"
PARTITION = "main"
CPUS_PER_NODE = 8
MEMORY_PER_NODE = 16_000  # MB
SECONDS_TO_START = 60


class NoSlurm(Exception):
    """Why there is no SLURM on this machine."""


class ClusterError(Exception):
    """The cluster did not start, or a job did not reach its state; the message ends with the last lines of the logs."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes
    ----------
    folder : Path
        Configuration, logs and state.
    environment : dict
        The environment in which SLURM's commands, and so Snakemake's executor, talk to this cluster.
    """

    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str | Path, check: bool = True, **options) -> subprocess.CompletedProcess:
        """Run a command in the cluster's environment, its output captured as text."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        done = subprocess.run([str(part) for part in command], env=dict(self.environment), **options)
        if check and done.returncode:
            raise ClusterError(f"{command} ended with {done.returncode}:\n{done.stdout or ''}{done.stderr or ''}")
        return done

    def jobs(self, run_id: str | None = None) -> list[dict[str, str]]:
        """Every job so far, oldest first, as sacct tells it: one row a submission.

        Parameters
        ----------
        run_id : str, optional
            Only the jobs of this run of Snakemake: the "SLURM run ID" of its log, which is their name.

        Returns
        -------
        list of dict
            JobID, JobName, Account, Comment (rule and wildcards, as the executor writes them), State (its first word),
            ExitCode, NodeList, ReqCPUS, ReqMem, Timelimit, AllocTRES, ElapsedRaw (seconds).
        """
        fields = "JobID,JobName,Account,Comment,State,ExitCode,NodeList,ReqCPUS,ReqMem,Timelimit,AllocTRES,ElapsedRaw"
        command = ["sacct", "--allocations", "--duplicates", "--parsable2", "--starttime=now-1days"]
        end = time.monotonic() + 20
        while time.monotonic() < end:
            # Accounting lags behind the controller by a second or two.
            current = dict(self._lines("squeue", "--noheader", "--states=all", "--format=%i|%T"))
            header, *rows = self._lines(*command, f"--format={fields}")
            jobs = [dict(zip(header, row, strict=True)) for row in rows]
            jobs = [job | {"State": job["State"].split()[0]} for job in jobs]
            if {job["JobID"]: job["State"] for job in jobs} == current:
                return [job for job in jobs if run_id in (None, job["JobName"])]
            time.sleep(0.5)
        raise ClusterError(f"sacct and squeue do not agree: {jobs}, {current}\n{_logs(self.folder)}")

    def _lines(self, *command: str) -> list[list[str]]:
        return [line.split("|") for line in self.run(*command).stdout.splitlines()]

    def wait_for_state(self, job: str, *states: str, seconds: float = 60) -> str:
        """Wait until squeue shows the job in one of the states (RUNNING, COMPLETED, ...), and return that state."""
        end = time.monotonic() + seconds
        state = "unknown"
        while time.monotonic() < end:
            state = self.run("squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={job}").stdout.strip()
            if state in states:
                return state
            time.sleep(0.2)
        raise ClusterError(f"job {job} is {state} after {seconds} s, not {' or '.join(states)}\n{_logs(self.folder)}")


def install() -> None:
    """Install what is missing of SLURM, munge and MariaDB from Debian's packages, without starting their services.

    Raises
    ------
    NoSlurm
        If something is missing and cannot be installed.
    """
    if os.geteuid() != 0:
        raise NoSlurm("a SLURM of one's own takes root, and this is not")
    missing = sorted({package for program, package in PACKAGES.items() if shutil.which(program) is None})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise NoSlurm(f"{', '.join(missing)} missing, and no apt-get to install them")
    with _no_services():
        done = apt_install(*missing)
    if done.returncode:
        tail = "\n".join(done.stdout.decode(errors="replace").splitlines()[-10:])
        raise NoSlurm(f"{' '.join(done.args)} failed:\n{tail}")


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep apt-get from starting the services that it installs, if nothing does so yet (as images of Docker do)."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a cluster, wait until its nodes are idle, and stop it at the end, also after a failure.

    Raises
    ------
    ClusterError
        If it does not come up within a minute.
    """
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # munged wants its socket within everybody's reach
        cluster = Cluster(folder, _write_configuration(folder))

        def start(name: str, *command: str, ready: Callable[[], bool]) -> None:
            process = stack.enter_context(_daemon(cluster, name, *command))
            _wait(name, process, ready, folder)

        _start_accounting(cluster, start)
        start("slurmctld", "slurmctld", "-D", ready=lambda: _succeeds(cluster, "scontrol", "ping"))
        for node in ("n1", "n2"):
            start(node, "slurmd", "-D", "-N", node, ready=lambda node=node: _node_state(cluster, node) == "idle")
        stack.callback(_cancel_all, cluster)  # before the nodes stop: a node leaves the jobs that it runs behind
        yield cluster


def _write_configuration(folder: Path) -> dict[str, str]:
    """Write the configuration files; return the environment that points to them."""
    values = {
        "cluster": CLUSTER,
        "folder": folder,
        "host": socket.gethostname().split(".")[0],
        "ports": dict(zip(("slurmctld", "slurmdbd", "n1", "n2"), _free_ports(4), strict=True)),
        "cpus": CPUS_PER_NODE,
        "memory": MEMORY_PER_NODE,
        "partition": PARTITION,
    }
    for name in ("slurm.conf", "slurmdbd.conf"):
        (folder / name).write_text((Path(__file__).parent / name).read_text().format(**values))
        (folder / name).chmod(0o600)  # as slurmdbd demands
    (folder / "gres.conf").write_text("NodeName=n1 Name=gpu File=/dev/null\n")
    (folder / "state").mkdir()
    (folder / "bin").mkdir()
    # The executor strips SLURM_CONF from the environment in which it calls srun, and only that, inside a job.
    srun = folder / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o755)
    foreign = ("SLURM", "SBATCH_", "SRUN_", "SACCT_", "SQUEUE_", "SINFO_", "SNAKEMAKE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return environment | {
        "SLURM_CONF": f"{folder}/slurm.conf",
        "MYSQL_UNIX_PORT": f"{folder}/mariadb.socket",  # where slurmdbd's client library looks for MariaDB
        "PATH": f"{folder}/bin:{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}:/usr/sbin",
    }


def _start_accounting(cluster: Cluster, start: Callable[..., None]) -> None:
    """Start munge, MariaDB and slurmdbd, and register the cluster, an account and a user."""
    folder = cluster.folder
    cluster.run("mungekey", "--create", f"--keyfile={folder}/munge.key")
    munged = ["munged", "--foreground", f"--key-file={folder}/munge.key", f"--socket={folder}/munge.socket"]
    munged += [f"--{file}-file={folder}/munge.{file}" for file in ("pid", "log", "seed")]
    start("munged", *munged, ready=(folder / "munge.socket").exists)
    # Nothing listens on the network, and root logs in by being root: slurmdbd needs no password.
    database = ["--no-defaults", "--user=root", f"--datadir={folder}/mariadb"]
    cluster.run("mariadb-install-db", *database, "--skip-test-db", "--auth-root-authentication-method=socket")
    database += [f"--socket={folder}/mariadb.socket", f"--pid-file={folder}/mariadb.pid", "--skip-networking"]
    start("mariadbd", "mariadbd", *database, ready=(folder / "mariadb.socket").exists)
    start("slurmdbd", "slurmdbd", "-D", ready=lambda: _succeeds(cluster, "sacctmgr", "list", "cluster"))
    cluster.run("sacctmgr", "-i", "add", "cluster", CLUSTER)
    cluster.run("sacctmgr", "-i", "add", "account", ACCOUNT, f"cluster={CLUSTER}")
    cluster.run("sacctmgr", "-i", "add", "user", "root", f"account={ACCOUNT}", f"cluster={CLUSTER}")


@contextmanager
def _daemon(cluster: Cluster, name: str, *command: str) -> Iterator[subprocess.Popen]:
    """Run a program in the background, its output in NAME.out, and end exactly that process."""
    with open(cluster.folder / f"{name}.out", "wb") as output:
        process = subprocess.Popen(
            # It ends with this process too, should that be killed; a session of its own spares it the Ctrl-C.
            ["setpriv", "--pdeathsig=TERM", *command],
            env=dict(cluster.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(name: str, process: subprocess.Popen, ready: Callable[[], bool], folder: Path) -> None:
    """Wait until a daemon is ready."""
    end = time.monotonic() + SECONDS_TO_START
    while not ready():
        if process.poll() is not None:
            raise ClusterError(f"{name} ended with {process.returncode}\n{_logs(folder)}")
        if time.monotonic() > end:
            raise ClusterError(f"{name} is not ready after {SECONDS_TO_START} s\n{_logs(folder)}")
        time.sleep(0.1)


def _cancel_all(cluster: Cluster) -> None:
    """Cancel every job and wait until none is left."""
    cluster.run("scancel", "--user=root", check=False)
    end = time.monotonic() + 30
    while cluster.run("squeue", "--noheader", check=False).stdout.strip() and time.monotonic() < end:
        time.sleep(0.2)


def _succeeds(cluster: Cluster, *command: str) -> bool:
    return cluster.run(*command, check=False).returncode == 0


def _node_state(cluster: Cluster, node: str) -> str:
    command = ["sinfo", "--noheader", "--Node", f"--partition={PARTITION}", f"--nodes={node}", "--format=%T"]
    return cluster.run(*command, check=False).stdout.strip()


def _free_ports(count: int) -> list[int]:
    """Find ports that nothing listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _logs(folder: Path) -> str:
    """The last lines of every log that is not empty."""
    tails = []
    for path in sorted([*folder.glob("*.log"), *folder.glob("*.out")]):
        lines = path.read_text(errors="replace").splitlines()[-15:]
        if lines:
            tails.append("\n".join([f"--- {path.name}", *lines]))
    return "\n".join(tails)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the cluster is stopped
    install()
    with running_cluster() as running:
        sys.exit(subprocess.run(sys.argv[1:], env=dict(running.environment)).returncode)
