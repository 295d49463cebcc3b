// A target that lives behind the commit and does not replay. There is only forward, and nothing is lost yet: its mirror
// holds what it lacks, and it may come to itself.
#pragma once

#include <cstdint>

#include "extender/controller/attendance.h"
#include "extender/controller/replay.h"

namespace migrate::controller {

class ReplayWatch {
 public:
  // `has_read`: before, as a shadow has.
  ReplayWatch(Steady began, bool has_read) : attendance_(began, has_read), last_look_(began), has_read_(has_read) {}

  [[nodiscard]] Attendance& attendance() { return attendance_; }
  Attendance::Verdict look(Steady now, std::uint64_t consumers);

  // When nobody has read the mirror for Attendance::kStartPatience, of `sequential` a doubt: a person may decide, and
  // it ends by itself as soon as somebody does. Otherwise people are told, once, and it is waited for further
  // (success): a live one's source is frozen and no archive has what was replayed; and with --purge-primary the mirror
  // alone has what was the source's.
  [[nodiscard]] Attempt<void> judge_absence(Hop& hop, const ReplayLink& link, std::uint64_t waiting);

 private:
  Attendance attendance_;
  Steady last_look_;
  bool has_read_;
  bool is_told_ = false;
};

// Of a sequential migration whose target did not come to the end of its replay: whether what it is in doubt for has
// passed, so that it is to be tried once more. It reads; has read all of it; or has left the mirror. Of a memory or a
// mirror that is lost never.
[[nodiscard]] bool has_come_back(Hop& hop, const Limits& limits);
inline constexpr const char* kReplayNotFinished = "ReplayNotFinished";
inline constexpr const char* kReplayNotEnded = "ReplayNotEnded";

}  // namespace migrate::controller
