// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/LossLog.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

using namespace rune;

static constexpr const char *header = "step,epoch,loss,lr,valid_loss,valid_accuracy";

static std::optional<double> parseNumber(const std::string &text) {
  return text.empty() ? std::nullopt : std::optional(std::strtod(text.c_str(), nullptr));
}

template <typename T> static std::string shortest(T value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

static std::vector<std::string> split(const std::string &line) {
  std::vector<std::string> fields(1);
  for (char c : line)
    if (c == ',')
      fields.emplace_back();
    else
      fields.back() += c;
  return fields;
}

[[noreturn]] static void fail(const std::string &path) {
  throw std::runtime_error("cannot write '" + path + "': " + std::strerror(errno));
}

LossLog::LossLog(std::string where, int64_t steps, bool wide) : path(std::move(where)), wide(wide) {
  readRows(steps);
  // What takes the old file's place begins with its rows: a kill in between leaves the old one.
  std::string fresh = path + ".new";
  file = std::fopen(fresh.c_str(), "w");
  if (!file)
    fail(fresh);
  std::fprintf(file, "%s\n", header);
  for (const LossRow &row : all)
    write(row);
  flush();
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    fail(path);
}

LossLog::~LossLog() {
  if (file)
    std::fclose(file);
}

void LossLog::readRows(int64_t steps) {
  std::ifstream old(path);
  std::string line;
  std::getline(old, line);
  while (static_cast<int64_t>(all.size()) < steps && std::getline(old, line)) {
    std::vector<std::string> fields = split(line);
    LossRow row;
    row.step = std::strtoll(fields[0].c_str(), nullptr, 10);
    if (fields.size() != 6 || row.step != static_cast<int64_t>(all.size()))
      break;
    row.epoch = std::strtoll(fields[1].c_str(), nullptr, 10);
    row.loss = wide ? std::strtod(fields[2].c_str(), nullptr) : std::strtof(fields[2].c_str(), nullptr);
    row.lr = std::strtod(fields[3].c_str(), nullptr);
    row.validLoss = parseNumber(fields[4]);
    row.validAccuracy = parseNumber(fields[5]);
    all.push_back(row);
  }
}

void LossLog::write(const LossRow &row) {
  std::string text = std::to_string(row.step) + "," + std::to_string(row.epoch) + ",";
  text += wide ? shortest(row.loss) : shortest(static_cast<float>(row.loss));
  text += "," + shortest(row.lr) + ",";
  text += row.validLoss ? shortest(*row.validLoss) : "";
  text += row.validAccuracy ? "," + shortest(*row.validAccuracy) + "\n" : ",\n";
  std::fwrite(text.data(), 1, text.size(), file);
}

void LossLog::add(const LossRow &row) {
  all.push_back(row);
  write(row);
}

void LossLog::flush() {
  if (std::fflush(file) != 0 || std::ferror(file) || fsync(fileno(file)) != 0)
    fail(path);
}
