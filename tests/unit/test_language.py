"""Words that docs/glossary.md has retired do not come back, in prose or in names."""

import re
import subprocess

from tests.synthesis import REPOSITORY

_GLOSSARY = "docs/glossary.md"
_WITH_EXAMPLES = (_GLOSSARY, "tests/unit/test_language.py")
_NOT_WRITTEN_HERE = re.compile(r"\.(lock|sum|mod)$|package-lock\.json$")


def _retired() -> list[str]:
    """The words in the first column of the table of retired words."""
    text = (REPOSITORY / _GLOSSARY).read_text(encoding="utf-8")
    table = text[text.index("## Retired words") :]
    rows = re.findall(r"^\| (.+?) \| .+ \|$", table, re.MULTILINE)
    return [word.strip() for row in rows[1:] for word in row.split(",")]


def _words(text: str) -> str:
    """Lower-case words with one space between them: names are taken apart, comment signs and line ends go."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def _found(text: str, retired: list[str]) -> list[str]:
    words = f" {_words(text)} "
    return [word for word in retired if f" {word} " in words]


def test_no_file_uses_a_retired_word() -> None:
    """In any file that git knows, its name included."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    retired = _retired()
    assert len(retired) > 10
    found: dict[str, list[str]] = {}
    for name in listed.stdout.split():
        file = REPOSITORY / name
        if name in _WITH_EXAMPLES or _NOT_WRITTEN_HERE.search(name) or not file.is_file():
            continue
        if words := _found(f"{name}\n{file.read_text(encoding='utf-8', errors='ignore')}", retired):
            found[name] = words
    assert not found, f"see {_GLOSSARY}, Retired words: {found}"


def test_a_retired_word_is_found_in_prose_and_in_names() -> None:
    """However it is written, and across a line end; not inside of another word."""
    retired = ["put aside", "mend"]
    assert _found("def put_aside():", retired) == ["put aside"]
    assert _found("PutAside", retired) == ["put aside"]
    assert _found("# it is put\n    # aside", retired) == ["put aside"]
    assert _found("mend it", retired) == ["mend"]
    assert _found("recommended, amend", retired) == []
