// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs when the compiler is built: rune-embed-specs OUT.cpp FOLDER FILE… writes the tables behind Library.h. A file's
// name in them is relative to the folder.

#include "Frontend/Document.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace rune;
using llvm::raw_ostream;
using llvm::StringRef;
using llvm::Twine;

namespace {
/// From names to the index of the file that defines them.
struct Index {
  std::map<std::string, std::pair<size_t, SourceLoc>> names;

  void add(const Node *section, size_t file, Diagnostics &diagnostics) {
    if (!section)
      return;
    for (const Entry &entry : section->entries) {
      auto [found, fresh] = names.try_emplace(entry.key.text, file, entry.key.loc);
      if (fresh)
        continue;
      diagnostics.error(entry.key.loc, "'" + entry.key.text + "' is defined twice in the library");
      diagnostics.note(found->second.second, "first here");
    }
  }

  void write(raw_ostream &os, StringRef what) const {
    os << "static constexpr StringRef names" << what << "[] = {";
    for (auto &[name, place] : names)
      os << '"' << name << "\", ";
    os << "};\nstatic constexpr unsigned files" << what << "[] = {";
    for (auto &[name, place] : names)
      os << place.first << ", ";
    os << "};\n\nllvm::ArrayRef<StringRef> rune::library" << what << "Names() { return names" << what << "; }\n"
       << "const LibraryFile *rune::findLibrary" << what << "(StringRef name) {\n"
       << "  return find(name, names" << what << ", files" << what << ");\n}\n\n";
  }
};
} // namespace

static bool isIdentifier(StringRef name) {
  return !name.empty() && llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

static void writeText(raw_ostream &os, StringRef text) {
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    os << "\n     \"";
    for (unsigned char c : line) {
      if (c == '"' || c == '\\' || c == '?')
        os << '\\' << c;
      else if (c >= 0x20 && c < 0x7F)
        os << c;
      else
        os << '\\' << char('0' + (c >> 6)) << char('0' + (c >> 3 & 7)) << char('0' + (c & 7));
    }
    os << (rest.empty() && !text.ends_with("\n") ? "\"" : "\\n\"");
    text = rest;
  }
}

static void write(raw_ostream &os, const std::vector<std::unique_ptr<SourceFile>> &files, StringRef folder,
                  const Index &modules, const Index &functions) {
  os << "// Written by rune-embed-specs.\n\n#include \"Frontend/Library.h\"\n\n#include <algorithm>\n\n"
        "using namespace rune;\nusing llvm::StringRef;\n\nstatic constexpr LibraryFile files[] = {\n";
  for (auto &file : files) {
    StringRef name = file->name;
    name.consume_front(folder);
    os << "    {\"" << name.ltrim('/') << "\",";
    writeText(os, file->text);
    os << "},\n";
  }
  os << "};\n\nstatic const LibraryFile *find(StringRef name, llvm::ArrayRef<StringRef> names,"
        " llvm::ArrayRef<unsigned> indices) {\n"
        "  auto found = std::lower_bound(names.begin(), names.end(), name);\n"
        "  return found != names.end() && *found == name ? &files[indices[found - names.begin()]] : nullptr;\n}\n\n"
        "llvm::ArrayRef<LibraryFile> rune::libraryFiles() { return files; }\n\n";
  modules.write(os, "Module");
  functions.write(os, "Function");
}

int main(int argc, char **argv) {
  if (argc < 4)
    return 2;
  Diagnostics diagnostics(llvm::errs());
  std::vector<std::unique_ptr<SourceFile>> files;
  Index modules, functions;
  for (int i = 3; i < argc; ++i) {
    auto file = readSourceFile(argv[i], diagnostics);
    if (!file)
      return 1;
    files.push_back(std::move(file));
    std::optional<Node> root = parseDocument(*files.back(), diagnostics);
    if (!root)
      continue;
    modules.add(root->find("modules"), files.size() - 1, diagnostics);
    functions.add(root->find("functions"), files.size() - 1, diagnostics);
  }
  for (const Index *index : {&modules, &functions})
    for (auto &[name, place] : index->names)
      if (!isIdentifier(name))
        diagnostics.error(place.second, "'" + name + "' is not a name");
  if (diagnostics.hasErrors())
    return 1;
  std::error_code error;
  llvm::raw_fd_ostream os(argv[1], error);
  if (error) {
    diagnostics.error("cannot write '" + Twine(argv[1]) + "': " + error.message());
    return 1;
  }
  write(os, files, argv[2], modules, functions);
  return 0;
}
