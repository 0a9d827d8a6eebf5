"""kafka-cluster-ctl.sh: several hosts at once, in the place of which stands a script that runs everything here."""

import os
import re
import signal
import subprocess

import pytest

from harness import ROOT, SLOW, find_moldaud, free_port, make_directory, remove_directory, wait_until

pytestmark = pytest.mark.moldau

SCRIPT = ROOT / "bin" / "kafka-cluster-ctl.sh"
HOSTS = ["one", "two", "three"]

# @HOST@ in what it is to run is the host's name; a host called "down" cannot be reached. With $MEET all hosts must be
# there at the same time.
SSH = """#!/bin/sh
[ "$1" != -l ] || shift 2
host=$1
[ "$host" != down ] || { echo "ssh: connect to host down port 22: No route to host" >&2; exit 255; }
if [ -n "$MEET" ]; then
	: >"$MEET/$host"
	while [ "$(ls "$MEET" | wc -l)" -lt 3 ]; do sleep 0.1; done
fi
[ "$2" = 'exec sh -s' ] || exit 1
sed "s/@HOST@/$host/g" | sh -c "$2"
"""


class Done:
    def __init__(self, done):
        self.code, self.lines, self.err = done.returncode, done.stdout.splitlines(), done.stderr


class Site:
    """A Kafka home for each host."""
    def __init__(self, zookeeper, directory):
        self.dir = directory
        self.ssh = directory / "ssh"
        self.ssh.write_text(SSH)
        self.ssh.chmod(0o755)
        for i, host in enumerate(HOSTS):
            home = directory / host
            (home / "conf").mkdir(parents=True)
            (home / "bin").symlink_to(ROOT / "bin")
            (home / "conf" / "server.properties").write_text(
                f"broker.id={i + 1}\nlisteners=PLAINTEXT://127.0.0.1:{free_port()}\nlog.dirs={home}/data\n"
                f"zookeeper.connect={zookeeper.address}/ctl-{directory.name}\n")

    def ctl(self, *args, hosts=None, env=None):
        return Done(subprocess.run(
            [SCRIPT, *args, "--home", f"{self.dir}/@HOST@", *(HOSTS if hosts is None else hosts)], capture_output=True, text=True,
            timeout=180 * SLOW, check=False,
            env={**os.environ, "MOLDAU_SSH": str(self.ssh), "MOLDAU_BUILD": str(find_moldaud().parent), **(env or {})}))

    def pids(self):
        """Process ids by host."""
        lines = self.ctl("status").lines
        return {line.split(":")[0]: int(m[1]) for line in lines if (m := re.search(r"running, pid (\d+)", line))}


@pytest.fixture
def site(zookeeper):
    directory = make_directory("moldau-ctl-")
    site = Site(zookeeper, directory)
    yield site
    for pid in site.pids().values():
        os.kill(pid, signal.SIGKILL)
    remove_directory(directory)


