#include "plugin/wait.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <ostream>
#include <thread>
#include <variant>

#include "plugin/account.h"
#include "plugin/format.h"
#include "plugin/interrupt.h"
#include "plugin/outcome.h"
#include "plugin/output.h"
#include "shared/kube/watch.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using End = Followed::End;

struct Changed {
  Json object;
};
struct Deleted {
  std::string uid;
};
struct Troubled {
  std::string text;
};
struct Broken {
  kube::ApiError error;
};
using Notice = std::variant<Changed, Deleted, Troubled, Broken>;

// From the thread that watches to the one that shows.
class Mailbox final : public kube::WatchSink {
 public:
  bool changed(kube::ChangeKind kind, const Json& object) override {
    if (kind == kube::ChangeKind::deleted) put(Deleted{kube::metadata_of(object, "uid")});
    if (kind != kube::ChangeKind::deleted) put(Changed{object});
    return true;
  }
  bool synced() override {
    const std::lock_guard lock{mutex_};
    synced_ = true;
    return true;
  }
  void troubled(const kube::ApiError& error) override { put(Troubled{error.text()}); }

  void put(Notice notice) {
    const std::lock_guard lock{mutex_};
    notices_.push_back(std::move(notice));
    filled_.notify_one();
  }
  std::optional<Notice> take(std::chrono::milliseconds at_most) {
    std::unique_lock lock{mutex_};
    if (!filled_.wait_for(lock, at_most, [&] { return !notices_.empty(); })) return std::nullopt;
    Notice next = std::move(notices_.front());
    notices_.pop_front();
    return next;
  }
  // A list was told to its end.
  [[nodiscard]] bool is_synced() {
    const std::lock_guard lock{mutex_};
    return synced_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Notice> notices_;
  bool synced_ = false;
};

constexpr std::chrono::seconds kControllerPatience{10};
constexpr std::chrono::milliseconds kTick{50};

std::string nobody_answers() {
  return fmt::format(
      "No controller has taken this up yet. Look at: kubectl -n {0} get pods; kubectl -n {0} logs deploy/{1}",
      kSystemNamespace, kExtenderAccount);
}

// What was seen so far and what it means; no threads.
class Follower {
 public:
  Follower(const Session& session, Seen first, Progress& progress, std::optional<std::chrono::milliseconds> patience)
      : session_(session), progress_(progress), began_(session.io.clock.now()) {
    if (patience) until_ = session.io.pacer.now() + *patience;
    uid_ = first.migration.uid;
    result_.latest = std::move(first);
    look();
  }

  [[nodiscard]] bool is_done() const { return done_; }
  Followed result() { return std::move(result_); }

  void take(Changed& changed) {
    auto now = seen(std::move(changed.object));
    if (!now) return stop(End::broken, now.error());
    if (now->migration.uid != uid_) return stop(End::deleted);
    is_troubled_ = false;
    result_.latest = std::move(*now);
    look();
  }
  void take(const Deleted& deleted) {
    if (deleted.uid == uid_) stop(End::deleted);
  }
  void take(const Troubled& troubled) {
    if (!std::exchange(is_troubled_, true))
      progress_.note("The connection to the API server is lost; trying again: " + one_line(troubled.text));
  }
  void take(const Broken& broken) {
    const Migration& migration = result_.latest.migration;
    stop(End::broken, explain(broken.error, "watch", migrations(migration.namespace_, migration.name)));
  }
  void tick() {
    if (session_.io.interrupted()) return stop(End::detached);
    if (until_ && session_.io.pacer.now() >= *until_) return stop(End::timed_out);
    const bool untouched =
        result_.latest.migration.status.phase == Phase::pending && result_.latest.migration.status.steps.empty();
    if (untouched && !told_nobody_ && session_.io.clock.now() - began_ >= kControllerPatience) {
      told_nobody_ = true;
      progress_.note(nobody_answers());
    }
    progress_.tick();
  }
  void vanished() { stop(End::deleted); }

 private:
  void look() {
    const Migration& migration = result_.latest.migration;
    progress_.show(migration);
    // Back in doubt after a decision, nobody has decided anew.
    const bool in_doubt = migration.status.phase == Phase::in_doubt;
    if (is_over(migration) || (in_doubt && was_elsewhere_)) stop(End::over);
    was_elsewhere_ = was_elsewhere_ || !in_doubt;
  }
  void stop(End end, Failure trouble = {}) {
    result_.end = end;
    result_.trouble = std::move(trouble);
    done_ = true;
  }

