// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/TrainLoop.h"

#include "rune/error.h"

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

using namespace rune;

static volatile std::sig_atomic_t interrupted = 0;

static void onSignal(int) { interrupted = 1; }

static std::string numberText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

static double numberOf(const Metadata &notes, const char *name) {
  auto found = notes.find(name);
  if (found == notes.end())
    throw Error(std::string("the checkpoint does not say its '") + name + "'");
  return std::strtod(found->second.c_str(), nullptr);
}

TrainLoop::TrainLoop(Model &model, const TrainArguments &arguments, const SpecFingerprint &fingerprint)
    : arguments(arguments), fingerprint(fingerprint), model(model), trainer(model), data(arguments.data),
      best(std::numeric_limits<double>::infinity()) {
  trainer.manual_seed(arguments.seed);
  openData();
  openFolder();
  cleanFolder();
  if (arguments.resume)
    resume();
  log = std::make_unique<LossLog>(path("loss.csv"), done, model.table().dtype == RUNE_F64);
}

TrainLoop::~TrainLoop() {
  if (folder >= 0)
    ::close(folder);
}

void TrainLoop::openFolder() {
  std::error_code error;
  std::filesystem::create_directories(arguments.out, error);
  folder = ::open(arguments.out.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    throw Error("cannot write to the folder '" + arguments.out + "': " + std::strerror(errno));
  if (::flock(folder, LOCK_EX | LOCK_NB) != 0)
    throw Error("another training writes to '" + arguments.out + "'; give this one another --out");
}

/// What a killed run left half written; of a run that begins anew, all that was there.
void TrainLoop::cleanFolder() {
  const bool known = arguments.resume && std::filesystem::exists(path("checkpoint.safetensors"));
  if (!known && std::filesystem::exists(path("checkpoint.safetensors")))
    std::fprintf(stderr, "runec: note: replacing the training in '%s' (--resume would go on with it)\n",
                 arguments.out.c_str());
  // The checkpoint first: without it there is nothing to resume.
  for (const char *name : {"checkpoint.safetensors", "best.safetensors", "ema.safetensors", "loss.csv"})
    if (!known)
      std::filesystem::remove(path(name));
  std::vector<std::filesystem::path> partial;
  for (const auto &entry : std::filesystem::directory_iterator(arguments.out)) {
    const std::string name = entry.path().filename().string(), end = entry.path().extension().string();
    if ((end == ".tmp" && name.find(".safetensors.") != std::string::npos) || name == "loss.csv.new" ||
        name == "loss.svg.new")
      partial.push_back(entry.path());
  }
  for (const std::filesystem::path &file : partial)
    std::filesystem::remove(file);
}

void TrainLoop::selectTensors(Dataset &file) const {
  const rune_entry &entry = trainer.entry();
  std::vector<std::string> names;
  std::vector<DType> dtypes;
  for (int32_t i = 0; i < trainer.argument_count(); ++i) {
    names.emplace_back(entry.inputs[i].name);
    dtypes.push_back(static_cast<DType>(entry.inputs[i].dtype));
  }
  file.select(names, dtypes);
}

void TrainLoop::openData() {
  selectTensors(data);
  if (!arguments.valid.empty()) {
    valid = std::make_unique<Dataset>(arguments.valid);
    selectTensors(*valid);
    if (valid->rows() == 0)
      throw Error("'" + arguments.valid + "' has no examples");
  }
  if (data.rows() == 0)
    throw Error("'" + arguments.data + "' has no examples");
  batchRows = std::min(arguments.batchSize, data.rows());
  const rune_entry &entry = trainer.entry();
  for (int32_t i = 0; i < trainer.argument_count(); ++i) {
    const rune_value &input = entry.inputs[i];
    if (input.rank == 0 || input.dims[0].size != 2 || input.dims[0].code[0] != RUNE_PUSH)
      continue;
    fixedRows = true;
    if (input.dims[0].code[1] != batchRows)
      throw Error("the spec says that '" + std::string(input.name) + "' holds " +
                  std::to_string(input.dims[0].code[1]) + " examples, but a batch has " + std::to_string(batchRows) +
                  "; mend --batch-size or the spec");
  }
  const bool keepsLast = arguments.keepLast && !fixedRows;
  batchesPerEpoch = keepsLast ? (data.rows() + batchRows - 1) / batchRows : data.rows() / batchRows;
  const int64_t accumulate = trainer.accumulate();
  total = arguments.steps ? *arguments.steps : std::max<int64_t>(1, *arguments.epochs * batchesPerEpoch / accumulate);
}

Metadata TrainLoop::settings() const {
  return {{"seed", std::to_string(arguments.seed)},
          {"batch size", std::to_string(batchRows)},
          {"shuffling", arguments.noShuffle ? "off" : "on"},
          {"precision", arguments.bf16 ? "bf16" : "f32"},
          {"last short batch", arguments.keepLast ? "kept" : "left out"},
          {"number of examples", std::to_string(data.rows())},
          {"number of validation examples", std::to_string(valid ? valid->rows() : 0)}};
}

Metadata TrainLoop::notes() const {
  Metadata notes = settings();
  notes["step"] = std::to_string(done);
  notes["batch"] = std::to_string(batch);
  notes["best"] = numberText(best);
  notes["loss.sum"] = numberText(sum);
  notes["loss.count"] = std::to_string(count);
  for (const auto &[part, hash] : fingerprint)
    notes["code of " + part] = hash;
  return notes;
}

void TrainLoop::checkNotes(const Metadata &found) const {
  std::string differences;
  for (const auto &[name, value] : settings()) {
    auto other = found.find(name);
    if (other == found.end() || other->second != value)
      differences +=
          "\n\tthe " + name + " was " + (other == found.end() ? "not noted" : other->second) + ", now it is " + value;
  }
  for (const auto &[part, hash] : fingerprint) {
    auto other = found.find("code of " + part);
    if (other == found.end())
      differences += "\n\tit has no " + part;
    else if (other->second != hash)
      differences += "\n\t" + part + " is defined differently";
  }
  if (!differences.empty())
    throw Error("'" + path("checkpoint.safetensors") + "' cannot be resumed by this command:" + differences +
                "\n\t(a new training can begin with its parameters: --weights " + path("last.safetensors") +
                ", without --resume)");
}

void TrainLoop::resume() {
  const std::string file = path("checkpoint.safetensors");
  if (!std::filesystem::exists(file)) {
    std::fprintf(stderr, "runec: note: '%s' is not there: beginning at step 0\n", file.c_str());
    return;
  }
  const Metadata found = trainer.load_checkpoint(file);
  checkNotes(found);
  done = static_cast<int64_t>(numberOf(found, "step"));
  batch = static_cast<int64_t>(numberOf(found, "batch"));
  best = numberOf(found, "best");
  sum = numberOf(found, "loss.sum");
  count = static_cast<int64_t>(numberOf(found, "loss.count"));
}

int64_t TrainLoop::rowsOf(int64_t batch) const {
  return std::min(batchRows, data.rows() - batch % batchesPerEpoch * batchRows);
}

double TrainLoop::step(int64_t &rows) {
  double loss = 0;
  const int32_t parts = trainer.accumulate();
  rows = 0;
  for (int32_t i = 0; i < parts; ++i, ++batch) {
    const int64_t epoch = batch / batchesPerEpoch, here = rowsOf(batch);
    if (epoch != orderedEpoch) {
      if (arguments.noShuffle) {
        order.resize(static_cast<size_t>(data.rows()));
        std::iota(order.begin(), order.end(), 0);
      } else {
        order = randperm(data.rows(), arguments.seed + static_cast<uint64_t>(epoch));
      }
      orderedEpoch = epoch;
      trainer.set_epoch(epoch);
    }
    data.gather(order.data() + batch % batchesPerEpoch * batchRows, here, tensors);
    loss += trainer.step_with(tensors);
    rows += here;
  }
  return loss / parts;
}

void TrainLoop::validate(LossRow &row, bool epochEnds) {
  const double mean = sum / static_cast<double>(count);
  double measure = mean;
  if (valid) {
    double loss = 0;
    int64_t correct = 0, seen = 0;
    std::vector<int64_t> indices;
    while (seen < valid->rows()) {
      const int64_t rows = std::min(batchRows, valid->rows() - seen);
      if (fixedRows && rows < batchRows)
        break;
      indices.resize(static_cast<size_t>(rows));
      std::iota(indices.begin(), indices.end(), seen);
      valid->gather(indices.data(), rows, validTensors);
      const Evaluation one = trainer.evaluate(validTensors);
      loss += one.loss * static_cast<double>(rows);
      correct = one.correct < 0 ? -1 : correct + one.correct;
      seen += rows;
    }
    if (seen == 0)
      throw Error("'" + arguments.valid + "' has fewer examples than the spec's batch");
    measure = loss / static_cast<double>(seen);
    row.validLoss = measure;
    if (correct >= 0)
      row.validAccuracy = static_cast<double>(correct) / static_cast<double>(seen);
  }
  if (epochEnds) {
    trainer.metric(measure);
    sum = 0;
    count = 0;
  }
  progress.validated(row, mean);
  if (measure < best) {
    best = measure;
    save_safetensors(path("best.safetensors"), model.state_dict());
  }
}

static void replaceText(const std::string &path, const std::string &text) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary);
  file << text;
  file.close();
  if (!file || std::rename(fresh.c_str(), path.c_str()) != 0)
    throw Error("cannot write '" + path + "': " + std::strerror(errno));
}

