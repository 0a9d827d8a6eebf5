"""zookeeper-shell.sh: what it prints, how it ends, its session and its watches. The literals are those of ZooKeeper 3.8.4's
shell as Apache Kafka 3.9.1 runs it; the peers test compares whole conversations."""

import contextlib
import os
import pty
import select
import socket
import struct
import subprocess
import threading
import uuid

import pytest
from kazoo.exceptions import NoAuthError

import shell_scripts
from harness import ROOT, SLOW, free_port, wait_until

CONNECTED = "\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n"
SHELL = ROOT / "bin" / "zookeeper-shell.sh"


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def shell(server, *args, stdin="", timeout=30):
    done = subprocess.run([SHELL, server, *args], input=stdin.encode(), capture_output=True, timeout=timeout * SLOW, check=False)
    assert b"Sanitizer" not in done.stderr, done.stderr.decode()
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def root(zookeeper):
    """A node of the test's own."""
    path = "/shell-" + uuid.uuid4().hex[:12]
    with zookeeper.client() as client:
        client.create(path)
        yield path
        with contextlib.suppress(NoAuthError):  # from nodes that a test has taken all rights from
            client.delete(path, recursive=True)


def one(zookeeper, *args):
    """Output of a command behind what stands before it."""
    done = shell(zookeeper.address, *args)
    head = f"Connecting to {zookeeper.address}\n" + CONNECTED
    assert done.out.startswith(head), done.out + done.err
    return Done(done.code, done.out[len(head):], done.err)


def test_one_command(zookeeper, root):
    done = one(zookeeper, "create", root + "/b", "two words")
    assert (done.code, done.out, done.err) == (0, "", f"Created {root}/b\n")
    assert one(zookeeper, "create", root + "/a").code == 0
    assert one(zookeeper, "ls", root).out == "[a, b]\n"
    assert one(zookeeper, "get", root + "/b").out == "two words\n"
    assert one(zookeeper, "get", root + "/a").out == "null\n"
    assert one(zookeeper, "ls", "-R", root).out == f"{root}\n{root}/a\n{root}/b\n"
    assert one(zookeeper, "getAcl", root).out == "'world,'anyone\n: cdrwa\n"
    assert one(zookeeper, "deleteall", root + "/b").code == 0


def test_stat_in_the_words_of_java(zookeeper, root):
    with zookeeper.client() as client:
        stat = client.set(root, b"12345")
    os.environ["TZ"] = "UTC"
    lines = one(zookeeper, "stat", root).out.splitlines()
    names = "cZxid ctime mZxid mtime pZxid cversion dataVersion aclVersion ephemeralOwner dataLength numChildren".split()
    assert [line.split(" = ")[0] for line in lines] == names
    assert lines[0] == f"cZxid = 0x{stat.czxid:x}"
    assert lines[6:] == ["dataVersion = 1", "aclVersion = 0", "ephemeralOwner = 0x0", "dataLength = 5", "numChildren = 0"]
    assert lines[1].split(" = ")[1].split()[4] == "UTC"


def test_data_in_other_forms(zookeeper, root):
    with zookeeper.client() as client:
        client.set(root, bytes(range(20)))
    assert one(zookeeper, "get", "-b", root).out == "AAECAwQFBgcICQoLDA0ODxAREhM=\n"
    lines = one(zookeeper, "get", "-x", root).out.splitlines()
    assert lines[3] == "|00000000| 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f |................|"
    assert lines[4] == "|00000010| 10 11 12 13                                     |....            |"
    with zookeeper.client() as client:
        client.set(root, b"a\xffb")
    assert one(zookeeper, "get", root).out == "a\ufffdb\n"


