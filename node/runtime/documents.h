// The JSON this program reads and writes, as values: config.json's annotations, its own settings, marks, log lines.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "node/runtime/command_line.h"
#include "node/runtime/decision.h"
#include "shared/base/result.h"
#include "shared/base/units.h"

namespace migrate::runtime {

// What a bundle's config.json says about whether and what to restore.
struct BundleConfig {
  Request request;
  std::filesystem::path root;       // as written: absolute, or relative to the bundle
  std::filesystem::path host_name;  // the file with the Pod's host name that is mounted; empty: none is
  bool read_only_root = false;
  bool mounts_on_tmp = false;  // something is mounted at /tmp or below it
};
// containerd and CRI-O let a Pod's own annotations through to config.json, CRI-O all of them, containerd what
// pod_annotations names; each writes its own keys last, so under its own keys nobody but it speaks. Keys of both: the
// Pod's author wrote one of them, and the identity is unknown.
[[nodiscard]] Result<BundleConfig> parse_bundle_config(const std::string& text);

struct Settings {
  std::string runc;  // empty: looked for on PATH
  std::filesystem::path state_folder = "/var/lib/kubectl-migrate/restores";
  std::filesystem::path log = "/var/log/migrate-runc.log";
};
[[nodiscard]] Result<Settings> parse_settings(const std::string& text);

[[nodiscard]] Result<Expectation> parse_expectation(const std::string& text);

// The boot a mark was written in; empty when it does not say.
[[nodiscard]] std::string boot_of_mark(const std::string& text);
// Who wrote it, and when; nothing of what it does not say.
struct MarkWriter {
  std::string boot_id;
  std::string container;  // the runtime's id
  std::optional<Instant> at;
};
[[nodiscard]] MarkWriter parse_mark(const std::string& text);
[[nodiscard]] std::string mark_text(const std::string& boot_id, const std::string& container_id, Instant at);

// runc's answer to `state`, for a container that was restored and whose `start` was not asked for yet.
[[nodiscard]] std::string state_before_start(const std::string& answer);

struct FailureReport {
  std::string message;
  std::optional<bool> tasks_resumed;  // by CRIU's log; nothing when there is none to judge by
};
[[nodiscard]] std::string report_text(const FailureReport& report, Instant at);
[[nodiscard]] Result<FailureReport> parse_report(const std::string& text);

// One line of our own log, with the keys of the other programs' logs (shared/log): a migration is followed through all
// of them by its uid.
[[nodiscard]] std::string own_log_line(const std::string& level, const std::string& message, const Request& about,
                                       Instant at);
// One line as runc itself writes it: containerd shows the last one of level error as the reason of a failed create.
[[nodiscard]] std::string log_line(LogFormat format, const std::string& level, const std::string& message, Instant at);

}  // namespace migrate::runtime