/// The log first and the checkpoint last: a checkpoint's rows are always there, and a kill in between repeats steps.
void TrainLoop::save() {
  log->flush();
  replaceText(path("loss.svg"), drawLosses(log->rows(), model.table().name));
  save_safetensors(path("last.safetensors"), model.state_dict());
  const StateDict average = trainer.average_state_dict();
  if (average.size() > 0)
    save_safetensors(path("ema.safetensors"), average);
  trainer.save_checkpoint(path("checkpoint.safetensors"), notes());
}

TrainLoop::End TrainLoop::run() {
  std::signal(SIGINT, onSignal);
  std::signal(SIGTERM, onSignal);
  const int64_t accumulate = trainer.accumulate();
  progress.begin(done, total, arguments.epochs.value_or(0));
  if (done == 0)
    save();
  bool saved = true, warned = false;
  while (done < total && !interrupted) {
    LossRow row;
    int64_t rows = 0;
    row.step = done;
    row.epoch = batch / batchesPerEpoch;
    row.loss = step(rows);
    row.lr = trainer.lr();
    ++done;
    sum += row.loss;
    ++count;
    if (!std::isfinite(row.loss) && !std::exchange(warned, true))
      std::fprintf(stderr, "runec: warning: the loss of step %lld is %g\n", static_cast<long long>(row.step), row.loss);
    progress.step(row, rows);
    const bool epochEnds = batch / batchesPerEpoch != (batch - accumulate) / batchesPerEpoch;
    if (epochEnds || done == total)
      validate(row, epochEnds);
    log->add(row);
    saved = epochEnds || done == total || (arguments.saveEvery > 0 && done % arguments.saveEvery == 0);
    if (saved)
      save();
  }
  if (!saved)
    save();
  return done < total ? End::Interrupted : End::Done;
}
