// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && mkdir %t
// RUN: %cxx -fsanitize=address,undefined %s %librune -o %t/save && %t/save %t | FileCheck %s
// A file is replaced whole or not at all.

#include <rune/safetensors.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using rune::Tensor;

static std::string bytes(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

static std::string attempt(const fs::path &path, const rune::StateDict &tensors) {
  try {
    rune::save_safetensors(path, tensors);
    return "saved";
  } catch (const rune::Error &error) {
    std::string text = error.what();
    return text.substr(text.rfind('/') + 1);
  }
}

static std::size_t filesIn(const fs::path &folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

int main(int, char **argv) {
  const fs::path folder = fs::path(argv[1]) / "files";
  fs::create_directory(folder);
  const fs::path path = folder / "w.safetensors";
  const rune::StateDict small = {{"b", Tensor::ones({2}, rune::DType::boolean)},
                                 {"z", Tensor::from<float>({1, 2})},
                                 {"a", Tensor::from<std::int64_t>({3})},
                                 {"c\n\"\x01", Tensor::zeros({0, 2})}};
  // CHECK: saved 1
  std::cout << attempt(path, small) << ' ' << filesIn(folder) << '\n';
  const std::string old = bytes(path);
  // clang-format off
  // CHECK-NEXT: {"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"c\n\"\u0001":{"dtype":"F32","shape":[0,2],"data_offsets":[8,8]},"z":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[16,18]}}
  // clang-format on
  std::cout << old.substr(8, old.rfind('}') - 7) << '\n';
  // CHECK-NEXT: same bytes again: saved 1
  std::cout << "same bytes again: " << attempt(path, small) << ' ' << (bytes(path) == old) << '\n';
  // CHECK-NEXT: reads back: 1 1
  const rune::StateDict back = rune::load_safetensors(path);
  std::cout << "reads back: " << rune::equal(back.at("z"), small.at("z")) << ' ' << back.contains("c\n\"\x01") << '\n';

  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  attempt(path, small);
  struct stat status;
  ::stat(path.c_str(), &status);
  // CHECK-NEXT: mode kept: 384
  std::cout << "mode kept: " << (status.st_mode & 07777) << '\n';

  // A disk that is full after 1000 bytes.
  const rune::StateDict large = {{"w", Tensor::ones({10000})}};
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit tight = {1000, limit.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  const std::string full = attempt(path, large);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  // CHECK-NEXT: w.safetensors: cannot write: File too large 1 1
  std::cout << full << ' ' << (bytes(path) == old) << ' ' << filesIn(folder) << '\n';

  // CHECK-NEXT: files: is a directory
  std::cout << attempt(folder, small) << '\n';
  ::mkfifo((folder / "fifo").c_str(), 0600);
  // CHECK-NEXT: fifo: is not a regular file
  std::cout << attempt(folder / "fifo", small) << '\n';
  // CHECK-NEXT: w.safetensors: cannot write: No such file or directory
  std::cout << attempt(folder / "none" / "w.safetensors", small) << '\n';
  // CHECK-NEXT: w.safetensors: tensor "u" is undefined 1
  std::cout << attempt(path, {{"u", Tensor()}}) << ' ' << (bytes(path) == old) << '\n';

  fs::create_symlink("w.safetensors", folder / "link");
  // CHECK-NEXT: through a link: saved 1 1
  std::cout << "through a link: " << attempt(folder / "link", large) << ' ' << fs::is_symlink(folder / "link") << ' '
            << (bytes(path).size() > 40000) << '\n';

  // Killed at any moment, the file is the one or the other.
  const std::string first = bytes(path);
  const rune::StateDict other = {{"w", Tensor::zeros({10000})}};
  attempt(path, other);
  const std::string second = bytes(path);
  bool whole = true;
  for (int i = 0; i < 40; ++i) {
    const pid_t child = ::fork();
    if (child == 0)
      for (;;)
        attempt(path, large), attempt(path, other);
    ::usleep(static_cast<useconds_t>(200 + 137 * i % 1000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string now = bytes(path);
    whole &= now == first || now == second;
  }
  // CHECK-NEXT: killed: 1
  std::cout << "killed: " << whole << '\n';
}