def ended(pid):
    """Gone, but for whoever should have collected its status."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def expect(done, code, patterns):
    assert len(done.lines) == len(patterns), done.lines + [done.err]
    for line, pattern in zip(done.lines, patterns):
        assert re.fullmatch(pattern, line), (line, pattern)
    assert done.code == code


def test_the_life_of_a_cluster(site, tmp_path):
    expect(site.ctl("status"), 1, [f"{host}: not running" for host in HOSTS])
    expect(site.ctl("start", env={"MEET": str(tmp_path)}), 0,
           [rf"{host}: started, pid \d+, broker {i + 1}" for i, host in enumerate(HOSTS)])
    pids = site.pids()
    assert len(set(pids.values())) == 3
    expect(site.ctl("status"), 0, [f"{host}: running, pid {pids[host]}, broker {i + 1}" for i, host in enumerate(HOSTS)])
    expect(site.ctl("start"), 0, [f"{host}: running already, pid {pids[host]}, broker {i + 1}" for i, host in enumerate(HOSTS)])
    expect(site.ctl("stop"), 0, [f"{host}: stopped, pid {pids[host]}, broker {i + 1}" for i, host in enumerate(HOSTS)])
    for host, pid in pids.items():
        assert ended(pid), f"{host}: stop returns when they are gone"
    expect(site.ctl("stop"), 0, [f"{host}: not running" for host in HOSTS])


def test_one_that_does_not_stop_in_time(site):
    site.ctl("start", hosts=["one"])  # the controller, so that it need not wait for the other
    site.ctl("start", hosts=["two"])
    pids = site.pids()
    os.kill(pids["two"], signal.SIGSTOP)
    try:
        expect(site.ctl("stop", "--timeout", "10", hosts=["one", "two"]), 1,
               [f"one: stopped, pid {pids['one']}, broker 1", f"two: still running after 10 s, pid {pids['two']}, broker 2"])
    finally:
        os.kill(pids["two"], signal.SIGCONT)
    wait_until(lambda: ended(pids["two"]), 60, "the broker to end after all")


def test_one_that_cannot_be_reached(site):
    expect(site.ctl("status", "--user", "kafka", hosts=["down", "one"]), 1,
           ["down: no answer: ssh: connect to host down port 22: No route to host", "one: not running"])


def test_those_that_do_not_start(site):
    with open(site.dir / "one" / "conf" / "server.properties", "a", encoding="utf-8") as f:
        f.write("num.partitions=many\n")
    (site.dir / "two" / "conf" / "server.properties").unlink()
    (site.dir / "three" / "bin").unlink()
    expect(site.ctl("start"), 1, ["one: did not start: .*num.partitions.*", r"two: there is no .*/two/conf/server\.properties",
                                  "three: bin/kafka-server-start.sh failed"])
    expect(site.ctl("start", hosts=["nowhere"]), 1, ["nowhere: there is no .*/nowhere"])


def test_only_the_broker_of_the_properties_file(site):
    other = site.dir / "one" / "conf" / "other.properties"
    other.write_text((site.dir / "one" / "conf" / "server.properties").read_text().replace("broker.id=1", "broker.id=9"))
    site.ctl("start", hosts=["one"])
    expect(site.ctl("status", "--properties", "conf/other.properties", hosts=["one"]), 1, ["one: not running"])
    expect(site.ctl("stop", f"--properties={other}".replace("/one/", "/@HOST@/"), hosts=["one"]), 0, ["one: not running"])
    expect(site.ctl("status", "--properties", "conf/server.properties", hosts=["one"]), 0, [r"one: running, pid \d+, broker 1"])


def test_zookeeper_servers(site):
    for host in HOSTS[:2]:
        (site.dir / host / "conf" / "zookeeper.properties").write_text(
            f"dataDir={site.dir}/{host}/zk\nclientPort={free_port()}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n")
    expect(site.ctl("zk-start", hosts=HOSTS[:2]), 0, [rf"{host}: started, pid \d+" for host in HOSTS[:2]])
    try:
        expect(site.ctl("zk-status", hosts=HOSTS[:2]), 0, [rf"{host}: running, pid \d+" for host in HOSTS[:2]])
    finally:
        expect(site.ctl("zk-stop", hosts=HOSTS[:2]), 0, [rf"{host}: stopped, pid \d+" for host in HOSTS[:2]])


@pytest.mark.parametrize("args, message", [
    (["frobnicate", "h"], "there is no action frobnicate"), (["start"], "no host given"), (["start", "--wrong", "h"], "there is no option --wrong"),
    (["start", "--timeout", "x", "h"], "--timeout x: not a number"), (["start", "--home"], "--home needs a value"), ([], "Usage:"),
])
def test_wrong_usage(args, message):
    done = subprocess.run([SCRIPT, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and message in done.stderr and done.stdout == ""


def test_a_home_with_a_quote(site):
    home = site.dir / "it's a home"
    (site.dir / "one").rename(home)
    done = subprocess.run([SCRIPT, "status", "--home", home, "--ssh", str(site.ssh), "one"], capture_output=True, text=True, check=False)
    assert done.stdout == "one: not running\n"


def test_help():
    done = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("Usage: kafka-cluster-ctl.sh start|stop|status")


def test_shellcheck_has_nothing_to_say(tmp_path):
    """Of the part for the hosts too, which it cannot see in the script."""
    text = SCRIPT.read_text()
    part = tmp_path / "on_host.sh"
    part.write_text("#!/bin/sh\n" + text[text.index("cat <<'EOF'\n") + len("cat <<'EOF'\n"):text.index("\nEOF\n}")] + "\n")
    for args in ([SCRIPT], ["-e", "SC2154", part]):
        done = subprocess.run(["shellcheck", *args], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
