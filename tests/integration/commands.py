"""Runs the scripts in bin/ as a user does, and says what they did."""

import subprocess

from harness import ROOT, SLOW


class Done:
    """Exit code, stdout and stderr of a script that has ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def tool(name, *args, stdin="", timeout=30):
    """Runs bin/kafka-NAME.sh to its end."""
    done = subprocess.run([ROOT / "bin" / f"kafka-{name}.sh", *map(str, args)], input=stdin.encode(),
                          capture_output=True, timeout=timeout * SLOW)
    assert b"Sanitizer" not in done.stderr, done.stderr.decode()
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def expect(done, code, out=""):
    """What it must have printed, literally."""
    assert (done.code, done.out) == (code, out), done.err


def refused(done, message):
    """Exit code 1, nothing on stdout, and this as the last lines of stderr."""
    assert (done.code, done.out) == (1, ""), done.err
    assert done.err == message + "\n" or done.err.endswith("\n" + message + "\n"), done.err