@pytest.mark.parametrize("args, code, message", [
    (["get", "ROOT/no"], 1, "Node does not exist: ROOT/no"),
    (["create", "ROOT"], 1, "Node already exists: ROOT"),
    (["delete", "ROOT"], 1, "Node not empty: ROOT"), (["create", "ROOT/e/x"], 1, "Ephemerals cannot have children: ROOT/e/x"),
    (["set", "-v", "9", "ROOT", "x"], 1, "version No is not valid : ROOT"),
    (["delete", "/"], 1, "Arguments are not valid : /"),
    (["setAcl", "ROOT", "bad"], 1, "bad does not have the form scheme:id:perm\nAcl is not valid : null"),
    (["ls", "x"], 1, "Path must start with / character"),
    (["ls"], 1, "ls [-s] [-w] [-R] path"),
    (["set", "-q", "/", "x"], 1, "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -q"),
])
def test_failures(zookeeper, root, args, code, message):
    with zookeeper.client() as client:
        client.create(root + "/e", ephemeral=True)
        done = shell(zookeeper.address, *[arg.replace("ROOT", root) for arg in args])
    lines = done.err.splitlines()
    assert done.code == code
    assert "\n".join(lines[:-1]) == message.replace("ROOT", root)
    assert lines[-1].endswith(f" ERROR Exiting JVM with code {code} (org.apache.zookeeper.util.ServiceUtils)")


def test_unknown_command(zookeeper):
    done = shell(zookeeper.address, "frobnicate")
    assert done.code == 127
    assert done.err.startswith("ZooKeeper -server host:port [-zk-tls-config-file <file>] cmd args\n\taddWatch [-m mode] path")
    assert "\nCommand not found: Command not found frobnicate\n" in done.err


def test_usage():
    done = subprocess.run([SHELL], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        1, "USAGE: zookeeper-shell.sh zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]\n")


def test_chroot(zookeeper, root):
    with zookeeper.client() as client:
        client.create(root + "/in", b"inside")
    assert shell(zookeeper.address + root, "ls", "/").out.endswith("\n[in]\n")
    assert shell(zookeeper.address + root, "get", "/in").out.endswith("\ninside\n")
    assert shell(zookeeper.address + root, "create", "-s", "/n-").err == "Created /n-0000000001\n"
    assert shell(zookeeper.address + root, "-timeout", "7000", "ls", "/").out.endswith("\n[in, n-0000000001]\n")
    done = shell(zookeeper.address + root + "/none", "ls", "/")
    assert done.code == 1 and done.err.startswith("Node does not exist: /\n")


def test_lines(zookeeper, root):
    script = f'create {root}/a x\nget {root}/a\nnosuch\nset {root}/a "a b"\nget {root}/a\nget {root}/b\n'
    done = shell(zookeeper.address, stdin=script)
    assert done.out == (f"Connecting to {zookeeper.address}\nWelcome to ZooKeeper!\nJLine support is disabled\n" + CONNECTED
                        + "x\na b\n")
    assert done.code == 1, "that of the last command"
    assert shell(zookeeper.address, stdin=script + "ls /zookeeper\n").code == 0
    assert shell(zookeeper.address, stdin="nosuch\nquit\nls /\n").code == 127


def test_an_ephemeral_node_outlives_one_command_and_not_quit(zookeeper, root):
    with zookeeper.client() as client:
        shell(zookeeper.address, "-timeout", "2000", "create", "-e", root + "/one")
        assert client.exists(root + "/one"), "as in Java the session is left to its time-out"
        wait_until(lambda: not client.exists(root + "/one"), 20, "the session to time out")
        shell(zookeeper.address, stdin=f"create -e {root}/two\nquit\n")
        assert not client.exists(root + "/two")


