// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler's command line.

#include "Driver/Commands.h"
#include "Driver/Compilation.h"

#include <CLI/CLI.hpp>

using namespace rune;

namespace {

const char *const welcome = R"(runec compiles a neural network written in YAML into native code.

  runec check specs/my_linear.yaml              diagnose a spec
  runec print specs/my_linear.yaml              show the model as PyTorch would, and its parameters
  runec build specs/my_linear.yaml -o build/    write build/my_linear.o and build/my_linear.h
  runec train specs/digits_mlp.yaml --data specs/data/digits-train.safetensors --epochs 20 --batch-size 64 --out run/
                                                train it: run/loss.svg, run/last.safetensors

'runec --help' lists all commands, 'runec COMMAND --help' the options of one.
)";

struct CommonArguments {
  std::string dtype = "f32", precision = "f32", memoryBudget;
  std::vector<std::string> defines, sizes;
};

const std::vector<std::string> stages = {"module", "registry", "graph", "grad", "linalg", "memory",
                                         "loops",  "llvm",     "asm",   "obj",  "cpp"};

/// One of the words, or an error that names the nearest.
CLI::Validator oneOf(const std::vector<std::string> &words) {
  auto check = [words](const std::string &given) -> std::string {
    if (llvm::is_contained(words, given))
      return "";
    std::vector<llvm::StringRef> names(words.begin(), words.end());
    llvm::StringRef near = nearestName(given, names);
    std::string all;
    for (const std::string &word : words)
      all += (all.empty() ? "" : ", ") + word;
    return "unknown '" + given + "'" + (near.empty() ? "; there is: " + all : "; did you mean '" + near.str() + "'?");
  };
  return CLI::Validator(check, "");
}

class CommandLine {
public:
  CommandLine() : app("Compiles neural networks written in YAML into native code that an application links.", "runec") {
    app.set_version_flag("--version", "runec 0.1.0 (LLVM 22)");
    app.footer("Exit status: 0, 1 (the input is wrong) or 2 (the call is wrong).");
    app.get_formatter()->column_width(34);
    addBuild();
    addCheck();
    addPrint();
    addInit();
    addRun();
    addTrain();
    CLI::App *schema = app.add_subcommand("schema", "Prints the JSON Schema of specs, for editors");
    schema->add_flag("--functions", functions, "Instead: every function of the language, with its arguments");
    schema->callback([this] { action = [this] { return runSchema(functions); }; });
  }

  int run(int argc, char **argv) {
    if (argc == 1) {
      llvm::outs() << welcome;
      return Success;
    }
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp &error) {
      return app.exit(error);
    } catch (const CLI::CallForVersion &error) {
      return app.exit(error);
    } catch (const CLI::ParseError &error) {
      return explain(error, argc, argv);
    }
    if (!readCommon())
      return UsageError;
    return action ? action() : explainCommand(argc > 1 ? argv[1] : "");
  }

