// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/Identifiers.h"

#include <algorithm>

namespace rune {

namespace {

/// Keywords of C++20 and C23 and their alternative tokens, then macros that common headers define.
const std::set<std::string_view> &reservedWords() {
  static const std::set<std::string_view> words = {
      "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
      "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const",
      "const_cast", "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete", "do", "double",
      "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "final", "float", "for", "friend",
      "goto", "if", "import", "inline", "int", "long", "module", "mutable", "namespace", "new", "noexcept", "not",
      "not_eq", "nullptr", "operator", "or", "or_eq", "override", "private", "protected", "public", "register",
      "reinterpret_cast", "requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert",
      "static_cast", "struct", "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef",
      "typeid", "typename", "typeof", "typeof_unqual", "union", "unsigned", "using", "virtual", "void", "volatile",
      "wchar_t", "while", "xor", "xor_eq",
      // macros
      "BUFSIZ", "EOF", "FALSE", "HUGE_VAL", "I", "INFINITY", "NAN", "NULL", "RAND_MAX", "TRUE", "assert", "complex",
      "errno", "i386", "imaginary", "linux", "major", "makedev", "max", "min", "minor", "offsetof", "stderr", "stdin",
      "stdout", "unix", "va_arg", "va_end", "va_start",
      // names that the emitted text itself uses
      "main", "rune", "std", "int32_t", "int64_t", "uint64_t"};
  return words;
}

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

constexpr size_t longest = 200;

} // namespace

bool isSafeIdentifier(std::string_view name) {
  if (name.empty() || name.size() > longest || !isLetter(name[0]) || reservedWords().count(name))
    return false;
  if (!std::all_of(name.begin(), name.end(), [](char c) { return isLetter(c) || isDigit(c); }))
    return false;
  // Reserved to the implementation, and rune's own macros.
  const bool hidden = name[0] == '_' && name.size() > 1 && name[1] >= 'A' && name[1] <= 'Z';
  return !hidden && name.find("__") == name.npos && name.substr(0, 5) != "RUNE_" && name != "_";
}

std::string safeIdentifier(std::string_view name) {
  if (isSafeIdentifier(name))
    return std::string(name);
  std::string result;
  for (char c : name.substr(0, longest - 10)) {
    const char safe = isLetter(c) || isDigit(c) ? c : '_';
    if (safe != '_' || result.empty() || result.back() != '_')
      result += safe;
  }
  if (result.empty() || result == "_")
    result = "unnamed";
  if (isDigit(result[0]))
    result = "_" + result;
  if (!isSafeIdentifier(result))
    result += result.back() == '_' ? "x" : "_";
  return isSafeIdentifier(result) ? result : "x" + result;
}

const std::set<std::string> &libraryNames() {
  static const std::set<std::string> names = {
      "abort",    "abs",      "accept",   "access",     "acos",      "acosh",    "alarm",    "asctime",   "asin",
      "asinh",    "atan",     "atan2",    "atanh",      "atexit",    "atof",     "atoi",     "atol",      "bind",
      "brk",      "bsearch",  "calloc",   "cbrt",       "ceil",      "chdir",    "chmod",    "chown",     "clearerr",
      "clock",    "close",    "closedir", "connect",    "copysign",  "cos",      "cosh",     "creat",     "ctime",
      "difftime", "div",      "dup",      "erf",        "erfc",      "execv",    "exit",     "exp",       "exp2",
      "expm1",    "fabs",     "fclose",   "fdim",       "feof",      "ferror",   "fflush",   "fgetc",     "fgets",
      "floor",    "fma",      "fmax",     "fmin",       "fmod",      "fopen",    "fork",     "fprintf",   "fputc",
      "fputs",    "fread",    "free",     "frexp",      "fscanf",    "fseek",    "fsync",    "ftell",     "fwrite",
      "gamma",    "getc",     "getchar",  "getenv",     "getpid",    "gets",     "gmtime",   "hypot",     "ilogb",
      "index",    "ioctl",    "isalnum",  "isalpha",    "isdigit",   "islower",  "isspace",  "isupper",   "j0",
      "j1",       "jn",       "kill",     "labs",       "ldexp",     "ldiv",     "lgamma",   "link",      "listen",
      "llabs",    "llrint",   "llround",  "localeconv", "localtime", "log",      "log10",    "log1p",     "log2",
      "logb",     "longjmp",  "lrint",    "lround",     "lseek",     "malloc",   "mblen",    "memchr",    "memcmp",
      "memcpy",   "memmove",  "memset",   "mkdir",      "mktime",    "modf",     "nan",      "nearbyint", "nextafter",
      "nice",     "open",     "opendir",  "pause",      "perror",    "pipe",     "poll",     "pow",       "printf",
      "putc",     "putchar",  "putenv",   "puts",       "qsort",     "raise",    "rand",     "random",    "read",
      "readdir",  "readlink", "realloc",  "recv",       "remainder", "remove",   "remquo",   "rename",    "rewind",
      "rindex",   "rint",     "rmdir",    "round",      "scalbln",   "scalbn",   "scanf",    "select",    "send",
      "setbuf",   "setenv",   "setjmp",   "setlocale",  "setvbuf",   "shutdown", "signal",   "sin",       "sinh",
      "sleep",    "socket",   "sprintf",  "sqrt",       "srand",     "srandom",  "sscanf",   "stat",      "strcat",
      "strchr",   "strcmp",   "strcoll",  "strcpy",     "strcspn",   "strerror", "strftime", "strlen",    "strncat",
      "strncmp",  "strncpy",  "strpbrk",  "strrchr",    "strspn",    "strstr",   "strtod",   "strtok",    "strtol",
      "strtoul",  "strxfrm",  "swab",     "symlink",    "sync",      "system",   "tan",      "tanh",      "tgamma",
      "time",     "times",    "tmpfile",  "tmpnam",     "tolower",   "toupper",  "trunc",    "truncate",  "umask",
      "uname",    "ungetc",   "unlink",   "usleep",     "utime",     "vfork",    "vfprintf", "vprintf",   "wait",
      "waitpid",  "write",    "y0",       "y1",         "yn"};
  return names;
}

std::vector<std::string> splitClassName(std::string_view name) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t colons = name.find("::");
    parts.emplace_back(name.substr(0, colons));
    if (!isSafeIdentifier(parts.back()))
      return {};
    if (colons == name.npos)
      return parts;
    name.remove_prefix(colons + 2);
  }
}

std::string IdentifierScope::add(std::string_view name) {
  const std::string base = safeIdentifier(name);
  std::string result = base;
  for (unsigned n = 1; !used.insert(result).second; ++n) {
    const std::string joint = base.back() == '_' ? "" : "_";
    result = n == 1 && !joint.empty() ? base + "_" : base + joint + std::to_string(n);
  }
  return result;
}

} // namespace rune
