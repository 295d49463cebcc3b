#include "plugin/drain_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "plugin/drain_evict.h"
#include "plugin/drain_words.h"
#include "plugin/format.h"
#include "plugin/interrupt.h"
#include "plugin/migrate.h"
#include "plugin/pod_defaults.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{1'000};
// What has no more time than that would be rolled back before it has begun.
constexpr milliseconds kLeast{1'000};

class Drain {
 public:
  Drain(const Session& session, const Options& options, const DrainScope& scope, DrainLedger& ledger,
        std::ostream& told)
      : session_(session), options_(options), scope_(scope), ledger_(ledger), told_(told), began_(now()) {}

  DrainEnd run() {
    for (;; session_.io.pacer.sleep(kBetweenLooks, {})) {
      if (session_.io.interrupted()) return {DrainEnd::Kind::detached};
      if (const auto trouble = look()) {
        if (!trouble->is_passing()) return {DrainEnd::Kind::broken, trouble->explained()};
        if (is_over()) return {DrainEnd::Kind::time_over, trouble->explained()};
        continue;
      }
      if (!ledger_.is_open()) return {};
      if (is_over()) return {DrainEnd::Kind::time_over};
      begin();
      // What was refused at once needs no more looks.
      if (!ledger_.is_open()) return {};
    }
  }

 private:
  std::optional<LookError> look() {
    auto found = look_at_node(session_, scope_);
    if (!found) {
      if (found.error().is_passing() && !std::exchange(is_troubled_, true))
        complain("The connection to the API server is lost; trying again: " + one_line(found.error().error.text()));
      return found.error();
    }
    is_troubled_ = false;
    tell(ledger_.take(std::move(*found), now()));
    if (!std::exchange(has_looked_, true)) warn_of_ignored();
    return std::nullopt;
  }

  void begin() {
    const DrainLedger::Next next = ledger_.next(now());
    tell(next.lines);
    for (const DrainPod& pod : next.migrate) {
      if (session_.io.interrupted()) return;
      migrate(pod);
    }
    for (const DrainPod& pod : next.evict) {
      if (session_.io.interrupted()) return;
      take_away(pod);
    }
  }

  void migrate(const DrainPod& pod) {
    const Session there{session_.io, session_.client, pod.namespace_};
    const auto whole = with_pod_defaults(options_for(options_, pod, left()), pod.object);
    if (!whole) return leave(pod, whole.error());
    auto made = create_migration(there, *whole, pod.uid);
    if (!made) return leave(pod, made.error());
    const auto first = seen(std::move(*made));
    if (!first) return leave(pod, first.error());
    ledger_.started(pod, first->migration);
    tell({migrating_text(pod, first->migration)});
  }

  // If it was made all the same, the next look finds it.
  void leave(const DrainPod& pod, const Failure& failure) {
    const std::string why = one_line(failure.message);
    if (failure.may_pass) {
      if (const auto pause = ledger_.start_later(pod, why, now()))
        return tell({fmt::format("pod {} is not migrated yet: {}{}", pod.title(), why, retry_text(*pause))});
    } else {
      ledger_.not_started(pod, why);
    }
    tell({fmt::format("pod {} is left: {}", pod.title(), why)});
  }

  void take_away(const DrainPod& pod) {
    tell({fmt::format("evicting pod {}", pod.title())});
    const EvictAnswer answer = evict(session_, pod, kube::DryRun::no);
    if (!answer.told.empty()) complain(answer.told);
    switch (answer.kind) {
      case EvictAnswer::Kind::agreed:
      case EvictAnswer::Kind::gone:
        ledger_.evicting(pod);
        break;
      case EvictAnswer::Kind::later:
        ledger_.evict_later(pod, answer.why, now() + kEvictAgain);
        break;
      case EvictAnswer::Kind::refused:
        ledger_.not_evicted(pod, answer.why);
        break;
    }
  }

  // Of static Pods kubectl says nothing either.
  void warn_of_ignored() {
    std::vector<std::string> names;
    for (const DrainEntry* entry : ledger_.entries())
      if (entry->state == DrainEntry::State::ignored && entry->pod.owner.kind == kDaemonSet)
        names.push_back(entry->pod.title());
    if (!names.empty()) complain("Warning: ignoring DaemonSet-managed Pods: " + joined(names));
  }

  void tell(const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
      told_ << kube::printable(line) << '\n';
    told_.flush();
  }
  void complain(const std::string& line) {
    session_.io.err.stream << kube::printable(line) << '\n';
    session_.io.err.stream.flush();
  }

  [[nodiscard]] DrainLedger::Time now() const { return session_.io.pacer.now(); }
  [[nodiscard]] std::optional<milliseconds> left() const {
    if (!options_.timeout) return std::nullopt;
    return std::chrono::duration_cast<milliseconds>(began_ + *options_.timeout - now());
  }
  [[nodiscard]] bool is_over() const {
    const auto rest = left();
    return rest && *rest < kLeast;
  }

  const Session& session_;
  const Options& options_;
  const DrainScope& scope_;
  DrainLedger& ledger_;
  std::ostream& told_;
  DrainLedger::Time began_;
  bool is_troubled_ = false;
  bool has_looked_ = false;
};

}  // namespace

DrainEnd drain_node(const Session& session, const Options& options, const DrainScope& scope, DrainLedger& ledger,
                    std::ostream& told) {
  const Interrupts interrupts;
  return Drain{session, options, scope, ledger, told}.run();
}

Options options_for(const Options& drain, const DrainPod& pod, std::optional<milliseconds> left) {
  Options one = drain;
  one.verb = Verb::migrate;
  one.name = pod.name;
  one.keep_name = drain.keep_name && pod.owner.kind.empty();
  one.timeout = left ? std::optional{std::min(*left, MigrationSpec{}.timeout)} : std::nullopt;
  one.dry_run = DryRun::none;
  return one;
}

}  // namespace migrate::plugin
