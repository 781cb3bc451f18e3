"""The shells' completion and the manual page: both from the tables of the command itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from command_line import Run
from fastsock.cli import VERBS
from fastsock.cli.completion import SHELLS, flags_of, help_of, verbs
from fastsock.cli.flags import ANSWER, SELECTION
from fastsock.cli.man import escape_roff, render_page

BASH = shutil.which("bash")


def complete(script: str, *words: str) -> list[str]:
    """What bash offers for the last word."""
    assert BASH
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
    asking = (
        f"{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n"
        '_fastsock; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        [BASH, "--norc", "-u", "-c", asking], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture(scope="module")
def script() -> str:
    if BASH is None:
        pytest.skip("needs bash")
    return SHELLS["bash"]()


def test_every_verb_has_a_help() -> None:
    assert [verb for verb in verbs() if not help_of(verb)] == []
    for verb in VERBS:
        for flag in flags_of(verb):
            assert flag.help, flag.names


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_writes_it(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert (result.code, result.err) == (0, "")
    assert result.out == SHELLS[shell]()
    for flag in (*SELECTION, *ANSWER):
        for name in flag.names:
            assert name.lstrip("-") in result.out


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_can_read_it(shell: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(SHELLS[shell]())
    subprocess.run([found, "-n", tmp_path / "script"], check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["fastsock", "li"], ["list", "listeners"]),
        (["fastsock", "list", "--sta"], ["--state"]),
        (["fastsock", "list", "--state", "est"], ["established"]),
        (["fastsock", "list", "--state", "=", "est"], ["established"]),
        (["fastsock", "--state", "fin"], ["fin-wait1", "fin-wait2"]),
        (["fastsock", "count", "--by", "command,lo"],
         ["command,local_port", "command,local_address"]),
        (["fastsock", "list", "--columns", "rx"], ["rx_queue"]),
        (["fastsock", "list", "--engine", "net"], ["netlink"]),
        (["fastsock", "bpf", "un"], ["unpin"]),
        (["fastsock", "completion", "f"], ["fish"]),
        (["fastsock", "list", "--port", ""], []),
        (["fastsock", "bpf", "--port"], []),
        (["fastsock", "man", "--"], ["--help"]),
        (["fastsock", "who", "--pi"], ["--pid", "--pids"]),
        (["fastsock", "cuont", "--by"], []),
        (["fastsock", "--ver"], ["--version"]),
    ],
)  # fmt: skip
def test_bash_completes(script: str, words: list[str], expected: list[str]) -> None:
    assert sorted(complete(script, *words)) == sorted(expected)


def test_bash_completes_with_what_there_is(script: str, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "behind").touch()
    assert complete(script, "fastsock", "list", "--procfs", f"{tmp_path}/be") == [
        f"{tmp_path}/below"
    ]
    assert str(os.getpid()) in complete(script, "fastsock", "list", "-p", str(os.getpid())[:-1])
    assert complete(script, "fastsock", "snapshot", f"{tmp_path}/beh") == [f"{tmp_path}/behind"]
    # The file, which may be hidden from whoever asks, has any bytes: plain names are offered.
    offered = complete(script, "fastsock", "process", "ba")
    assert "bash" in offered


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("completion", "completion takes one of bash zsh fish"),
        ("completion tcsh", "completion takes one of bash zsh fish"),
        ("completion bash zsh", "completion takes one of bash zsh fish"),
        ("completion bash --json", "completion takes no flags"),
        ("man --port 80", "man takes no flags"),
        ("man list", "'list' has no place here, see --help"),
    ],
)
def test_wrong_usage(run: Run, line: str, answer: str) -> None:
    assert run(*line.split()) == (2, "", f"fastsock: {answer}\n")


def test_the_page_names_every_flag(run: Run) -> None:
    result = run("man")
    assert (result.code, result.err, result.out) == (0, "", render_page())
    for verb in verbs():
        assert f"\n.SS {verb}\n" in result.out or not flags_of(verb)
        for flag in flags_of(verb):
            for name in flag.names:
                assert f"\\fB{escape_roff(name)}\\fR" in result.out


def test_roff() -> None:
    assert escape_roff(r"a\b-c") == r"a\eb\-c"
    assert escape_roff(".TH x") == r"\&.TH x"
    assert escape_roff("'x") == r"\&'x"


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_the_page_is_roff() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z"],
        input=render_page().encode(),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="needs mandoc")
def test_the_page_passes_lint() -> None:
    done = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning"], input=render_page().encode(), capture_output=True
    )
    assert done.stdout == b""