  const Session& session_;
  Progress& progress_;
  Instant began_;
  std::optional<std::chrono::steady_clock::time_point> until_;
  std::string uid_;
  Followed result_;
  bool done_ = false;
  bool is_troubled_ = false;
  bool told_nobody_ = false;
  bool was_elsewhere_ = false;
};

void print_account(std::ostream& stream, const Migration& migration, std::size_t width) {
  for (const std::string& line : account(migration, width))
    stream << line << '\n';
}

// After the end: verdict and account, or the document.
int conclude(const Session& session, const Options& options, const Seen& last, Phase wanted) {
  const Io& io = session.io;
  const Sink& told = is_document(options.output) ? io.err : io.out;
  const Migration& migration = last.migration;
  const Phase phase = migration.status.phase;
  const bool is_success =
      phase == wanted || phase == Phase::planned || (wanted == Phase::rolled_back && phase == Phase::refused);
  if (is_success) told.stream << kube::printable(verdict(migration)) << '\n';
  print_account(told.stream, migration, style_of(io, told).width);
  told.stream.flush();
  const bool is_printed = print_object(io, options, last.object);
  const bool is_running = !is_over(migration) && phase != Phase::in_doubt;  // shown once
  if (is_success || is_running) return is_printed ? exit_code::kDone : exit_code::kFailed;
  if (phase == Phase::succeeded)
    return report(io, {fmt::format("it came too late, the migration is done: {}", verdict(migration))});
  return report(io, {verdict(migration), exit_code_of(migration)});
}

}  // namespace

Followed follow(const Session& session, Seen first, Progress& progress,
                std::optional<std::chrono::milliseconds> patience) {
  const kube::ResourcePath path = migrations(first.migration.namespace_, first.migration.name);
  Follower follower{session, std::move(first), progress, patience};
  if (follower.is_done()) return follower.result();

  Mailbox mailbox;
  kube::Watch watch{session.client, session.io.pacer, {path, "", ""}};
  std::jthread watcher{[&](const std::stop_token& stop) {
    auto ended = watch.run(mailbox, stop);
    if (!ended) mailbox.put(Broken{ended.error()});
  }};
  bool has_seen = false;
  bool was_synced = false;
  while (!follower.is_done()) {
    if (auto notice = mailbox.take(kTick)) {
      has_seen = has_seen || std::holds_alternative<Changed>(*notice);
      std::visit([&](auto& one) { follower.take(one); }, *notice);
      continue;
    }
    // A first list without it: it was deleted before we looked. One more tick, as its notices come first.
    if (!has_seen && was_synced) follower.vanished();
    was_synced = mailbox.is_synced();
    if (!follower.is_done()) follower.tick();
  }
  return follower.result();
}

int follow_to_end(const Session& session, const Options& options, Seen first, Phase wanted,
                  std::optional<std::chrono::milliseconds> patience) {
  const Io& io = session.io;
  const Interrupts interrupts;
  const auto progress = make_progress(io, is_document(options.output) ? io.err : io.out);
  const Followed followed = follow(session, std::move(first), *progress, patience);
  progress->end();
  const Migration& migration = followed.latest.migration;
  const auto give_document = [&] { print_object(io, options, followed.latest.object); };
  switch (followed.end) {
    case End::over:
      return conclude(session, options, followed.latest, wanted);
    case End::detached:
      give_document();
      io.err.stream << fmt::format("\n{}\n", detached(migration));
      io.err.stream.flush();
      return exit_code::kDetached;
    case End::timed_out:
      give_document();
      return report(io, {timed_out(migration)});
    case End::deleted:
      return report(io, {deleted(migration)});
    case End::broken:
      give_document();
      return report(io, {fmt::format("{}\nThe migration goes on without us. Follow it with: {}",
                                     followed.trouble.message, command_line("status", migration))});
  }
  return exit_code::kFailed;
}

int show_once(const Session& session, const Options& options, const Seen& now, Phase wanted) {
  const Io& io = session.io;
  if (!is_document(options.output))
    for (const std::string& line : picture(now.migration, io.clock.now(), style_of(io, io.out)))
      io.out.stream << line << '\n';
  return conclude(session, options, now, wanted);
}

}  // namespace migrate::plugin
