#!/usr/bin/env python3
"""Runs what a page of the documentation says: run_doc.py [--update] PAGE.md ROOT BUILD WORK

Every fenced block is tested by its language, in a folder that looks like the root of a built checkout:

  yaml     a spec: built, or only checked where it names no model
  cpp      a program, compiled with warnings as errors, linked with the models that it includes, and run
  console  commands after "$ ", run in order; what stands below a command is its output
  text     not tested, but where a comment says what it is the output of
  others   must be the output of something or a file

A comment before a block, which a reader does not see, says more:

  <!-- file: app.cc -->          the block is written there, for those below it
  <!-- same: specs/x.yaml -->    the block is that file of the repository, or stands in it
  <!-- output: COMMAND -->       the block is what COMMAND prints
  <!-- exit: 1 -->               the last command of the block, or the check of the spec, ends with this status
  <!-- frame: ... -->            lines around the block, which takes the place of the line "..."
  <!-- frame NAME: ... -->       the same, not for the next block but for those below `<!-- in: NAME -->`

In what is expected a line "..." stands for any lines, and "…" for any characters. Of assembly the registers and labels
do not count. --update writes into the page what the commands print, where nothing is left out."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

# What takes the whole checkout: other tests run them, or they run this test.
ELSEWHERE = re.compile(r"(git clone .*|cd runestone|(scripts|test/bench)/\w+)$")
FENCE = re.compile(r"^(```+)(\w*)$")
LIMIT = 300


class Wrong(Exception):
    pass


class Block:
    def __init__(self, language, line, lines, comments):
        self.language, self.line, self.lines, self.comments = language, line, lines, comments

    @property
    def text(self):
        return "".join(f"{line}\n" for line in self.lines)


def comment_at(lines, at):
    """A comment that begins at a line: its (key, value) and the line after it."""
    text = lines[at]
    while not text.rstrip().endswith("-->"):
        at += 1
        if at == len(lines):
            raise Wrong("a comment without an end")
        text += "\n" + lines[at]
    key, _, value = text[4:-3].partition(":")
    return (key.strip(), value[1:] if value.startswith("\n") else value.strip()), at + 1


def blocks_of(page):
    """The page's blocks, with the comments above each, and its named frames."""
    lines, at, comments, frames, blocks = page.read_text().splitlines(), 0, {}, {}, []
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if lines[at].startswith("<!-- "):
            (key, value), at = comment_at(lines, at)
            if key.startswith("frame "):
                frames[key[6:]] = value
            else:
                comments[key] = value
        elif fence:
            end = lines.index(fence[1], at + 1)
            blocks.append(Block(fence[2], at + 1, lines[at + 1 : end], comments))
            comments, at = {}, end + 1
        else:
            if lines[at].strip() and comments:
                raise Wrong(f"{page.name}:{at + 1}: {', '.join(comments)}: a comment for a block, but none follows")
            if lines[at].startswith("```"):
                raise Wrong(f"{page.name}:{at + 1}: a fence is a language and nothing else")
            at += 1
    return blocks, frames


