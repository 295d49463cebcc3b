// Small Pods for what needs no message: each may have one thing that matters about it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "test/e2e/scene.h"

namespace harness {

inline constexpr const char* kBusybox = "registry.test/busybox:trixie";

// A shell that loops, on `node` (placed by name). `script` runs before the loop.
[[nodiscard]] nlohmann::json small_pod(const std::string& ns, const std::string& name, const std::string& node,
                                       const std::string& script = ":");

// Of all its containers; `pod` as the API server gives it.
[[nodiscard]] int restarts_of(const nlohmann::json& pod);

// Makes an object and keeps what undoes it; for cleaning up at a scope's end, however it is left.
class Undo {
 public:
  explicit Undo(std::function<void()> undo) : undo_(std::move(undo)) {}
  ~Undo();
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;

 private:
  std::function<void()> undo_;
};

// That a Pod is as it was: the same, never restarted, and its processes run (a frozen one answers no exec).
class Untouched {
 public:
  Untouched(const Stage& stage, std::string pod);
  // Empty: it is the Pod that it was, and has not restarted; else what is not as it was.
  [[nodiscard]] std::string change() const;
  // The same, and what counts in its /tmp/count counts on.
  [[nodiscard]] std::string trouble() const;

 private:
  const Stage& stage_;
  std::string pod_;
  std::string uid_;
  int restarts_ = 0;
};

}  // namespace harness