class Terminal:
    """The shell at a terminal, with output read until something is in it."""
    def __init__(self, *args):
        self.master, slave = pty.openpty()
        self.proc = subprocess.Popen([SHELL, *args], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.close(slave)
        self.seen = ""

    def send(self, line):
        os.write(self.master, (line + "\n").encode())

    def expect(self, text, timeout=30):
        def found():
            if select.select([self.proc.stdout], [], [], 0.05)[0]:
                self.seen += os.read(self.proc.stdout.fileno(), 65536).decode(errors="replace")
            return text in self.seen
        wait_until(found, timeout, f"{text!r} in {self.seen!r}")
        before, _, self.seen = self.seen.partition(text)
        return before

    def close(self):
        os.close(self.master)
        self.proc.stdout.close()
        self.proc.kill()
        self.proc.wait()


@pytest.fixture
def terminal():
    made = []

    def make(*args):
        made.append(Terminal(*args))
        return made[-1]
    yield make
    for each in made:
        each.close()


def test_events_come_while_it_waits_for_its_user(zookeeper, root, terminal):
    t = terminal(zookeeper.address)
    t.expect("state:SyncConnected type:None path:null")
    t.send(f"get -s -w {root}")
    t.expect("numChildren = 0\n")
    with zookeeper.client() as client:
        client.set(root, b"1")
        t.expect(f"WATCHER::\n\nWatchedEvent state:SyncConnected type:NodeDataChanged path:{root}\n")
        client.set(root, b"2")
        t.send(f"addWatch {root}")
        t.send("printwatches")
        t.expect("printwatches is on")
        client.create(root + "/x/y", makepath=True)
        assert "NodeDataChanged" not in t.expect(f"type:NodeCreated path:{root}/x/y\n"), "a watch fires once"


def test_a_lost_connection_comes_back_with_its_watches(own_zookeeper, terminal):
    t = terminal(own_zookeeper.address, "-timeout", "60000")
    t.expect("state:SyncConnected type:None path:null")
    t.send("create -e /mine")
    t.expect("Created /mine")
    t.send("create /watched")
    t.expect("Created /watched")
    t.send("get -w /watched")
    t.expect("null\n")
    own_zookeeper.kill()
    t.expect("state:Disconnected type:None path:null", 60)
    t.send("ls /")
    t.expect("KeeperErrorCode = ConnectionLoss for /", 60)
    own_zookeeper.start()
    t.expect("state:SyncConnected type:None path:null", 60)
    t.send("getEphemerals")
    t.expect("[/mine]")
    with own_zookeeper.client() as client:
        client.set("/watched", b"x")
    t.expect("type:NodeDataChanged path:/watched")


def test_an_expired_session_says_so(own_zookeeper, terminal):
    t = terminal(own_zookeeper.address, "-timeout", "4000")
    t.expect("state:SyncConnected type:None path:null")
    dump = wait_until(lambda: [word for word in own_zookeeper.ask("cons").split(",") if word.startswith("sid=0x")], 10, "a session")
    own_zookeeper.expire(int(dump[0][4:], 16))
    t.expect("state:Expired type:None path:null", 60)
    t.send("ls /")
    t.expect("Not connected")
    t.send("connect")
    t.send("ls /")
    t.expect("[zookeeper]")


def test_nobody_there():
    port = free_port()
    done = shell(f"127.0.0.1:{port}", "ls", "/")
    assert (done.code, done.out) == (1, f"Connecting to 127.0.0.1:{port}\n")
    assert "java.net.ConnectException: Connection refused\n" in done.err
    assert "\nKeeperErrorCode = ConnectionLoss for /\n" in done.err


def test_one_of_two_servers_will_do(zookeeper):
    for _ in range(4):  # they are tried in any order
        done = shell(f"127.0.0.1:{free_port()},{zookeeper.address}", "ls", "/zookeeper")
        assert done.code == 0 and done.out.endswith("\n[config, quota]\n")


@pytest.mark.parametrize("server, message", [
    ("h:x", 'java.lang.NumberFormatException: For input string: "x"'),
    ("h:2181/a//b", 'java.lang.IllegalArgumentException: Invalid path string "/a//b" caused by empty node name specified @3'),
    ("[::1", "java.lang.IllegalArgumentException: [::1 starts with '[' but has no matching ']'"),
    (",", "java.lang.IllegalArgumentException: A HostProvider may not be empty!"),
])
def test_servers_that_are_none(server, message):
    done = shell(server, "ls", "/")
    assert done.code == 1 and done.err == f'Exception in thread "main" {message}\n'


def test_tls_is_refused_aloud(zookeeper, tmp_path):
    file = tmp_path / "tls.properties"
    file.write_text("zookeeper.ssl.client.enable=true\n")
    done = shell(zookeeper.address, "-zk-tls-config-file", str(file), "ls", "/")
    assert done.code == 1 and "zookeeper.ssl.client.enable=true" in done.err and done.out == ""
    file.write_text("zookeeper.ssl.client.enable=false\n")
    assert shell(zookeeper.address, "-zk-tls-config-file", str(file), "ls", "/zookeeper").out.endswith("[config, quota]\n")
    done = shell(zookeeper.address, "ls", "/", "-zk-tls-config-file")
    assert done.code == 1 and "Error: no filename provided with option -zk-tls-config-file" in done.err


@pytest.mark.parametrize("name", shell_scripts.ALL)
def test_conversations_end_well(zookeeper, root, name):
    """Whatever is in them: no command leaves the shell hanging, or dead. Their output is compared in the peers test."""
    done = shell(zookeeper.address, stdin=shell_scripts.ALL[name].replace("ROOT", root) + "ls /zookeeper\n", timeout=60)
    assert done.code == 0
    if "\nquit\n" not in shell_scripts.ALL[name]:
        assert done.out.endswith("[config, quota]\n")


def frame(body):
    return struct.pack(">i", len(body)) + body


GREETING = frame(struct.pack(">iiqi", 0, 4000, 5, 16) + bytes(16) + b"\0")
HEAD = struct.pack(">iqi", 1, 9, 0)


@pytest.mark.parametrize("answer", [
    b"", b"\0", struct.pack(">i", -1), struct.pack(">i", 0x7fffffff), frame(b""), frame(b"\0" * 7),
    frame(struct.pack(">iiqi", 0, 4000, 5, 0x7fffffff)), frame(struct.pack(">iiqi", 0, 4000, 5, 17) + bytes(17)),
    GREETING + frame(b"\0" * 15), GREETING + frame(struct.pack(">iqi", 77, 9, 0)),
    GREETING + frame(HEAD + struct.pack(">i", 0x7fffffff)), GREETING + frame(HEAD + struct.pack(">ii", 3, 5) + b"abc"),
    GREETING + frame(HEAD + struct.pack(">i", -5)), GREETING + frame(HEAD + struct.pack(">i", 0)),
    GREETING + frame(struct.pack(">iqi", 1, 9, -0x80000000)), GREETING + frame(struct.pack(">iqi", 1, 9, 5)),
    GREETING + frame(struct.pack(">iqi", -1, -1, 0) + struct.pack(">iii", 1, 3, 0x7fffffff)),
    GREETING + frame(struct.pack(">iqi", -1, -1, 0) + struct.pack(">iii", 99, 3, 2) + b"/x"),
    GREETING + frame(struct.pack(">iqi", -4, -1, -115)),
    GREETING + struct.pack(">i", 60000000) + b"x" * 1000,
])
def test_a_hostile_server(answer):
    """It ends with an error, soon, whatever comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            try:
                while True:
                    conn, _ = server.accept()
                    with conn:
                        conn.recv(4096)
                        conn.sendall(answer)
                        conn.shutdown(socket.SHUT_WR)
                        while conn.recv(4096):
                            pass
            except OSError:
                pass
        threading.Thread(target=serve, daemon=True).start()
        done = shell(f"127.0.0.1:{server.getsockname()[1]}", "-timeout", "3000", "ls", "/")
        assert done.code == 1 and "KeeperErrorCode = " in done.err
