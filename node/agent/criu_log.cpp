#include "node/agent/criu_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "node/runtime/files.h"

namespace migrate::agent {
namespace {

constexpr std::size_t kFileLimit = 64U << 20;
constexpr std::size_t kMost = 48U << 10;
constexpr std::size_t kPart = 8U << 10;

}  // namespace

std::vector<std::string> criu_log_parts(std::string_view text) {
  if (text.size() > kMost) {
    text.remove_prefix(text.size() - kMost);
    // What the cut has left of a line is none.
    text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  }
  std::vector<std::string> parts;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), kPart);
    if (const std::size_t end = text.rfind('\n', size - 1); size < text.size() && end != std::string_view::npos)
      size = end + 1;
    parts.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return parts;
}

void tell_criu_log(Log& log, const std::filesystem::path& file, const LogFields& about) {
  const auto text = runtime::read_file(file, kFileLimit);
  if (!text || !*text) return;
  const std::vector<std::string> parts = criu_log_parts(**text);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    LogFields fields = about;
    fields.insert(fields.end(), {{"file", file.filename().string()},
                                 {"part", fmt::format("{}/{}", i + 1, parts.size())},
                                 {"criuLog", parts[i]}});
    log.info("what CRIU's log says", fields);
  }
}

}  // namespace migrate::agent
