// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "File.h"

#include "Memory.h"
#include "SafetensorsHeader.h"
#include "Text.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rune::detail {
namespace {

[[noreturn]] void failSystem(const std::string &path, const char *doing) {
  const int error = errno;
  throw Error(join(path, ": cannot ", doing, ": ", std::generic_category().message(error)));
}

void checkRegular(const std::string &path, const struct stat &status) {
  if (S_ISDIR(status.st_mode))
    throw Error(path + ": is a directory");
  if (!S_ISREG(status.st_mode))
    throw Error(path + ": is not a regular file");
}

/// Where a symbolic link points, so that saving keeps the link.
std::string resolve(const std::string &path) {
  char *real = ::realpath(path.c_str(), nullptr);
  if (!real)
    return path;
  const std::unique_ptr<char, Free> owner(real);
  return real;
}

} // namespace

File File::open_for_reading(const std::string &path) {
  // Without O_NONBLOCK, opening a FIFO waits for its writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    failSystem(path, "open");
  File file(path, descriptor);
  struct stat status;
  if (::fstat(descriptor, &status) != 0)
    failSystem(path, "read");
  checkRegular(path, status);
  file.size_ = status.st_size;
  return file;
}

File::~File() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

void File::read(void *to, std::int64_t bytes, std::int64_t offset) const {
  for (auto *out = static_cast<char *>(to); bytes > 0;) {
    const ssize_t count = ::pread(descriptor_, out, static_cast<std::size_t>(std::min<std::int64_t>(bytes, INT_MAX)),
                                  static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      failSystem(path_, "read");
    if (count == 0)
      fail_at(path_, offset, "the file ends here: it was truncated while it was read");
    out += count;
    offset += count;
    bytes -= count;
  }
}

Replacement::Replacement(const std::string &path) : path_(resolve(path)) {
  struct stat status;
  mode_t mode = 0666;
  bool exists = false;
  if (::stat(path_.c_str(), &status) == 0) {
    checkRegular(path, status);
    mode = status.st_mode & 07777;
    exists = true;
  }
  const std::size_t slash = path_.rfind('/');
  folder_ = slash == path_.npos ? "." : slash == 0 ? "/" : path_.substr(0, slash);
  for (std::int64_t attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = join(path_, ".", static_cast<std::int64_t>(::getpid()), ".", attempt, ".tmp");
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor_ < 0 && (errno != EEXIST || attempt > 10000))
      failSystem(path, "write");
  }
  if (exists)
    (void)!::fchmod(descriptor_, mode); // as it was, where the file system has modes
}

Replacement::~Replacement() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

void Replacement::write(const void *from, std::int64_t bytes) {
  for (const auto *in = static_cast<const char *>(from); bytes > 0;) {
    const ssize_t count = ::write(descriptor_, in, static_cast<std::size_t>(std::min<std::int64_t>(bytes, INT_MAX)));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      failSystem(path_, "write");
    in += count;
    bytes -= count;
  }
}

void Replacement::commit() {
  if (::fsync(descriptor_) != 0)
    failSystem(path_, "write");
  if (::close(std::exchange(descriptor_, -1)) != 0)
    failSystem(path_, "write");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    failSystem(path_, "write");
  temporary_.clear();
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    failSystem(folder_, "open");
  const int result = ::fsync(folder);
  const int error = errno;
  ::close(folder);
  // Some file systems cannot do it for a folder; the file itself is on the disk.
  if (result != 0 && error != EINVAL && error != ENOTSUP) {
    errno = error;
    failSystem(folder_, "write");
  }
}

} // namespace rune::detail
