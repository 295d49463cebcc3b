// Structured logs: one JSON object a line on stderr, so that one migration can be followed across programs by its uid.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace migrate {

enum class LogLevel { debug, info, warning, error };

using LogFields = std::vector<std::pair<std::string, std::string>>;

class Log {
 public:
  virtual ~Log() = default;
  // From any thread. Well-known fields: "migration" (uid), "name" (its NAMESPACE/NAME), "pod", "node", "step".
  virtual void write(LogLevel level, std::string_view message, const LogFields& fields = {}) = 0;

  void info(std::string_view message, const LogFields& fields = {}) { write(LogLevel::info, message, fields); }
  void warn(std::string_view message, const LogFields& fields = {}) { write(LogLevel::warning, message, fields); }
  void error(std::string_view message, const LogFields& fields = {}) { write(LogLevel::error, message, fields); }
};

// {"time","level","program","message",fields…} on stderr, by spdlog.
class JsonLog final : public Log {
 public:
  explicit JsonLog(std::string program, LogLevel least = LogLevel::info);
  void write(LogLevel level, std::string_view message, const LogFields& fields) override;

 private:
  std::string program_;
  LogLevel least_;
};

}  // namespace migrate
