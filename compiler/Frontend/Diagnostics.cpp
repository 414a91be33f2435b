// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Diagnostics.h"
#include "Frontend/Utf8.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Unicode.h"

#include <algorithm>
#include <cstdlib>

using namespace rune;
using llvm::raw_ostream;
using llvm::StringRef;

static constexpr unsigned maxErrors = 100;
static constexpr size_t maxColumns = 160; // of a source line that is printed whole
static constexpr size_t maxMessage = 1000;

/// Line `line` of a file, without its end and without a byte-order mark.
static StringRef lineOf(StringRef text, unsigned line) {
  text = text.drop_front(bomLength(text));
  for (unsigned i = 1; i < line; ++i) {
    size_t end = text.find('\n');
    if (end == StringRef::npos)
      return "";
    text = text.drop_front(end + 1);
  }
  text = text.take_front(text.find('\n'));
  text.consume_back("\r");
  return text;
}

namespace {
/// A source line as it is displayed: one cell of text for each character.
struct Cell {
  std::string text;
  bool tab = false;
  size_t width = 1;
};
} // namespace

static std::vector<Cell> displayed(StringRef line) {
  std::vector<Cell> cells;
  for (size_t i = 0; i < line.size();) {
    Utf8Char c = decodeUtf8(line, i);
    StringRef bytes = line.substr(i, c.length);
    Cell cell;
    if (!c.valid) {
      for (unsigned char byte : bytes)
        cell.text += "<" + llvm::utohexstr(byte, false, 2) + ">";
    } else if (c.value != '\t' && isForbidden(c.value)) {
      cell.text = "<U+" + llvm::utohexstr(c.value, false, 4) + ">";
    } else {
      cell.text = bytes.str();
      cell.tab = c.value == '\t';
    }
    int width = llvm::sys::unicode::columnWidthUTF8(cell.text);
    cell.width = width < 0 ? 1 : width;
    cells.push_back(std::move(cell));
    i += c.length;
  }
  return cells;
}

/// Colours are for terminals, and for those who want them (no-color.org).
static bool hasColors(raw_ostream &os) {
  const char *refused = std::getenv("NO_COLOR");
  return os.has_colors() && !(refused && *refused);
}

/// The source line, cut around the caret where it is very long, and the caret under its column.
static void printSnippet(raw_ostream &os, SourceLoc loc) {
  std::vector<Cell> cells = displayed(lineOf(loc.file->text, loc.line));
  size_t caret = std::min<size_t>(loc.column ? loc.column - 1 : 0, cells.size());
  size_t begin = 0, end = cells.size();
  if (cells.size() > maxColumns) {
    begin = caret > maxColumns / 2 ? caret - maxColumns / 2 : 0;
    end = std::min(cells.size(), begin + maxColumns);
  }
  std::string padding;
  if (begin > 0) {
    os << "...";
    padding = "   ";
  }
  for (size_t i = begin; i < end; ++i) {
    os << cells[i].text;
    if (i < caret)
      padding += cells[i].tab ? std::string("\t") : std::string(cells[i].width, ' ');
  }
  os << (end < cells.size() ? "...\n" : "\n") << padding;
  bool colors = hasColors(os);
  if (colors)
    os.changeColor(raw_ostream::GREEN, /*Bold=*/true);
  os << '^';
  if (colors)
    os.resetColor();
  os << '\n';
}

/// A message holds what specs say: no control character of it reaches the terminal, and no name fills the screen.
static std::string printable(StringRef message) {
  std::string result;
  std::vector<Cell> cells = displayed(message);
  for (const Cell &cell : llvm::ArrayRef(cells).take_front(maxMessage))
    result += cell.tab ? " " : cell.text == "\n" ? "\\n" : cell.text == "\r" ? "\\r" : cell.text;
  return cells.size() > maxMessage ? result + "..." : result;
}

void Diagnostics::report(Severity severity, SourceLoc loc, const llvm::Twine &message) {
  std::string text = printable(message.str());
  if (severity == Severity::Note) {
    if (lastSuppressed)
      return;
  } else {
    std::string key =
        (loc ? loc.file->name : "") + ":" + std::to_string(loc.line) + ":" + std::to_string(loc.column) + ":" + text;
    bool repeated = std::find(seen.begin(), seen.end(), key) != seen.end();
    bool isError = severity == Severity::Error;
    if (!repeated && isError && ++errors == maxErrors + 1)
      os << "more than " << maxErrors << " errors; the rest is not shown\n";
    lastSuppressed = repeated || seen.size() >= 2 * maxErrors || (isError && errors > maxErrors);
    if (lastSuppressed)
      return;
    seen.push_back(std::move(key));
  }

  bool colors = hasColors(os);
  if (colors)
    os.changeColor(raw_ostream::SAVEDCOLOR, /*Bold=*/true);
  if (loc)
    os << printable(loc.file->name) << ':' << loc.line << ':' << loc.column << ": ";
  else
    os << "runec: ";
  const char *words[] = {"error: ", "warning: ", "note: "};
  raw_ostream::Colors shades[] = {raw_ostream::RED, raw_ostream::MAGENTA, raw_ostream::CYAN};
  if (colors)
    os.changeColor(shades[int(severity)], /*Bold=*/true);
  os << words[int(severity)];
  if (colors)
    os.resetColor();
  os << text << '\n';
  if (loc)
    printSnippet(os, loc);
}

StringRef rune::nearestName(StringRef word, llvm::ArrayRef<StringRef> candidates) {
  unsigned best = std::max<size_t>(1, (word.size() + 2) / 3) + 1;
  StringRef nearest;
  for (StringRef candidate : candidates) {
    unsigned distance = word.edit_distance(candidate, /*AllowReplacements=*/true, best);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}
