// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool of the tests: prints what the syntax layer of the front end makes of files.
//
//   rune-syntax tree FILE…    each node with its place, nested as in the file
//   rune-syntax places FILE…  for each scalar, the place of every character of its text
//   rune-syntax expr FILE…    each scalar of the file as an expression, with all parentheses
//   rune-syntax format FILE…  each scalar as a text with {…} in it
//   rune-syntax key FILE…     each key of the file's mappings as a block key
//   rune-syntax json FILE…    the document as an editor reads it
//   rune-syntax schema        the JSON Schema of specs
//   rune-syntax library NAME… the file of specs/nn that defines a module, and a function, of this name
//   rune-syntax check FILE…   parses only; with --repeat=N after the files, N times, and prints the time of one
//
// `expr`, `format` and `key` visit scalars in the order written, and go on after errors.

#include "Frontend/Expression.h"
#include "Frontend/Library.h"
#include "Frontend/Schema.h"
#include "Frontend/Utf8.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

#include <chrono>
#include <functional>

using namespace rune;
using llvm::outs;
using llvm::StringRef;

static std::string place(SourceLoc loc) { return std::to_string(loc.line) + ":" + std::to_string(loc.column); }

static std::string quote(StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  os << '"';
  llvm::printEscapedString(text, os);
  os << '"';
  return result;
}

static void printTree(const Node &node, unsigned indent) {
  outs() << place(node.loc) << ' ';
  switch (node.kind) {
  case Node::Null:
    outs() << "null\n";
    break;
  case Node::Scalar:
    outs() << (node.quoted ? "quoted " : "scalar ") << quote(node.text) << '\n';
    break;
  case Node::Sequence:
    outs() << "sequence\n";
    for (const Node &item : node.items) {
      outs().indent(indent + 2) << "- ";
      printTree(item, indent + 2);
    }
    break;
  case Node::Mapping:
    outs() << "mapping\n";
    for (const Entry &entry : node.entries) {
      outs().indent(indent + 2) << quote(entry.key.text) << " at " << place(entry.key.loc) << ": ";
      printTree(entry.value, indent + 2);
    }
    break;
  }
}

static void printPlaces(const Node &node) {
  outs() << place(node.loc);
  for (size_t i = 0; i < node.text.size(); i += decodeUtf8(node.text, i).length)
    outs() << ' ' << quote(StringRef(node.text).substr(i, decodeUtf8(node.text, i).length)) << '@'
           << place(node.locationAt(i));
  outs() << " end@" << place(node.locationAt(node.text.size())) << '\n';
}

static std::string print(const Expr *expr);

static std::string join(const std::vector<ExprPtr> &operands, size_t from, StringRef separator) {
  std::string result;
  for (size_t i = from; i < operands.size(); ++i)
    result += (i > from ? separator.str() : "") + print(operands[i].get());
  return result;
}

static std::string printCompare(const Expr &expr) {
  std::string result = "(" + print(expr.operands[0].get());
  for (size_t i = 0; i < expr.ops.size(); ++i)
    result += " " + expr.ops[i] + " " + print(expr.operands[i + 1].get());
  return result + ")";
}

static std::string printCall(const Expr &expr) {
  std::string result = print(expr.operands[0].get()) + "(" + join(expr.operands, 1, ", ");
  for (size_t i = 0; i < expr.keywords.size(); ++i)
    result += (i > 0 || expr.operands.size() > 1 ? ", " : "") + expr.keywords[i].name + "=" +
              print(expr.keywords[i].value.get());
  return result + ")";
}

static std::string printComprehension(const Expr &expr) {
  return "[" + print(expr.operands[0].get()) + " for " + llvm::join(expr.names, ", ") + " in " +
         print(expr.operands[1].get()) + (expr.operands.size() > 2 ? " if " + print(expr.operands[2].get()) : "") + "]";
}

static std::string printTemplate(const Expr &expr) {
  std::string result = expr.pieces[0];
  for (size_t i = 0; i < expr.operands.size(); ++i)
    result += "{" + print(expr.operands[i].get()) + "}" + expr.pieces[i + 1];
  return result;
}

static std::string printNumber(double number) {
  std::string result;
  llvm::raw_string_ostream(result) << llvm::format("%.17g", number);
  return result.find_first_of(".e") == std::string::npos ? result + ".0" : result;
}

