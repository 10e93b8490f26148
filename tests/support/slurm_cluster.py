"""A SLURM cluster of two nodes on loopback, from the packages of the distribution, in a folder of its own.

One controller and two node daemons run as plain processes of this user, with a munge and a key of their own:
nothing of a SLURM that the machine may have is read or touched. Control groups are left out, so that it also
runs in a container. Sockets lie in the folder, whose path must be short.
"""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("munged", "slurmctld", "slurmd", "srun", "sbatch", "scontrol", "scancel", "squeue")
REMEDY = "apt-get install slurmctld slurmd slurm-client munge"
START_S, POLL_S = 60.0, 0.1

CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
KillWait=10
MinJobAge=3600
NodeName=DEFAULT CPUs=2 RealMemory=2000
NodeName=node[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first_port}-{last_port}]
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class SlurmCluster:
    """A cluster that runs.

    Attributes:
        folder: Where its files lie.
        environment: What commands need so as to find it.
    """

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> str:
        """Run a command of SLURM and return what it says.

        Args:
            *command: For example ``squeue``.
        """
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def submit(self, script: Path) -> str:
        """Submit a batch script and return the number of its job.

        Args:
            script: The script; what it says is kept beside it.
        """
        said = self.run("sbatch", "--parsable", f"--output={script}.log", "--open-mode=append", str(script))
        return said.strip()

    def field(self, job: str, name: str) -> str:
        """Return one field of what the controller knows of a job.

        Args:
            job: Its number.
            name: For example ``JobState``.
        """
        found = re.search(rf"\b{name}=(\S*)", self.run("scontrol", "show", "job", job))
        assert found is not None, f"job {job} has no {name}"
        return found[1]

    def wait(self, what: str, is_true: Callable[[], bool], limit_s: float) -> None:
        """Wait until something is true.

        Args:
            what: Says it in the message of the failure.
            is_true: Asked again and again.
            limit_s: Seconds after which to give up.
        """
        wait(what, is_true, limit_s)


@contextlib.contextmanager
def slurm_cluster(folder: Path) -> Iterator[SlurmCluster]:
    """Run a cluster of two nodes while the context lasts.

    Args:
        folder: An empty folder with a short path.

    Raises:
        RuntimeError: A program is missing, or the nodes do not come up; with the ends of the logs.
    """
    search = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
    missing = [name for name in NEEDED if shutil.which(name, path=search) is None]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} not found; install SLURM: {REMEDY}")
    environment = {**os.environ, "PATH": search, "SLURM_CONF": str(folder / "slurm.conf")}
    environment = {name: value for name, value in environment.items() if not _is_of_a_job(name)}
    _configure(folder)
    munge = [
        "munged", "--foreground", "--force", f"--key-file={folder}/munge.key",
        f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid",
        f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed",
    ]  # fmt: skip
    cluster = SlurmCluster(folder, environment)
    with contextlib.ExitStack() as running:
        running.enter_context(_daemon(munge, environment, folder / "munged.out"))
        wait("munge to listen", (folder / "munge.socket").exists, START_S)
        for command in (
            ["slurmctld", "-D"],
            ["slurmd", "-D", "-N", "node1"],
            ["slurmd", "-D", "-N", "node2"],
        ):
            log = folder / f"{command[0]}_{command[-1].lstrip('-')}.out"
            running.enter_context(_daemon(command, environment, log))
        try:
            wait("two idle nodes", lambda: _n_idle(cluster) == 2, START_S)
        except AssertionError as error:
            ends = "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in folder.glob("*.out"))
            raise RuntimeError(f"the cluster does not start: {error}\n{ends}") from error
        yield cluster
        subprocess.run(["scancel", "--full", "--state=RUNNING"], env=environment, check=False)
        subprocess.run(["scancel", "--state=PENDING"], env=environment, check=False)
        wait("all jobs to end", lambda: not cluster.run("squeue", "--noheader").strip(), 30.0)


def wait(what: str, is_true: Callable[[], bool], limit_s: float) -> None:
    """Wait until something is true; fail by name when it does not come true."""
    deadline = time.monotonic() + limit_s
    while not is_true():
        assert time.monotonic() < deadline, f"waited {limit_s:g} s in vain for {what}"
        time.sleep(POLL_S)


def _configure(folder: Path) -> None:
    for name in ("state", "node1", "node2"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o400)
    controller_port, first_port = _free_port(1), _free_port(2)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    text = CONFIGURATION.format(
        host=socket.gethostname().split(".")[0], user=user, folder=folder, controller_port=controller_port,
        first_port=first_port, last_port=first_port + 1,
    )  # fmt: skip
    (folder / "slurm.conf").write_text(text)


def _free_port(n_ports: int) -> int:
    """Return the first of so many neighbouring ports that nobody listens on."""
    while True:
        first = 20000 + secrets.randbelow(10000)
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + n_ports):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


@contextlib.contextmanager
def _daemon(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    program = shutil.which(command[0], path=environment["PATH"])
    assert program is not None
    with log.open("wb") as said:
        process = subprocess.Popen(
            [program, *command[1:]], env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _n_idle(cluster: SlurmCluster) -> int:
    done = subprocess.run(
        ["sinfo", "--noheader", "--Node", "--format=%T"],
        env=cluster.environment,
        capture_output=True,
        text=True,
    )
    return done.stdout.split().count("idle")


def _is_of_a_job(name: str) -> bool:
    return name.startswith(("SLURM_", "SLURMD_", "SBATCH_", "SRUN_")) and name != "SLURM_CONF"
