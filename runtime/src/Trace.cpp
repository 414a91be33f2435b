// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUNE_PROFILE=trace.json: what each kernel took, in the Trace Event Format of chrome://tracing and Perfetto.

#include "rune/table.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// Null where nothing runs.
struct Site {
  const char *entry = nullptr, *kernel = nullptr, *does = nullptr, *where = nullptr;
};

struct Event {
  Site site;
  int64_t start, end; // nanoseconds
  int thread;
};

std::string escaped(const char *text) {
  std::string result;
  for (; *text; ++text) {
    const auto c = static_cast<unsigned char>(*text);
    if (c == '"' || c == '\\') {
      result += {'\\', *text};
    } else if (c < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      result += code;
    } else {
      result += *text;
    }
  }
  return result;
}

/// The file, and the events that are not in it yet. Lives until the program ends.
class Profile {
public:
  static Profile &instance() {
    static auto *profile = new Profile;
    return *profile;
  }

  bool open(const char *path) {
    file = std::fopen(path, "w");
    if (!file) {
      std::fprintf(stderr, "RUNE_PROFILE: cannot write '%s': %s\n", path, std::strerror(errno));
      return false;
    }
    std::fputs("[", file);
    return true;
  }

  int64_t now() const { return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count(); }

  void add(const Event &event) {
    const std::scoped_lock lock(mutex);
    events.push_back(event);
    // A model may be gone, its texts with it, before the file is written.
    auto &[entry, kernel, does, where] = events.back().site;
    for (const char **text : {&entry, &kernel, &does, &where})
      *text = texts.insert(*text).first->c_str();
    if (events.size() >= atOnce)
      write();
  }

  void close() {
    const std::scoped_lock lock(mutex);
    if (!file)
      return;
    write();
    std::fputs("\n]\n", file);
    if (std::fclose(file) != 0)
      std::fprintf(stderr, "RUNE_PROFILE: the profile is not complete: %s\n", std::strerror(errno));
    file = nullptr;
  }

private:
  static constexpr size_t atOnce = 1 << 16;

  void write() {
    if (file)
      for (const Event &event : events) {
        const auto &[entry, kernel, does, where] = event.site;
        // The format counts microseconds.
        std::fprintf(file,
                     "%s\n{\"name\":\"%s (%s)\",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":1,"
                     "\"tid\":%d,\"args\":{\"does\":\"%s\",\"spec\":\"%s\"}}",
                     comma, escaped(kernel).c_str(), escaped(where).c_str(), escaped(entry).c_str(),
                     static_cast<double>(event.start) / 1e3, static_cast<double>(event.end - event.start) / 1e3,
                     event.thread, escaped(does).c_str(), escaped(where).c_str());
        comma = ",";
      }
    events.clear();
  }

  const Clock::time_point begin = Clock::now();
  std::mutex mutex;
  std::vector<Event> events;
  std::unordered_set<std::string> texts;
  std::FILE *file = nullptr;
  const char *comma = "";
};

/// What runs on this thread.
struct Running {
  Site site;
  int64_t start = 0;
  int thread = 0;
};

int32_t startProfile() {
  const char *path = std::getenv("RUNE_PROFILE");
  if (!path || !*path || !Profile::instance().open(path))
    return 0;
  std::atexit([] {
    rune_tracing = 0;
    Profile::instance().close();
  });
  return 1;
}

} // namespace

int32_t rune_tracing = startProfile();

/// What ran until now has ended, and this begins.
static void begin(const Site &site) {
  static std::atomic<int> threads{0};
  thread_local Running running;
  Profile &profile = Profile::instance();
  if (running.thread == 0)
    running.thread = ++threads;
  const int64_t now = profile.now();
  if (running.site.kernel)
    profile.add({running.site, running.start, now, running.thread});
  running.site = site;
  running.start = site.kernel ? profile.now() : 0;
}

void rune_trace(const char *entry, const char *kernel, const char *does, const char *where) {
  begin({entry, kernel, does, where});
}

void rune_trace_site(const char *texts) {
  Site site;
  if (texts)
    for (const char **text : {&site.entry, &site.kernel, &site.does, &site.where}) {
      *text = texts;
      texts += std::strlen(texts) + 1;
    }
  begin(site);
}