private:
  CLI::App *add(const char *name, const char *description) {
    CLI::App *command = app.add_subcommand(name, description);
    command->add_option("-D", common.defines, "An argument of the entry module (repeatable)")
        ->type_name("ARG=VALUE")
        ->allow_extra_args(false);
    command->add_option("--dtype", common.dtype, "What f32 in the spec means: f32 or f64")
        ->type_name("DTYPE")
        ->check(oneOf({"f32", "f64"}));
    command
        ->add_option("--precision", common.precision,
                     "Of what matrix products multiply: f32 (default), or bf16, with sums and parameters in f32")
        ->type_name("PRECISION")
        ->check(oneOf({"f32", "bf16"}));
    command
        ->add_option("--memory-budget", common.memoryBudget,
                     "The bytes that a workspace may have (also as 64MiB): what does not fit is computed again")
        ->type_name("BYTES");
    command
        ->add_option("--size", common.sizes,
                     "A dynamic size, for --memory-budget and print --cost (repeatable); files tell those of theirs")
        ->type_name("NAME=N")
        ->allow_extra_args(false);
    return command;
  }

  void addBuild() {
    CLI::App *command = add("build", "Compiles a spec: writes DIR/<stem>.h and DIR/<stem>.o (or .cc)");
    command->add_option("spec", build.spec, "The spec, a YAML file")->required()->type_name("SPEC");
    command->add_option("-o,--output", build.output, "The folder to write to; with --emit the file (default: stdout)")
        ->type_name("DIR");
    command
        ->add_option("--emit", build.emit,
                     "Print a stage instead: module registry graph grad linalg memory loops llvm asm obj cpp")
        ->type_name("STAGE")
        ->check(oneOf(stages));
    command
        ->add_option("--backend", build.backend,
                     "llvm (default): an object file; highway: portable SIMD C++, <stem>.cc")
        ->type_name("NAME")
        ->check(oneOf({"llvm", "highway"}));
    command
        ->add_option("--target", build.targetTriple,
                     "Another machine: x86_64-linux-gnu, aarch64-linux-gnu, riscv64-linux-gnu (with V)")
        ->type_name("TRIPLE");
    command
        ->add_option("--target-cpu", build.targetCpu,
                     "native, x86-64-v2, x86-64-v3, x86-64-v4 or a processor that LLVM knows")
        ->type_name("CPU");
    command->add_option("--class", build.className, "The generated class (default: models::<Entry>)")
        ->type_name("NS::NAME");
    command->add_option("--stem", build.stem, "What the files and C's names begin with (default: the spec's file name)")
        ->type_name("NAME");
    command
        ->add_option("--simplify", build.simplify,
                     "full (default), or exact: without the rules that change rounding, as hooked variants are")
        ->type_name("HOW")
        ->check(oneOf({"full", "exact"}));
    command->add_option("--depfile", build.depfile, "Also write what the object depends on, in make's syntax")
        ->type_name("FILE");
    command->add_flag("--freestanding", build.freestanding,
                      "C++ for Highway that needs no library, heap or operating system; forward calls alone");
    command
        ->add_option("--weights", build.weights,
                     "With --freestanding: a safetensors file, whose tensors become part of the C++")
        ->type_name("FILE");
    command->add_flag("--locations", build.locations, "With --emit: show where in the spec every op comes from");
    command->callback([this] { action = [this] { return runBuild(build); }; });
  }

  void addCheck() {
    CLI::App *command = add("check", "Only diagnoses: all errors of all specs in one run");
    command->add_option("specs", check.specs, "The specs")->required()->type_name("SPEC...");
    command->callback([this] { action = [this] { return runCheck(check); }; });
  }

  void addPrint() {
    CLI::App *command = add("print", "Prints the passport: the module tree as PyTorch prints it, every parameter and "
                                     "buffer, totals, the cost of a call");
    command->add_option("spec", print.spec, "The spec")->required()->type_name("SPEC");
    command->add_flag("--cost", print.cost,
                      "Instead: the FLOPs and bytes of every kernel and module, against this machine's roofline");
    command->callback([this] { action = [this] { return print.cost ? runPrintCost(print) : runPrint(print); }; });
  }

  void addInit() {
    CLI::App *command = add("init", "Writes the freshly initialised state: PyTorch's after manual_seed, bit for bit");
    command->add_option("spec", init.spec, "The spec")->required()->type_name("SPEC");
    command->add_option("--seed", init.seed, "The seed (default 0)")->type_name("N");
    command->add_option("-o,--output", init.output, "The safetensors file to write")->required()->type_name("FILE");
    command->callback([this] { action = [this] { return runInit(init); }; });
  }

  void addRun() {
    CLI::App *command = add("run", "Compiles and runs a model once, on files");
    command->add_option("spec", run_.spec, "The spec")->required()->type_name("SPEC");
    auto *weights =
        command->add_option("--weights", run_.weights, "A safetensors file with the state")->type_name("FILE");
    auto *seed = command->add_option("--seed", run_.seed, "Or the seed of a fresh state")->type_name("N");
    weights->excludes(seed);
    command->add_option("--inputs", run_.inputs, "A safetensors file with a tensor for each input's name")
        ->required()
        ->type_name("FILE");
    command->add_option("--outputs", run_.outputs, "The safetensors file to write: output, or output.0, output.1, …")
        ->required()
        ->type_name("FILE");
    command
        ->add_option("--compute", compute,
                     "forward; loss; or gradients, of the loss, of a scalar output, or weighted by the inputs' "
                     "grad_output")
        ->type_name("WHAT")
        ->check(oneOf({"forward", "loss", "gradients"}));
    command->add_flag("--train", run_.train, "In training mode: buffers that change are written as buffer.<name>");
    command->add_option("--entry", run_.entry, "The entry point (default: forward)")->type_name("NAME");
    command->add_option("--target-cpu", run_.targetCpu, "As for build")->type_name("CPU");
    command->callback([this] {
      if (run_.weights.empty() && !run_.seed)
        throw CLI::RequiredError("--weights or --seed");
      action = [this] {
        run_.frontend.training = run_.train;
        run_.frontend.compute = compute == "loss"         ? Compute::Loss
                                : compute == "gradients"  ? Compute::Gradients
                                : run_.entry == "forward" ? Compute::Forward
                                                          : Compute::Model;
        return runRun(run_);
      };
    });
  }

  void addTrain() {
    CLI::App *command = add("train", "Trains a spec on files; RUN gets loss.csv, loss.svg, last.safetensors, "
                                     "best.safetensors and checkpoint.safetensors");
    CLI::Validator positive(
        [](const std::string &given) -> std::string {
          int64_t value = 0;
          return llvm::StringRef(given).getAsInteger(10, value) || value < 1 ? "expected a positive integer" : "";
        },
        "");
    command->add_option("spec", train.spec, "The spec, with a section 'training'")->required()->type_name("SPEC");
    command
        ->add_option("--data", train.data,
                     "A safetensors file with a tensor for each input and target, examples along dimension 0")
        ->required()
        ->type_name("FILE");
    command->add_option("--valid", train.valid, "Such a file to validate with after each epoch")->type_name("FILE");
    auto *steps =
        command->add_option("--steps", train.steps, "How many updates")->check(CLI::NonNegativeNumber)->type_name("N");
    auto *epochs = command->add_option("--epochs", train.epochs, "Or how often to go through the examples")
                       ->check(positive)
                       ->type_name("N");
    steps->excludes(epochs);
    command->add_option("--batch-size", train.batchSize, "Examples in a batch; a last shorter one is left out")
        ->required()
        ->check(positive)
        ->type_name("B");
    command->add_flag("--keep-last", train.keepLast, "Also use an epoch's last batch where it is shorter");
    command->add_option("--seed", train.seed, "Of the initial parameters, the shuffling and dropout (default 0)")
        ->type_name("N");
    command->add_option("--out", train.out, "The folder to write to")->required()->type_name("RUN");
    command->add_option("--weights", train.weights, "Begin with this state instead of a fresh one")->type_name("FILE");
    command->add_flag("--no-shuffle", train.noShuffle,
                      "Take the examples in the file's order; else epoch e has torch.randperm's of seed + e");
    command->add_option("--save-every", train.saveEvery, "Save every N steps too, not only at the ends of epochs")
        ->check(positive)
        ->type_name("N");
    command->add_flag("--resume", train.resume, "Go on from RUN's checkpoint, bit for bit as if never interrupted");
    command->add_option("--target-cpu", train.targetCpu, "As for build")->type_name("CPU");
    command->callback([this] {
      if (!train.steps && !train.epochs)
        throw CLI::RequiredError("--steps or --epochs");
      action = [this] { return runTrain(train); };
    });
  }

  bool readCommon() {
    FrontendOptions options;
    options.f64 = common.dtype == "f64";
    options.bf16 = common.precision == "bf16";
    if (options.f64 && options.bf16) {
      reportError("--precision=bf16 rounds f32: it does not go with --dtype=f64");
      return false;
    }
    if (!readSizes(options) || !readMemoryBudget(options))
      return false;
    for (const std::string &define : common.defines) {
      size_t equals = define.find('=');
      if (equals == std::string::npos || equals == 0) {
        reportError("-D expects ARG=VALUE, got '" + define + "'");
        return false;
      }
      options.defines.push_back({define.substr(0, equals), define.substr(equals + 1)});
    }
    train.bf16 = options.bf16;
    build.frontend = check.frontend = run_.frontend = train.frontend = options;
    options.compute = Compute::Forward;
    init.frontend = options;
    if (print.cost)
      options.compute = Compute::Model;
    print.frontend = options;
    return true;
  }

  bool readSizes(FrontendOptions &options) {
    for (llvm::StringRef text : common.sizes) {
      auto [name, value] = text.split('=');
      int64_t size = 0;
      if (name.empty() || value.getAsInteger(10, size) || size < 1) {
        reportError("--size expects NAME=N, a dynamic size and a positive integer, got '" + text + "'");
        return false;
      }
      options.sizes[name.str()] = size;
    }
    return true;
  }

  bool readMemoryBudget(FrontendOptions &options) {
    if (common.memoryBudget.empty())
      return true;
    llvm::StringRef text = common.memoryBudget;
    int64_t unit = 1;
    for (auto [suffix, bytes] : std::initializer_list<std::pair<llvm::StringRef, int64_t>>{{"KiB", 1LL << 10},
                                                                                           {"MiB", 1LL << 20},
                                                                                           {"GiB", 1LL << 30},
                                                                                           {"kB", 1000},
                                                                                           {"MB", 1'000'000},
                                                                                           {"GB", 1'000'000'000}})
      if (unit == 1 && text.consume_back(suffix))
        unit = bytes;
    int64_t count = 0;
    if (text.rtrim().getAsInteger(10, count) || count < 1 || count > INT64_MAX / unit) {
      reportError("--memory-budget expects a number of bytes, as in 64000000, 64MB or 64MiB, got '" +
                  common.memoryBudget + "'");
      return false;
    }
    options.memoryBudget = count * unit;
    return true;
  }

  int explainCommand(llvm::StringRef word) {
    std::vector<llvm::StringRef> names;
    auto commands = app.get_subcommands(nullptr);
    for (CLI::App *command : commands)
      names.push_back(command->get_name());
    llvm::StringRef near = nearestName(word, names);
    reportError("unknown command '" + word + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?") +
                "\nrunec --help lists the commands");
    return UsageError;
  }

  /// In our words: what is unknown, and what is near it.
  int explain(const CLI::ParseError &error, int argc, char **argv) {
    CLI::App *command = nullptr;
    for (CLI::App *candidate : app.get_subcommands(nullptr))
      if (argc > 1 && candidate->get_name() == argv[1])
        command = candidate;
    if (!command && argv[1][0] != '-')
      return explainCommand(argv[1]);
    CLI::App *owner = command ? command : &app;
    std::string unknown = firstUnknown(owner, argc, argv);
    if (unknown.empty()) {
      reportError(error.what());
    } else {
      std::vector<std::string> texts;
      for (const CLI::Option *option : owner->get_options())
        for (const std::string &name : option->get_lnames())
          texts.push_back("--" + name);
      std::vector<llvm::StringRef> names(texts.begin(), texts.end());
      llvm::StringRef near = nearestName(llvm::StringRef(unknown).split('=').first, names);
      reportError((unknown[0] == '-' ? "unknown option '" : "unexpected argument '") + unknown + "'" +
                  (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    llvm::errs() << "runec " << (command ? command->get_name() + " " : "") << "--help tells what there is\n";
    return UsageError;
  }

  static std::string firstUnknown(CLI::App *owner, int argc, char **argv) {
    for (int i = 1; i < argc; ++i) {
      llvm::StringRef word = argv[i];
      if (word.starts_with("--") && !owner->get_option_no_throw(word.split('=').first.str()))
        return word.str();
    }
    return "";
  }

  CLI::App app;
  CommonArguments common;
  BuildArguments build;
  CheckArguments check;
  PrintArguments print;
  InitArguments init;
  RunCommandArguments run_;
  TrainCommandArguments train;
  bool functions = false;
  std::string compute = "forward";
  std::function<int()> action;
};

} // namespace

int main(int argc, char **argv) { return CommandLine().run(argc, argv); }
