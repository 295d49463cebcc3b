#include "shared/log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>

#include "shared/base/time.h"

namespace migrate {
namespace {

// One line is one write: threads' lines do not mix, nor those of programs that share a stderr.
spdlog::logger& stderr_lines() {
  static spdlog::logger lines = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern("%v");
    spdlog::logger made{"", std::move(sink)};
    made.set_level(spdlog::level::trace);
    return made;
  }();
  return lines;
}

spdlog::level::level_enum severity_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

const char* word_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      break;
  }
  return "error";
}

}  // namespace

JsonLog::JsonLog(std::string program, LogLevel least) : program_(std::move(program)), least_(least) {}

void JsonLog::write(LogLevel level, std::string_view message, const LogFields& fields) {
  if (level < least_) return;
  const auto now = std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
  nlohmann::ordered_json line = {
      {"time", to_rfc3339(now)}, {"level", word_of(level)}, {"program", program_}, {"message", message}};
  // A field cannot pass itself off as one of ours: what stands there first stays.
  for (const auto& [key, value] : fields)
    line.emplace(key, value);
  // Messages quote what others sent, which need not be UTF-8.
  stderr_lines().log(severity_of(level), line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace migrate
