#include "node/runtime/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "node/runtime/documents.h"
#include "node/runtime/files.h"

namespace migrate::runtime {
namespace {

Instant now() {
  return std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
}

// One write(2) a line, so that several of us may append to one file. Nobody to tell when that fails.
void append(const std::filesystem::path& path, mode_t mode, const std::string& line) {
  if (path.empty()) return;
  const Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode)};
  if (file.is_open()) [[maybe_unused]]
    const ssize_t ignored = ::write(file.get(), line.data(), line.size());
}

}  // namespace

Log::Log(const CommandLine& line, std::filesystem::path own, std::string subject)
    : runc_format_(line.log_format), runc_log_(line.log), own_(std::move(own)), subject_(std::move(subject)) {}

void Log::note(const std::string& text) const {
  append(own_, 0600, own_log_line("info", subject_ + ": " + text, about_, now()));
}

void Log::error(const std::string& text) const {
  append(runc_log_, 0644, log_line(runc_format_, "error", "migrate-runc: " + text, now()));
  append(own_, 0600, own_log_line("error", subject_ + ": " + text, about_, now()));
  fmt::print(stderr, "migrate-runc: error: {}\n", text);  // what CRI-O's conmon shows
}

}  // namespace migrate::runtime
