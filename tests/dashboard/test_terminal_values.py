"""The values of options, and the sentences on those that are wrong."""

from __future__ import annotations

import re

import pytest

from jacoscope_dashboard.terminal._parser import parser

SUBJECT = ["m:f", "--shape", "3"]


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["compare", "m:f", "--shape", "128x32"], "shape", [(128, 32)]),
        (["compare", "m:f", "--shape", "2×3"], "shape", [(2, 3)]),
        (["compare", "m:f", "--shape", "scalar"], "shape", [()]),
        (["compare", "m:f", "--shape", ""], "shape", [()]),
        (["compare", "m:f", "--shape", "1", "--shape", "0x3"], "shape", [(1,), (0, 3)]),
        (["compare", *SUBJECT, "--chunk-sizes", "8,64"], "chunk_sizes", (8, 64)),
        (["compare", *SUBJECT], "chunk_sizes", (8, 64, 256)),
        (["compare", *SUBJECT, "--memory-limit", "2GB"], "memory_limit", 2_000_000_000),
        (["compare", *SUBJECT, "--time-limit", "30"], "time_limit", 30.0),
        (["compare", *SUBJECT, "--time-limit", "30s"], "time_limit", 30.0),
        (["compare", *SUBJECT, "--time-limit", "2m"], "time_limit", 120.0),
        (["compare", *SUBJECT], "time_limit", 60.0),
        (["compare", *SUBJECT, "--quantity", "hvp", "--vectors", "5"], "vectors", 5),
        (["compare", *SUBJECT, "--out", "here/study.csv"], "out", "here/study.csv"),
        (["compare", *SUBJECT, "--dtype", "bfloat16"], "dtype", "bfloat16"),
        (["advise", "p", "--knob", "n=4", "--knob", "k=a"], "knob", [("n", "4"), ("k", "a")]),
        (["explore", *SUBJECT, "--address", "127.0.0.1"], "address", "127.0.0.1"),
        (["explore", *SUBJECT, "--address", "::1"], "address", "::1"),
    ],
)  # fmt: skip
def test_values(arguments: list[str], name: str, value: object) -> None:
    assert getattr(parser().parse_args(arguments), name) == value


@pytest.mark.parametrize(
    ("option", "text", "sentence"),
    [
        ("--shape", "12x", "`--shape` must be sizes joined by x, such as 128x32, but got '12x'."),
        ("--shape", "²", "`--shape` must be sizes joined by x, .* got '²'."),
        ("--dtype", "int8", "must be float32, float64, bfloat16 or float16, but got 'int8'."),
        ("--seed", "one", "`--seed` must be a whole number from 0 to 2147483647, but got 'one'."),
        ("--quantity", "tensor", "must be jacobian, hessian, hvp, jmp or mjp, but got 'tensor'."),
        ("--vectors", "0", "`--vectors` must be a whole number from 1 to 1000000, but got '0'."),
        ("--chunk-sizes", "8,,3", "must be whole numbers above 0 joined by commas, .*'8,,3'."),
        ("--chunk-sizes", "0", "`--chunk-sizes` must be whole numbers above 0 .* got '0'."),
        ("--memory-limit", "lots", "must be a size such as 500MB or 2GB, but got 'lots'."),
        ("--time-limit", "0", "`--time-limit` must be a time such as 30s or 2m, .* got '0'."),
        ("--time-limit", "2 weeks", "must be a time such as 30s or 2m, .* got '2 weeks'."),
        ("--knob", "batch", "`--knob` must be a name and a value, such as batch=64, .*'batch'."),
        ("--out", "a.txt", "`--out` must be a file that ends in .json or .csv, but got 'a.txt'."),
        ("--cpu-devices", "many", "must be a whole number from 1 to 64, but got 'many'."),
    ],
)
def test_what_is_wrong_with_a_value(
    option: str, text: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(["compare", "m:f", option, text])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert re.search(rf"^jacoscope compare: error: .*{sentence}$", said, re.MULTILINE), said
    assert len(said.splitlines()) == 2  # the usage, and the sentence


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
def test_a_function_is_served_to_this_machine_only(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(["explore", *SUBJECT, "--address", address])
    assert stopped.value.code == 2
    said = f"`--address` must be an address of this machine alone, .* but got '{address}'."
    assert re.search(said, capsys.readouterr().err)


def test_one_input_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(["compare", *SUBJECT, "--input", "x.npz"])
    assert stopped.value.code == 2
    assert "`--input` does not go with `--shape`." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["compare", "advise", "explore"])
def test_help_has_the_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args([command, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert re.search(r"exit codes:\n  0 .*\n  1 .*\n  2 .*\n  130 ", said)
