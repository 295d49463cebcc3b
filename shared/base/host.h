// The machine we run on, behind small interfaces: decision code takes these, tests pass their own (test/fakes/host.h).
#pragma once

#include <optional>
#include <string>

#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate {

class Environment {
 public:
  virtual ~Environment() = default;
  [[nodiscard]] virtual std::optional<std::string> variable(const std::string& name) const = 0;
};

class FileReader {
 public:
  virtual ~FileReader() = default;
  // The whole file; nothing when there is none. Unreadable is an error: "read PATH: why".
  [[nodiscard]] virtual Lookup<std::string> read(const std::string& path) const = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

class Terminal {
 public:
  virtual ~Terminal() = default;
  // Whether a person may be asked through standard input.
  [[nodiscard]] virtual bool stdin_is_terminal() const = 0;
};

// The real ones.
class ProcessEnvironment final : public Environment {
 public:
  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const override;
};

class DiskFiles final : public FileReader {
 public:
  [[nodiscard]] Lookup<std::string> read(const std::string& path) const override;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
};

class ProcessTerminal final : public Terminal {
 public:
  [[nodiscard]] bool stdin_is_terminal() const override;
};

}  // namespace migrate
