"""A ZooKeeper ensemble of three, whose members can be killed and frozen one by one."""

import contextlib

from kazoo.client import KazooClient

from harness import SLOW, Process, ZooKeeper, free_port, wait_until


class Member(ZooKeeper):
    """One of them: a peer of the quorum, on ports of its own."""

    main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"

    def __init__(self, directory, number, servers):
        super().__init__(directory)
        self.name = f"zookeeper-{number}"
        self.number = number
        (self.dir / "data").mkdir(exist_ok=True)
        (self.dir / "data" / "myid").write_text(f"{number}\n")
        with open(self.config, "a", encoding="utf-8") as config:
            config.write("".join(f"{line}\n" for line in ["initLimit=20", "syncLimit=6", *servers]))

    def mode(self):
        """leader or follower; None while it is neither."""
        found = [line.split()[1] for line in self.ask("srvr").splitlines() if line.startswith("Mode:")]
        return found[0] if found else None


class Ensemble:
    """Usable where a single ZooKeeper is."""

    def __init__(self, directory, size=3):
        servers = [f"server.{n}=127.0.0.1:{free_port()}:{free_port()}" for n in range(1, size + 1)]
        self.members = [Member(directory / f"zookeeper-{n}", n, servers) for n in range(1, size + 1)]

    @property
    def address(self):
        return ",".join(m.address for m in self.members)

    def start(self):
        for member in self.members:
            member.launch()
        self.await_quorum()
        return self

    def await_quorum(self):
        """Until every member serves."""
        wait_until(lambda: all(m.mode() for m in self.members), 60, "every member of the ensemble to serve", every=0.1)

    def leader(self):
        return next((m for m in self.members if m.alive() and m.mode() == "leader"), None)

    def expire(self, session_id):
        """By way of any member that serves; the session is of the whole ensemble."""
        wait_until(self.leader, 30, "a leader of the ensemble").expire(session_id)

    @contextlib.contextmanager
    def client(self, chroot=""):
        client = KazooClient(self.address + chroot, timeout=30)
        client.start(timeout=30 * SLOW)
        try:
            yield client
        finally:
            client.stop()
            client.close()

    def kill(self):
        for member in self.members:
            Process.kill(member)
