#include "node/runtime/node_world.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "node/runtime/host_name.h"
#include "node/runtime/rootfs_diff.h"
#include "shared/base/criu_log.h"

namespace migrate::runtime {
namespace {

constexpr std::size_t kCriuLogLimit = 64U << 20;
constexpr std::size_t kHostNameLimit = 4096;

Instant now() {
  return std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
}

}  // namespace

std::filesystem::path restored_marker(const CommandLine& line, const std::string& id) {
  const std::filesystem::path root = line.root.empty() ? "/run/runc" : line.root;
  return root / id / "kubectl-migrate-restored";
}

NodeWorld::NodeWorld(Container container, StateFolder folder, std::string boot_id, Runc runc, const Log& log)
    : container_(std::move(container)),
      folder_(std::move(folder)),
      boot_id_(std::move(boot_id)),
      runc_(std::move(runc)),
      log_(log),
      watch_(folder_.path()) {}

milliseconds NodeWorld::elapsed() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began_);
}

void NodeWorld::announce_waiting() {
  withdraw_waiting();  // of a create that was killed in its wait
  if (auto told = folder_.mark("waiting", mark_text(boot_id_, container_.create.id, now())); !told)
    note(told.error().message);
}

void NodeWorld::withdraw_waiting() {
  if (auto withdrawn = folder_.unmark("waiting"); !withdrawn) note(withdrawn.error().message);
}

Result<void> NodeWorld::prepare() {
  if (!container_.create.no_restore.empty())
    return failure(fmt::format("restore {}: {}", container_.create.id, container_.create.no_restore));
  if (auto ready = folder_.prepare_work(); !ready) return ready;
  auto applied = apply_rootfs_diff(folder_.archive() / "rootfs-diff.tar", container_.root);
  if (!applied) return tl::make_unexpected(applied.error());
  for (const std::string& warning : applied->warnings)
    note("rootfs-diff.tar: " + warning);
  if (auto lent = lend_pivot_folder(); !lent) return lent;
  return take_host_name();
}

Result<void> NodeWorld::lend_pivot_folder() {
  if (!container_.bundle.read_only_root) return {};
  auto lent = PivotFolder::lend(container_.root);
  if (!lent) return tl::make_unexpected(lent.error());
  pivot_folder_ = std::move(*lent);
  if (container_.bundle.mounts_on_tmp) pivot_folder_.leave();
  return {};
}

Result<void> NodeWorld::take_host_name() {
  if (container_.bundle.host_name.empty()) return {};
  auto text = read_file(container_.bundle.host_name, kHostNameLimit);
  if (!text) return tl::make_unexpected(text.error());
  const std::string name = text->value_or("");
  const std::size_t end = name.find_first_of("\r\n");
  if (name.empty() || end == 0) return {};
  return set_nodename(folder_.archive() / "checkpoint", name.substr(0, end));
}

Result<void> NodeWorld::claim() {
  return folder_.mark("claimed", mark_text(boot_id_, container_.create.id, now()));
}

Result<void> NodeWorld::restore() {
  const auto words = restore_words(container_.line, container_.create,
                                   {(folder_.archive() / "checkpoint").string(), folder_.work().string()});
  auto code = run_and_wait(runc_, words);
  if (!code) return tl::make_unexpected(code.error().within("restore " + container_.create.id));
  if (*code == 0) return {};
  const std::filesystem::path criu_log = folder_.work() / "restore.log";
  const auto text = read_file(criu_log, kCriuLogLimit);
  const std::string told = text && *text ? telling_lines(**text) : "it wrote no log";
  return failure(fmt::format("restore {}: runc ended with {}; CRIU ({}): {}", container_.create.id, *code,
                             criu_log.string(), told));
}

Result<void> NodeWorld::answer_start() {
  const auto marker = restored_marker(container_.line, container_.create.id);
  const Descriptor file{::open(marker.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.is_open())
    return failure(
        fmt::format("let start of {} succeed: create {}: {}", container_.create.id, marker.string(), reason()));
  return {};
}

Result<void> NodeWorld::mark_used() {
  return folder_.mark("used", mark_text(boot_id_, container_.create.id, now()));
}

std::optional<bool> NodeWorld::tasks_resumed() {
  // No log proves nothing: CRIU's configuration may send it elsewhere.
  const auto text = read_file(folder_.work() / "restore.log", kCriuLogLimit);
  if (!text || !*text) return std::nullopt;
  return (*text)->find("Tasks resumed") != std::string::npos;
}

void NodeWorld::report_failure(const FailureReport& report) {
  if (auto done = folder_.mark("failed", report_text(report, now())); !done) note(done.error().message);
}

}  // namespace migrate::runtime
