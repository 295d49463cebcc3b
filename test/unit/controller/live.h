// A live migration, what is said of it, and a copy that may be told to have ended.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "test/unit/controller/replay_scene.h"

namespace migrate::controller {

inline constexpr const char* kShadow = "orders-mig-a6pfz";
inline constexpr const char* kShadowControl = "ms2m.control.orders-mig-a6pfz";

inline void check_said(const MigrationStatus& status, const char* phase, const char* reason, const std::string& part) {
  BOOST_TEST(to_string(status.phase) == phase, status.reason + ": " + status.message);
  BOOST_TEST(status.reason == reason);
  BOOST_TEST(status.message.find(part) != std::string::npos, status.message);
}

inline bool begins(const std::string& call, const char* with) {
  return call.starts_with(with);
}

struct Live : Replay {
  Live() : Replay(Strategy::live) {}

  // When the copy has come to life.
  std::function<void()> on_release;
  void arm() {
    target.after = [this](const std::string& what) {
      if (what != "release") return;
      run_containers();
      if (on_release) on_release();
    };
  }
  void kubelet_says_it_ended() { Replay::kubelet_says_it_ended(kShadow); }
  void end_copy() {
    obeys = false;
    broker->cancel(mirror(), "t3");
    kubelet_says_it_ended();
  }
  // Behind the commit, after it has replayed.
  void end_copy_as_it_switches() {
    broker->on_call = [this](const std::string&) -> std::optional<Error> {
      if (obeys && status().phase == Phase::switching) end_copy();
      return std::nullopt;
    };
  }
  [[nodiscard]] std::size_t count(const std::string& call) const {
    const auto calls = broker->calls();
    return static_cast<std::size_t>(std::count(calls.begin(), calls.end(), call));
  }
};

}  // namespace migrate::controller