def slug(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def check_links(page, root):
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    text = re.sub(r"(?<!\[)`[^`\n]*`", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
        target = target[0] or target[1]
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or root not in file.parents:
            raise Wrong(f"a link to {target}, which does not exist")
        if anchor and anchor not in [slug(h) for h in re.findall(r"^#+ (.*)$", file.read_text(), re.M)]:
            raise Wrong(f"a link to {target}, but {file.name} has no such heading")


def line_matches(expected, actual):
    pattern = ".*".join(re.escape(part) for part in expected.rstrip().split("…"))
    return re.fullmatch(pattern, actual.rstrip()) is not None


def matches(expected, actual):
    """Whether the actual lines are the expected ones, in which "..." stands for any."""
    reached = {0}  # how many actual lines the expected ones so far may have taken
    for line in expected:
        if line.strip() == "...":
            reached = set(range(min(reached), len(actual) + 1)) if reached else set()
        else:
            reached = {i + 1 for i in reached if i < len(actual) and line_matches(line, actual[i])}
    return len(actual) in reached


def first_difference(expected, actual):
    for count in range(len(expected), -1, -1):
        if matches(expected[:count] + ["..."], actual):
            return expected[count] if count < len(expected) else "the end"
    return "the beginning"


def plain_assembly(lines):
    lines = [re.sub(r"\.LBB\d+_\d+", ".L", re.sub(r"%[xyz]mm\d+|%r\w+", "%r", line)) for line in lines]
    return [re.sub(r"\s+", " ", line).strip() for line in lines]


def same_output(expected, actual, what, language="text"):
    while actual and not actual[-1].strip():
        actual.pop()
    if language == "asm":
        plain_expected, plain_actual = plain_assembly(expected), plain_assembly(actual)
    else:
        plain_expected, plain_actual = expected, actual
    if not matches(plain_expected, plain_actual):
        shown = "\n".join(actual if len(actual) < 200 else actual[:200] + ["(and so on)"])
        missing = first_difference(plain_expected, plain_actual)
        raise Wrong(f"`{what}` prints\n{shown}\nin which this, from the page, is not at its place:\n{missing}")


class Runner:
    def __init__(self, page, root, build, work):
        self.page, self.root, self.work, self.count, self.frames = page, root, work, 0, {}
        shutil.rmtree(work, ignore_errors=True)
        (work / "build").mkdir(parents=True)
        for source, target in ((root, work), (build, work / "build")):
            for entry in source.iterdir():
                if entry.name not in ("build", "demo", "docs", "test") and not entry.name.startswith("."):
                    (target / entry.name).symlink_to(entry)
        for name in ("docs", "test"):
            (work / name).symlink_to(root / name)
        self.environment = dict(os.environ, HOME=str(work / "home"), LC_ALL="C.UTF-8", TERM="dumb")
        self.environment.pop("CLICOLOR_FORCE", None)

    def shell(self, command, status=0):
        """The lines that a command prints, on both streams."""
        done = subprocess.run(["bash", "-c", command], cwd=self.work, env=self.environment, text=True, timeout=LIMIT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != status:
            raise Wrong(f"`{command}` ends with status {done.returncode}, expected {status}:\n{done.stdout}")
        return done.stdout.splitlines()

    def framed(self, block):
        """The block's text in its frame, and whether it has one."""
        frame = block.comments.get("frame") or self.frames.get(block.comments.get("in"))
        if "in" in block.comments and frame is None:
            raise Wrong(f"no frame is called {block.comments['in']}")
        if frame is None:
            return block.text
        place = re.search(r"^( *)\.\.\.$", frame, re.M)
        if not place:
            raise Wrong("the frame has no line '...'")
        lines = "\n".join(place[1] + line if line else "" for line in block.lines)
        return frame[: place.start()] + lines + frame[place.end() :] + "\n"

    def written(self, block, suffix):
        self.count += 1
        path = self.work / block.comments.get("file", f"block{self.count}.{suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            raise Wrong(f"{path.name} would write into the checkout")
        path.write_text(self.framed(block))
        return path.relative_to(self.work)

    def run_yaml(self, block):
        path = self.written(block, "yaml")
        text = (self.work / path).read_text()
        if not re.search(r"^runestone: 1$", text, re.M):
            raise Wrong("a spec begins with 'runestone: 1'; give a part of one a frame")
        command = f"build {path} --emit=obj -o {path}.o" if re.search(r"^model:", text, re.M) else f"check {path}"
        self.shell(f"runec {command}", int(block.comments.get("exit", 0)))

    def run_cpp(self, block):
        path = self.written(block, "cc")
        text = (self.work / path).read_text()
        objects = []
        for header in re.findall(r'^#include "(\w+)\.h"', text, re.M):
            found = sorted(self.work.glob(f"**/{header}.o"))
            if not found:
                raise Wrong(f"{header}.h is of no model that was built above")
            objects.append(found[0])
        folders = " ".join(f"-I {folder}" for folder in sorted({str(o.parent) for o in objects}))
        program = path.with_suffix("")
        self.shell(f"c++ -std=c++20 -O2 -Wall -Wextra -Werror -I runtime/include {folders} {path} "
                   f"{' '.join(map(str, objects))} -L build/lib -lrune -o ./{program}")
        if re.search(r"\bargv\b", text):
            return  # a console block below runs it, on files
        self.shell(f"./{program}", int(block.comments.get("exit", 0)))

    def run_console(self, block):
        at = 0
        while at < len(block.lines):
            if not block.lines[at].startswith("$ "):
                raise Wrong(f"expected a command: {block.lines[at]}")
            command = block.lines[at][2:]
            while command.endswith("\\"):
                at += 1
                command = command[:-1] + block.lines[at].strip()
            at += 1
            end = next((i for i in range(at, len(block.lines)) if block.lines[i].startswith("$ ")), len(block.lines))
            expected, at = block.lines[at:end], end
            command = re.sub(r"\s+# .*$", "", command)
            if ELSEWHERE.match(command):
                script = self.root / command.split()[0]
                if "/" in command.split()[0] and not os.access(script, os.X_OK):
                    raise Wrong(f"{command} cannot be run")
                continue
            status = int(block.comments.get("exit", 0)) if end == len(block.lines) else 0
            actual = self.shell(command, status)
            if expected:
                same_output(expected, actual, command)

    def run_output(self, block, update):
        command = block.comments["output"]
        actual = self.shell(command, int(block.comments.get("exit", 0)))
        if update and not any("…" in line or line.strip() == "..." for line in block.lines):
            return actual
        same_output(block.lines, actual, command, block.language)
        return block.lines

    def run(self, block, update=False):
        """Tests a block; its lines, with --update those that should stand there."""
        if "same" in block.comments:
            whole = (self.root / block.comments["same"]).read_text().splitlines()
            expected = [line.rstrip() for line in block.lines]
            same_output(["...", *expected, "..."], whole, f"cat {block.comments['same']}")
            if "frame" not in block.comments and "file" not in block.comments:
                return block.lines
        if "output" in block.comments:
            return self.run_output(block, update)
        if block.language in ("yaml", "cpp", "console"):
            getattr(self, f"run_{block.language}")(block)
        elif "file" in block.comments:
            self.written(block, "txt")
        elif block.language != "text":
            raise Wrong(f"a block of {block.language or 'no language'} must be a file or the output of something")
        return block.lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    parser.add_argument("page", type=pathlib.Path)
    for name in ("root", "build", "work"):
        parser.add_argument(name, type=lambda path: pathlib.Path(path).resolve())
    arguments = parser.parse_args()
    page = arguments.page.resolve()

    failed = 0
    try:
        check_links(page, arguments.root)
        blocks, frames = blocks_of(page)
    except Wrong as wrong:
        sys.exit(f"{page.name}: {wrong}")
    runner = Runner(page, arguments.root, arguments.build, arguments.work)
    runner.frames = frames
    lines = page.read_text().splitlines()
    moved = 0
    for block in blocks:
        try:
            new = runner.run(block, arguments.update)
            start = block.line + moved
            lines[start : start + len(block.lines)] = new
            moved += len(new) - len(block.lines)
        except (Wrong, subprocess.TimeoutExpired) as wrong:
            failed += 1
            print(f"{page.name}:{block.line}: {wrong}\n", file=sys.stderr)
    if arguments.update:
        page.write_text("".join(f"{line}\n" for line in lines))
    print(f"{page.name}: {len(blocks)} blocks, {failed} wrong")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
