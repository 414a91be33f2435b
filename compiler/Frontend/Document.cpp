// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Document.h"
#include "Frontend/Utf8.h"
#include "Frontend/YamlParser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>

using namespace rune;
using llvm::StringRef;
using llvm::Twine;

const Entry *Node::findEntry(StringRef key) const {
  for (const Entry &entry : entries)
    if (entry.key.text == key)
      return &entry;
  return nullptr;
}

const Node *Node::find(StringRef key) const {
  const Entry *entry = findEntry(key);
  return entry ? &entry->value : nullptr;
}

size_t Node::sourceOffset(size_t offset) const {
  auto after =
      std::upper_bound(runs.begin(), runs.end(), offset, [](size_t value, const Run &run) { return value < run.text; });
  if (after == runs.begin())
    return begin + offset;
  return after[-1].source + (offset - after[-1].text);
}

SourceLoc Node::locationAt(size_t offset) const { return loc ? advanceTo(loc, begin, sourceOffset(offset)) : loc; }

SourceLoc rune::advanceTo(SourceLoc from, size_t fromOffset, size_t offset) {
  StringRef text = from.file->text;
  for (size_t i = fromOffset; i < std::min(offset, text.size());) {
    if (text[i] == '\n') {
      ++from.line;
      from.column = 1;
      ++i;
    } else {
      ++from.column;
      i += decodeUtf8(text, i).length;
    }
  }
  return from;
}

std::unique_ptr<SourceFile> rune::readSourceFile(StringRef path, Diagnostics &diagnostics) {
  auto fail = [&](const Twine &why) {
    diagnostics.error("cannot read '" + path + "': " + why);
    return nullptr;
  };
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status))
    return fail(error.message());
  if (status.type() == llvm::sys::fs::file_type::directory_file)
    return fail("it is a directory");
  if (status.type() != llvm::sys::fs::file_type::regular_file)
    return fail("it is not a regular file");
  if (status.getSize() > maxFileSize)
    return fail("the file has " + Twine(status.getSize()) + " bytes, more than the limit of " + Twine(maxFileSize));
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(buffer.getError().message());
  auto file = std::make_unique<SourceFile>();
  file->name = path.str();
  file->text = (*buffer)->getBuffer().str();
  return file;
}

static std::string hexBytes(StringRef bytes) {
  std::string result;
  for (unsigned char byte : bytes)
    result += (result.empty() ? "" : " ") + llvm::utohexstr(byte, false, 2);
  return (bytes.size() == 1 ? "byte " : "bytes ") + result;
}

static std::string describe(uint32_t value, StringRef bytes) {
  std::string code = "U+" + llvm::utohexstr(value, false, 4) + " (" + hexBytes(bytes) + ")";
  if (value == 0)
    return "NUL character " + code;
  if (value < 0x20 || (value >= 0x7F && value <= 0x9F))
    return "control character " + code;
  if (value == 0x2028 || value == 0x2029)
    return "line separator " + code + ": only line feeds end lines";
  if (value == 0xFEFF)
    return "byte-order mark " + code + " inside of the text";
  if ((value & 0xFFFE) == 0xFFFE)
    return "noncharacter " + code;
  return "bidirectional control " + code + ": it can make a spec look different from what it says";
}

/// Whether the text is UTF-8 without characters that hide what it says. Each kind of fault is named with its bytes.
static bool checkEncoding(const SourceFile &file, Diagnostics &diagnostics) {
  StringRef text = file.text;
  SourceLoc start{&file, 1, 1};
  struct {
    StringRef mark, name;
  } const others[] = {{StringRef("\xFF\xFE\0\0", 4), "UTF-32"},
                      {StringRef("\0\0\xFE\xFF", 4), "UTF-32"},
                      {"\xFF\xFE", "UTF-16"},
                      {"\xFE\xFF", "UTF-16"}};
  for (auto &other : others)
    if (text.starts_with(other.mark)) {
      diagnostics.error(start, other.name + " text (it begins with " + hexBytes(other.mark) + "); specs are UTF-8");
      return false;
    }
  const unsigned limit = 10; // a binary file has a fault in every line
  unsigned faults = 0;
  SourceLoc place = start;
  size_t counted = bomLength(text);
  for (size_t i = counted; i < text.size() && faults < limit;) {
    unsigned char byte = text[i];
    if ((byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\t') {
      ++i;
      continue;
    }
    Utf8Char c = decodeUtf8(text, i);
    bool loneReturn = byte == '\r' && text.substr(i + 1, 1) != "\n";
    if (!c.valid || isForbidden(c.value) || loneReturn) {
      place = advanceTo(place, counted, i);
      counted = i;
      StringRef bytes = text.substr(i, c.length);
      diagnostics.error(place, c.valid ? describe(c.value, bytes) : "invalid UTF-8: " + hexBytes(bytes));
      ++faults;
    }
    i += c.length;
  }
  return faults == 0;
}

std::optional<Node> rune::parseDocument(const SourceFile &file, Diagnostics &diagnostics) {
  if (file.text.size() > maxFileSize) {
    diagnostics.error(SourceLoc{&file, 1, 1}, "the file has " + Twine(file.text.size()) +
                                                  " bytes, more than the limit of " + Twine(maxFileSize));
    return std::nullopt;
  }
  if (!checkEncoding(file, diagnostics))
    return std::nullopt;
  return YamlParser(file, diagnostics).parse();
}