static std::string print(const Expr *expr) {
  if (!expr)
    return "";
  const auto &operands = expr->operands;
  switch (expr->kind) {
  case Expr::None:
    return "none";
  case Expr::True:
    return "true";
  case Expr::False:
    return "false";
  case Expr::Integer:
    return std::to_string(expr->integer);
  case Expr::Float:
    return printNumber(expr->number);
  case Expr::String:
    return quote(expr->text);
  case Expr::Name:
    return expr->text;
  case Expr::Ellipsis:
    return "...";
  case Expr::List:
    return "[" + join(operands, 0, ", ") + "]";
  case Expr::Tuple:
    return "tuple(" + join(operands, 0, ", ") + ")";
  case Expr::Starred:
    return "*" + print(operands[0].get());
  case Expr::Comprehension:
    return printComprehension(*expr);
  case Expr::Unary:
    return "(" + expr->op + (expr->op == "not" ? " " : "") + print(operands[0].get()) + ")";
  case Expr::Binary:
    return "(" + print(operands[0].get()) + " " + expr->op + " " + print(operands[1].get()) + ")";
  case Expr::Compare:
    return printCompare(*expr);
  case Expr::And:
    return "(" + join(operands, 0, " and ") + ")";
  case Expr::Or:
    return "(" + join(operands, 0, " or ") + ")";
  case Expr::Conditional:
    return "(" + print(operands[1].get()) + " if " + print(operands[0].get()) + " else " + print(operands[2].get()) +
           ")";
  case Expr::Call:
    return printCall(*expr);
  case Expr::Subscript:
    return print(operands[0].get()) + "[" + join(operands, 1, ", ") + "]";
  case Expr::Slice:
    return print(operands[0].get()) + ":" + print(operands[1].get()) + ":" + print(operands[2].get());
  case Expr::Attribute:
    return print(operands[0].get()) + "." + (expr->text.empty() ? print(operands[1].get()) : expr->text);
  case Expr::Template:
    return printTemplate(*expr);
  }
  return "";
}

static void printFormat(const FormatString &format) {
  for (const FormatString::Part &part : format.parts) {
    outs() << quote(part.literal);
    if (part.value)
      outs() << (part.repr ? " repr " : " ") << print(part.value.get()) << ' ';
  }
  outs() << '\n';
}

static void printKey(const BlockKey &key) {
  const char *words[] = {"plain", "if", "elif", "else", "for"};
  outs() << words[key.kind];
  if (!key.names.empty())
    outs() << ' ' << llvm::join(key.names, ", ") << " in";
  if (key.expr)
    outs() << ' ' << print(key.expr.get());
  outs() << '\n';
}

using Visitor = std::function<void(const Node &)>;

static void visit(const Node &node, const Visitor &key, const Visitor &scalar) {
  if (node.isScalar() && scalar)
    scalar(node);
  for (const Node &item : node.items)
    visit(item, key, scalar);
  for (const Entry &entry : node.entries) {
    if (key)
      key(entry.key);
    visit(entry.value, key, scalar);
  }
}

static void show(StringRef mode, const Node &root, Diagnostics &diagnostics) {
  if (mode == "tree")
    printTree(root, 0);
  else if (mode == "json")
    outs() << documentAsJson(root);
  else if (mode == "places")
    visit(root, printPlaces, printPlaces);
  else if (mode == "expr")
    visit(root, nullptr, [&](const Node &node) {
      if (ExprPtr expr = parseExpression(node, diagnostics))
        outs() << print(expr.get()) << " @" << place(expr->loc) << '\n';
    });
  else if (mode == "format")
    visit(root, nullptr, [&](const Node &node) {
      if (auto format = parseFormat(node, diagnostics))
        printFormat(*format);
    });
  else if (mode == "key")
    visit(
        root,
        [&](const Node &node) {
          if (auto key = parseBlockKey(node, diagnostics))
            printKey(*key);
        },
        nullptr);
}

static int showLibrary(llvm::ArrayRef<StringRef> names) {
  for (StringRef name : names) {
    const LibraryFile *module = findLibraryModule(name), *function = findLibraryFunction(name);
    outs() << name << ": " << (module ? module->name : "none") << ", " << (function ? function->name : "none") << '\n';
  }
  for (StringRef name : libraryModuleNames())
    if (!findLibraryModule(name)->text.contains(("\n  " + name + ":").str()))
      return 1;
  for (StringRef name : libraryFunctionNames())
    if (!findLibraryFunction(name)->text.contains(("\n  " + name + ":").str()))
      return 1;
  outs() << libraryFiles().size() << " files\n";
  return 0;
}

int main(int argc, char **argv) {
  std::vector<StringRef> arguments(argv + 1, argv + argc);
  unsigned repeat = 1;
  if (!arguments.empty() && arguments.back().consume_front("--repeat=")) {
    if (arguments.back().getAsInteger(10, repeat))
      return 2;
    arguments.pop_back();
  }
  if (arguments.size() == 1 && arguments[0] == "schema") {
    Diagnostics diagnostics(llvm::errs());
    outs() << specSchema(diagnostics);
    return diagnostics.hasErrors();
  }
  if (arguments.size() < 2)
    return 2;
  if (arguments[0] == "library")
    return showLibrary(llvm::ArrayRef(arguments).drop_front());
  Diagnostics diagnostics(llvm::errs());
  std::vector<std::unique_ptr<SourceFile>> files; // places point into them
  auto start = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < repeat; ++i)
    for (StringRef path : llvm::ArrayRef(arguments).drop_front()) {
      auto file = readSourceFile(path, diagnostics);
      if (!file)
        continue;
      if (auto root = parseDocument(*file, diagnostics))
        show(arguments[0], *root, diagnostics);
      files.push_back(std::move(file));
    }
  if (repeat > 1) {
    std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    outs() << llvm::format("%.3f ms\n", time.count() / repeat);
  }
  return diagnostics.hasErrors() ? 1 : 0;
}
